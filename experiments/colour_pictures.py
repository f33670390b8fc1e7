"""Colour pictures in an hour on two cores: which objective, networks and augmentation draw pictures that people recognise.

    python -m experiments.colour_pictures --pictures FOLDER           # 2 seeds a row, about an hour each on two cores
    python -m experiments.colour_pictures --pictures FOLDER --image-size 64 --rows r3gan --seeds 1  # half as wide: about three hours
    python -m experiments.colour_pictures --pictures FOLDER --quick   # some steps of narrow networks: minutes

FOLDER holds colour pictures in subfolders by class. The results here are of 3,786 emoji in ten classes, 64x64 with transparency, drawn over
white and brought to 32x32: `npm pack emoji-datasource-google` has them (the pictures are Google's Noto emoji, Apache-2.0), one folder a
category. Every row is conditional on the class and begins with what jaxgan does on pictures of one's own where nothing is said
(`jaxgan.settings.own_pictures`). FID, KID, precision and recall are in the features of a classifier that is trained on the pictures;
nearest training pictures and a verdict in words say whether a row repeats them.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments import lab
from jaxgan import Config, command
from jaxgan.evaluation import count
from jaxgan.folder import RunFolder

NAME = "colour_pictures"
FIRST = "r3gan"
BASE: dict[str, Any] = {"variant": "r3gan"}
ROWS: dict[str, dict[str, Any]] = {  # the first is what the others differ from
    FIRST: BASE,
    "r3gan, batches of 64": {**BASE, "batch_size": 64, "learning_rate": 4e-4, "warmup_steps": 0, "ema": 0.995},
    "r3gan, transposed convolutions": {**BASE, "upsampling": "transposed"},
    "r3gan, penalty weights .1": {**BASE, "r1_weight": 0.1, "r2_weight": 0.1},
    "r3gan, adaptive augmentation": {**BASE, "ada": True},
    "r3gan, R3GAN's networks": {**BASE, "network": "r3gan", "hidden_dim": 32},
    "r3gan, projected": {**BASE, "recipe": "projected"},
    "wgan_gp": {"variant": "wgan_gp"},
    "hinge": {"variant": "hinge"},
}
SIZES = (32, 64)
QUICK = 6  # steps; of whole runs as many as the recipe makes: each row sees as many pictures
SAMPLES = (10_000, 150)  # more than the classifier has features
METRICS = {
    "fid_lab": 1,
    "kid_lab": 0,
    "c2st_lab": 3,
    "precision_lab": 3,
    "recall_lab": 3,
    "conditional_accuracy": 3,
    "nearest_training": 3,
}


def config_of(row: str, pictures: Path, size: int, options: lab.Options) -> Config:
    """A row's run of all seeds, on pictures of so many pixels a side."""
    settings = {"recipe": "own_pictures", **ROWS[row], **({"hidden_dim": 16, "batch_size": 8} if options.quick else {})}
    return Config(
        **settings, dataset=f"folder:{pictures}", conditional=True, image_size=16 if options.quick else size,
        steps=options.steps or (QUICK if options.quick else None), replicas=options.seeds, data_dir=options.data_dir,
        sample_every="10%", checkpoint_every="10%", keep_checkpoints=1,
    )  # fmt: skip


def slug(row: str, size: int) -> str:
    """The row's name, and of other pictures than the smallest their size, as that of a file."""
    name = row.replace(", ", "-").replace(" ", "_").replace("'", "")
    return name if size == SIZES[0] else f"{name}-{size}"


def metrics_table(metrics: Mapping[str, dict[str, np.ndarray]], steps: Mapping[str, int]) -> str:
    """A line a row: its generator steps, and mean and deviation over its seeds of every metric that was measured."""
    measured = {name for values in metrics.values() for name in values}
    names = {name: digits for wanted, digits in METRICS.items() for name in sorted(measured) if name.startswith(f"{wanted}_")}
    return lab.table(
        ["", "steps", *names, "seeds"], [[row, f"{steps[row]:,}", *lab.values_row(own, names)] for row, own in metrics.items()]
    )


def main(argv: list[str] | None = None) -> None:
    options, more = lab.read_options_and_more(
        __doc__, NAME, seeds=2, quick_seeds=1, argv=argv,
        more={
            "--pictures": {"type": Path, "required": True, "help": "a folder of colour pictures in subfolders by class"},
            "--image-size": {"type": int, "choices": SIZES, "default": SIZES[0], "help": "pixels a side (32)"},
            "--rows": {"nargs": "+", "choices": list(ROWS), "default": list(ROWS), "help": "which rows are trained"},
        },
    )  # fmt: skip
    size = more["image_size"]
    folders = lab.train_all(
        options,
        {row: (options.out / slug(row, size), config_of(row, more["pictures"], size, options)) for row in more["rows"]},
    )  # fmt: skip
    n = SAMPLES[options.quick]
    metrics = {row: lab.measure_once(folder, n) for row, folder in folders.items()}
    steps = {row: RunFolder(folder).read_config()["steps"] for row, folder in folders.items()}
    budget = f"{more['pictures'].name} at {size}x{size}" + (
        "" if options.steps is None else ", fewer or more steps than the recipe's"
    )
    parts = {f"Metrics of {count(n)} samples": metrics_table(metrics, steps)}
    lab.write_results(options, NAME, f"Colour pictures of {size}x{size}", budget, parts)
    for row, folder in folders.items():
        last = max(
            (picture for picture in RunFolder(folder).pictures() if picture.replica == 0), key=lambda picture: picture.step
        )
        shutil.copyfile(last.path, options.out / f"{NAME}-{slug(row, size)}.png")


if __name__ == "__main__":
    sys.exit(command.run(main))

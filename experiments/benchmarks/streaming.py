"""Pictures from disk, many samples and metrics of many, in time and memory: `python -m experiments.benchmarks.streaming`.

Reading: a folder of colour PNGs, made first (--folder keeps it), is read by jaxgan's feed of a streamed run, in threads and by further processes (--readers), and by
PyTorch's DataLoader with as many worker processes, batch 64, in an order of chance. Sampling: --samples pictures of `lab_conv`'s generator, jaxgan's `sample` and PyTorch's twin of it,
1,000 at a time. Metrics: the Frechet distance, precision, recall, density and coverage of as many features as samples, 128 numbers each, ours alone: others
hold a table of all pairs. Each piece is a new process; the two sides take turns. Printed: how many a second, the ratio (median [min-max]), and
the peak resident size. Ten minutes on two cores.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 64
READERS = os.cpu_count() or 1  # further processes on both sides
FEATURES = 128


def make_folder(folder: Path, n: int, size: int) -> None:
    """n colour pictures as PNG: blots of colour with some noise, which a PNG packs about as well as a drawing."""
    from PIL import Image

    chance = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        path = folder / f"{i:06d}.png"
        if not path.exists():
            blots = chance.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            picture = np.asarray(Image.fromarray(blots).resize((size, size), Image.Resampling.BICUBIC)).astype(int)
            picture[:: size // 8] += chance.integers(-20, 20, picture[:: size // 8].shape)
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(path)


def peak_resident() -> int:
    with open("/proc/self/status") as file:  # getrusage's maximum is inherited from the parent
        return 1024 * next(int(row.split()[1]) for row in file if row.startswith("VmHWM"))


def read_here(folder: Path, n: int, readers: int) -> float:
    """Seconds for n pictures through the feed of a streamed run with so many further processes, the first window before the clock begins."""
    import jax

    from jaxgan import Config
    from jaxgan.settings import resolve

    config = Config(
        dataset=f"folder:{folder}", stream="always", readers=readers, network="dcgan", hidden_dim=8, batch_size=BATCH, steps=10**6,
        n_critic=1,
    )  # fmt: skip
    feed = resolve(config).program().feed
    step, read = 0, 0
    jax.block_until_ready(feed.at(0))
    began = time.perf_counter()
    while read < n:
        step += feed.left(step)
        window: Any = jax.block_until_ready(feed.at(step).samples)
        read += (window.shape[0] - 1) * BATCH
    seconds = (time.perf_counter() - began) / read * n
    feed.end()
    return seconds


def read_there(folder: Path, n: int) -> float:
    """The same by a DataLoader."""
    import torch
    from PIL import Image

    class Pictures(torch.utils.data.Dataset):
        paths = sorted(folder.iterdir())

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, row: int) -> Any:
            with Image.open(self.paths[row]) as picture:
                return torch.from_numpy(np.array(picture.convert("RGB")))

    loader = torch.utils.data.DataLoader(Pictures(), BATCH, shuffle=True, num_workers=READERS, persistent_workers=True)
    batches = iter(loader)
    next(batches)
    began, read = time.perf_counter(), 0
    while read < n:
        try:
            read += len(next(batches))
        except StopIteration:
            batches = iter(loader)
    return (time.perf_counter() - began) / read * n


def sample_here(n: int) -> float:
    import jax

    from experiments.benchmarks.against_pytorch import workload
    from jaxgan.engine.sampling import TrainedGan

    resolved = workload("w2")
    program = resolved.program()
    trained = TrainedGan(program.gan, program.initial_state(), resolved.dataset.sample_shape)
    jax.block_until_ready(trained.sample(1000)[0])
    began = time.perf_counter()
    jax.block_until_ready(trained.sample(n)[0])
    return time.perf_counter() - began


def sample_there(n: int) -> float:
    import torch

    from experiments.benchmarks.against_pytorch import workload
    from tests.parity import twins

    torch.set_num_threads(os.cpu_count() or 1)
    resolved = workload("w2")
    generator = twins.twins_of(resolved, torch.float32)[0].eval()
    with torch.no_grad():
        generator(torch.randn(1000, resolved.gan.latent_dim))
        began = time.perf_counter()
        parts = [generator(torch.randn(1000, resolved.gan.latent_dim)) for _ in range(0, n, 1000)]
        torch.cat(parts)
        return time.perf_counter() - began


def measure_here(n: int) -> float:
    from jaxgan.metrics import fid, precision_recall_density_coverage

    chance = np.random.default_rng(0)
    real, fake = (chance.normal(size=(n, FEATURES)).astype(np.float32) + shift for shift in (0.0, 0.1))
    began = time.perf_counter()
    fid(real, fake)
    precision_recall_density_coverage(real, fake)
    return time.perf_counter() - began


def in_a_process(piece: str, folder: Path, n: int) -> tuple[float, int]:
    """Seconds of a piece, and its peak resident size with that of its workers left out."""
    command = [
        sys.executable, "-m", "experiments.benchmarks.streaming", "--piece", piece, "--folder", str(folder), "--samples", str(n)
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.stderr)
    seconds, size = json.loads(ended.stdout.splitlines()[-1])
    return seconds, size


def compare(what: str, n: int, pieces: tuple[str, ...], folder: Path, rounds: int) -> str:
    """A row: how many a second on each side, the ratio, and the peak resident sizes."""
    seconds: dict[str, list[float]] = {piece: [] for piece in pieces}
    sizes = dict.fromkeys(pieces, 0)
    for _ in range(rounds):
        for piece in pieces:
            took, size = in_a_process(piece, folder, n)
            seconds[piece].append(took)
            sizes[piece] = max(sizes[piece], size)
    rates = [f"{n / statistics.median(took):,.0f}" for took in seconds.values()]
    ratio = ""
    if len(pieces) == 2:
        ratios = [there / here for here, there in zip(*seconds.values(), strict=True)]
        ratio = f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"
    shown = " / ".join(f"{size / 2**20:,.0f}" for size in sizes.values())
    return f"| {what} | {' | '.join([*rates, ''][:2])} | {ratio} | {shown} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=60_000, help="in the folder")
    parser.add_argument("--size", type=int, default=64, help="pixels a side")
    parser.add_argument("--samples", type=int, default=50_000, help="drawn and measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the pictures lie, or are made; kept")
    parser.add_argument("--piece", help=argparse.SUPPRESS)
    options = parser.parse_args()
    pieces = {
        "read here": lambda: read_here(options.folder, options.samples, 0),
        "read beside": lambda: read_here(options.folder, options.samples, READERS),
        "read there": lambda: read_there(options.folder, options.samples),
        "sample here": lambda: sample_here(options.samples),
        "sample there": lambda: sample_there(options.samples),
        "measure here": lambda: measure_here(options.samples),
    }
    if options.piece:
        seconds = pieces[options.piece]()
        print(json.dumps([seconds, peak_resident()]))
        return
    from experiments.benchmarks.against_pytorch import machine

    print(json.dumps(machine()))
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or Path(made) / "pictures"
        make_folder(folder, options.pictures, options.size)
        print(
            "\n| | jaxgan, a second | PyTorch, a second | PyTorch's time by ours | peak resident, MiB |\n|---|---|---|---|---|",
            flush=True,
        )
        shape = f"{options.size}x{options.size}"
        pngs = f"PNGs of {shape} read, of {options.pictures:,}"
        for what, n, names in (
            (f"{pngs}, in threads", options.pictures, ("read here", "read there")),
            (f"{pngs}, by {READERS} further processes", options.pictures, ("read beside", "read there")),
            (f"{options.samples:,} samples of lab_conv", options.samples, ("sample here", "sample there")),
            (
                f"FID, precision, recall, density, coverage of {options.samples:,} x {FEATURES}",
                options.samples,
                ("measure here",),
            ),
        ):
            print(compare(what, n, names, folder, options.rounds), flush=True)


if __name__ == "__main__":
    main()

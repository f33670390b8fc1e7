"""`python -m jaxgan.classifier --dataset mnist`: trains the lab's classifier, which classifies generated pictures."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from tyro.conf import arg

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.files import check_folder_writable
from jaxgan.settings import OptionalInt, OptionalPath, parse

OptionalSize = Annotated[int | str | None, arg(metavar="SIZE", help_behavior_hint="")]  # None shows no default
OptionalName = Annotated[str | None, arg(metavar="COLOUR", help_behavior_hint="")]


@dataclass(frozen=True)
class Options:
    """What to train it on."""

    dataset: str = "digits"
    """A labelled data set of pictures: digits, mnist, fashion_mnist, tfds:NAME, folder:PATH."""
    data_dir: OptionalPath = None
    """Where data sets lie; the user's cache directory where not given."""
    image_size: OptionalSize = None
    """Pixels that pictures are brought to: 64, or 48x80 (height x width); their own where not given."""
    resize: Literal["crop", "pad", "squeeze"] = "crop"
    """What becomes of pictures of another shape, as of train."""
    channels: Literal["auto", "1", "3", "4"] = "auto"
    """Channels of pictures, as of train."""
    background: OptionalName = None
    """The colour behind what is transparent, as of train."""
    skip_unreadable: bool = False
    """Leave out picture files that cannot be read."""
    updates: OptionalInt = None
    """Updates of 100 pictures; where not given 6,000, or 60 passes where that is less."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: train(sys.argv[1:] if argv is None else argv))


def train(argv: Sequence[str]) -> None:
    options = parse(
        Options, argv, prog="python -m jaxgan.classifier", description="Train the classifier of generated pictures."
    )
    if options.updates is not None and options.updates < 1:
        raise UserError(f"--updates {options.updates}: must be at least 1")
    from jaxgan.cache import keep_compiled_programs
    from jaxgan.features import classifiers_folder, lab_classifier
    from jaxgan.report.progress import progress_bars

    keep_compiled_programs()
    check_folder_writable(classifiers_folder())
    with progress_bars() as show:
        classifier = lab_classifier(
            options.dataset,
            data_dir=options.data_dir,
            image_size=options.image_size,
            resize=options.resize,
            channels=options.channels,
            background=options.background,
            skip_unreadable=options.skip_unreadable,
            updates=options.updates,
            show=show,
            tell=print,
        )
    print(
        f"{options.dataset}: {100 * classifier.accuracy:.2f} % of {classifier.held_out:,} held-out pictures are classified rightly"
    )
    print(f"weights {classifier.weights_hash}, kept in {classifiers_folder()}")


if __name__ == "__main__":
    command.leave(main())

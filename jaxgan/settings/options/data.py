"""Options of the data set, and of what is made of it before training."""

# ruff: noqa: RUF009 (a call here makes a dataclass field)

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jaxgan.settings.options.declaration import FROM_RECIPE, option


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """The data set, and what is made of it before training."""

    dataset: str = option(
        "digits",
        "digits, mnist, fashion_mnist, stacked_mnist, stacked_digits, ring8, grid25, mixture4|8|9|16|32, swiss_roll, gaussian,"
        " tfds:NAME, folder:PATH, npz:PATH, or your own as package.module:attribute.",
        most_used=2,
        names_code=True,
    )
    data_dir: Path | None = option(
        None,
        "Where data sets lie (DATA_DIR/mnist/...) and downloads are kept; the user's cache folder where not given.",
        may_change=True,
        in_grid=False,
        of_setting=False,
    )
    points: int | None = option(
        None,
        "Train on a fixed sample of this size from a 2-D distribution, in place of points drawn afresh.",
        unit="points",
        at_least=1,
        settled_by=FROM_RECIPE,
    )
    image_size: int | None = option(
        None,
        "Resize images to this height and width.",
        unit="pixels",
        at_least=1,
        settled_by=FROM_RECIPE,
    )
    label_file: Path | None = option(
        None,
        "The labels of the pictures of folder:PATH: a CSV (file name, then a class, words separated by ;, or columns of numbers) or a JSON"
        " (file name to a word, a number or a list); labels.csv, metadata.csv, labels.json or dataset.json in the folder where not given.",
    )
    label_kind: Literal["auto", "classes", "multi_hot", "continuous"] | None = option(
        None,
        "What the labels of folder:, npz: and own data are, where that is open: classes, multi_hot (several labels at once, 0 or 1 each) or"
        " continuous (numbers); auto where not given: by what they look like.",
    )
    stream: Literal["auto", "always", "never"] = option(
        "auto",
        "Whether pictures of folder: and tfds: sets are read as they are needed; auto: where they would fill a quarter of the memory.",
        of_setting=False,
    )

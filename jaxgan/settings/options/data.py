"""Options of the data set, and of what is made of it before training."""

# ruff: noqa: RUF009 (a call here makes a dataclass field)

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jaxgan.picture_options import read_channels, read_colour, read_range, read_size
from jaxgan.settings.options.declaration import FROM_RECIPE, option


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """The data set, and what is made of it before training."""

    dataset: str = option(
        "digits",
        "digits, mnist, fashion_mnist, stacked_mnist, stacked_digits, ring8, grid25, mixture4|8|9|16|32, swiss_roll, gaussian,"
        " tfds:NAME, folder:PATH, npz:PATH, csv:PATH, or your own as package.module:attribute.",
        most_used=2,
        names_code=True,
        elsewhere="data data_set train_data",
    )
    data_dir: Path | None = option(
        None,
        "Where data sets lie (DATA_DIR/mnist/...) and downloads are kept; the user's cache folder where not given.",
        may_change=True,
        in_grid=False,
        of_setting=False,
        elsewhere="dataroot data_root data_path root",
    )
    points: int | None = option(
        None,
        "Train on a fixed sample of this size from a 2-D distribution, in place of points drawn afresh.",
        unit="points",
        at_least=1,
        settled_by=FROM_RECIPE,
    )
    image_size: int | str | None = option(
        None,
        "Bring pictures to this size: 64, or 48x80 (height x width). Their own where not given: that of all, or a square as long as the"
        " shorter side of the first, where they differ.",
        unit="pixels",
        at_least=1,
        metavar="SIZE",
        reads=read_size,
        settled_by=FROM_RECIPE,
        elsewhere="img_size imsize size resolution",
    )
    resize: Literal["crop", "pad", "squeeze"] | None = option(
        None,
        "What becomes of pictures of another shape than --image-size: crop takes the largest middle part of that shape, pad puts"
        " --background around them, squeeze changes their shape; crop where not given.",
    )
    channels: Literal["auto", "1", "3", "4"] | None = option(
        None,
        "Channels of pictures: 1 grey, 3 colour, 4 colour and transparency; auto (the same as not given): 1 where all pictures of a"
        " folder are grey, else 3, and those of an archive as they are.",
        reads=read_channels,
    )
    background: str | None = option(
        None,
        "The colour behind what is transparent and around what is padded: a name or #rrggbb; white where not given.",
        metavar="COLOUR",
        reads=read_colour,
        may_change=True,
    )
    pixel_range: str | None = option(
        None,
        "The numbers of black and of white in arrays of pictures, as --range=0,4095; found where not given.",
        spelled="range",
        metavar="BLACK,WHITE",
        reads=read_range,
    )
    skip_unreadable: bool = option(
        False,
        "Leave out picture files that cannot be read, and say which.",
    )
    kind: Literal["auto", "vectors", "series", "images", "volumes"] | None = option(
        None,
        "What a sample of csv:PATH, or of the array samples in npz:PATH, is: vectors (N, F), series (N, T) or (N, T, C), images, volumes"
        " (N, D, H, W) or (N, D, H, W, C); auto (the same as not given) by the number of its axes, (N, T) as vectors.",
    )
    scaling: Literal["standard", "minmax", "none"] | None = option(
        None,
        "How each column of vectors, or channel of series and volumes, is scaled for training: standard, (x - mean) / standard deviation;"
        " minmax, to [-1, 1]; none; standard where not given. Samples are written in the data's own units.",
    )
    label_column: str | None = option(
        None,
        "The column of csv:PATH that holds class labels, words or whole numbers: its name, or its number from 1. Of a folder's --label-file the"
        " one column, or key, that is taken.",
        metavar="COLUMN",
    )
    label_file: Path | None = option(
        None,
        "The labels of the pictures of folder:PATH: a CSV (file name, then a class, words separated by ;, or columns of numbers) or a JSON"
        " (file name to a word, a number or a list); labels.csv, metadata.csv, labels.json or dataset.json in the folder where not given.",
        elsewhere="labels",
    )
    label_kind: Literal["auto", "classes", "multi_hot", "continuous"] | None = option(
        None,
        "What the labels of folder:, npz: and own data are, where that is open: classes, multi_hot (several labels at once, 0 or 1 each) or"
        " continuous (numbers); auto where not given: by what they look like.",
    )
    class_balance: float | None = option(
        None,
        "How far training evens out the shares of the classes (with --conditional): 0, the same as not given, as they are; 1 all alike; between, a"
        " class of n samples by n^(1 - BALANCE). Metrics take the data as they are.",
        at_least=0,
        at_most=1,
        metavar="BALANCE",
        settled_by=FROM_RECIPE,
        elsewhere="weighted_sampler class_weights oversample",
    )
    stream: Literal["auto", "always", "never"] = option(
        "auto",
        "Whether pictures of folder: and tfds: sets are read as they are needed; auto: where they would fill a quarter of the memory.",
        of_setting=False,
    )

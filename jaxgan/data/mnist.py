"""MNIST and Fashion-MNIST: IDX archives, a prepared TFDS folder, or a download, in this order."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from jaxgan.data import tfds
from jaxgan.data.dataset import Dataset, Request, checked_labels
from jaxgan.data.download import fetch, is_there
from jaxgan.data.fitting import brought_to_form
from jaxgan.data.idx import read_idx
from jaxgan.errors import UserError

N_CLASSES = 10
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


class Archives(NamedTuple):
    """Where a set is published, and what it is made of."""

    url: str  # of the folder
    sha256: dict[str, str]  # of the gzipped files
    class_names: tuple[str, ...]


ARCHIVES = {
    # LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/
    "mnist": Archives(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        tuple("0123456789"),
    ),
    # Xiao, Rasul and Vollgraf, arXiv 1708.07747; the archives in its repository, which the site that it names has by http alone
    "fashion_mnist": Archives(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/",
        {
            "train-images-idx3-ubyte": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
}


def load_mnist(request: Request) -> Dataset:
    """`mnist` or `fashion_mnist`: grey, 28x28 or `image_size`, 60,000 to train and 10,000 to test.

    Looked for under DATA_DIR/NAME/: the IDX archives, gzipped or not; then a folder that TFDS prepared there; then
    downloaded to that place. Files that lie there already are checked for being whole, not for being the published
    ones.

    Raises:
        UserError: an archive that is broken; a set that is nowhere and cannot be downloaded, with what to put where
            (within 10 s where there is no network).
    """
    request.takes("split", "image_size", "resize", "background")
    wanted = FILES[request.split_among(*FILES)]
    folder = request.data_dir / request.name
    archives = [archive_at(folder, file) for file in wanted]
    if None in archives and tfds.is_prepared(request.name, request.data_dir):
        return replace(tfds.load_tfds(request), class_names=ARCHIVES[request.name].class_names)
    images_path, labels_path = (
        path or downloaded(request.name, file, folder) for path, file in zip(archives, wanted, strict=True)
    )
    images = read_idx(images_path, 3)[..., None]  # (N, H, W) -> (N, H, W, 1)
    if not images.size:
        raise UserError(f"{images_path}: holds no images (shape {images.shape[:3]})")
    labels = checked_labels(read_idx(labels_path, 1), len(images), str(labels_path), N_CLASSES)
    images, notes = brought_to_form(images, request, str(images_path))
    return Dataset(request.name, images.shape[1:], N_CLASSES, images, labels, ARCHIVES[request.name].class_names, notes=notes)


def archive_at(folder: Path, file: str) -> Path | None:
    """The archive in the folder, under one of the names it goes by; None where it is not there. One that is broken is there."""
    spellings = (file, file.replace("-idx", ".idx"))  # some unpackers write train-images.idx3-ubyte
    for candidate in (folder / f"{name}{suffix}" for name in spellings for suffix in (".gz", "")):
        if is_there(candidate):
            return candidate
    return None


def downloaded(name: str, file: str, folder: Path) -> Path:
    """Fetches one archive of the set into the folder."""
    archives = ARCHIVES[name]
    try:
        return fetch(f"{archives.url}{file}.gz", archives.sha256[file], folder)
    except UserError as error:
        needed = " and ".join(f"{file}.gz" for file in next(pair for pair in FILES.values() if file in pair))
        raise UserError(
            f"data set '{name}' is not there and cannot be downloaded: {error}; put {needed} into {folder}, "
            "or name another data directory (--data-dir)"
        ) from error

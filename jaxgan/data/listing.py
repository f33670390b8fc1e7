"""What lies in a folder of pictures: which of it are classes, splits and pictures, in which order, and what is left out."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxgan.data.pictures import endings
from jaxgan.errors import NoSplitError, UserError, printable

SYSTEM = {
    "__macosx",
    "@eadir",
    "thumbs.db",
    "desktop.ini",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__pycache__",
}
SPLITS = {
    "train": "train", "training": "train", "test": "test", "testing": "test", "val": "val", "valid": "val", "validation": "val",
}  # fmt: skip
TWO_DOMAINS = re.compile(r"(train|test|val)_?[AB]", re.IGNORECASE)  # of pictures that are to be translated into each other


class Listing(NamedTuple):
    """The pictures of one split of a folder."""

    class_names: tuple[str, ...]  # none where the pictures lie loose
    groups: tuple[list[Path], ...]  # the pictures of each class; one group where there are no classes
    notes: tuple[str, ...]  # what was left out, and what was taken for what


class LeftOut:
    """Counts what is left out, by the reason."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}

    def add(self, reason: str, path: Path) -> None:
        self.names.setdefault(reason, []).append(path.name)

    def notes(self) -> tuple[str, ...]:
        """One line that counts them and names some, or none."""
        parts = [f"{len(names):,} {reason} ({examples(names)})" for reason, names in sorted(self.names.items())]
        return (f"left out: {'; '.join(parts)}",) if parts else ()


def examples(names: Iterable[str]) -> str:
    """Up to three names, each once."""
    distinct = sorted(set(names))
    return ", ".join(printable(name) for name in distinct[:3]) + (", ..." if len(distinct) > 3 else "")


def list_folder(folder: Path, split: str, name: str) -> Listing:
    """The pictures of a split.

    Subfolders are classes: sorted by name, or by number where all their names are numbers; pictures in folders below count for the
    class. A folder that holds one folder alone, with classes in it, is opened; one that holds `train` beside `test` or `val` holds
    splits, whose classes are those of `train`. Links are followed.

    Raises:
        NoSplitError: there are pictures, and no such split of them.
        UserError: no such folder, one that cannot be read, a folder or class without pictures, pictures beside classes, a link to
            nothing; splits without `train`, within classes or beside other folders.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}, expected one of pictures")
    left_out = LeftOut()
    folder, notes = _unwrapped(folder, left_out)
    parts = _splits(folder, left_out)
    if parts is None:
        if split != "train":
            raise NoSplitError(f"data set '{name}' has no split '{split}': it has 'train' alone (no folders train and test)")
        listing = _classes(folder, left_out)
        return listing._replace(notes=notes + listing.notes + left_out.notes())
    wanted = parts.get(split) or (parts.get("val") if split == "test" else None)
    if wanted is None:
        raise NoSplitError(
            f"data set '{name}' has no split '{split}': its folders are {', '.join(p.name for p in parts.values())}"
        )
    others = [path.name for path in parts.values() if path != wanted]
    notes += (f"read from {printable(wanted.name)}/, beside {examples(others)}/",) if others else (f"read from {wanted.name}/",)
    listing = _classes(wanted, left_out)
    if split != "train" and listing.class_names:
        listing = _in_classes_of(_classes(parts["train"], LeftOut()), listing, wanted)
    return listing._replace(notes=notes + listing.notes + left_out.notes())


def _in_classes_of(train: Listing, listing: Listing, folder: Path) -> Listing:
    """The listing with the classes of the training split, of which some may have no picture here."""
    groups = dict(zip(listing.class_names, listing.groups, strict=True))
    strange = groups.keys() - set(train.class_names)
    if strange:
        raise UserError(f"{folder / min(strange)}: no class of the training split, expected {examples(train.class_names)}")
    return listing._replace(class_names=train.class_names, groups=tuple(groups.get(name, []) for name in train.class_names))


def _unwrapped(folder: Path, left_out: LeftOut) -> tuple[Path, tuple[str, ...]]:
    """The folder, or where it holds one folder alone with folders in it, that one: archives are often packed so."""
    opened: tuple[str, ...] = ()
    while True:
        folders, pictures = entries(folder, LeftOut())
        if len(folders) != 1 or pictures or folders[0].name.lower() in SPLITS:
            return folder, opened
        inner, loose = entries(folders[0], LeftOut())
        if not inner or loose:
            return folder, opened
        entries(folder, left_out)
        folder = folders[0]
        opened = (f"read from {folder}, the only folder there",)


def _splits(folder: Path, left_out: LeftOut) -> dict[str, Path] | None:
    """The folders of the splits by "train", "test" and "val"; None where the folder holds none."""
    folders, pictures = entries(folder, LeftOut())
    named = [path for path in folders if path.name.lower() in SPLITS]
    roles = {SPLITS[path.name.lower()]: path for path in named}
    if sum(bool(TWO_DOMAINS.fullmatch(path.name)) for path in folders) > 1:
        raise UserError(
            f"{folder}: holds {examples(path.name for path in folders)}, two sets of pictures: name one, folder:{folders[0]}"
        )
    others = [path for path in folders if path not in named]
    if not roles or (others and len(roles) == 1):
        return None
    if others := [path for path in others if pictures_below(path, LeftOut())]:
        raise UserError(
            f"{folder}: holds the splits {examples(p.name for p in named)} beside {others[0].name}: name one folder, folder:{named[0]}"
        )
    if "train" not in roles or len(roles) != len(named) or pictures:
        beside = f" beside pictures ({pictures[0].name})" if pictures else ""
        raise UserError(
            f"{folder}: holds {examples(p.name for p in named)}{beside}, expected train and test: name one folder, folder:{named[0]}"
        )
    for path in folders:
        if path not in named:
            left_out.add("folders without pictures", path)
    entries(folder, left_out)
    return roles


def _classes(folder: Path, left_out: LeftOut) -> Listing:
    """The classes of a folder, or its loose pictures."""
    folders, loose = entries(folder, left_out)
    groups = {path.name: pictures_below(path, left_out) for path in folders}
    if loose and any(groups.values()):
        inside = next(name for name, group in groups.items() if group)
        raise UserError(
            f"{folder}: holds both subfolders (classes, {inside}) and pictures ({loose[0].name}), expected one or the other"
        )
    if loose:
        for path in folders:
            left_out.add("folders without pictures", path)
        return Listing((), (loose,), ())
    for name in groups or (".",):
        if not groups.get(name):
            raise UserError(
                f"{folder / name}: holds no pictures, expected files that end in .png, .jpg, .webp, .tif, .gif, .bmp, ..."
            )
    names = tuple(sorted(groups, key=class_order(groups)))
    for name in names:
        below = {path.relative_to(folder / name).parts[0].lower() for path in groups[name] if path.parent != folder / name}
        if below & SPLITS.keys():
            raise UserError(
                f"{folder / name}: a class that holds the split {min(below & SPLITS.keys())}, expected splits above classes: "
                f"{folder}/train/{name}"
            )
    deep = sum(path.parent.parent != folder for group in groups.values() for path in group)
    notes = (f"{deep:,} pictures lie in folders below their class's, and count for it",) if deep else ()
    return Listing(names, tuple(groups[name] for name in names), notes)


def class_order(names: Iterable[str]) -> Callable[[str], tuple[int, str]]:
    """The key that sorts classes: numbers by their size where all are numbers (2 before 10), else names by their letters."""
    numbers = all(re.fullmatch(r"\d{1,18}", name, re.ASCII) for name in names)
    return lambda name: (int(name) if numbers else 0, name)


def pictures_below(folder: Path, left_out: LeftOut) -> list[Path]:
    """All pictures in a folder and the folders below, sorted, so that every machine reads them in one order."""
    seen: set[str] = set()

    def below(place: Path) -> Iterable[Path]:
        real = os.path.realpath(place)
        if real in seen:
            left_out.add("links to folders that were read already", place)
            return
        seen.add(real)
        folders, pictures = entries(place, left_out)
        yield from pictures
        for inner in folders:
            yield from below(inner)

    return sorted(below(folder))


def entries(folder: Path, left_out: LeftOut) -> tuple[list[Path], list[Path]]:
    """The folders and the pictures that lie in a folder itself, sorted by name."""
    folders: list[Path] = []
    pictures: list[Path] = []
    for path, is_folder, is_file in _scanned(folder):
        if path.name.startswith(".") or path.name.lower() in SYSTEM:
            left_out.add("hidden or of the system", path)
        elif is_folder:
            folders.append(path)
        elif path.suffix.lower() not in endings():
            left_out.add("not pictures by their ending", path)
        elif is_file or path.is_symlink():  # a link to nothing is a picture that cannot be read
            pictures.append(path)
        else:
            left_out.add("neither files nor folders", path)
    return folders, pictures


def _scanned(folder: Path) -> Sequence[tuple[Path, bool, bool]]:
    """All that lies in a folder, sorted by name, with whether it is a folder and whether it is a file."""
    try:
        with os.scandir(folder) as found:
            in_order = sorted(found, key=lambda entry: entry.name)
            return [(folder / entry.name, entry.is_dir(), entry.is_file()) for entry in in_order]
    except OSError as error:
        raise UserError(
            f"{error.filename or folder}: not readable ({error.strerror}), expected a folder of pictures"
        ) from error

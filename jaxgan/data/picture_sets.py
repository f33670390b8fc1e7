"""Many picture files or records brought to one form, in memory or, where they would fill it, as records that are read one by one."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from jaxgan.data.dataset import Request
from jaxgan.data.fitting import ALPHA, Form, at_most, brought_down, fit_notes, formed
from jaxgan.data.pictures import Facts
from jaxgan.errors import UserError, printable
from jaxgan.picture_options import WHITE, Size, in_words

if TYPE_CHECKING:
    from PIL.Image import Image

HINT = "; --skip-unreadable leaves such files out"
NAMED = 5  # files that cannot be read of which a note tells


class Stored(Protocol):
    """Pictures that lie in files, in one order."""

    def __len__(self) -> int: ...

    def name(self, row: int) -> str:
        """What messages call the picture."""

    def facts(self, row: int) -> Facts:
        """What its head says; raises UserError where it cannot be read."""

    def opened(self, row: int) -> tuple["Image", int]:
        """The picture in RGB or RGBA, and how many its file holds; raises UserError where it cannot be read."""

    def label(self, row: int) -> int:
        """Its class number, 0 where there are none."""


class Unreadable(NamedTuple):
    """A file that cannot be read."""

    file: str
    reason: str


class PictureSet(NamedTuple):
    """The pictures of a set in one form."""

    form: Form  # whose channels are settled
    rows: np.ndarray  # which of the stored pictures these are, in order
    samples: np.ndarray | None  # uint8 (N, H, W, C); None where they stay on disk
    notes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a picture."""
        return (*self.form.size, self.form.channels or 3)


@dataclass
class Seen:
    """What is counted while pictures are looked at."""

    sizes: Counter[Size] = field(default_factory=Counter)
    transparent: int = 0
    several: int = 0  # files of several pictures
    left_out: list[Unreadable] = field(default_factory=list)

    def add(self, size: Size, transparent: bool, frames: int) -> None:
        self.sizes[size] += 1
        self.transparent += transparent
        self.several += frames > 1


def read_set(stored: Stored, request: Request, channels: int | None = None) -> PictureSet:
    """The pictures in the form that is asked for.

    Without a size they keep the one that all of them have; where they differ they become squares as long as the shorter side of the
    first. Without channels they are grey if every one of them is, else colour.

    Args:
        stored: the pictures.
        request: size, resize, channels, background, what becomes of unreadable files, and the memory that they may take.
        channels: where the set says by itself how many they have.

    Raises:
        UserError: a picture that cannot be read, unless those are left out; none that can.
    """
    seen, skip, size, alike, capped = Seen(), request.skip_unreadable, request.image_size, True, False
    if size is None:
        size, alike = own_size(stored, skip)
        size, capped = at_most(size, request.largest), request.largest is not None and max(size) > request.largest
    form = Form(size, request.channels or channels, request.resize, request.background or WHITE)
    if request.too_many(len(stored), (*size, form.channels or 3)):
        rows, samples = _looked_at(stored, seen, skip), None
        form = form._replace(channels=form.channels or (1 if _all_grey(stored, rows, form) else 3))
    else:
        rows, samples = _in_memory(stored, seen, form, skip)
        if form.channels is None and is_grey(samples):
            samples = np.ascontiguousarray(samples[..., :1])  # (N, H, W, 3) -> (N, H, W, 1)
        form = form._replace(channels=samples.shape[-1])
    return PictureSet(
        form, rows, samples, _notes(seen, form, request.image_size is None, alike, brought_down(request) if capped else "")
    )


def own_size(stored: Stored, skip: bool) -> tuple[Size, bool]:
    """The size of all pictures and True; where they differ a square of the first one's shorter side and False."""
    first: Size | None = None
    for row in range(len(stored)):
        try:
            size = stored.facts(row).size
        except UserError as error:
            if not skip:
                raise with_hint(error) from None
            continue
        if first is None:
            first = size
        elif size != first:
            return (min(first), min(first)), False
    if first is None:
        raise _none_readable(len(stored), unreadable(stored))
    return first, True


def is_grey(pixels: np.ndarray) -> bool:
    """Whether red, green and blue (the last axis) are alike everywhere."""
    return bool((pixels == pixels[..., :1]).all())


def unreadable(stored: Stored, progress: Callable[[Iterable[int]], Iterable[int]] = iter) -> list[Unreadable]:
    """Every picture that cannot be read, with the reason: all are decoded."""
    return [found for row in progress(range(len(stored))) if (found := _why_not(stored, row)) is not None]


def with_hint(error: UserError) -> UserError:
    """The error of a file that cannot be read, with what can be done."""
    return UserError(f"{error}{HINT}")


def _in_memory(stored: Stored, seen: Seen, form: Form, skip: bool) -> tuple[np.ndarray, np.ndarray]:
    """The rows that can be read, and their pictures, of three channels where the form leaves them open."""
    samples = np.empty((len(stored), *form.size, form.channels or 3), np.uint8)
    rows: list[int] = []
    for row in range(len(stored)):
        try:
            picture, frames = stored.opened(row)
        except UserError as error:
            if not skip:
                raise with_hint(error) from None
            seen.left_out.append(_unreadable(stored, row, error))
            continue
        samples[len(rows)] = formed(picture, form)
        seen.add((picture.height, picture.width), picture.mode == "RGBA", frames)
        rows.append(row)
    if not rows:
        raise _none_readable(len(stored), seen.left_out)
    return np.array(rows), samples[: len(rows)]


def _looked_at(stored: Stored, seen: Seen, skip: bool) -> np.ndarray:
    """The rows of the pictures, which stay on disk: all, by their heads, or where others are left out those that can be decoded."""
    rows = []
    for row in range(len(stored)):
        try:
            facts = stored.facts(row)
        except UserError as error:
            if not skip:
                raise with_hint(error) from None
            seen.left_out.append(_unreadable(stored, row, error))
            continue
        if skip and (found := _why_not(stored, row)) is not None:
            seen.left_out.append(found)
            continue
        seen.add(facts.size, facts.transparent, facts.frames)
        rows.append(row)
    if not rows:
        raise _none_readable(len(stored), seen.left_out)
    return np.array(rows)


def _all_grey(stored: Stored, rows: Sequence[int] | np.ndarray, form: Form) -> bool:
    """Whether no picture has a colour: as a rule the first one tells, and only grey pictures stored as coloured ones are all decoded."""
    for row in map(int, rows):
        facts = stored.facts(row)
        if facts.grey and not facts.transparent and form.resize != "pad":  # no background is seen
            continue
        try:
            if not is_grey(formed(stored.opened(row)[0], form)):
                return False
        except UserError as error:
            raise with_hint(error) from None
    return True


def _why_not(stored: Stored, row: int) -> Unreadable | None:
    try:
        stored.opened(row)
    except UserError as error:
        return _unreadable(stored, row, error)
    return None


def _unreadable(stored: Stored, row: int, error: UserError) -> Unreadable:
    name = stored.name(row)
    return Unreadable(name, str(error).removeprefix(f"{name}: "))


def _none_readable(count: int, found: Sequence[Unreadable]) -> UserError:
    return UserError(f"none of {count:,} pictures can be read, the first of them {found[0].file}: {found[0].reason}")


def _notes(seen: Seen, form: Form, by_itself: bool, alike: bool, capped: str) -> tuple[str, ...]:
    """What was changed, and what was left out: what was cut comes first."""
    why = ", as the first one's shorter side is (--image-size says another)" if by_itself and not alike else ""
    notes = fit_notes(seen.sizes, form, capped or why)
    if by_itself and alike and not capped and form.size[0] != form.size[1]:
        notes += (f"all pictures are {in_words(form.size)}, height x width, and stay so (--image-size says another)",)
    if seen.transparent:
        some = f"{seen.transparent:,} of {seen.sizes.total():,} pictures have transparency"
        kept = "which is kept as the fourth channel" if form.channels == ALPHA else (
            f"drawn over {form.background} (--background says another colour, --channels 4 keeps it)"
        )  # fmt: skip
        notes += (f"{some}, {kept}",)
    if seen.left_out:
        named = ", ".join(printable(found.file.rsplit("/", 1)[-1]) for found in seen.left_out[:NAMED])
        more = ", ..." if len(seen.left_out) > NAMED else ""
        notes += (f"left out: {len(seen.left_out):,} that cannot be read ({named}{more})",)
    if seen.several:
        notes += (f"{seen.several:,} of the files hold several pictures: the first of each is taken",)
    return notes

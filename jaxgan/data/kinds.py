"""What a sample is, by its shape: (F,) a vector, (T, C) a series, (H, W, C) a picture, (D, H, W, C) a volume."""

import numpy as np

from jaxgan.errors import UserError

AXES = {"vectors": 1, "series": 2, "images": 3, "volumes": 4}  # of a sample, that of its features or channels among them
KINDS = ("auto", *AXES)
FORMS = {"vectors": "(N, F)", "series": "(N, T, C) or (N, T)", "images": "(N, H, W, C) or (N, H, W)", "volumes": "(N, D, H, W, C) or (N, D, H, W)"}  # fmt: skip
MOST_CHANNELS = 4  # of what is plainly pictures


def kind_of(shape: tuple[int, ...]) -> str:
    """The kind of a sample of this shape; "other" of one that has none, or more than four, axes."""
    return next((kind for kind, axes in AXES.items() if axes == len(shape)), "other")


def in_kind(samples: np.ndarray, kind: str, source: str) -> np.ndarray:
    """The samples (N, ...) with as many axes as those of this kind have: one channel is added where its axis is left out.

    Raises:
        UserError: they have other axes; or, with `auto`, three beside the first, of which the last is none of channels.
    """
    if kind == "auto":
        if samples.ndim == 4 and samples.shape[-1] > MOST_CHANNELS:
            raise UserError(
                f"{source} of shape {samples.shape} may be volumes of one channel or pictures of {samples.shape[-1]}:"
                " --kind volumes or --kind images says which (kind=... in Python)"
            )
        return samples
    axes = AXES[kind] + 1
    if kind != "vectors" and samples.ndim == axes - 1:
        samples = samples[..., None]
    if samples.ndim != axes:
        raise UserError(f"{source} have shape {samples.shape}, expected {FORMS[kind]} of --kind {kind}")
    return samples

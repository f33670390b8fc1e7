"""Data of the user's own: arrays, or a function that draws afresh, in; a `Dataset` out."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.checks import choice
from jaxgan.data.arrays import channels_last, check_dtype, read_labels, read_pictures, read_samples, readings
from jaxgan.data.dataset import OF_ARRAYS, Dataset, Request, Sampler
from jaxgan.data.distributions import Distribution
from jaxgan.data.fitting import brought_to_form
from jaxgan.data.kinds import KINDS, in_kind
from jaxgan.data.numbers import of_numbers
from jaxgan.data.points import draw_afresh, drawn_from
from jaxgan.data.scaling import Scaling
from jaxgan.data.vector_labels import drawn_vectors, read_any_labels
from jaxgan.errors import NoSplitError, UserError, first_line
from jaxgan.imports import import_named
from jaxgan.labels import LabelVectors
from jaxgan.picture_options import in_words
from jaxgan.pixels import to_model_range

LOADER_OPTIONS = ("split", "data_dir", "image_size")  # what a function named on the command line may take
TRIED = 5  # samples that a sampler is asked for, abstractly


def as_dataset(
    data: Any,
    labels: Any = None,
    *,
    n_classes: int | None = None,
    class_names: Sequence[str] = (),
    name: str = "own",
    keep_below: int = 0,
    kind: str = "auto",
    scaling: str | Scaling | None = None,
    names: Sequence[str] = (),
    label_kind: str = "auto",
    label_names: Sequence[str] = (),
) -> Dataset:
    """The data as a `Dataset`, whose `notes` say what an array was taken for, where that is not what it says by itself.

    Args:
        data: one of

            - an array (N, ...) of numpy or jax: uint8, which a network sees as x / 127.5 - 1, or floats, which it sees as they
              are, in float32. uint8 of shape (N, H, W) is taken for images of one channel and becomes (N, H, W, 1); other usual
              forms of pictures (channels first, 0 and 1 for black and white, whole numbers to 255) are brought to these;
            - a tuple (samples, labels) of such arrays;
            - a function (key, n) -> samples (n, ...), or -> (samples, labels (n,)), in plain JAX, which is called within `jit`
              for each batch and must draw by its key alone;
            - a `Distribution`, drawn afresh; or a `Dataset`, which is returned as it is.
        labels: beside an array of samples, class numbers (N,): those that have gaps or do not begin with 0 are renumbered in their
            order, and the classes called by what they were; so are words. Or vectors: 0s and 1s (N, K), several labels a sample; numbers
            (N,) or (N, K), which are standardised to mean 0 and deviation 1 (rows of one 1 alone are classes).
        n_classes: the number of classes, with which labels keep their numbers; a function that returns labels must be given it.
        class_names: n_classes of them, or none.
        name: what messages, charts and records call the data.
        keep_below: labels that are all below it keep their numbers, too: the classes that a GAN has.
        kind: of an array, what a sample is, where its shape leaves that open: "vectors", "series", "images" or "volumes"; a channel is
            added where its axis is left out.
        scaling: of an array of vectors, series or volumes in units of its own: "standard", "minmax" or "none", as `jaxgan.data.scaling`
            says, or a `Scaling` of other data. Where None a network sees floats as they are.
        names: of the features, where they are scaled.
        label_kind: what the labels are, where that is open: "classes", "multi_hot", "continuous", or "vectors" for either of the last two.
        label_names: of the K entries of label vectors.

    Raises:
        UserError: one line that says what is wrong with the array, the labels or the function.
    """
    if isinstance(data, Dataset | Distribution):
        if labels is not None or n_classes is not None or class_names:
            raise UserError(f"data '{name}': a {type(data).__name__} has its own labels and classes")
        if isinstance(data, Dataset) and isinstance(scaling, Scaling):
            return data.rescaled(scaling)
        return data if isinstance(data, Dataset) else draw_afresh(data, data.name)
    if isinstance(data, tuple):
        if len(data) != 2:
            raise UserError(f"data '{name}': a tuple of {len(data)}, expected (samples, labels)")
        if labels is not None:
            raise UserError(f"data '{name}': labels are given twice, in the tuple and beside it")
        data, labels = data
    if n_classes is not None and (isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer) or n_classes < 0):
        raise UserError(f"data '{name}': n_classes={n_classes!r}, expected a whole number from 0")
    if hasattr(data, "__array__"):
        samples = _array(data, name)
        source, kind = f"data '{name}'", choice("kind", kind, KINDS)
        of_labels: Any = (labels, n_classes, tuple(class_names), name, keep_below, label_kind, label_names)
        if scaling is None:
            samples = samples if kind == "auto" else in_kind(samples, kind, source)
            if kind == "images" and samples.ndim == 4 and len(readings(samples.shape)) > 1:
                channels_last(samples, source)  # refuses them: which axis is that of the channels cannot be told
            return _of_arrays(samples, *of_labels)
        made = of_numbers(samples, name, source, kind=kind, scaling=scaling, names=names)
        found = _of_arrays(made.samples, *of_labels)
        return replace(found, scaling=made.scaling, notes=found.notes + made.notes)
    if scaling is not None or kind != "auto":
        raise UserError(f"data '{name}': kind and scaling are for arrays, and this is a {type(data).__name__}")
    if callable(data):
        if labels is not None:
            raise UserError(f"data '{name}': a function returns its labels itself, as (samples, labels)")
        return _of_function(data, n_classes, tuple(class_names), name, label_kind, label_names)
    raise UserError(
        f"data '{name}' is a {type(data).__name__}: expected an array, (samples, labels), a function (key, n) -> samples, or a Dataset"
    )


def _of_arrays(
    data: Any,
    labels: Any,
    n_classes: int | None,
    class_names: tuple[str, ...],
    name: str,
    keep_below: int,
    label_kind: str,
    label_names: Sequence[str],
) -> Dataset:
    samples, notes = read_samples(_array(data, name), f"data '{name}'")
    if labels is None:
        if n_classes or class_names:
            raise UserError(f"data '{name}': classes are given, and no labels")
        return Dataset(name, samples.shape[1:], 0, samples, None, notes=notes)
    found = read_any_labels(
        _array(labels, name),
        len(samples),
        f"data '{name}'",
        "classes" if n_classes is not None or class_names else label_kind,
        label_names,
        n_classes=n_classes,
        class_names=class_names,
        keep_below=keep_below,
    )
    names = _checked_names(found.class_names, found.n_classes, name)
    return Dataset(
        name,
        samples.shape[1:],
        found.n_classes,
        samples,
        found.numbers,
        names,
        notes=notes + found.notes,
        label_vectors=found.vectors,
    )


def _array(data: Any, name: str) -> np.ndarray:
    """The data in the host's memory."""
    try:
        return np.asarray(data)
    except Exception as error:  # random keys, say, or a tensor on a device that numpy cannot read
        raise UserError(f"data '{name}': a {type(data).__name__} that is no array of numbers ({first_line(error)})") from error


def _checked_names(class_names: tuple[str, ...], n_classes: int, name: str) -> tuple[str, ...]:
    if class_names and len(class_names) != n_classes:
        raise UserError(f"data '{name}': {len(class_names)} class names for {n_classes} classes")
    return class_names


def _of_function(
    function: Callable[..., Any],
    n_classes: int | None,
    class_names: tuple[str, ...],
    name: str,
    label_kind: str = "auto",
    label_names: Sequence[str] = (),
) -> Dataset:
    """A function (key, n) found by abstract evaluation to draw samples, and maybe labels."""
    called = f"data '{name}': {_name_of(function)}(key, {TRIED})"
    try:
        traced, result = jax.make_jaxpr(lambda key: function(key, TRIED), return_shape=True)(jax.random.key(0))
    except UserError:
        raise
    except Exception as error:  # the user's function may raise anything
        raise UserError(
            f"{called} fails: {type(error).__name__}: {first_line(error)} (expected a function of plain JAX, key, n -> samples)"
        ) from error
    samples, labels = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if not hasattr(samples, "shape") or not (labels is None or hasattr(labels, "shape")):
        raise UserError(f"{called} returns a {type(result).__name__}, expected samples, or (samples, labels)")
    if len(samples.shape) < 2 or samples.shape[0] != TRIED or 0 in samples.shape:
        raise UserError(f"{called} returns samples of shape {samples.shape}, expected ({TRIED}, ...)")
    check_dtype(samples.dtype, f"data '{name}'")
    [key] = traced.jaxpr.invars
    if not any(variable is key for equation in traced.jaxpr.eqns for variable in equation.invars):
        raise UserError(f"{called} makes no use of its key, and would draw the same samples each time")
    vectors = None
    if labels is not None and jnp.issubdtype(labels.dtype, jnp.floating) and n_classes is None and not class_names:
        vectors = drawn_vectors(function, labels.shape, called, label_kind, label_names)
    elif labels is not None:
        if labels.shape != (TRIED,) or not jnp.issubdtype(labels.dtype, jnp.integer):
            raise UserError(f"{called} returns labels {labels.dtype} {labels.shape}, expected integers ({TRIED},)")
        if n_classes is None:
            raise UserError(f"{called} returns labels: say how many classes there are (as_dataset(..., n_classes=...))")
    elif n_classes or class_names:
        raise UserError(f"{called} returns no labels, and classes are given")
    images = len(samples.shape) == 3 and samples.dtype == np.uint8
    shape = (*samples.shape[1:], 1) if images else samples.shape[1:]
    n_classes = int(n_classes or 0)
    names = _checked_names(class_names, n_classes, name)
    sampler = _sampler(function, images, vectors)
    return Dataset(name, shape, n_classes, None, None, names, sampler=sampler, label_vectors=vectors)


def _sampler(function: Callable[..., Any], add_channel: bool, vectors: LabelVectors | None) -> Sampler:
    """The function with what it may leave out: samples of jax's default float, and labels int32, zeros where it returns none, or vectors as
    the networks see them."""

    def draw(key: Any, n: int) -> tuple[Any, Any]:
        result = function(key, n)
        samples, labels = result if isinstance(result, tuple) else (result, jnp.zeros(n, jnp.int32))
        samples = to_model_range(jnp.asarray(samples)).astype(float)
        if vectors is not None:
            shift, scale = (0.0, 1.0) if vectors.kind == "multi_hot" else (jnp.asarray(vectors.mean), jnp.asarray(vectors.std))
            labels = (jnp.asarray(labels, float).reshape(n, -1) - shift) / scale  # (n,) or (n, K) -> (n, K)
        else:
            labels = jnp.asarray(labels, jnp.int32)
        return samples[..., None] if add_channel else samples, labels

    return draw


def load_own(request: Request, hint: str = "") -> Dataset:
    """`package.module:name`: what `as_dataset` takes, or a function that returns it.

    A function (key, n) is the sampler itself. Any other is called once, with those of `split`, `data_dir` and `image_size` (a number, or
    height and width) that it takes; one that takes `split` is asked for "test" too, and returns None where it has no such split.
    Arrays of pictures are brought to the size, channels and range that are asked for, as those of `npz:PATH` are.

    `hint` is what a message says beside, where there is no such module.

    Raises:
        NoSplitError: another split than "train" of data that have no other.
        UserError: nothing of this name can be imported; the function fails (in one line that names it); what it returns is no data.
    """
    data = import_named(request.source, "data set", hint)
    if isinstance(data, Distribution):
        return drawn_from(data)(request)
    if hasattr(data, "__array__") or not callable(data) or isinstance(data, Dataset):
        request.takes("label_kind", *OF_ARRAYS)
        return _in_form(data, request)
    parameters = _parameters(data)
    required = [name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]
    if len(required) == 2 and not set(required) & set(LOADER_OPTIONS):  # (key, n), by whatever names
        request.takes("label_kind")
        return as_dataset(data, name=request.name, label_kind=request.label_kind)
    for name in required:
        if name not in LOADER_OPTIONS:
            raise UserError(
                f"data set '{request.name}': the function takes '{name}': expected (key, n), or some of {', '.join(LOADER_OPTIONS)}"
            )
    options = [name for name in LOADER_OPTIONS if name in parameters]
    request.takes(*options, "label_kind", *OF_ARRAYS)
    result = _called(data, options, request)
    if result is None and request.split != "train":
        raise NoSplitError(f"data set '{request.name}' has no split '{request.split}': its function returned None")
    found = _in_form(result, request._replace(image_size=None) if "image_size" in options else request)
    if request.split == "train" or not found.class_names or isinstance(result, Dataset):
        return found
    return _in_classes_of(load_own(request._replace(split="train"), hint), found, result[1])  # renumbered: by which order?


def _in_form(data: Any, request: Request) -> Dataset:
    """The user's data, and their pictures in the size, channels and range that are asked for.

    Raises:
        UserError: a form is asked for of what are no arrays of pictures of 8 bits.
    """
    samples, *labels = data if isinstance(data, tuple) else (data,)
    if request.pixel_range is not None and hasattr(samples, "__array__"):
        levels = read_pictures(_array(samples, request.name), f"data set '{request.name}'", request.pixel_range)
        found = as_dataset(
            (levels.values, *labels) if labels else levels.values, name=request.name, label_kind=request.label_kind
        )
        found = replace(found, notes=levels.notes + found.notes)
    else:
        found = as_dataset(data, name=request.name, label_kind=request.label_kind)
    if found.is_images and found.samples is not None and found.samples.dtype == np.uint8:
        pictures, notes = brought_to_form(found.samples, request, f"data set '{request.name}'")
        return replace(found, samples=pictures, sample_shape=pictures.shape[1:], notes=notes + found.notes)
    for option in OF_ARRAYS:
        value = getattr(request, option)
        if value != Request._field_defaults[option]:
            value = in_words(value) if option == "image_size" else value
            raise UserError(f"{option}={value} is for pictures of 8 bits, and has no meaning for data set '{request.name}'")
    return found


def _called(function: Callable[..., Any], options: Sequence[str], request: Request) -> Any:
    """What the user's function returns for these of its options."""
    try:
        return function(**{name: _given(request, name) for name in options})
    except UserError:
        raise
    except Exception as error:  # the user's function may raise anything
        raise UserError(
            f"data set '{request.name}': the function fails: {type(error).__name__}: {first_line(error)}"
        ) from error


def _given(request: Request, name: str) -> Any:
    """An option as the user's function gets it: the size of squares is one number."""
    value = getattr(request, name)
    return value[0] if name == "image_size" and value is not None and value[0] == value[1] else value


def _in_classes_of(train: Dataset, other: Dataset, labels: Any) -> Dataset:
    """Another split, whose labels have gaps or are words, with the class numbers of the training split."""
    known = train.class_names or tuple(map(str, range(train.n_classes)))
    found = read_labels(np.asarray(labels), len(labels), f"data set '{other.name}'", known=known)
    return replace(other, labels=found.numbers, n_classes=train.n_classes, class_names=train.class_names, notes=found.notes)


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters that may be given by name; none where they cannot be told."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {name: parameter for name, parameter in parameters.items() if parameter.kind in kinds}


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", type(function).__name__)

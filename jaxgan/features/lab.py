"""The lab's classifier of a data set that is known by name."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jaxgan import data
from jaxgan.features.classifier import LabClassifier, StackedClassifier, classifier_of
from jaxgan.features.progress import ShowProgress, show_nothing


def lab_classifier(
    dataset: str,
    *,
    data_dir: Path | None = None,
    image_size: int | str | Sequence[int] | None = None,
    updates: int | None = None,
    memory: int | None = None,
    show: ShowProgress = show_nothing,
    tell: Callable[[str], None] | None = None,
    **reading: Any,
) -> LabClassifier | StackedClassifier:
    """The classifier of the labelled data set of this name, kept in the user's cache folder by a hash of the pictures.

    Its accuracy is measured on the test split; where there is none, on a tenth of the pictures, which it does not learn. That of a
    stacked set classifies channel by channel, by the classifier of a single picture. Of a set that outgrows `memory` bytes a part is
    learned. `tell` takes what was read of the data, a line at a time; `reading` are further options of `jaxgan.data.load`.

    Raises:
        UserError: a data set that cannot be loaded, or one that `classifier_of` refuses.
    """
    reading = {"data_dir": data_dir, "image_size": image_size, "memory": memory, **reading}
    train = data.load(dataset, **reading)
    for line in data.account(train) if tell else ():
        tell(line)
    if train.stack_of is not None:
        single = lab_classifier(train.stack_of, updates=updates, show=show, **{**reading, "memory": None})
        assert isinstance(single, LabClassifier)
        return StackedClassifier(single, train.sample_shape[-1])
    test = data.load_held_out(dataset, **{**reading, **data.form_of(train)})
    return classifier_of(train, test, updates=updates, progress=show(f"training the classifier of {dataset}"))

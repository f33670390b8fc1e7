"""What pictures are compared in: the lab's classifier, Inception, EfficientNet, pixels, or a function of the user's own (layer 2).

`make_extractor("lab", ...)` gives an `Extractor`; `classifier_of(train, test)` gives the classifier of labelled pictures of any
origin, and `lab_classifier("mnist")` that of a data set by name.
"""

from jaxgan.features.classifier import LabClassifier, StackedClassifier, classifier_of, classifiers_folder, train_classifier
from jaxgan.features.efficientnet import EfficientNetClassifier, load_efficientnet, projected_maps
from jaxgan.features.extractor import FEATURES, Extractor, Features, extract_by, make_extractor, named_features, pixels
from jaxgan.features.inception import InceptionClassifier, load_inception
from jaxgan.features.lab import lab_classifier
from jaxgan.features.progress import Progress, ShowProgress, show_nothing

__all__ = [
    "FEATURES",
    "EfficientNetClassifier",
    "Extractor",
    "Features",
    "InceptionClassifier",
    "LabClassifier",
    "Progress",
    "ShowProgress",
    "StackedClassifier",
    "classifier_of",
    "classifiers_folder",
    "extract_by",
    "lab_classifier",
    "load_efficientnet",
    "load_inception",
    "make_extractor",
    "named_features",
    "pixels",
    "projected_maps",
    "show_nothing",
    "train_classifier",
]

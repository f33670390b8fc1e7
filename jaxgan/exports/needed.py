"""The packages that some formats are written with, which jaxgan itself does without."""

import importlib
from typing import Any

from jaxgan.errors import UserError, first_line


def needed(package: str, what: str) -> Any:
    """The package, imported.

    Raises:
        UserError: it is not installed; the line says what needs it and how it is installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise UserError(
            f"{what} needs {package.partition('.')[0]} ({first_line(error)}): pip install 'jaxgan[export]'"
        ) from None

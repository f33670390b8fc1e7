"""State dicts of the labs' PyTorch classes in and out, as numpy arrays; PyTorch itself is not needed."""

from jaxgan.interop.torch import from_torch, to_torch

__all__ = ["from_torch", "to_torch"]

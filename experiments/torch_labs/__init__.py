"""Labs 003 and 004 in PyTorch, written from their text alone, for runs to be compared with jaxgan's: `python -m experiments.torch_labs.compare`."""

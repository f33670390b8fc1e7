"""Generators taken elsewhere: as a graph of layers (`graph.py` says how it is read), and the writers of other formats that read it."""

from jaxgan.exports.build import graph_of
from jaxgan.exports.graph import Graph, Layer, from_description

__all__ = ["Graph", "Layer", "from_description", "graph_of"]

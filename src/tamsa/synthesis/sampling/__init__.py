"""Samples of a graph: walks, sub-graphs and sub-tables, the raw material of questions; the same for the same seed."""

from tamsa.synthesis.sampling.neighbours import Neighbours, Step
from tamsa.synthesis.sampling.subgraphs import SubGraph, sample_subgraph, sample_subgraphs
from tamsa.synthesis.sampling.subtables import JoinedTable, Row, join_tables, sample_subtables
from tamsa.synthesis.sampling.walks import Walk, sample_walk, sample_walks
from tamsa.synthesis.sampling.wl import orbits, wl_hash

__all__ = [
    "JoinedTable",
    "Neighbours",
    "Row",
    "Step",
    "SubGraph",
    "Walk",
    "join_tables",
    "orbits",
    "sample_subgraph",
    "sample_subgraphs",
    "sample_subtables",
    "sample_walk",
    "sample_walks",
    "wl_hash",
]

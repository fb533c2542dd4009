"""The graph of a collection of documents: who, what, where and when, each fact with the sentence or row that states it.

build_graph(source, out)    documents in, a folder out
Graph.open(folder)          entities, edges, tables
"""

from tamsa.synthesis.graph.blocks import EVALUATION_PREFIX
from tamsa.synthesis.graph.build import build_graph
from tamsa.synthesis.graph.memory import Statement, build_memory, read_statements
from tamsa.synthesis.graph.sources import corpus_documents, index_documents, table_documents
from tamsa.synthesis.graph.store import Cell, Entity, Graph, GraphTable

__all__ = [
    "EVALUATION_PREFIX",
    "Cell",
    "Entity",
    "Graph",
    "GraphTable",
    "Statement",
    "build_graph",
    "build_memory",
    "corpus_documents",
    "index_documents",
    "read_statements",
    "table_documents",
]

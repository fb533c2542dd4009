"""Documents and checks that the tests of the graph share."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tamsa.synthesis.graph import Graph, build_graph
from tamsa.types import Document, Link


def doc(title: str, text: str, *links: str, doc_id: str | None = None) -> Document:
    """Make a document; every link is a title that stands in the text."""
    spans = tuple(Link(name.replace(" ", "_"), text.index(name), text.index(name) + len(name)) for name in links)
    return Document(doc_id or title.replace(" ", "_"), title, text, (), spans)


def graph_of(folder: Path, *documents: Document, processes: int = 1) -> Graph:
    """Build the graph of some documents."""
    return build_graph(lambda: documents, folder / "graph", processes=processes)


def facts(graph: Graph, title: str) -> set[tuple[str, str]]:
    """Return `(relation, value)` of everything that the graph says of a thing."""
    return {(edge.relation, edge.value) for edge in graph if edge.subject_title == title}


def digest(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

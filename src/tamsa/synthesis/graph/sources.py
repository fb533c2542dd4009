"""Where a graph's documents come from: corpus files, tables, an index. Each gives the same order every time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tamsa.corpus.documents import as_document
from tamsa.corpus.index import Index
from tamsa.corpus.readers import Draft, read_file
from tamsa.errors import InputError
from tamsa.synthesis.graph.blocks import EVALUATION_PREFIX
from tamsa.synthesis.graph.build import Source
from tamsa.types import Document


def corpus_documents(*paths: Path | str) -> Source:
    """Read corpus files (JSONL, JSON or parquet with `id`, `title`, `text`; parquet of tables), record by record.

    Raises:
        InputError: a file cannot be read; when the source is first read.
    """
    places = [Path(path) for path in paths]

    def read() -> Iterator[Document]:
        for place in places:
            try:
                for found in read_file(place):
                    if isinstance(found, Draft):
                        yield _document(place, found)
            except OSError as error:
                raise InputError(f"{place}: cannot be read ({error.strerror})") from error

    return read


def table_documents(path: Path | str) -> Source:
    """Read a parquet file of tables, those of the evaluation split (`dev`) left out."""
    read = corpus_documents(path)
    return lambda: (document for document in read() if not document.id.startswith(EVALUATION_PREFIX))


def index_documents(index: Index) -> Source:
    """Read the documents of an index in the order of their ids, whatever order they were added in."""

    def read() -> Iterator[Document]:
        for doc_id in sorted(index.ids()):
            document = index.get(doc_id)
            if document is not None:
                yield document

    return read


def _document(path: Path, draft: Draft) -> Document:
    doc_id = draft.id or (path.name if draft.part == 1 else f"{path.name}#{draft.part}")
    document = Document(doc_id, draft.title, draft.text, draft.sections, draft.links, str(path), draft.date)
    return as_document(document)

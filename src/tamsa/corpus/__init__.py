"""Corpora: reading documents, indexing them, searching and opening them again."""

from tamsa.corpus.chunks import Chunk
from tamsa.corpus.engines import open_documents
from tamsa.corpus.index import Index
from tamsa.corpus.interface import SearchIndex
from tamsa.corpus.lance import LanceIndex
from tamsa.corpus.opening import Progress, cache_folder, open_corpus

__all__ = [
    "Chunk",
    "Index",
    "LanceIndex",
    "Progress",
    "SearchIndex",
    "cache_folder",
    "open_corpus",
    "open_documents",
]

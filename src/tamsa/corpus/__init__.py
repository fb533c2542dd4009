"""Corpora: reading documents, indexing them, searching and opening them again."""

from tamsa.corpus.chunks import Chunk
from tamsa.corpus.index import Index

__all__ = ["Chunk", "Index"]

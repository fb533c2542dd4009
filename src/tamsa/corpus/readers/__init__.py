"""Readers: files of many formats become drafts of documents."""

from tamsa.corpus.readers.draft import Draft, ReadError, Skip, TextBuilder
from tamsa.corpus.readers.registry import VERSION, kind_of, read_file

__all__ = ["VERSION", "Draft", "ReadError", "Skip", "TextBuilder", "kind_of", "read_file"]

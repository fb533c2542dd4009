"""Which engine holds the documents that a person names: files and folders here, or a database elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tamsa.corpus.interface import SearchIndex
from tamsa.corpus.lance import LanceIndex
from tamsa.corpus.opening import OnProgress, open_corpus
from tamsa.errors import InputError

LANCE = "lance:"
"""Begins the name of an index in LanceDB: `lance:FOLDER` or `lance:s3://BUCKET/PREFIX`."""


def open_documents(
    paths: Sequence[Path | str], *, out: Path | None = None, on_progress: OnProgress | None = None, dense: bool = False
) -> SearchIndex:
    """Open what a person names as documents, whichever engine holds them.

    Args:
        paths: files, folders, corpus files or an index; or one `lance:` address, whose keys and
            region LanceDB takes from the environment.
        out: where an index built here is kept.
        on_progress: is told of the progress of building.
        dense: search with vectors too (an index built here only).

    Raises:
        InputError: a path does not exist, nothing can be read, or an address stands beside other paths.
        ConfigError, CorruptError, StorageError: as `open_corpus`.
    """
    addresses = [str(path) for path in paths if str(path).startswith(LANCE)]
    if not addresses:
        return open_corpus(paths, out=out, on_progress=on_progress, dense=dense)
    if len(paths) > 1:
        raise InputError(f"{addresses[0]}: cannot be searched together with other documents; name it alone")
    # A command line that makes paths of its arguments leaves one slash of two.
    uri = re.sub(r"^([a-z][a-z0-9+.-]+):/(?!/)", r"\1://", addresses[0].removeprefix(LANCE))
    return LanceIndex.open(uri)

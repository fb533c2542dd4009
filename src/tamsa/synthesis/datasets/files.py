"""Parquet files, written whole or not at all, the same bits for the same rows."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from tamsa.errors import StorageError

ROWS_PER_GROUP = 2_000


Schema = Mapping[str, Literal["text", "integer", "number", "flag", "texts", "messages"]]
"""Columns and their types; `messages` is a list of role and content."""


def arrow_schema(schema: Schema) -> Any:
    """Return the Arrow schema of a data set."""
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    types = {
        "text": pa.string(),
        "integer": pa.int32(),
        "number": pa.float64(),
        "flag": pa.bool_(),
        "texts": pa.list_(pa.string()),
        "messages": pa.list_(message),
    }
    return pa.schema([(name, types[kind]) for name, kind in schema.items()])


def write_parquet(path: Path, rows: Iterable[Mapping[str, Any]], schema: Schema) -> int:
    """Stream rows to a parquet file that appears under its name when it is whole.

    Returns:
        The number of rows.

    Raises:
        StorageError: the disk is full or the folder not writable.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = arrow_schema(schema)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    count = 0
    try:
        with pq.ParquetWriter(temporary, arrow, compression="zstd") as writer:
            stream = iter(rows)
            while group := list(islice(stream, ROWS_PER_GROUP)):
                writer.write_table(pa.Table.from_pylist([dict(row) for row in group], schema=arrow))
                count += len(group)
        handle = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"{path}: cannot write ({reason}); free some space or choose another --out") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count

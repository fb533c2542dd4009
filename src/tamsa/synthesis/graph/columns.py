"""Column files: Arrow IPC tables on disk, written in a stream, read by memory map with random access by row.

The same rows give the same bytes, whoever wrote them and however often the writing was interrupted.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamsa.errors import CorruptError, StorageError

BATCH_ROWS = 1 << 16
"""Rows of every batch but the last."""
_TYPES = {"i": "int32", "b": "int8", "s": "string"}

Layout = Mapping[str, str]
"""Columns of a file in order: name to `i` (32-bit number), `b` (8-bit number) or `s` (text)."""


@cache
def _arrow() -> Any:
    """Return Arrow, which is loaded only where files are read or written: the command line starts without it."""
    return importlib.import_module("pyarrow")


def _schema(layout: Layout, metadata: Mapping[str, str]) -> Any:
    pa = _arrow()
    fields = [pa.field(name, _type(kind), nullable=False) for name, kind in layout.items()]
    return pa.schema(fields, dict(metadata))


def _type(kind: str) -> Any:
    return getattr(_arrow(), _TYPES[kind])()


class ColumnWriter:
    """Writes rows to a column file that appears, whole, when the writer is closed."""

    def __init__(self, path: Path, layout: Layout, metadata: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.num_rows = 0
        self._layout = layout
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._schema = _schema(layout, metadata or {})
        self._columns: dict[str, list[Any]] = {name: [] for name in layout}
        try:
            self._file = open(self._temporary, "wb")  # noqa: SIM115 - closed by close() or abort()
        except OSError as error:
            raise StorageError(f"{path}: cannot write ({error.strerror}); choose another --out") from error
        self._writer = _arrow().ipc.new_file(self._file, self._schema)

    def append(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Append rows, given as one list a column, all of one length."""
        for name, values in self._columns.items():
            values.extend(columns[name])
        first = next(iter(self._layout))
        while len(self._columns[first]) >= BATCH_ROWS:
            self._flush(BATCH_ROWS)

    def _flush(self, count: int) -> None:
        pa = _arrow()
        arrays = []
        for name, values in self._columns.items():
            arrays.append(pa.array(values[:count], _type(self._layout[name])))
            del values[:count]
        try:
            self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        except OSError as error:
            raise StorageError(f"{self.path}: cannot write ({error}); free some space and run again") from error
        self.num_rows += count

    def close(self) -> None:
        """Write what is left, wait until it is on the disk, and put the file in its place."""
        left = len(self._columns[next(iter(self._layout))])
        try:
            if left:
                self._flush(left)
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary.replace(self.path)
        except OSError as error:
            self.abort()
            raise StorageError(f"{self.path}: cannot write ({error}); free some space and run again") from error

    def abort(self) -> None:
        """Drop everything."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> ColumnWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()


class ColumnFile:
    """A column file, mapped into memory.

    Raises:
        CorruptError: it is missing, damaged or has other columns.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        pa = _arrow()
        try:
            self._map = pa.memory_map(str(path))
            reader = pa.ipc.open_file(self._map)
            self._batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        except (OSError, pa.ArrowException) as error:
            raise CorruptError(f"{path}: missing or damaged ({error}); delete the folder and build it anew") from error
        if reader.schema.names != list(layout):
            raise CorruptError(f"{path}: has other columns than this Tamsa writes; delete the folder and build it anew")
        self.metadata = {k.decode(): v.decode() for k, v in (reader.schema.metadata or {}).items()}
        self.num_rows: int = sum(batch.num_rows for batch in self._batches)
        self._layout = layout
        self._strings: dict[str, list[tuple[NDArray[np.int32], memoryview]]] = {}
        self._numbers: dict[str, NDArray[Any]] = {}

    def numbers(self, name: str) -> NDArray[Any]:
        """Return a whole column of numbers."""
        if name not in self._numbers:
            parts = [batch.column(name).to_numpy() for batch in self._batches]
            kind = np.int8 if self._layout[name] == "b" else np.int32
            self._numbers[name] = np.concatenate(parts) if parts else np.zeros(0, kind)
        return self._numbers[name]

    def text(self, name: str, row: int) -> str:
        """Return the text of one column in one row."""
        parts = self._strings.get(name)
        if parts is None:
            parts = self._strings[name] = [_text_parts(batch.column(name)) for batch in self._batches]
        offsets, data = parts[row // BATCH_ROWS]
        place = row % BATCH_ROWS
        return str(data[offsets[place] : offsets[place + 1]], "utf-8")

    def texts(self, name: str) -> list[str]:
        """Return a whole column of texts."""
        out: list[str] = []
        for batch in self._batches:
            out.extend(batch.column(name).to_pylist())
        return out

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """Everything, as one list a column; for small files."""
        out: dict[str, list[Any]] = {name: [] for name in self._layout}
        for batch in self._batches:
            for name, values in out.items():
                values.extend(batch.column(name).to_pylist())
        return out

    def close(self) -> None:
        """Release the map."""
        self._batches = []
        self._strings = {}
        self._map.close()


def _text_parts(column: Any) -> tuple[NDArray[np.int32], memoryview]:
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32, count=len(column) + 1, offset=column.offset * 4)
    return starts, memoryview(data) if data is not None else memoryview(b"")

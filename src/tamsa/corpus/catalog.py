"""The catalog: which documents an index holds and under which names.

One immutable, memory-mapped file per generation of the index, so that opening is instant and many
readers share one copy. Rows are documents; the table of names is sorted by hash. About 90 bytes a
document, plus its id and title.
"""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamsa.corpus.names import name_hash, names_of
from tamsa.errors import CorruptError, StorageError
from tamsa.store import write_atomic

MAGIC = b"TAMSACAT"
VERSION = 1
_PREFIX = struct.Struct("<8sIIQ")  # magic, version, CRC-32 of all that follows, length of the header
_TYPES: dict[str, str] = {
    "key_high": "<u8", "key_low": "<u8", "content": "<u8", "chunks": "<u4", "source": "<u4",
    "id_end": "<u8", "title_end": "<u8", "ids": "|u1", "titles": "|u1",
    "order": "<u4", "sorted_high": "<u8",
    "name": "<u8", "name_row": "<u4", "name_kind": "|u1",
}  # fmt: skip

_CACHED_NAMES = 1 << 14

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalog keeps of one document."""

    id: str
    title: str
    content: int
    chunks: int
    source: int = 0
    """Number of the source file it came from; 0 for none."""


class Catalog:
    """A read-only table of documents and names."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = arrays
        self.num_documents = len(arrays["key_high"])
        self.num_chunks = int(arrays["chunks"].sum(dtype=np.uint64))
        self._ids = memoryview(arrays["ids"])  # type: ignore[arg-type]
        self._titles = memoryview(arrays["titles"])  # type: ignore[arg-type]
        self._filter: Array | None = None
        self._shift = np.uint64(0)
        self.named = lru_cache(maxsize=_CACHED_NAMES)(self._named)
        """Return `(row, kind, title)` of every document with a name of this hash (collisions included)."""

    # ------------------------------------------------------------------ reading

    @classmethod
    def empty(cls) -> Catalog:
        """Return a catalog without documents."""
        return cls({name: np.zeros(0, dtype) for name, dtype in _TYPES.items()})

    @classmethod
    def load(cls, path: Path) -> Catalog:
        """Map a catalog file into memory.

        Raises:
            FileNotFoundError: there is none (a writer may just have replaced it).
            CorruptError: it is damaged or of another version.
        """
        advice = "delete the index folder and build it anew"
        with open(path, "rb") as file:
            try:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                magic, version, checksum, length = _PREFIX.unpack_from(data)
            except (ValueError, struct.error) as error:
                raise CorruptError(f"{path}: damaged catalog (too short); {advice}") from error
        if magic != MAGIC or version != VERSION:
            raise CorruptError(f"{path}: not a catalog of this version of Tamsa; {advice}")
        if zlib.crc32(memoryview(data)[_PREFIX.size :]) != checksum:
            raise CorruptError(f"{path}: damaged catalog (checksum differs); {advice}")
        header = json.loads(data[_PREFIX.size : _PREFIX.size + length])
        arrays = {
            name: np.frombuffer(data, dtype, count=header[name][1], offset=header[name][0])
            for name, dtype in _TYPES.items()
        }
        return cls(arrays)

    def save(self, path: Path) -> None:
        """Write the catalog as one file, whole or not at all."""
        layout: dict[str, tuple[int, int]] = {}
        header = b""
        for _ in range(2):  # the offsets need the header's length, which is padded to be stable
            offset = _PREFIX.size + len(header)
            for name in _TYPES:
                offset = -(-offset // 8) * 8
                layout[name] = (offset, len(self._arrays[name]))
                offset += self._arrays[name].nbytes
            header = json.dumps(layout).encode().ljust(1024)
        body = bytearray(offset - _PREFIX.size)
        body[: len(header)] = header
        for name, (start, _) in layout.items():
            piece = np.ascontiguousarray(self._arrays[name]).view(np.uint8)
            body[start - _PREFIX.size : start - _PREFIX.size + len(piece)] = piece.tobytes()
        write_atomic(path, _PREFIX.pack(MAGIC, VERSION, zlib.crc32(body), len(header)) + bytes(body))

    def row(self, key: bytes) -> int:
        """Return the row of a document key, -1 if it is not there."""
        if not self.num_documents:
            return -1
        high, low = struct.unpack("<QQ", key)
        table = self._arrays["sorted_high"]
        place = int(np.searchsorted(table, np.uint64(high)))
        while place < len(table) and int(table[place]) == high:
            row = int(self._arrays["order"][place])
            if int(self._arrays["key_low"][row]) == low:
                return row
            place += 1
        return -1

    def rows(self, high: Array, low: Array) -> Array:
        """Return the rows of many keys (two `uint64` arrays), -1 where there is none."""
        table = self._arrays["sorted_high"]
        if not len(table):
            return np.full(len(high), -1, np.int64)
        place = np.minimum(np.searchsorted(table, high), len(table) - 1)
        rows = self._arrays["order"][place].astype(np.int64)
        good = (self._arrays["key_high"][rows] == high) & (self._arrays["key_low"][rows] == low)
        for i in np.nonzero(~good & (table[place] == high))[0]:  # two keys share their upper half
            rows[i] = self.row(struct.pack("<QQ", int(high[i]), int(low[i])))
            good[i] = rows[i] >= 0
        return np.where(good, rows, -1)

    def key(self, row: int) -> bytes:
        """Return the key of a row."""
        return struct.pack("<QQ", int(self._arrays["key_high"][row]), int(self._arrays["key_low"][row]))

    def content(self, row: int) -> int:
        """Return the content hash of a row."""
        return int(self._arrays["content"][row])

    def contents(self, rows: Array) -> Array:
        """Return the content hashes of many rows."""
        return self._arrays["content"][rows]

    def source(self, row: int) -> int:
        """Return the number of the source file of a row."""
        return int(self._arrays["source"][row])

    def rows_from(self, sources: Iterable[int]) -> list[int]:
        """Return the rows that came from any of these source files."""
        rows: list[int] = np.nonzero(np.isin(self._arrays["source"], np.array(list(sources), np.uint32)))[0].tolist()
        return rows

    def chunks(self, row: int) -> int:
        """Return the number of chunks of a row."""
        return int(self._arrays["chunks"][row])

    def id(self, row: int) -> str:
        """Return the document id of a row."""
        return _slice(self._ids, self._arrays["id_end"], row)

    def title(self, row: int) -> str:
        """Return the title of a row."""
        return _slice(self._titles, self._arrays["title_end"], row)

    def ids(self) -> Iterator[str]:
        """Yield every document id."""
        return (self.id(row) for row in range(self.num_documents))

    def _named(self, value: int) -> list[tuple[int, int, str]]:
        table = self._arrays["name"]
        start = int(np.searchsorted(table, np.uint64(value)))
        found = []
        while start < len(table) and int(table[start]) == value:
            row = int(self._arrays["name_row"][start])
            found.append((row, int(self._arrays["name_kind"][start]), self.title(row)))
            start += 1
        return found

    def is_name(self, hashes: Array) -> Array:
        """Tell for many hashes whether a name has them."""
        table = self._arrays["name"]
        if not len(table):
            return np.zeros(len(hashes), bool)
        if self._filter is None:
            self._make_filter(table)
        assert self._filter is not None
        bits = hashes >> self._shift
        maybe = np.nonzero((self._filter[bits >> np.uint64(3)] >> (bits & np.uint64(7)).astype(np.uint8)) & 1)[0]
        found = np.zeros(len(hashes), bool)
        if len(maybe):
            place = np.minimum(np.searchsorted(table, hashes[maybe]), len(table) - 1)
            found[maybe] = table[place] == hashes[maybe]
        return found

    def _make_filter(self, table: Array) -> None:
        # One bit for each of 16 times as many slots as names: 15 of 16 misses end here, in the processor's cache.
        width = max(10, int(len(table) * 16 - 1).bit_length())
        self._shift = np.uint64(64 - width)
        slots = np.zeros(1 << width, bool)
        slots[table >> self._shift] = True
        self._filter = np.packbits(slots, bitorder="little")

    # ------------------------------------------------------------------ changing

    def changed(self, changes: Mapping[bytes, Entry | None]) -> Catalog:
        """Return a catalog with entries set (or, where None, removed) by key."""
        old = self._arrays
        keep = np.ones(self.num_documents, bool)
        keys = np.frombuffer(b"".join(changes), "<u8").reshape(-1, 2)
        rows = self.rows(keys[:, 0], keys[:, 1])
        keep[rows[rows >= 0]] = False
        fresh = _columns({key: entry for key, entry in changes.items() if entry is not None})
        kept = int(keep.sum())
        new: dict[str, Array] = {
            name: np.concatenate([old[name][keep], fresh[name]])
            for name in ("key_high", "key_low", "content", "chunks", "source")
        }
        for blob, end in (("ids", "id_end"), ("titles", "title_end")):
            sizes = np.diff(old[end], prepend=np.uint64(0))
            pieces = old[blob] if kept == len(keep) else old[blob][np.repeat(keep, sizes.astype(np.int64))]
            new[blob] = np.concatenate([pieces, fresh[blob]])
            new[end] = np.cumsum(np.concatenate([sizes[keep], fresh[end]]), dtype=np.uint64)
        new["order"] = np.lexsort((new["key_low"], new["key_high"])).astype(np.uint32)
        new["sorted_high"] = new["key_high"][new["order"]]
        moved = np.cumsum(keep) - 1
        alive = keep[old["name_row"]] if len(keep) else np.zeros(0, bool)
        names = np.concatenate([old["name"][alive], fresh["name"]])
        owners = np.concatenate([moved[old["name_row"][alive]], fresh["name_row"].astype(np.int64) + kept])
        kinds = np.concatenate([old["name_kind"][alive], fresh["name_kind"]])
        by = np.lexsort((owners, kinds, names))
        new["name"], new["name_row"], new["name_kind"] = names[by], owners[by].astype(np.uint32), kinds[by]
        if len(keep) - kept + len(fresh["key_high"]) and len(new["key_high"]) >= 1 << 32:
            raise StorageError("an index holds at most 4,294,967,295 documents; split the collection")
        return Catalog(new)


def _slice(blob: memoryview, ends: Array, row: int) -> str:
    start = int(ends[row - 1]) if row else 0
    return bytes(blob[start : int(ends[row])]).decode()


def _columns(entries: Mapping[bytes, Entry]) -> dict[str, Array]:
    keys = np.frombuffer(b"".join(entries), "<u8").reshape(-1, 2)
    ids = [entry.id.encode() for entry in entries.values()]
    titles = [entry.title.encode() for entry in entries.values()]
    hashes: list[int] = []
    rows: list[int] = []
    kinds: list[int] = []
    for row, entry in enumerate(entries.values()):
        for name in names_of(entry.title):
            hashes.append(name_hash(list(name.tokens)))
            rows.append(row)
            kinds.append(name.kind)
    return {
        "key_high": keys[:, 0],
        "key_low": keys[:, 1],
        "content": np.array([entry.content for entry in entries.values()], np.uint64),
        "chunks": np.array([entry.chunks for entry in entries.values()], np.uint32),
        "source": np.array([entry.source for entry in entries.values()], np.uint32),
        "ids": np.frombuffer(b"".join(ids), np.uint8),
        "titles": np.frombuffer(b"".join(titles), np.uint8),
        "id_end": np.array([len(part) for part in ids], np.uint64),
        "title_end": np.array([len(part) for part in titles], np.uint64),
        "name": np.array(hashes, np.uint64),
        "name_row": np.array(rows, np.uint32),
        "name_kind": np.array(kinds, np.uint8),
    }

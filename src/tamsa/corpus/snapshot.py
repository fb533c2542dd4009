"""One committed state of an index, and the ranking of its documents for a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tamsa.corpus import fusion, mentions
from tamsa.corpus.catalog import Catalog
from tamsa.corpus.dense import DenseReader
from tamsa.corpus.documents import key_of
from tamsa.corpus.hits import prefer_named
from tamsa.corpus.lexical import LexicalReader, StoredChunk
from tamsa.corpus.writer import Manifest

_CANDIDATES = 50  # chunks that are ranked in any case, so that a small k gives the start of a large one
_MAX_NAMING_CHARS = 2000  # a longer query is no question that names what it asks about


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one commit holds: the lexical index, the catalog of titles, and vectors if they are asked for."""

    lexical: LexicalReader | None
    manifest: Manifest
    catalog: Catalog
    stamp: tuple[int, int, int]
    dense: DenseReader | None = None

    def search(self, query: str, terms: Mapping[str, int], k: int) -> list[StoredChunk]:
        """Return the best chunk of each of the best `k` documents.

        Args:
            query: any text.
            terms: its index terms.
            k: documents wanted, 1 or more.
        """
        best = self._best_chunks(terms, k)
        if len(query) <= _MAX_NAMING_CHARS:
            best = prefer_named(best, {key_of(m.id) for m in mentions.find_mentions(self.catalog, query)})
        if self.dense is not None and query.strip():
            best = self._fused(query, best)
        if len(query) <= mentions.MAX_TITLE_CHARS:
            best = self._led_by_title(query, best)
        return list(best.values())[:k]

    def _best_chunks(self, terms: Mapping[str, int], k: int) -> dict[bytes, StoredChunk]:
        """Return the best chunk of each of the best `k` documents; many good chunks of one cost extra rounds."""
        best: dict[bytes, StoredChunk] = {}
        limit = max(_CANDIDATES, 2 * k + 10)
        while self.lexical is not None and terms:
            found = self.lexical.search(terms, limit)
            best = {}
            for chunk in sorted(found, key=lambda chunk: (-chunk.score, chunk.id, chunk.part)):
                best.setdefault(chunk.key, chunk)
            if len(best) >= k or len(found) < limit:
                break
            limit *= 4
        return best

    def _fused(self, query: str, lexical: dict[bytes, StoredChunk]) -> dict[bytes, StoredChunk]:
        """Fuse the lexical ranking of documents with that of their nearest chunks."""
        assert self.dense is not None and self.lexical is not None
        nearest: dict[bytes, int] = {}
        for near in self.dense.search(query, 2 * _CANDIDATES):
            nearest.setdefault(near.key, near.part)
        scores = fusion.fuse([(list(lexical), 1.0), (list(nearest), fusion.DENSE_WEIGHT)])
        best: dict[bytes, StoredChunk] = {}
        for key, score in scores.items():
            chunk = lexical.get(key) or self.lexical.chunk(key, nearest[key])
            if chunk is not None:
                best[key] = replace(chunk, score=score)
        return best

    def _led_by_title(self, query: str, best: dict[bytes, StoredChunk]) -> dict[bytes, StoredChunk]:
        """Put the documents whose title is the whole query first."""
        lead: dict[bytes, StoredChunk] = {}
        top = max((chunk.score for chunk in best.values()), default=0.0)
        for doc_id in mentions.find_title(self.catalog, query)[:3]:
            key = key_of(doc_id)
            chunk = best.get(key) or (self.lexical.chunk(key, 0) if self.lexical else None)
            if chunk is not None:
                lead[key] = replace(chunk, score=max(chunk.score, top))
        return lead | {key: chunk for key, chunk in best.items() if key not in lead}

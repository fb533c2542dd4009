"""From stored chunks to what a reader gets: rankings, hits and whole documents."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tamsa.corpus.lexical import StoredChunk
from tamsa.corpus.snippets import best_window
from tamsa.types import Document, Hit, Link, Section

NAMED_BOOST = 1.5
"""Factor on the score of a document whose title stands in the query."""


def prefer_named(best: dict[bytes, StoredChunk], named: set[bytes]) -> dict[bytes, StoredChunk]:
    """Raise the documents whose title stands in the query."""
    if not named.intersection(best):
        return best
    raised = {
        key: replace(chunk, score=chunk.score * NAMED_BOOST) if key in named else chunk for key, chunk in best.items()
    }
    return dict(sorted(raised.items(), key=lambda item: (-item[1].score, item[1].id)))


def to_hit(chunk: StoredChunk, terms: Mapping[str, int]) -> Hit:
    """Make a hit of a chunk, with the snippet that shows most of the query."""
    start, end = best_window(chunk.text, terms)
    anchor = ""
    for at, name in chunk.anchors:
        if at <= start:
            anchor = name
    return Hit(
        id=chunk.id,
        title=chunk.title,
        score=chunk.score,
        snippet=chunk.text[start:end],
        start=chunk.start + start,
        end=chunk.start + end,
        anchor=anchor,
    )


def assemble(parts: Sequence[StoredChunk]) -> Document | None:
    """Join the chunks of a document, in order; None where there are none."""
    if not parts or not parts[0].head:
        return None
    head: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        head = json.loads(parts[0].head)
    return Document(
        id=parts[0].id,
        title=parts[0].title,
        text="".join(part.text for part in parts),
        sections=tuple(Section(*entry) for entry in head.get("sections", ())),
        links=tuple(Link(*entry) for entry in head.get("links", ())),
        source=head.get("source"),
        date=head.get("date"),
    )

"""Which documents are shown together: one, and those that it leads to by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tamsa.agent.baseline.passages import Page, Sentence
from tamsa.corpus import SearchIndex

SHOWN_CHARS = 900
"""Characters of a document that are shown at least, where it has them."""
LINKED, THIRD = 0.85, 0.15
"""How often a document is shown with one that it names, and those two with one that the second names."""
MOST_SETS = 3
"""Sets that show the same document: much-named ones, such as countries, would be in every other set."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The stretch of a document that is shown."""

    page: Page
    first: int
    """Number of the first sentence, from 0."""
    sentences: tuple[Sentence, ...]


def passage_sets(index: SearchIndex, ids: Sequence[str], seed: int) -> Iterator[tuple[Shown, ...]]:
    """Yield sets of one to three documents, each beginning from another, until all were begun from.

    Args:
        index: the documents.
        ids: ids of those that a set may begin from.
        seed: of their order and of what is shown.
    """
    random = Random(f"{seed}/passages")
    order = sorted(ids)
    random.shuffle(order)
    times: Counter[str] = Counter()
    for begin in order:
        if times[begin]:
            continue
        shown = _shown(index, begin, random)
        found = [] if shown is None else [shown]
        for share in (LINKED, THIRD):
            if not found or random.random() >= share:
                break
            named = _named(index, found, times)
            following = _shown(index, random.choice(named), random) if named else None
            if following is None:
                break
            found.append(following)
        if found:
            times.update(item.page.id for item in found)
            yield tuple(found)


def _shown(index: SearchIndex, doc_id: str, random: Random) -> Shown | None:
    """Choose the stretch of a document: its beginning, half of the time a later one where it is long."""
    document = index.get(doc_id)
    if document is None:
        return None
    page = Page(document.id, document.title, document.text)
    sentences = page.sentences
    first = random.randrange(len(sentences)) if len(document.text) > 3 * SHOWN_CHARS and random.random() < 0.5 else 0
    size, stop = 0, first
    while stop < len(sentences) and size < SHOWN_CHARS:
        size += len(sentences[stop].text)
        stop += 1
    return Shown(page, first, tuple(sentences[first:stop])) if stop > first else None


def _named(index: SearchIndex, shown: Sequence[Shown], times: Counter[str]) -> list[str]:
    """Return the ids of the documents that the last one shown names."""
    text = "\n".join(sentence.text for sentence in shown[-1].sentences)
    seen = {item.page.id for item in shown}
    found = dict.fromkeys(mention.id for mention in index.mentions(text))
    return [key for key in found if key not in seen and times[key] < MOST_SETS]

"""What a reader is shown of the opened documents: the sentences that speak to the question, within a size."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tamsa.agent.baseline.lexicon import terms
from tamsa.agent.baseline.nouns import Kind
from tamsa.agent.baseline.passages import Page, Sentence, Span
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import State
from tamsa.agent.baseline.wishes import Value

LEAD = 0.5
"""Worth of a page's first sentence, which says what it is about."""
BRIDGE = 0.35
"""Worth of naming another opened document."""
WANTED = 0.2
"""Worth of holding something of the kind that is asked for."""
TITLE = 0.5
"""Share of its title's worth that every sentence of a page has."""
CANDIDATE = 1.0
"""Worth of holding what the rules take for an answer, or for a step towards it; less for weaker candidates."""
LONGEST = 600
"""Characters of a sentence that are shown."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is shown of one page."""

    page: Page
    sentences: tuple[Sentence, ...]
    """In the page's order."""


def choose(
    state: State, question: Question, chain: Sequence[Reading], candidates: Sequence[Sequence[Value]], size: int
) -> tuple[Passage, ...]:
    """Choose sentences of the opened documents.

    Args:
        state: what was seen.
        question: what is asked.
        chain: what the rules' own answer rests on; these sentences come first.
        candidates: what the rules take for answers, or for steps towards them: lists, each best first.
        size: characters that the sentences may have together.

    Returns:
        Passages in the order in which their documents were opened; pages of which nothing is shown are left out.
    """
    held = _held(chain, candidates)
    linked = {page.id: _named_at(page, state.pages) for page in state.opened}
    ranked: list[tuple[float, int, int]] = []
    pages = state.opened
    for number, page in enumerate(pages):
        title = TITLE * _worth(question, terms(page.title))
        fitting = {start for start, spans in page.spans_by_sentence.items() if _holds(spans, question.kind)}
        for place, sentence in enumerate(page.sentences):
            worth = title + _worth(question, terms(sentence.text)) + held.get((page.id, sentence.start), 0.0)
            worth += LEAD * (place == 0) + WANTED * (sentence.start in fitting)
            worth += BRIDGE * any(sentence.start <= at < sentence.end for at in linked[page.id])
            ranked.append((worth, number, place))
    ranked.sort(key=lambda item: (-item[0], item[1], item[2]))
    kept: dict[int, list[int]] = {}
    left = size
    for _, number, place in ranked:
        length = min(LONGEST, len(pages[number].sentences[place].text)) + 1
        length += len(pages[number].title) + 8 if number not in kept else 0
        if length <= left:
            left -= length
            kept.setdefault(number, []).append(place)
    return tuple(
        Passage(pages[number], tuple(pages[number].sentences[place] for place in sorted(kept[number])))
        for number in sorted(kept)
    )


def _held(chain: Sequence[Reading], candidates: Sequence[Sequence[Value]]) -> Mapping[tuple[str, int], float]:
    """Say how much the rules make of a sentence: document id and offset -> worth."""
    held: dict[tuple[str, int], float] = {}

    def hold(readings: Sequence[Reading], worth: float) -> None:
        for reading in readings:
            key = reading.page.id, reading.sentence.start
            held[key] = max(held.get(key, 0.0), worth)

    hold(chain, 2 * CANDIDATE)
    for values in candidates:
        for rank, value in enumerate(values):
            hold(value.chain, CANDIDATE / (1 + rank))
    return held


def _named_at(page: Page, opened: Collection[str]) -> list[int]:
    """Find where a page names other opened documents."""
    return [
        int(link["start"]) - page.start
        for link in page.sound_links
        if str(link["id"]) in opened and str(link["id"]) != page.id
    ]


def _holds(spans: Sequence[Span], kind: Kind) -> bool:
    """Tell whether a sentence holds a date, a number or an adjective of origin where such a thing is asked for."""
    kinds = {"date": ("date", "year"), "year": ("date", "year"), "number": ("number",), "nationality": ("nationality",)}
    return any(span.kind in kinds.get(kind, ()) for span in spans)


def _worth(question: Question, present: Collection[str]) -> float:
    """Return the share of the question's words that is present, by weight."""
    return sum(question.weights.get(term, 0.0) for term in set(present)) / question.total

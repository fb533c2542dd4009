"""The evidence of a question: the sentence that tells, among sentences of pages that look as if they might."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tamsa.agent.baseline.lexicon import terms
from tamsa.agent.guided.evidence import LONGEST, Passage
from tamsa.synthesis.recurring.shelf import Line, Shelf

MIN_SIZE, MAX_SIZE = 500, 1_400
"""Characters of evidence."""
MIN_PASSAGES, MAX_PASSAGES = 3, 9
MAX_TERMS = 5
"""Words of a question by which lines are looked for that only sound like it."""
_HEAD = 8
"""Characters that a passage costs beside its title and its sentences."""


def lay_out(
    shelf: Shelf,
    needed: Sequence[Line],
    rivals: Sequence[int],
    allowed: Callable[[Line], bool],
    random: Random,
) -> tuple[Passage, ...]:
    """Lay out the evidence: passages in random order.

    Args:
        shelf: all pages.
        needed: the lines that must be shown.
        rivals: lines of other pages, the most misleading first; more of their pages may be shown.
        allowed: tells whether a line may be shown; what is needed is not asked about.
        random: draws size and order.
    """
    left = max(random.randint(MIN_SIZE, MAX_SIZE), random.randint(MIN_SIZE, MAX_SIZE))  # more often much than little
    most = random.randint(MIN_PASSAGES + 1, MAX_PASSAGES)
    shown: dict[int, dict[int, Line]] = {}

    def add(line: Line) -> None:
        nonlocal left
        if line.sentence.start in shown.get(line.page, ()):
            return
        left -= min(LONGEST, len(line.text)) + 1
        left -= len(shelf.pages[line.page].title) + _HEAD if line.page not in shown else 0
        shown.setdefault(line.page, {})[line.sentence.start] = line

    def offer(line: Line) -> None:
        cost = min(LONGEST, len(line.text)) + 1
        cost += len(shelf.pages[line.page].title) + _HEAD if line.page not in shown else 0
        if (cost <= left or len(shown) < MIN_PASSAGES) and (line.page in shown or len(shown) < most) and allowed(line):
            add(line)

    for line in needed:
        add(line)
    for line in needed:
        if random.random() < 0.4:
            offer(shelf.lines_of(line.page)[0])
    for number in rivals:
        if left <= 0 and len(shown) >= MIN_PASSAGES:
            break
        line = shelf.lines[number]
        if line.page in shown and random.random() < 0.5:
            continue
        first = shelf.lines_of(line.page)[0]
        if random.random() < 0.4 and first is not line:
            offer(first)
        offer(line)
        if random.random() < 0.15:
            offer(random.choice(shelf.lines_of(line.page)))
    pages = list(shown)
    random.shuffle(pages)
    return tuple(
        Passage(shelf.pages[page], tuple(shown[page][start].sentence for start in sorted(shown[page])))
        for page in pages
    )


def rivals_of(shelf: Shelf, things: Sequence[int], noun: str, question: str, random: Random) -> list[int]:
    """Draw lines that look as if they might tell: they name one of the things, or their page is like one of them.

    Args:
        shelf: all pages.
        things: pages that the question is about, and what is asked for.
        noun: of what is asked for; or empty.
        question: in words.
        random: draws.
    """
    found: list[int] = []
    for thing in things:
        rows = shelf.naming(thing)
        found += random.sample(rows, min(5, len(rows)))
        start, end = shelf.spans[thing]
        if end > start:
            found.append(random.randrange(start, end))
        names = [word for word in shelf.pages[thing].name.split() if word in shelf.by_word]
        for word in names[-2:]:
            pages = shelf.by_word[word]
            found += [_first(shelf, page) for page in random.sample(pages, min(2, len(pages)))]
    known = [term for term in terms(question) if term in shelf.by_term]
    for term in sorted(known, key=lambda term: (-shelf.weight(term), term))[:MAX_TERMS]:
        rows = list(shelf.by_term[term])
        found += random.sample(rows, min(2, len(rows)))
    pages = shelf.by_noun.get(noun, [])
    found += [_first(shelf, page) for page in random.sample(pages, min(4, len(pages)))]
    if random.random() < 0.7:
        random.shuffle(found)
    found += [random.randrange(len(shelf.lines)) for _ in range(2)]
    return [row for row in found if row >= 0]


def _first(shelf: Shelf, page: int) -> int:
    start, end = shelf.spans[page]
    return start if end > start else -1

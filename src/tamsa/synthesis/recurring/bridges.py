"""Bridges: a thing named by what a sentence says of it, and sentences that ask of a thing so named.

`Who directed the film that stars Lya De Putti?` rests on two sentences: the one leads from the actress to the film, the
other from the film to its director. Neither needs to be told twice in the documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from random import Random

from tamsa.agent.guided.evidence import LONGEST
from tamsa.synthesis.recurring.clauses import X, clause_of, is_loose
from tamsa.synthesis.recurring.naming import asked, named, telling_words
from tamsa.synthesis.recurring.pairs import MAX_THINGS, Pair
from tamsa.synthesis.recurring.shelf import Line, Shelf
from tamsa.synthesis.recurring.wording import phrase

MIN_WORDS, MAX_WORDS = 4, 22
"""Of the words that name a thing by a sentence."""
MAX_NAMED = 60
"""Sentences that may name a thing that is so named: a country is in too many."""
MAX_TOGETHER = 4
"""Sentences that may name both the thing and the one it is named by."""
TRIES = 8
ASKED = 6
"""Pairs of things that a sentence is asked about."""


def bridge(shelf: Shelf, thing: int, other_than: int, random: Random) -> tuple[str, Line] | None:
    """Name a thing by what a sentence says of it.

    Args:
        shelf: all pages.
        thing: a page's; no word of its name is used.
        other_than: another thing, which may not stand in that sentence nor have it on its page.
        random: draws the sentence.

    Returns:
        The words (`the film that stars Lya De Putti`) and the sentence; None where none is found.
    """
    rows = shelf.naming(thing)
    if len(rows) > MAX_NAMED:
        return None
    hidden = telling_words(shelf, thing)
    for row in random.sample(rows, min(TRIES, len(rows))):
        line = shelf.lines[row]
        others = [other for other in sorted(line.things - {thing}) if shelf.is_name(other)]
        if not others or len(line.things) > MAX_THINGS or len(line.text) > LONGEST:
            continue
        other = random.choice(others)
        if other_than in line.things | {line.page} or _together(shelf, thing, other) > MAX_TOGETHER:
            continue
        clause = clause_of(shelf, line, other, thing, random)
        if clause is None or is_loose(clause):
            continue
        place = next((place for place in line.places if place.thing == thing), None)
        words = phrase(clause, asked(shelf, thing, place, line), random)
        if words is None or not MIN_WORDS <= len(words.split()) <= MAX_WORDS:
            continue
        said = {word.strip(".,'’\"”“").casefold() for word in words.split()}
        name = shelf.value_names[other - len(shelf.pages)][1] if shelf.is_value(other) else named(shelf, other).name
        if hidden & (said | {word.casefold() for word in name.split()}):
            continue
        if name.startswith(("the ", "The ")):
            words = words.replace(f"the {X}", X)
        return words.replace(X, name), line
    return None


def _together(shelf: Shelf, thing: int, other: int) -> int:
    few, more = sorted((thing, other), key=shelf.times_named)
    return sum(more in shelf.lines[row].things for row in shelf.naming(few))


def own_pairs(shelf: Shelf, random: Random) -> Iterator[Pair]:
    """Yield sentences that ask of a thing what they themselves answer, in random order, each a few times."""
    order = list(range(len(shelf.lines)))
    random.shuffle(order)
    for number in order:
        line = shelf.lines[number]
        if not 2 <= len(line.things) <= MAX_THINGS:
            continue
        pairs = [(x, y) for x, y in permutations(sorted(line.things), 2) if not shelf.is_value(x)]
        for x, y in random.sample(pairs, min(ASKED, len(pairs))):
            yield Pair(line, line, x, y)

"""Pairs of sentences on different pages that name the same two things."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from random import Random

import numpy as np

from tamsa.agent.baseline.lexicon import terms
from tamsa.synthesis.recurring.shelf import Line, Shelf

MAX_THINGS = 10
"""A sentence that names more is a list."""
MAX_GROUP = 30
"""Sentences that name the same two things; where there are more, the two things say little of each other."""
TRIES = 8
"""Pairs that are tried of one group."""
MAX_ALIKE = 0.7
"""Share of common words from which on two sentences are copies of each other."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences that name `x` and `y`: the one that is asked, and the one that answers."""

    asking: Line
    telling: Line
    x: int
    y: int
    """The thing that is asked for."""


def find_pairs(shelf: Shelf, random: Random) -> Iterator[Pair]:
    """Yield pairs in random order; those of one group of sentences stand together.

    The page's own thing must be one of the two, or be named by the other sentence as well.
    """
    keys, rows, base = array("q"), array("q"), len(shelf.pages) + len(shelf.value_names)
    for number, line in enumerate(shelf.lines):
        things = sorted(line.things)
        if not 2 <= len(things) <= MAX_THINGS:
            continue
        for low, high in combinations(things, 2):
            if not shelf.is_value(low):
                keys.append(low * base + high)
                rows.append(number)
    order = np.argsort(np.frombuffer(keys, np.int64), kind="stable") if keys else np.zeros(0, np.int64)
    key, row = np.array(keys, np.int64)[order], np.array(rows, np.int64)[order]
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    ends = np.append(starts[1:], len(key))
    sizes = ends - starts
    groups = [(int(starts[at]), int(ends[at])) for at in np.flatnonzero((sizes >= 2) & (sizes <= MAX_GROUP))]
    random.shuffle(groups)
    for start, end in groups:
        low, high = divmod(int(key[start]), base)
        lines = [shelf.lines[int(number)] for number in row[start:end]]
        found = [(one, other) for one, other in combinations(lines, 2) if one.page != other.page]
        for one, other in random.sample(found, min(TRIES, len(found))):
            if alike(one, other):
                continue
            if random.random() < 0.5:
                one, other = other, one
            x, y = (low, high) if shelf.is_value(high) or random.random() < 0.5 else (high, low)
            for asking, telling in ((one, other), (other, one)):
                for a, b in ((x, y),) if shelf.is_value(high) else ((x, y), (y, x)):
                    if asking.page in (a, b) or asking.page in telling.things or asking.subject is None:
                        yield Pair(asking, telling, a, b)


def alike(one: Line, other: Line) -> bool:
    """Tell whether two sentences are copies of each other."""
    first, second = set(terms(one.text)), set(terms(other.text))
    return len(first & second) > MAX_ALIKE * min(len(first), len(second))

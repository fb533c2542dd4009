"""Where a reply leaves a choice: the places that a reader learns from, and all that it decides.

Once a line differs from all others that could stand there, the rest of it is a copy, and where replies are held to
their form (`grammar`) it is not even drawn.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from tamsa.agent.guided.prompt import OPENING, copied_line

_HEADER = re.compile(r"^\[\d+\] (.+)$")
_DATE = re.compile(r" \(\d{4}-\d\d-\d\d[^()]*\)$")


def shown_lines(prompt: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a prompt's passages: heading (title, and date if any) and sentence."""
    for block in prompt.split("\n\n"):
        head, *lines = block.split("\n")
        match = _HEADER.match(head)
        if match:
            for line in lines:
                yield match[1], line


def chosen(prompt: str, reply: str, ends: Sequence[int]) -> list[bool]:
    """Tell which tokens of a reply were chosen; the others copy what an earlier choice had settled.

    Args:
        prompt: a reading prompt.
        reply: a reply to it.
        ends: offset in the reply at which each token ends, rising.

    Returns:
        A mark for each token. All of the answer is chosen.
    """
    marks = [False] * len(ends)
    left = [f"{line}\n" for line in _options(prompt)]
    start = 0
    for line in reply.splitlines(keepends=True):
        if line.startswith(OPENING):
            break
        others = [option for option in left if option != line]
        for length in {_shared(line, option) for option in (*others, OPENING)}:
            marks[min(bisect_left(ends, start + length + 1), len(marks) - 1)] = True
        left = others
        start += len(line)
    if ends:
        first = bisect_left(ends, start + 1)
        marks[first:] = [True] * (len(marks) - first)
    return marks


def _shared(one: str, other: str) -> int:
    """Return the length of what two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _options(prompt: str) -> Iterator[str]:
    """Yield the lines that a reply may hold: all that are shown but the heads of tables."""
    was_row = False
    for heading, line in shown_lines(prompt):
        is_row = line.startswith("| ")
        if was_row or not is_row:
            yield copied_line(_DATE.sub("", heading), line)
        was_row = is_row

"""Marks in what a trained reader is shown: the names of other passages stand in brackets, as links do on a page.

    Question: Where did the person to whom [The Restless Testament] was dedicated die?
    The Restless Testament: The book was dedicated to [Rirdine Dirmignac].

A small model follows a bracket to the passage of that name, where it hardly learns to look up whether one is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tamsa.agent.baseline.passages import name_of
from tamsa.tools.fencing import neutralise

OPEN, CLOSE = "[", "]"
MIN_NAME = 3
"""Characters of the shortest name that is marked."""


class Marks:
    """Marks the names of pages.

    Args:
        titles: of the pages; none: nothing is marked.
    """

    def __init__(self, titles: Iterable[str]) -> None:
        self._names = {title: _names_of(title) for title in titles}
        longest_first = sorted({name for names in self._names.values() for name in names}, key=lambda n: (-len(n), n))
        self._pattern = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)") if longest_first else None
        )

    def mark(self, text: str, own: str = "") -> str:
        """Put every name in brackets, but those of the page that the text is from.

        Args:
            text: one line.
            own: title of its page.
        """
        if self._pattern is None:
            return text
        known = self._names.get(own, ())
        return self._pattern.sub(lambda match: match[0] if match[0] in known else f"{OPEN}{match[0]}{CLOSE}", text)


def without_marks(text: str) -> str:
    """Take all brackets out of a line, for comparison."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def _names_of(title: str) -> tuple[str, ...]:
    """Return how a page is called: its title without a disambiguation, and what stands before a comma in that."""
    name = name_of(neutralise(title))
    return tuple(item for item in dict.fromkeys((name, name.partition(", ")[0])) if len(item) >= MIN_NAME)

"""What a plan comes to and what it still wants: values with their proofs, documents to open, queries to run."""

from __future__ import annotations

from dataclasses import dataclass, field

from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import fold_title


@dataclass(frozen=True)
class Value:
    """One value of a step: a document, a text, or both, and the readings that led to it."""

    text: str
    id: str = ""
    score: float = 1.0
    chain: tuple[Reading, ...] = ()


@dataclass
class Wishes:
    """What would help to go on: documents to open with their worth, and queries to run."""

    pages: dict[str, float] = field(default_factory=dict)
    queries: dict[str, float] = field(default_factory=dict)

    def page(self, key: str, worth: float) -> None:
        """Wish to open a document."""
        self.pages[key] = max(self.pages.get(key, 0.0), worth)

    def query(self, text: str, worth: float) -> None:
        """Wish to run a search."""
        text = " ".join(text.split())[:300]
        if text:
            self.queries[text] = max(self.queries.get(text, 0.0), worth)


_TEXTS: dict[str, str] = {}


def folded_text(text: str) -> str:
    """Fold a page's text as titles are folded, so that names can be looked for in it."""
    folded = _TEXTS.get(text)
    if folded is None:
        if len(_TEXTS) > 256:
            _TEXTS.clear()
        folded = _TEXTS[text] = fold_title(text)
    return folded

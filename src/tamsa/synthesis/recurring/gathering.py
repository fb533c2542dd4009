"""Evidence as in use: the rules search and open for a question, and the teacher reads what they have gathered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from random import Random
from typing import Any

from tamsa.corpus import SearchIndex
from tamsa.synthesis.datasets.sft import sft_rows
from tamsa.synthesis.exploration import TeacherExplorer
from tamsa.synthesis.recurring.rows import MODEL, Sample
from tamsa.synthesis.recurring.shelf import Shelf
from tamsa.synthesis.teacher.habits import Habits
from tamsa.synthesis.verdicts import judge_trajectory
from tamsa.types import Document, Hit, Mention

HIDDEN = 0.7
"""How often the page that a question was made of cannot be found, where another page tells the same."""
OPENED = 0.6
"""How often the documents of the two sentences are opened, whatever the rules would open."""


class Without:
    """An index in which some documents cannot be found.

    Args:
        index: the whole one.
        hidden: ids of documents.
    """

    def __init__(self, index: SearchIndex, hidden: Collection[str]) -> None:
        self._index, self._hidden = index, frozenset(hidden)

    @property
    def num_documents(self) -> int:
        """Documents of the whole index."""
        return self._index.num_documents

    @property
    def num_chunks(self) -> int:
        """Chunks of the whole index."""
        return self._index.num_chunks

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """What could not be indexed: (path or record, reason)."""
        return self._index.skipped

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """Find the best documents that can be found."""
        hits = self._index.search(query, k + min(len(self._hidden), k))
        return [hit for hit in hits if hit.id not in self._hidden][:k]

    def get(self, doc_id: str) -> Document | None:
        """Return a document, or None."""
        return None if doc_id in self._hidden else self._index.get(doc_id)

    def find_title(self, title: str) -> list[str]:
        """Return the ids of the documents with this title, best first."""
        return [key for key in self._index.find_title(title) if key not in self._hidden]

    def mentions(self, text: str) -> list[Mention]:
        """Find known titles in a text."""
        return [mention for mention in self._index.mentions(text) if mention.id not in self._hidden]

    def close(self) -> None:
        """Close the whole index."""
        self._index.close()


def gathered_rows(sample: Sample, shelf: Shelf, index: SearchIndex, seed: int) -> Iterator[Mapping[str, Any]]:
    """Yield rows of one answerable question with evidence that rules gather for it: up to three.

    Args:
        sample: the question; its own evidence is not used.
        shelf: the pages that it was made of.
        index: the same pages.
        seed: of what is hidden and opened.
    """
    gold = sample.gold(shelf)
    hidden = set[str]()
    told = {hop.evidence.document for hop in gold.chain}
    if (
        sample.origin is not None
        and sample.origin.page_id not in told
        and Random(f"{seed}/{gold.id}").random() < HIDDEN
    ):
        hidden.add(sample.origin.page_id)
    habits = Habits(open_chain=OPENED)
    found = TeacherExplorer(Without(index, hidden), seed=seed, mode="guided", habits=habits).explore(gold)
    if judge_trajectory(gold, found).accepted:
        for row in sft_rows(found, gold, "[]"):
            yield {**row, "kind": sample.kind, "model": MODEL}

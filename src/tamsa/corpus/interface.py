"""What every search engine behind Tamsa offers, on one machine or many."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from tamsa.types import Document, Hit, Mention


@runtime_checkable
class SearchIndex(Protocol):
    """The part of an index that tools and the agent use. Safe to call from several threads."""

    @property
    def num_documents(self) -> int:
        """Documents in the index."""
        ...

    @property
    def num_chunks(self) -> int:
        """Chunks in the index."""
        ...

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """What could not be indexed: (path or record, reason)."""
        ...

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """Find the best documents for any text, one hit each, best first."""
        ...

    def get(self, doc_id: str) -> Document | None:
        """Return a document, or None."""
        ...

    def find_title(self, title: str) -> list[str]:
        """Return the ids of the documents with this title, best first."""
        ...

    def mentions(self, text: str) -> list[Mention]:
        """Find known titles in a text, in order, longest first, without overlaps."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...

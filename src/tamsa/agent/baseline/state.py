"""What the policy knows: everything that the transcript holds, rebuilt from it at every turn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from tamsa.agent.baseline.nouns import Kind, kind_of_name
from tamsa.agent.baseline.passages import Page, name_of
from tamsa.agent.prompts import steer
from tamsa.types import Message

MAX_SNIPPET_CHARS = 1_000


@lru_cache(maxsize=65536)
def fold_title(title: str) -> str:
    """Fold case, diacritics, dashes and a closing disambiguation, so that titles and names compare."""
    plain = name_of(title)
    letters = unicodedata.normalize("NFKD", plain)
    kept = "".join(char for char in letters if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w\s]", " ", kept.casefold().replace("'s", "s").replace("’s", "s")).split())


@dataclass
class Known:
    """A document seen in a result, opened or not."""

    id: str
    title: str
    snippets: list[str] = field(default_factory=list)
    ranks: dict[str, int] = field(default_factory=dict)
    """Query -> rank of the document among its hits, from 0."""
    scores: dict[str, float] = field(default_factory=dict)
    """Query -> score relative to the best hit, in [0, 1]."""
    named_in: set[str] = field(default_factory=set)
    """Queries whose text mentions the title."""
    linked_from: list[tuple[str, int, int]] = field(default_factory=list)
    """Opened page and page offsets of each link to the document."""

    _folded: tuple[int, str] = (-1, "")

    @property
    def folded(self) -> str:
        """The snippets, folded as titles are, between spaces."""
        if self._folded[0] != len(self.snippets):
            self._folded = (len(self.snippets), f" {fold_title(self.snippet)} ")
        return self._folded[1]

    @property
    def is_table(self) -> bool:
        """Whether rows of a table were shown of it."""
        return any(snippet.startswith("|") or "\n|" in snippet for snippet in self.snippets)

    @property
    def header(self) -> tuple[str, ...]:
        """The head of a table that was shown of it, cell by cell."""
        for snippet in self.snippets:
            lines = snippet.split("\n")
            for line, below in pairwise(lines):
                if below.startswith("| ---"):
                    return tuple(cell.strip() for cell in line.strip("| ").split("|"))
        return ()

    @property
    def snippet(self) -> str:
        """All that was shown of the document, without opening it."""
        return " ".join(self.snippets)


_PAGES: dict[tuple[str, int, str, int], Page] = {}
_MAX_CACHED_PAGES = 2_048


class State:
    """The transcript of one run as data. Anything malformed in it is skipped."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.question = ""
        self.known: dict[str, Known] = {}
        self.pages: dict[str, list[Page]] = {}
        """Opened pages by document id, in order of opening."""
        self.failed: set[str] = set()
        self.queries: dict[str, list[str]] = {}
        """Query -> ids of its hits, best first."""
        self.titles_in: dict[str, list[str]] = {}
        """Query -> ids of the titles that it mentions, in order."""
        self.must_answer = False
        self.num_turns = 0
        self.just_opened = False
        """Whether the last turn opened documents: then its searches were chosen before they were read."""
        self._title_index: dict[str, list[str]] = {}
        self._kinds: dict[str, tuple[Kind, str]] = {}
        for message in messages:
            if message.role == "user":
                if not self.question:
                    self.question = _question_of(message.content)
                elif self.num_turns and not message.content.startswith(steer("")):  # rules do not read the person's
                    self.must_answer = True  # the agent speaks again: the research is over
            elif message.role == "assistant":
                self.num_turns += 1
                self.just_opened = False
            elif message.role == "tool":
                self._read(message.data)
        if not self.question:
            self.question = " ".join(m.content for m in messages if m.role == "user").strip()

    # ---------------------------------------------------------------- reading results

    def _read(self, data: Any) -> None:
        if not isinstance(data, Mapping):
            return
        for result in _mappings(data.get("results")):
            self._read_search(result)
        for page in _mappings(data.get("pages")):
            self.just_opened = True
            self._read_page(page)

    def _read_search(self, result: Mapping[str, Any]) -> None:
        query = str(result.get("query") or "")
        hits = [hit for hit in _mappings(result.get("hits")) if hit.get("id")]
        best = max((_number(hit.get("score")) for hit in hits), default=0.0) or 1.0
        self.queries.setdefault(query, [str(hit["id"]) for hit in hits])
        for rank, hit in enumerate(hits):
            known = self._note(str(hit["id"]), str(hit.get("title") or ""))
            snippet = str(hit.get("snippet") or "").strip()[:MAX_SNIPPET_CHARS]
            if snippet and snippet not in known.snippets:
                known.snippets.append(snippet)
            known.ranks.setdefault(query, rank)
            known.scores.setdefault(query, max(0.0, min(1.0, _number(hit.get("score")) / best)))
        named = []
        for title in _mappings(result.get("titles")):
            if title.get("id"):
                self._note(str(title["id"]), str(title.get("title") or "")).named_in.add(query)
                named.append(str(title["id"]))
        self.titles_in.setdefault(query, named)

    def _read_page(self, data: Mapping[str, Any]) -> None:
        key = str(data.get("id") or "")
        if not key:
            return
        if data.get("error") or not isinstance(data.get("text"), str):
            self.failed.add(key)
            return
        text = str(data["text"])
        links = [
            link
            for link in _mappings(data.get("links"))
            if link.get("id") and isinstance(link.get("start"), int) and isinstance(link.get("end"), int)
        ]
        cache_key = (key, int(_number(data.get("start"))), text, len(links))
        page = _PAGES.get(cache_key)
        if page is None or list(page.links) != links:
            page = Page(
                key,
                str(data.get("title") or ""),
                text,
                int(_number(data.get("start"))),
                str(data.get("date") or ""),
                str(data.get("source") or ""),
                links,
                int(_number(data.get("num_pages")) or 1),
                int(_number(data.get("page")) or 1),
            )
            if len(_PAGES) >= _MAX_CACHED_PAGES:
                _PAGES.pop(next(iter(_PAGES)))
            _PAGES[cache_key] = page
        shown = self.pages.setdefault(key, [])
        if any(other.start == page.start for other in shown):
            return
        shown.append(page)
        self._note(key, page.title)
        for link in page.sound_links:
            known = self._note(str(link["id"]), str(link.get("title") or ""))
            known.linked_from.append((key, int(link["start"]) - page.start, int(link["end"]) - page.start))

    def _note(self, key: str, title: str) -> Known:
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = Known(key, title or key)
            self._title_index.setdefault(fold_title(known.title), []).append(key)
        elif title and known.title == key != title:
            known.title = title
            self._title_index.setdefault(fold_title(title), []).append(key)
        return known

    # ---------------------------------------------------------------- questions about it

    @property
    def opened(self) -> list[Page]:
        """The first shown page of each opened document, and further ones, in order."""
        return [page for pages in self.pages.values() for page in pages]

    def by_title(self, name: str) -> list[str]:
        """Ids of known documents whose title equals a name."""
        return self._title_index.get(fold_title(name), [])

    def is_open(self, key: str) -> bool:
        """Tell whether a document was opened or found unreadable."""
        return key in self.pages or key in self.failed

    def kind_of(self, key: str) -> tuple[Kind, str]:
        """Say what kind of thing a known document is about, and the noun that defines it."""
        if key not in self._kinds:
            self._kinds[key] = self._find_kind(key)
        return self._kinds[key]

    def _find_kind(self, key: str) -> tuple[Kind, str]:
        if key in self.pages:
            page = self.pages[key][0]
            return page.kind, page.definition[1]
        known = self.known.get(key)
        if known is None:
            return "any", ""
        page = self.preview(key)
        if page.kind != "any":
            return page.kind, page.definition[1]
        return (page.kind if page.kind != "any" else kind_of_name(known.title) or "any"), ""

    def preview(self, key: str) -> Page:
        """Return the snippets of a document as a page."""
        known = self.known[key]
        text = "\n".join(known.snippets)
        cache_key = (key, -1, text, 0)
        page = _PAGES.get(cache_key)
        if page is None:
            if len(_PAGES) >= _MAX_CACHED_PAGES:
                _PAGES.pop(next(iter(_PAGES)))
            page = _PAGES[cache_key] = Page(key, known.title, text)
        return page

    def terms_of(self, key: str) -> frozenset[str]:
        """Concepts of all that was seen of a document."""
        if key in self.pages:
            return frozenset().union(*(page.term_set for page in self.pages[key]))
        if key not in self.known:
            return frozenset()
        return self.preview(key).term_set


def _question_of(text: str) -> str:
    match = re.match(r"\s*(?:question|q)\s*:\s*", text, re.IGNORECASE)
    return text[match.end() :].strip() if match else text.strip()


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, Sequence) else []


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and value == value and abs(value) < 1e15 else 0.0

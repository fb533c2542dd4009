"""What the teacher has seen: results, pages, and whether a fact has been shown in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tamsa.synthesis.records import Evidence, GoldQuestion
from tamsa.synthesis.teacher.needs import Need, known, places
from tamsa.synthesis.teacher.wording import base_name
from tamsa.tools.fencing import neutralise
from tamsa.tools.pages import page_bounds
from tamsa.types import Document

_RANKED = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
_NAMED = re.compile(r" \(id: ([^()]*(?:\([^()]*\)[^()]*)*)\)")


@dataclass
class Sight:
    """All that the question and the tools have shown so far."""

    question: GoldQuestion
    get_document: Callable[[str], Document | None]
    find_title: Callable[[str], list[str]]
    page_chars: int
    context: str = ""
    """Everything shown, in lower case: a name that stands in it may be used."""
    read: str = ""
    """Pages that were opened, as they were shown."""
    opened: dict[str, str] = field(default_factory=dict)
    """Titles of opened documents with their ids."""
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Stretches of documents, by id, that were shown."""
    hits: list[tuple[str, str]] = field(default_factory=list)
    """Titles of the latest results with their lines."""

    @property
    def results(self) -> list[str]:
        """Titles of the latest results that have not been opened."""
        return [title for title, _ in self.hits if title not in self.opened]

    # ------------------------------------------------------------------ what comes in

    def take(self, observation: str) -> None:
        """Take in what a call returned."""
        self.context += "\n" + observation.casefold()

    def take_results(self, observation: str) -> None:
        """Take in the results of a search."""
        self.hits = []
        for match in _RANKED.finditer(observation):
            if (title := self.title_in(match[1])) is not None:
                self.hits.append((title, match[1]))

    def take_pages(self, keys: Sequence[str], observation: str, page: int = 1) -> list[str]:
        """Take in a page of opened documents; return the titles of those that were shown."""
        self.read += " " + " ".join(observation.split())
        shown = []
        for key in keys:
            document = self.document(key)
            if document is not None and neutralise(document.title) in observation:
                self.opened[document.title] = document.id
                bounds = page_bounds(document.text, self.page_chars)
                self.spans.setdefault(document.id, []).append(bounds[min(page, len(bounds)) - 1])
                shown.append(document.title)
        return shown

    # ------------------------------------------------------------------ what is known

    def document(self, key: str) -> Document | None:
        """Find a document by its id or title."""
        document = self.get_document(key)
        if document is None and (named := self.find_title(key)):
            document = self.get_document(named[0])
        return document

    def title_of(self, key: str) -> str:
        """Return the title of the document of a key, or the empty string."""
        document = self.document(key)
        return document.title if document else ""

    def title_in(self, line: str) -> str | None:
        """Read the title at the head of a result line: the longest prefix that is one."""
        match = _NAMED.search(line)
        if match and (document := self.get_document(match[1])):
            return document.title
        cut = len(line)
        while (cut := line.rfind(": ", 0, cut)) > 0:
            ids = self.find_title(line[:cut])
            if ids and (document := self.get_document(ids[0])) and document.title == line[:cut]:
                return document.title
        return None

    def key(self, title: str) -> str:
        """Return what names a document to the tools: its title, or its id where the title is shared."""
        ids = self.find_title(title)
        document = self.get_document(ids[0]) if ids else None
        if len(ids) > 1 and document is not None and document.title == title:
            spots = [p for hop in self.question.chain for p in places(hop) if p.title == title]
            if spots and f"(id: {spots[0].document})".casefold() in self.context:
                return spots[0].document
        return title

    def literal(self, title: str) -> bool:
        """Say whether a title has been shown whole."""
        return title.casefold() in self.context

    def knows(self, title: str) -> bool:
        """Say whether the name in a title has been shown."""
        return base_name(title).casefold() in self.context

    def gives_away(self, query: str) -> bool:
        """Say whether a query holds, by chance, a name that was not shown: `Aldham town` that of `Aldham Town`."""
        words = query.casefold()
        names = {base_name(end).casefold() for hop in self.question.chain for end in (hop.subject, hop.value)}
        return any(len(name) > 3 and name in words and name not in self.context for name in names)

    def read_of(self, title: str) -> str:
        """Return the first page of an opened document in lower case."""
        document = self.document(self.opened.get(title, title))
        return document.text[: self.page_chars].casefold() if document else ""

    def text(self, place: Evidence) -> str:
        """Return the text at a place as the tools show it."""
        document = self.get_document(place.document)
        return neutralise(document.text[place.start : place.end]) if document else ""

    def seen(self, place: Evidence) -> bool:
        """Say whether the text at a place has been shown, on one opened page or over the end of one and the next."""
        at = place.start
        for start, end in sorted(self.spans.get(place.document, ())):
            if start <= at < end:
                at = end
        return at >= place.end > place.start

    def met(self, need: Need) -> bool:
        """Say whether all that is needed has been shown."""
        quantifier = all if need.every else any
        return bool(need.facts) and all(quantifier(self.seen(p) for p in places(hop)) for hop in need.facts)

    def enough(self, need: Need) -> bool:
        """Say whether sources that disagree can be settled: the one to believe and another have been read."""
        hop = need.facts[0] if need.facts else None
        return need.every and hop is not None and self.seen(hop.evidence) and any(map(self.seen, hop.others))

    def candidates(self, need: Need, local: set[str]) -> list[str]:
        """Return pages that state what is needed and whose names stand in the latest results or pages."""
        shown = {title for title, _ in self.hits} | local
        titles = []
        for hop in need.facts:
            if need.every or not any(self.seen(place) for place in places(hop)):
                titles += [p.title for p in places(hop) if p.title in shown and not self.seen(p)]
        return list(dict.fromkeys(title for title in titles if title not in self.opened))

    def decoy(self, need: Need) -> str | None:
        """Return a result that only looks right, if there is one."""
        right = {p.title for hop in need.facts for p in places(hop)}
        name = base_name(known(need.facts[0])).casefold() if need.facts else base_name(need.own).casefold()
        for title, line in self.hits:
            if title not in right and title not in self.opened and title != need.own and name in line.casefold():
                return title
        return None

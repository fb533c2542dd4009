"""The tools over a person's own documents: `search`, `visit`, `find`. Nothing leaves the machine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from tamsa.corpus.interface import SearchIndex
from tamsa.errors import ToolError
from tamsa.tools.offers import Offer
from tamsa.tools.pages import PAGE_CHARS, heading, open_page, open_passages
from tamsa.tools.protocol import FunctionTool, Toolset
from tamsa.tools.reader import Reader, Reading
from tamsa.tools.reading import best_passages
from tamsa.types import Document, Hit, Model, Profile, ToolResult, Usage

HITS_PER_QUERY = 10
MAX_QUERIES = 5
MAX_IDS = 5
MAX_MATCHES = 10
MATCH_CONTEXT_CHARS = 160
MAX_FIND_CHARS = 200
"""Longest text that is looked for: of a document of one word over and over every place begins a match of all of it."""
MAX_LINKS = 40
NEAR = 0.8
"""Likeness (difflib's ratio) from which a misspelled id stands for a title."""
MAX_ID_CHARS = 300
NEAR_HITS = 20
"""Documents found by the words of a misspelled id among which its title is sought."""
GRACE_S = 15.0
"""Seconds that a visit may take beside its reader."""


def page_chars(model: Model) -> int:
    """Size a visit's page for a model: as its profile says, else a tenth of its context at four characters a token."""
    return model.profile.page_chars or max(1_000, min(PAGE_CHARS, model.context_length * 4 // 10))


def corpus_toolset(
    index: SearchIndex,
    *,
    page_chars: int = PAGE_CHARS,
    profile: Profile | None = None,
    reader: Reader | None = None,
    offers: Sequence[Offer] = (),
    timeout_s: float = 60.0,
) -> Toolset:
    """Make the tools of one run over an index.

    Args:
        index: the documents.
        page_chars: characters of a document shown by one visit; smaller for a model of short context.
        profile: how much a result shows, where the model has a profile of its own.
        reader: reads long documents for the goal of a visit; without one passages are chosen by their words.
        offers: further tools, and the documents that they open.
        timeout_s: seconds that one call may take; more where the reader may need more.
    """
    if reader is not None:  # it ends in time by itself and says what is missing; cut off, all it has read were lost
        timeout_s = max(timeout_s, reader.timeout_s + GRACE_S)
    tools = CorpusTools(index, page_chars=page_chars, profile=profile, reader=reader)
    finders = [index.get, *(offer.get_document for offer in offers)]

    def get_document(key: str) -> Document | None:
        return next((document for finder in finders if (document := finder(key)) is not None), None)

    return Toolset(
        [
            FunctionTool(tools.search, on_replay=tools.note_search),
            FunctionTool(tools.visit, on_replay=tools.note_visit),
            FunctionTool(tools.find),
            *(tool for offer in offers for tool in offer.tools),
        ],
        get_document=get_document,
        timeout_s=timeout_s,
        notes=[offer.notes for offer in offers],
    )


class CorpusTools:
    """The three tools with the little state they share: the titles shown, and which document was opened last."""

    def __init__(
        self,
        index: SearchIndex,
        *,
        page_chars: int = PAGE_CHARS,
        profile: Profile | None = None,
        reader: Reader | None = None,
    ) -> None:
        self._index = index
        self._reader = reader
        self._page_chars = page_chars
        self._profile = profile or Profile()
        self._num_hits = self._profile.hits_per_query or HITS_PER_QUERY
        self._num_links = MAX_LINKS if self._profile.max_links is None else self._profile.max_links
        self._opened = ""
        self._shown: dict[str, str] = {}
        """Ids by title, of everything that searches and pages have named."""

    def search(self, queries: list[str]) -> ToolResult:
        """Search the documents. Give several different queries at once to cover several angles.

        Args:
            queries: one to five search queries: key words, names or a question.
        """
        kept = [query.strip() for query in queries if query.strip()][:MAX_QUERIES]
        if not kept:
            raise ToolError("search: queries is empty; give at least one query")
        results = []
        lines = []
        for query in kept:
            hits = self._index.search(query, self._num_hits)
            titles: dict[str, str] = {}
            for mention in self._index.mentions(query):
                titles.setdefault(mention.id, mention.title)
            results.append(
                {
                    "query": query,
                    "hits": [
                        {"id": hit.id, "title": hit.title, "snippet": hit.snippet, "score": round(hit.score, 4)}
                        for hit in hits
                    ],
                    "titles": [{"id": key, "title": title} for key, title in titles.items()],
                }
            )
            lines += self._list(query, titles, hits)
        if len(queries) > len(kept):
            lines.append(f"Only the first {len(kept)} queries were used.")
        result = ToolResult("\n".join(lines).strip(), {"results": results})
        self.note_search({}, result)
        return result

    def note_search(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Remember the titles that a search has shown."""
        for found in (result.data or {}).get("results", ()):
            self._shown |= {item["title"]: item["id"] for item in (*found["hits"], *found["titles"])}

    def _list(self, query: str, titles: Mapping[str, str], hits: Sequence[Hit]) -> list[str]:
        """Write the results of one query as lines."""
        name = self._name
        lines = [query if self._profile.brief else f"Results for: {query}"]
        if titles:
            named = "; ".join(name(key, title) for key, title in titles.items())
            lines.append(f"Named: {named}" if self._profile.brief else f"Documents named in the query: {named}")
        gap = ": " if self._profile.brief else "\n   "
        for rank, hit in enumerate(hits, start=1):
            lines.append(f"{rank}. {name(hit.id, hit.title)}{gap}{self._shorten(hit.snippet)}")
        if not hits:
            lines.append("nothing found")
        return lines if self._profile.brief else [*lines, ""]

    def _name(self, key: str, title: str) -> str:
        """Name a document to the model; the short form leaves out an id that its title stands for."""
        if self._profile.brief and (key == title or self._index.find_title(title) == [key]):
            return title
        return f"{title} (id: {key})"

    def _shorten(self, snippet: str) -> str:
        snippet = " ".join(snippet.split())
        limit = self._profile.snippet_chars
        if limit is None or len(snippet) <= limit:
            return snippet
        end = snippet.rfind(" ", limit // 2, limit)
        return snippet[: end if end > 0 else limit] + " …"

    async def visit(self, ids: list[str], goal: str = "", page: int = 0) -> ToolResult:
        """Open documents and read them.

        Args:
            ids: ids of one to five documents, as given by search or by the links of an opened document.
            goal: what you want to learn; of a long document the passages that fit it best are shown.
            page: page of a long document, from 1, to read it from there; 0 leaves the choice to the goal.
        """
        kept = list(dict.fromkeys(key.strip() for key in ids if key.strip()))[:MAX_IDS]
        if not kept:
            raise ToolError("visit: ids is empty; give the id of at least one document")
        pages = [await asyncio.to_thread(self._open, key, goal, page) for key in kept]
        readings = await asyncio.gather(*(self._read(opened, goal, page) for opened in pages))
        texts = []
        usage: Usage | None = None
        for opened, reading in zip(pages, readings, strict=True):
            texts.append(self._show(opened, goal, reading))
            if reading is not None:
                usage = reading.usage if usage is None else usage + reading.usage
        if len(set(ids)) > len(kept):
            texts.append(f"Only the first {len(kept)} ids were opened.")
        failed = all(opened["error"] for opened in pages)
        result = ToolResult("\n\n".join(texts), {"pages": pages}, error=failed, usage=usage)
        self.note_visit({}, result)
        return result

    async def _read(self, opened: Mapping[str, Any], goal: str, page: int) -> Reading | None:
        """Have the reader read a long document, where there is a reader and a goal and no page was asked for."""
        if self._reader is None or opened["error"] or page or not goal.strip() or opened["num_pages"] == 1:
            return None
        document = self._resolve(str(opened["id"]))
        return await self._reader.read(document, goal) if document is not None else None

    def find(self, text: str, id: str = "") -> ToolResult:
        """Find a word or phrase in an opened document, with the words around it.

        Args:
            text: the words to look for; capitals and spacing do not matter.
            id: id of the document; the one opened last if empty.
        """
        words = text[:MAX_FIND_CHARS].split()
        if not words:
            raise ToolError("find: text is empty; give the words to look for")
        key = id or self._opened
        if not key:
            raise ToolError("find: no document is open; visit one first or give its id")
        document = self._resolve(key)
        if document is None:
            raise ToolError(f"find: there is no document with the id {key!r}")
        pattern = re.compile(r"\s+".join(re.escape(word) for word in words), re.IGNORECASE)
        matches: list[dict[str, Any]] = []
        total = 0
        for match in pattern.finditer(document.text):
            total += 1
            if len(matches) < MAX_MATCHES:
                start = max(0, match.start() - MATCH_CONTEXT_CHARS)
                end = min(len(document.text), match.end() + MATCH_CONTEXT_CHARS)
                matches.append(
                    {
                        "start": start,
                        "end": end,
                        "text": document.text[start:end],
                        "anchor": document.anchor_at(match.start()),
                    }
                )
        head = f"{total} matches in {document.title} (id: {document.id})"
        if total > len(matches):
            head += f", the first {len(matches)}"
        shown = [f"- [{item['anchor'] or item['start']}] … {' '.join(str(item['text']).split())} …" for item in matches]
        return ToolResult("\n".join([head, *shown]), {"id": document.id, "matches": matches, "total": total})

    def note_visit(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Remember the document that a visit opened last, and the titles that its page names."""
        for opened in (result.data or {}).get("pages", ()):
            if not opened["error"]:
                self._opened = opened["id"]
                self._shown |= {link["title"]: link["id"] for link in opened["links"]}

    def _resolve(self, key: str) -> Document | None:
        document = self._index.get(key)
        if document is None:  # models often write the title for the id
            named = self._index.find_title(key)
            document = self._index.get(named[0]) if named else None
        return document

    def _nearest(self, key: str) -> Document | None:
        """Find the document whose title is most like a misspelled id, among those shown and those with its words."""
        key = key[:MAX_ID_CHARS]
        titles = self._shown | {hit.title: hit.id for hit in self._index.search(key, NEAR_HITS)}
        matcher = SequenceMatcher(None, b=key.casefold(), autojunk=False)
        best, likeness = "", NEAR
        for title in titles:
            matcher.set_seq1(title.casefold())
            if matcher.quick_ratio() >= likeness and (ratio := matcher.ratio()) >= likeness:
                best, likeness = title, ratio
        return self._index.get(titles[best]) if best else None

    def _open(self, key: str, goal: str, page: int) -> dict[str, Any]:
        document = exact = self._resolve(key)
        if document is None:
            document = self._nearest(key)
        if document is None:
            return {
                "id": key,
                "title": "",
                "error": f"There is no document with the id {key!r}; use ids from a search.",
            }
        size = self._page_chars
        fitting = [] if page or len(document.text) <= size else best_passages(document, goal, size)
        opened = open_passages(document, fitting, size) if fitting else open_page(document, page or 1, size)
        if exact is None:
            opened["asked"] = key
        if not opened["error"]:
            spans = opened.get("passages") or [(opened["start"], opened["end"])]
            opened["links"] = [link for start, end in spans for link in self._links(document, start, end)]
        return opened

    def _links(self, document: Document, start: int, end: int) -> list[dict[str, Any]]:
        """Resolve the page's own links, and add mentions of known titles where it has none."""
        links: list[dict[str, Any]] = []
        taken: list[tuple[int, int]] = []
        for link in document.links:
            if link.start < end and link.end > start:
                target = self._resolve(link.target)
                if target is not None and target.id != document.id:
                    links.append({"id": target.id, "title": target.title, "start": link.start, "end": link.end})
                    taken.append((link.start, link.end))
        for mention in self._index.mentions(document.text[start:end]):
            at = (mention.start + start, mention.end + start)
            if mention.id != document.id and not any(at[0] < stop and at[1] > begin for begin, stop in taken):
                links.append({"id": mention.id, "title": mention.title, "start": at[0], "end": at[1]})
        return sorted(links, key=lambda link: (link["start"], link["end"]))

    def _show(self, opened: Mapping[str, Any], goal: str, reading: Reading | None) -> str:
        if opened["error"]:
            return str(opened["error"])
        name = self._name(str(opened["id"]), str(opened["title"]))
        document = self._index.get(str(opened["id"]))
        parts = [heading(opened, document, goal, self._page_chars, name=name)]
        if reading is not None and reading.spans and document is not None:
            parts += [f"“{document.text[start:end]}”" for start, end in reading.spans]
            parts.append(f"In short, not to be quoted: {reading.summary}")
        else:
            parts.append(str(opened["text"]))
        parts += [f"[{problem}]" for problem in (reading.problems if reading is not None else ())]
        if "asked" in opened:
            parts.append(f"[There is no document {opened['asked']!r}; this is the closest title.]")
        targets = {link["id"]: link["title"] for link in opened["links"]}
        if targets and self._num_links:
            shown = list(targets.items())[: self._num_links]
            parts.append("Links: " + "; ".join(self._name(key, title) for key, title in shown))
        return "\n".join(parts)

"""The tools over the open web: `web_search`, `web_visit`, `scholar`. Offered only when the user asks for them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tamsa.errors import ToolError
from tamsa.tools.pages import PAGE_CHARS, heading, open_page
from tamsa.tools.web.fetch import Fetcher
from tamsa.tools.web.guard import RefusedError
from tamsa.tools.web.parsing import PageParser
from tamsa.tools.web.scholar import Catalogue, Paper, merge
from tamsa.tools.web.search import MAX_QUERY_CHARS, SearchProvider, WebHit
from tamsa.types import Document, ToolResult

RESULTS_PER_QUERY = 10
MAX_QUERIES = 5
MAX_URLS = 5
_SHOWN_LINKS = 40
_URL = re.compile(r"https?://[^\s<>\"'\]\[{}|\\^`]+")


@dataclass
class WebTools:
    """The tools of one run, with what they share: which addresses are known, and which pages were opened.

    With `any_url` False a page is opened only if the question, a search result or an opened page names its
    address. An address that the model composes itself could carry what it has read (a secret in a query
    string) to whoever planted the instruction to do so.
    """

    fetcher: Fetcher
    parser: PageParser
    providers: Sequence[SearchProvider]
    catalogues: Sequence[Catalogue] = ()
    any_url: bool = False
    page_chars: int = PAGE_CHARS
    _known: set[str] = field(default_factory=set)
    _documents: dict[str, Document] = field(default_factory=dict)

    def know(self, text: str) -> None:
        """Take the addresses in a text of the user, such as the question, for known."""
        for match in _URL.finditer(text):
            self._learn(match[0].rstrip(".,;:!?)"))

    async def web_search(self, queries: list[str]) -> ToolResult:
        """Search the web. Give several different queries at once to cover several angles.

        Args:
            queries: one to five search queries.
        """
        kept = _queries("web_search", queries)
        found = await asyncio.gather(*(self._search(query) for query in kept))
        results = []
        lines = []
        for query, (hits, problems) in zip(kept, found, strict=True):
            shown = [{"url": h.url, "title": h.title, "snippet": h.snippet, "date": h.date} for h in hits]
            results.append({"query": query, "hits": shown, "problems": problems})
            lines.append(f"Results for: {query}")
            lines += [
                f"{rank}. {hit.title}\n   url: {hit.url}{f', {hit.date}' if hit.date else ''}\n   {hit.snippet}"
                for rank, hit in enumerate(hits, start=1)
            ] or ["nothing found"]
            lines += [f"({problem})" for problem in problems] + [""]
        result = ToolResult(
            "\n".join(lines).strip(),
            {"results": results},
            error=all(not item["hits"] and bool(item["problems"]) for item in results),
        )
        self.note({}, result)
        return result

    async def web_visit(self, urls: list[str], goal: str = "", page: int = 1) -> ToolResult:
        """Open pages of the web (also PDF files) and read them.

        Args:
            urls: one to five addresses, as given by web_search or by the links of an opened page.
            goal: what you want to learn; for a long page the parts that fit it best are named.
            page: part of a long page, from 1.
        """
        kept = list(dict.fromkeys(url.strip() for url in urls if url.strip()))[:MAX_URLS]
        if not kept:
            raise ToolError("web_visit: urls is empty; give the address of at least one page")
        pages = await asyncio.gather(*(self._open(url, page) for url in kept))
        texts = [self._show(opened, goal) for opened in pages]
        if len(set(urls)) > len(kept):
            texts.append(f"Only the first {len(kept)} addresses were opened.")
        result = ToolResult("\n\n".join(texts), {"pages": pages}, error=all(opened["error"] for opened in pages))
        self.note({}, result)
        return result

    async def scholar(self, queries: list[str]) -> ToolResult:
        """Search for scientific papers; gives authors, year, abstract and where to read them.

        Args:
            queries: one to five search queries.
        """
        kept = _queries("scholar", queries)
        found = await asyncio.gather(*(self._papers(query) for query in kept))
        results = []
        lines = []
        for query, (papers, problems) in zip(kept, found, strict=True):
            results.append({"query": query, "papers": [paper.to_json() for paper in papers], "problems": problems})
            lines.append(f"Papers for: {query}")
            lines += [f"{rank}. {paper.line()}" for rank, paper in enumerate(papers, start=1)] or ["nothing found"]
            lines += [f"({problem})" for problem in problems] + [""]
        result = ToolResult(
            "\n".join(lines).strip(),
            {"results": results},
            error=all(not item["papers"] and bool(item["problems"]) for item in results),
        )
        self.note({}, result)
        return result

    def note(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Learn the addresses that a result names; called live and when a run is resumed."""
        data = result.data if isinstance(result.data, Mapping) else {}
        for found in data.get("results", ()):
            for hit in found.get("hits", ()):
                self._learn(hit["url"])
            for paper in found.get("papers", ()):
                for url in (paper["url"], paper["pdf"]):
                    if url:
                        self._learn(url)
        for opened in data.get("pages", ()):
            if not opened.get("error"):
                self._learn(opened["id"])
                for link in opened["links"]:
                    self._learn(link["id"])

    async def restore(self, urls: Sequence[str]) -> None:
        """Read pages again that an earlier process opened, from the cache, so that quotes from them can be verified."""
        for url in urls:
            if url not in self._documents and (kept := self.fetcher.cached(url)) is not None:
                try:
                    self._documents[url] = await self.parser.parse(kept)
                except ToolError:
                    continue  # it could not be shown then either

    def get_document(self, url: str) -> Document | None:
        """Return a page that was opened in this run."""
        return self._documents.get(url)

    async def aclose(self) -> None:
        """Close connections and the parser's process."""
        await self.parser.aclose()
        await self.fetcher.aclose()

    # ------------------------------------------------------------------ search

    async def _search(self, query: str) -> tuple[list[WebHit], list[str]]:
        """Ask one provider after the other until one finds something."""
        problems = []
        for provider in self.providers:
            try:
                hits = await provider.search(query, RESULTS_PER_QUERY)
            except ToolError as error:
                problems.append(f"{provider.name}: {error}")
                continue
            if hits:
                return hits, problems
        return [], problems

    async def _papers(self, query: str) -> tuple[list[Paper], list[str]]:
        found = await asyncio.gather(
            *(catalogue.search(query, RESULTS_PER_QUERY) for catalogue in self.catalogues), return_exceptions=True
        )
        lists: list[list[Paper]] = []
        problems = []
        for catalogue, papers in zip(self.catalogues, found, strict=True):
            if isinstance(papers, ToolError):
                problems.append(f"{catalogue.name}: {papers}")
            elif isinstance(papers, BaseException):
                raise papers
            else:
                lists.append(papers)
        return merge(lists, RESULTS_PER_QUERY), problems

    # ------------------------------------------------------------------ visit

    def _learn(self, url: str) -> None:
        try:
            self._known.add(self.fetcher.normal_form(url))
        except RefusedError:
            return

    async def _document(self, url: str) -> Document:
        wanted = self.fetcher.normal_form(url)
        if wanted in self._documents:
            return self._documents[wanted]
        if not self.any_url and wanted not in self._known:
            raise ToolError(
                f"{url[:200]} was named neither by the question nor by a search result or an opened page; "
                "only such addresses are opened. Search for it first."
            )
        document = await self.parser.parse(await self.fetcher.fetch(wanted))
        self._documents[wanted] = self._documents[document.id] = document
        return document

    async def _open(self, url: str, page: int) -> dict[str, Any]:
        try:
            document = await self._document(url)
        except ToolError as error:
            return {"id": url, "title": "", "error": str(error)}
        opened = open_page(document, page, self.page_chars)
        if not opened["error"]:
            opened["links"] = [
                {"id": link.target, "title": document.text[link.start : link.end], "start": link.start, "end": link.end}
                for link in document.links
                if link.start < opened["end"] and link.end > opened["start"]
            ]
        return opened

    def _show(self, opened: Mapping[str, Any], goal: str) -> str:
        if opened["error"]:
            return str(opened["error"])
        document = self.get_document(str(opened["id"]))
        head = heading(opened, document, goal, self.page_chars, name=f"{opened['title']} (url: {opened['id']})")
        parts = [head, str(opened["text"])]
        targets = {link["id"]: " ".join(link["title"].split())[:80] for link in opened["links"]}
        if targets:
            parts.append("Links: " + "; ".join(f"{t} (url: {u})" for u, t in list(targets.items())[:_SHOWN_LINKS]))
        return "\n".join(parts)


def _queries(tool: str, queries: Sequence[str]) -> list[str]:
    kept = [" ".join(query.split())[:MAX_QUERY_CHARS] for query in queries if query.strip()][:MAX_QUERIES]
    if not kept:
        raise ToolError(f"{tool}: queries is empty; give at least one query")
    return kept

"""Papers from arXiv and OpenAlex by their public interfaces."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from tamsa.errors import ToolError
from tamsa.tools.web.fetch import Fetcher
from tamsa.tools.web.search import plain

ARXIV_URL = "https://export.arxiv.org/api/query"
OPENALEX_URL = "https://api.openalex.org/works"
_ATOM = "{http://www.w3.org/2005/Atom}"
_ABSTRACT_CHARS = 800
_MAX_ABSTRACT_WORDS = 5_000
_WORD = re.compile(r"[\w'-]+")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as a catalogue describes it."""

    title: str
    url: str
    """Page of the paper."""
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    abstract: str = ""
    pdf: str | None = None
    num_citations: int | None = None
    doi: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {**asdict(self), "authors": list(self.authors)}

    def line(self) -> str:
        """Describe the paper for a model."""
        authors = ", ".join(self.authors[:4]) + (" and others" if len(self.authors) > 4 else "")
        facts = [authors, str(self.year or ""), self.venue]
        if self.num_citations is not None:
            facts.append(f"{self.num_citations} citations")
        lines = [self.title, "   " + "; ".join(fact for fact in facts if fact), f"   page: {self.url}"]
        if self.pdf:
            lines.append(f"   pdf: {self.pdf}")
        if self.abstract:
            lines.append(f"   {self.abstract}")
        return "\n".join(lines)


class Catalogue(Protocol):
    """A catalogue of papers."""

    name: str

    async def search(self, query: str, k: int) -> list[Paper]:
        """Return up to `k` papers, best first.

        Raises:
            ToolError: it cannot be asked, or its answer cannot be read.
        """
        ...


class Arxiv:
    """arXiv's interface (Atom)."""

    name = "arxiv"

    def __init__(self, fetcher: Fetcher, *, url: str = ARXIV_URL) -> None:
        self._fetcher = fetcher
        self._url = url

    async def search(self, query: str, k: int) -> list[Paper]:
        """Return up to `k` papers, best first."""
        words = _WORD.findall(query)[:20]
        if not words:
            return []
        asked = {"search_query": " AND ".join(f"all:{word}" for word in words), "max_results": str(k)}
        response = await self._fetcher.fetch(f"{self._url}?{urlencode(asked, quote_via=quote)}")
        return parse_arxiv(response.body)[:k]


class OpenAlex:
    """OpenAlex' interface (JSON)."""

    name = "openalex"

    def __init__(self, fetcher: Fetcher, *, url: str = OPENALEX_URL) -> None:
        self._fetcher = fetcher
        self._url = url

    async def search(self, query: str, k: int) -> list[Paper]:
        """Return up to `k` papers, best first."""
        asked = urlencode({"search": query, "per-page": str(k)}, quote_via=quote)
        response = await self._fetcher.fetch(f"{self._url}?{asked}")
        return parse_openalex(response.body)[:k]


def parse_arxiv(body: bytes) -> list[Paper]:
    """Read an answer of arXiv.

    Raises:
        ToolError: it is not an Atom feed, or an error message of arXiv.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ToolError("arxiv answers with something other than a feed") from error
    if root.tag != f"{_ATOM}feed":
        raise ToolError("arxiv answers with something other than a feed")
    papers = []
    for entry in root.iterfind(f"{_ATOM}entry"):
        title, where = _text(entry, "title"), _text(entry, "id")
        if "/api/errors" in where:
            raise ToolError(f"arxiv: {_text(entry, 'summary')[:200]}")
        if not title or not where.startswith(("http://", "https://")):
            continue
        pdf = next((link.get("href") for link in entry.iterfind(f"{_ATOM}link") if link.get("title") == "pdf"), None)
        published = _text(entry, "published")[:4]
        papers.append(
            Paper(
                title=title,
                url=_https(where),
                authors=tuple(name for author in entry.iterfind(f"{_ATOM}author") if (name := _text(author, "name"))),
                year=int(published) if published.isascii() and published.isdigit() else None,
                venue=_text(entry, "{http://arxiv.org/schemas/atom}journal_ref") or "arXiv",
                abstract=_text(entry, "summary")[:_ABSTRACT_CHARS],
                pdf=_https(pdf) if pdf else None,
                doi=_text(entry, "{http://arxiv.org/schemas/atom}doi") or None,
            )
        )
    return papers


def parse_openalex(body: bytes) -> list[Paper]:
    """Read an answer of OpenAlex.

    Raises:
        ToolError: it is not JSON of its shape.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ToolError("openalex answers with something other than JSON") from error
    works = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(works, list):
        raise ToolError("openalex answers without results")
    papers = []
    for work in works:
        if not isinstance(work, Mapping):
            continue
        title = plain(str(work.get("display_name") or work.get("title") or ""))
        place = _mapping(work.get("primary_location"))
        best = _mapping(work.get("best_oa_location"))
        doi = _link(work.get("doi"))
        where = _link(place.get("landing_page_url")) or doi or _link(work.get("id"))
        if not title or not where:
            continue
        year, cited = work.get("publication_year"), work.get("cited_by_count")
        papers.append(
            Paper(
                title=title,
                url=where,
                authors=tuple(_authors(work.get("authorships"))),
                year=year if type(year) is int else None,
                venue=plain(str(_mapping(place.get("source")).get("display_name") or "")),
                abstract=_abstract(work.get("abstract_inverted_index"))[:_ABSTRACT_CHARS],
                pdf=_link(best.get("pdf_url")) or _link(place.get("pdf_url")),
                num_citations=cited if type(cited) is int else None,
                doi=doi.removeprefix("https://doi.org/") if doi else None,
            )
        )
    return papers


def merge(lists: Sequence[Sequence[Paper]], k: int) -> list[Paper]:
    """Merge rankings in turns; a paper that several catalogues know (same DOI or title) comes once."""
    merged: list[Paper] = []
    seen: set[str] = set()
    for rank in range(max(map(len, lists), default=0)):
        for papers in lists:
            if rank < len(papers):
                paper = papers[rank]
                keys = {"".join(_WORD.findall(paper.title.lower())), (paper.doi or paper.url).lower()}
                if not keys & seen:
                    merged.append(paper)
                seen |= keys
    return merged[:k]


def _text(element: Any, name: str) -> str:
    found = element.find(name if name.startswith("{") else f"{_ATOM}{name}")
    return "" if found is None else " ".join("".join(found.itertext()).split())[:5_000]


def _https(url: str) -> str:
    return "https://" + url.removeprefix("http://") if url.startswith("http://arxiv.org/") else url


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _link(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("http://", "https://")) and len(value) < 2048 else None


def _authors(value: object) -> list[str]:
    entries = value if isinstance(value, list) else []
    names = (_mapping(_mapping(entry).get("author")).get("display_name") for entry in entries[:100])
    return [plain(name) for name in names if isinstance(name, str) and name]


def _abstract(index: object) -> str:
    """Put the words of an inverted index (word: its places) back in order."""
    words: dict[int, str] = {}
    for word, places in _mapping(index).items():
        for place in places if isinstance(places, list) else ():
            if type(place) is int and 0 <= place < _MAX_ABSTRACT_WORDS:
                words[place] = word
    return plain(" ".join(words[place] for place in sorted(words)))

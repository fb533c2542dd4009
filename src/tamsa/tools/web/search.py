"""Search engines of the web behind one interface: SearXNG (the user's own), Brave (a key), Wikipedia (no key)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from pydantic import SecretStr

from tamsa.errors import ConfigError, ToolError
from tamsa.tools.web.cache import Fetched
from tamsa.tools.web.fetch import Fetcher
from tamsa.tools.web.guard import Guard

MAX_QUERY_CHARS = 400
_TAG = re.compile(r"<[^<>]{0,500}>")
BRAVE_URL = "https://api.search.brave.com/res/v1/web/search"
WIKIPEDIA_URL = "https://en.wikipedia.org"


@dataclass(frozen=True, slots=True)
class WebHit:
    """One result of a search."""

    url: str
    title: str
    snippet: str
    date: str | None = None


class SearchProvider(Protocol):
    """A search engine."""

    name: str

    async def search(self, query: str, k: int) -> list[WebHit]:
        """Return up to `k` results, best first.

        Raises:
            ToolError: the engine cannot be asked, or its answer cannot be read.
        """
        ...


class SearxngSearch:
    """A SearXNG instance, which must have its JSON format switched on.

    Args:
        url: address of the instance.
        fetcher: made by `fetcher_for(url)`, since the instance usually runs on the user's own machine.
    """

    name = "searxng"

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        self._url = url.rstrip("/")
        self._fetcher = fetcher

    async def search(self, query: str, k: int) -> list[WebHit]:
        """Return up to `k` results, best first."""
        asked = urlencode({"q": query, "format": "json"}, quote_via=quote)
        try:
            answer = _json(await self._fetcher.fetch(f"{self._url}/search?{asked}"), self.name)
        except ToolError as error:
            if "status 403" in str(error):
                raise ToolError("searxng refuses JSON; add `json` to search.formats in its settings.yml") from error
            raise
        return [
            hit
            for item in _items(answer, "results")
            if (hit := _hit(item, "url", "title", "content", "publishedDate")) is not None
        ][:k]


class BraveSearch:
    """The Brave Search API.

    Args:
        key: subscription token; it goes into a header and nowhere else.
        fetcher: for programming interfaces.
        url: address of the service.
    """

    name = "brave"

    def __init__(self, key: SecretStr, fetcher: Fetcher, *, url: str = BRAVE_URL) -> None:
        self._key = key
        self._fetcher = fetcher
        self._url = url

    async def search(self, query: str, k: int) -> list[WebHit]:
        """Return up to `k` results, best first."""
        asked = urlencode({"q": query, "count": min(k, 20)}, quote_via=quote)
        headers = {"X-Subscription-Token": self._key.get_secret_value(), "Accept": "application/json"}
        try:
            answer = _json(await self._fetcher.fetch(f"{self._url}?{asked}", headers=headers), self.name)
        except ToolError as error:
            if any(f"status {status}" in str(error) for status in (401, 403, 422)):
                raise ToolError("brave refuses the key; set BRAVE_API_KEY to a valid one") from error
            raise
        return [
            hit
            for item in _items(answer, "web", "results")
            if (hit := _hit(item, "url", "title", "description", "page_age")) is not None
        ][:k]


class WikipediaSearch:
    """The search of Wikipedia, by its public interface; needs no key.

    Args:
        fetcher: for programming interfaces.
        url: address of the wiki; another language's, or any MediaWiki.
    """

    name = "wikipedia"

    def __init__(self, fetcher: Fetcher, *, url: str = WIKIPEDIA_URL) -> None:
        self._fetcher = fetcher
        self._url = url.rstrip("/")

    async def search(self, query: str, k: int) -> list[WebHit]:
        """Return up to `k` results, best first."""
        asked = {"action": "query", "list": "search", "format": "json", "utf8": "1", "srlimit": str(min(k, 50))}
        answer = _json(
            await self._fetcher.fetch(
                f"{self._url}/w/api.php?{urlencode({**asked, 'srsearch': query}, quote_via=quote)}"
            ),
            self.name,
        )
        if isinstance(answer, Mapping) and isinstance(answer.get("error"), Mapping):
            raise ToolError(f"wikipedia: {plain(str(answer['error'].get('info', 'no reason given')))}")
        hits = []
        for item in _items(answer, "query", "search"):
            title = item.get("title")
            if isinstance(title, str) and title:
                url = f"{self._url}/wiki/{quote(title.replace(' ', '_'), safe='/:(),!')}"
                date = str(item.get("timestamp") or "")[:10] or None
                hits.append(WebHit(url, plain(title), plain(str(item.get("snippet") or "")), date))
        return hits[:k]


def fetcher_for(url: str, **options: Any) -> Fetcher:
    """Make a fetcher for a service that the user names, on whatever machine and port it runs.

    It trusts this one host and port and follows the policy of the guard everywhere else.

    Raises:
        ConfigError: it is not an http(s) URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ConfigError(f"searxng_url = {url[:200]!r}: not a URL; write it like http://localhost:8888") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ConfigError(f"searxng_url = {url[:200]!r}: write it like http://localhost:8888, without a password")
    return Fetcher(Guard(trusted=(parts.hostname, port)), robots=False, **options)


def plain(text: str) -> str:
    """Return the text of a snippet of HTML, on one line."""
    return " ".join(html.unescape(_TAG.sub("", text)).split())[:1000]


def _json(response: Fetched, name: str) -> Any:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise ToolError(f"{name} answers with something other than JSON") from error


def _items(answer: Any, *path: str) -> list[dict[str, Any]]:
    """Follow a path of keys to a list of objects; whatever is not of this shape counts as no result."""
    for key in path:
        answer = answer.get(key) if isinstance(answer, Mapping) else None
    return [item for item in answer if isinstance(item, dict)] if isinstance(answer, list) else []


def _hit(item: Mapping[str, Any], url: str, title: str, snippet: str, date: str) -> WebHit | None:
    where = item.get(url)
    if not isinstance(where, str) or not where.startswith(("http://", "https://")) or len(where) > 2048:
        return None
    said = plain(str(item.get(title) or "")) or where
    when = item.get(date)
    return WebHit(
        where, said, plain(str(item.get(snippet) or "")), when[:10] if isinstance(when, str) and when else None
    )

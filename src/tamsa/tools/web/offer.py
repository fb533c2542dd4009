"""What `--web` turns on: which engines there are, and the tools over them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from pydantic import SecretStr

from tamsa.tools.offers import Offer
from tamsa.tools.pages import PAGE_CHARS
from tamsa.tools.protocol import FunctionTool
from tamsa.tools.web.cache import Cache
from tamsa.tools.web.fetch import Fetcher, FetchLimits
from tamsa.tools.web.guard import Guard
from tamsa.tools.web.pace import Pace
from tamsa.tools.web.parsing import PageParser
from tamsa.tools.web.scholar import Arxiv, OpenAlex
from tamsa.tools.web.search import BraveSearch, SearchProvider, SearxngSearch, WikipediaSearch, fetcher_for
from tamsa.tools.web.tools import WebTools


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Options of the tools over the web."""

    searxng_url: str | None = None
    """Address of the user's SearXNG; else `SEARXNG_URL`."""
    wikipedia: bool = True
    """Whether Wikipedia's search stands in where the other engines are missing or find nothing."""
    scholar: bool = True
    any_url: bool = False
    """Whether the model may open addresses that nothing it was shown has named (see the security page)."""
    cache_folder: Path | None = None
    """Where responses are kept; a folder of the run makes its resumption independent of the web."""
    cache_max_age_s: float = 86_400.0
    interval_s: float = 0.5
    """Seconds between two requests to one host."""
    page_chars: int = PAGE_CHARS
    limits: FetchLimits = field(default_factory=FetchLimits)


def web_tools(
    settings: WebSettings | None = None, *, question: str = "", environ: Mapping[str, str] | None = None
) -> tuple[Offer, WebTools]:
    """Make the tools over the web; call it only when the user asked for them.

    Args:
        settings: options.
        question: the user's question; addresses in it may be opened.
        environ: where `BRAVE_API_KEY` and `SEARXNG_URL` are looked for.

    Returns:
        The offer, and the object behind it (`restore` reads the pages of a resumed run again).

    Raises:
        ConfigError: `searxng_url` is not an address.
        StorageError: the cache folder cannot be made.
    """
    settings = settings or WebSettings()
    environ = os.environ if environ is None else environ
    cache = Cache(settings.cache_folder, max_age_s=settings.cache_max_age_s)
    pages = Fetcher(Guard(), cache=cache, pace=Pace(interval_s=settings.interval_s), limits=settings.limits)
    pace = Pace(interval_s=1.0, concurrency=1)
    pace.slow_down("export.arxiv.org", 3.0)  # what its terms of use ask for
    services = Fetcher(Guard(), cache=cache, pace=pace, robots=False)
    opened = [services]
    providers: list[SearchProvider] = []
    notes = []
    if searxng := settings.searxng_url or environ.get("SEARXNG_URL", "").strip():
        own = fetcher_for(searxng, cache=cache)
        opened.append(own)
        providers.append(SearxngSearch(searxng, own))
    if key := environ.get("BRAVE_API_KEY", "").strip():
        providers.append(BraveSearch(SecretStr(key), services))
    if not providers:
        notes.append("web_search: neither SEARXNG_URL nor BRAVE_API_KEY is set; only Wikipedia is searched")
    if find_spec("trafilatura") is None:
        notes.append("web_visit: trafilatura is missing, so pages come with their menus; install tamsa[web]")
    if settings.wikipedia:
        providers.append(WikipediaSearch(services))
    tools = WebTools(
        pages,
        PageParser(),
        providers,
        [Arxiv(services), OpenAlex(services)] if settings.scholar else (),
        any_url=settings.any_url,
        page_chars=settings.page_chars,
    )
    tools.know(question)

    async def aclose() -> None:
        await tools.aclose()
        for fetcher in opened:
            await fetcher.aclose()

    offered = [FunctionTool(tools.web_visit, on_replay=tools.note)]
    if providers:
        offered.insert(0, FunctionTool(tools.web_search, on_replay=tools.note))
    else:
        notes[0] = "web_search is not offered: set SEARXNG_URL or BRAVE_API_KEY, or allow wikipedia"
    if settings.scholar:
        offered.append(FunctionTool(tools.scholar, on_replay=tools.note))
    return Offer(tuple(offered), tuple(notes), tools.get_document, aclose), tools

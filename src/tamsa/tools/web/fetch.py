"""Asking the web for a page: guarded, paced, bounded in bytes and seconds, kept in a cache."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore2

from tamsa.errors import ToolError
from tamsa.tools.web.body import Unpacker, decode
from tamsa.tools.web.cache import Cache, Fetched
from tamsa.tools.web.connect import make_pool
from tamsa.tools.web.guard import Guard, RefusedError, Target
from tamsa.tools.web.pace import Pace
from tamsa.tools.web.robots import ALLOW_ALL, DENY_ALL, MAX_BYTES, Robots, parse_robots

USER_AGENT = "tamsa/0.1 (research agent that reads single pages for one person)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_RETRY_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds on one page."""

    deadline_s: float = 30.0
    """Seconds for everything together: waiting for a turn, names, redirects, retries, the body."""
    timeout_s: float = 10.0
    """Seconds of silence after which an attempt counts as failed."""
    max_bytes: int = 10_000_000
    """Bytes of a body, packed and unpacked."""
    max_redirects: int = 5
    max_retries: int = 2
    backoff_s: float = 0.5


class Fetcher:
    """Fetches pages through the guard.

    Args:
        guard: the policy on addresses.
        cache: where responses are kept.
        pace: how often a host is asked.
        limits: bounds on one page.
        robots: whether robots.txt is respected; False for programming interfaces, which are made for programs.
        ssl_context: for tests with a certificate of their own.
    """

    def __init__(
        self,
        guard: Guard | None = None,
        *,
        cache: Cache | None = None,
        pace: Pace | None = None,
        limits: FetchLimits | None = None,
        robots: bool = True,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard or Guard()
        self._cache = cache or Cache(None)
        self._pace = pace or Pace()
        self.limits = limits or FetchLimits()
        self._respect_robots = robots
        self._pool = make_pool(self._guard, ssl_context=ssl_context)
        self._robots: dict[str, Robots] = {}
        self._reading_robots: dict[str, asyncio.Lock] = {}

    async def fetch(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch a page with status 200, from the cache where it is there.

        Args:
            url: the page.
            headers: further headers, keys among them; then redirects are refused and nothing is cached.

        Raises:
            RefusedError: the policy, or the site's robots.txt, does not allow the URL or one it redirects to.
            ToolError: it cannot be had; the message says why and never holds a header.
        """
        target = self._guard.check_url(url)
        kept = None if headers else self._cache.get(target.url)
        if kept is not None and kept.status == 200:  # the answer to a robots.txt is kept whatever it is
            self._guard.check_url(kept.url)
            return kept
        try:
            async with asyncio.timeout(self.limits.deadline_s):
                response = await self._follow(target, headers)
        except TimeoutError:
            raise ToolError(f"{target.host} took longer than {self.limits.deadline_s:g} s") from None
        if response.status != 200:
            raise ToolError(f"{target.host} answers with status {response.status}{_meaning(response.status)}")
        if not headers:
            self._cache.put(target.url, response)
            if response.url != target.url:
                self._cache.put(response.url, response)
        return response

    def cached(self, url: str) -> Fetched | None:
        """Return what an earlier call has fetched, however old."""
        try:
            return self._cache.get(self._guard.check_url(url).url, any_age=True)
        except RefusedError:
            return None

    def normal_form(self, url: str) -> str:
        """Return the normal form of a URL.

        Raises:
            RefusedError: the policy does not allow it.
        """
        return self._guard.check_url(url).url

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _follow(self, target: Target, headers: Mapping[str, str] | None) -> Fetched:
        for _ in range(self.limits.max_redirects + 1):
            if self._respect_robots:
                rules = await self._rules(target)
                parts = urlsplit(target.url)
                if not rules.allows(parts.path + (f"?{parts.query}" if parts.query else "")):
                    raise RefusedError(f"robots.txt of {target.host} asks programs not to read this page")
            response, location = await self._persist(target, headers, self.limits.max_bytes)
            if location is None:
                return response
            if headers:
                raise ToolError(f"{target.host} redirects a request with a key, which is not followed")
            target = self._guard.check_url(_join(target.url, location))
        raise ToolError(f"more than {self.limits.max_redirects} redirects, the last to {target.host}")

    async def _rules(self, target: Target) -> Robots:
        """Return the robots.txt of a site: none is a yes, one that cannot be had is a no (RFC 9309, 2.3.1)."""
        async with self._reading_robots.setdefault(target.origin, asyncio.Lock()):
            if target.origin not in self._robots:
                self._robots[target.origin] = await self._read_rules(target)
            return self._robots[target.origin]

    async def _read_rules(self, target: Target) -> Robots:
        rules = ALLOW_ALL
        where = self._guard.check_url(f"{target.origin}/robots.txt")
        kept = self._cache.get(where.url)
        try:
            hop = where
            for _ in range(self.limits.max_redirects + 1):
                if kept is None:
                    kept, location = await self._persist(hop, None, MAX_BYTES, cut=True)
                    if location is not None:
                        kept, hop = None, self._guard.check_url(_join(hop.url, location))
                        continue
                    if kept.status < 500:
                        self._cache.put(where.url, kept)
                if kept.status == 200:
                    rules = parse_robots(decode(kept.content_type, kept.body))
                elif kept.status >= 500 or kept.status == 429:
                    rules = DENY_ALL
                break
        except RefusedError:
            raise
        except ToolError as error:
            raise ToolError(f"robots.txt of {target.host} cannot be read ({error})") from error
        if rules.crawl_delay_s:
            self._pace.slow_down(target.host, rules.crawl_delay_s)
        return rules

    async def _persist(
        self, target: Target, headers: Mapping[str, str] | None, max_bytes: int, *, cut: bool = False
    ) -> tuple[Fetched, str | None]:
        """Ask until there is an answer that is not a passing failure; return it with the place it redirects to."""
        for attempt in range(self.limits.max_retries + 1):
            last = attempt == self.limits.max_retries
            wait_s = self.limits.backoff_s * 2**attempt * random.uniform(0.5, 1.5)
            try:
                response, location, retry_after_s = await self._once(target, headers, max_bytes, cut)
            except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
                if last:
                    raise ToolError(f"{target.host} cannot be reached ({_words(error)})") from error
            else:
                if response.status not in _AGAIN or last:
                    return response, location
                if retry_after_s is not None:
                    if retry_after_s > _MAX_RETRY_AFTER_S:
                        return response, location
                    wait_s = max(wait_s, retry_after_s)
                self._pace.hold_off(target.host, wait_s)
            await asyncio.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")

    async def _once(
        self, target: Target, headers: Mapping[str, str] | None, max_bytes: int, cut: bool
    ) -> tuple[Fetched, str | None, float | None]:
        sent: dict[bytes | str, bytes | str] = {
            "Host": target.netloc,
            "User-Agent": USER_AGENT,
            "Accept": "text/html,application/xhtml+xml,application/pdf,text/plain,application/json;q=0.9,*/*;q=0.5",
            "Accept-Language": "en,*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
        }
        sent.update((headers or {}).items())
        silence = self.limits.timeout_s
        timeouts = {"connect": silence, "read": silence, "write": silence, "pool": self.limits.deadline_s}
        async with (
            self._pace.turn(target.host),
            self._pool.stream("GET", target.url, headers=sent, extensions={"timeout": timeouts}) as response,
        ):
            received = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            body = b""
            location = received.get("location") if response.status in _REDIRECTS else None
            if response.status == 200:
                _check_length(received.get("content-length", ""), max_bytes, cut)
                unpacker = Unpacker(received.get("content-encoding", ""), max_bytes)
                try:
                    async for piece in response.aiter_stream():
                        unpacker.add(piece)
                except ToolError:
                    if not cut:
                        raise
                    body = unpacker.so_far()
                else:
                    body = unpacker.finish()
            found = Fetched(target.url, response.status, received.get("content-type", "")[:200], body, time.time())
            return found, location, _seconds(received.get("retry-after", ""))


def _check_length(declared: str, max_bytes: int, cut: bool) -> None:
    if not cut and declared.isascii() and declared.isdigit() and int(declared[:20]) > max_bytes:
        raise ToolError(f"the page is longer than {max_bytes / 1e6:g} MB")


def _join(url: str, location: str) -> str:
    """Resolve a redirect; raw UTF-8, which headers should not hold, is read as browsers do."""
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urljoin(url, location.strip())
    except ValueError as error:
        raise RefusedError(f"a redirect leads to {location[:200]!r}, which is no URL") from error


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 8 else None


def _words(error: Exception) -> str:
    kind = {
        "ConnectTimeout": "no connection in time",
        "ReadTimeout": "it stays silent",
        "PoolTimeout": "too many requests at once",
    }
    said = kind.get(type(error).__name__) or " ".join(str(error).split()) or type(error).__name__
    return said[:160]


def _meaning(status: int) -> str:
    meanings = {401: "needs a login", 403: "forbidden", 404: "not found", 410: "gone", 429: "too many requests"}
    said = meanings.get(status) or ("the server fails" if status >= 500 else "")
    return f" ({said})" if said else ""

"""How often a host is asked: a pause between requests, and few at one time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator

_MAX_HOSTS = 10_000


class _Host:
    def __init__(self, concurrency: int) -> None:
        self.turns = asyncio.Semaphore(concurrency)
        self.next_at = 0.0
        self.pause_s = 0.0


class Pace:
    """Keeps requests to one host apart.

    Args:
        interval_s: seconds between the starts of two requests to one host.
        concurrency: requests to one host at one time.
    """

    def __init__(self, *, interval_s: float = 0.5, concurrency: int = 2) -> None:
        self._interval_s = interval_s
        self._concurrency = concurrency
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @contextlib.asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's turn and hold it."""
        state = self._host(host)
        async with state.turns:
            now = time.monotonic()
            starts = max(now, state.next_at)
            state.next_at = starts + max(self._interval_s, state.pause_s)
            await asyncio.sleep(starts - now)
            yield

    def slow_down(self, host: str, pause_s: float) -> None:
        """Keep at least `pause_s` seconds between requests to a host (its Crawl-delay)."""
        self._host(host).pause_s = pause_s

    def hold_off(self, host: str, seconds: float) -> None:
        """Ask a host nothing for some seconds (its Retry-After)."""
        state = self._host(host)
        state.next_at = max(state.next_at, time.monotonic() + seconds)

    def _host(self, host: str) -> _Host:
        if host not in self._hosts and len(self._hosts) >= _MAX_HOSTS:
            self._hosts.popitem(last=False)
        return self._hosts.setdefault(host, _Host(self._concurrency))

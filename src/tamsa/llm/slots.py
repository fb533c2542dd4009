"""Places at one endpoint: how many requests at a time, how many requests and tokens a minute.

Models of several roles (policy, reader, judge) on one endpoint share its places.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tamsa.llm.settings import ModelSettings


class Allowance:
    """A number of units a minute, refilled continuously; at most one minute's worth is saved up.

    Args:
        per_minute: units a minute; None for no limit.
    """

    def __init__(self, per_minute: int | None) -> None:
        self._rate = None if per_minute is None else per_minute / 60.0
        self._most = float(per_minute or 0)
        self._left = self._most
        self._at = 0.0

    def take(self, units: float, now: float) -> float:
        """Take units and return the seconds to wait before using them. A debt is worked off before the next taker.

        Args:
            units: how many; more than a minute's worth is let through after a whole minute's wait.
            now: a monotonic clock, in seconds.
        """
        if self._rate is None:
            return 0.0
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= min(units, self._most)
        return max(0.0, -self._left / self._rate)


class Slots:
    """The places at one endpoint. Use one instance within one event loop.

    Args:
        settings: `concurrency`, `requests_per_minute` and `tokens_per_minute` are used.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._places = asyncio.Semaphore(settings.concurrency)
        self._requests = Allowance(settings.requests_per_minute)
        self._tokens = Allowance(settings.tokens_per_minute)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one of the places for a completion with all its retries."""
        async with self._places:
            yield

    async def pace(self, prompt_tokens: int) -> None:
        """Wait until one more request with so many prompt tokens may go out."""
        now = asyncio.get_running_loop().time()
        wait_s = max(self._requests.take(1, now), self._tokens.take(prompt_tokens, now))
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def spend(self, completion_tokens: int) -> None:
        """Charge the tokens that an answer took; those who come next wait for them."""
        self._tokens.take(completion_tokens, asyncio.get_running_loop().time())

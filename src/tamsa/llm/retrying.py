"""The one retry loop of all endpoints: exponential backoff with jitter, `Retry-After`, a total deadline."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tamsa.errors import ModelUnavailableError
from tamsa.llm.failures import Endpoint, TransientError
from tamsa.llm.settings import ModelSettings

T = TypeVar("T")
MAX_BACKOFF_S = 30.0
_jitter = random.Random()


async def retrying(attempt: Callable[[int], Awaitable[T]], endpoint: Endpoint, settings: ModelSettings) -> T:
    """Run attempts until one succeeds.

    Args:
        attempt: called with the number of attempts made before; raises `TransientError` for another try.
        endpoint: named in the error.
        settings: `max_retries`, `backoff_s` and `deadline_s` are used.

    Raises:
        ModelUnavailableError: retries or time ran out, with the last reason; or the server asks to
            wait beyond the deadline.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + settings.deadline_s
    reason = "no attempt finished"
    tries = 0
    limit = asyncio.timeout_at(end)
    try:
        async with limit:
            while True:
                try:
                    return await attempt(tries)
                except TransientError as error:
                    reason = error.reason
                    tries += 1
                    if tries > settings.max_retries:
                        break
                    delay = min(MAX_BACKOFF_S, settings.backoff_s * 2.0 ** (tries - 1)) * _jitter.uniform(0.5, 1.0)
                    if error.retry_after_s is not None:
                        delay = max(error.retry_after_s, delay)
                    if loop.time() + delay >= end:
                        raise ModelUnavailableError(
                            f"{endpoint}: {reason}; the wait of {delay:.0f} s before the next try would pass the "
                            f"deadline of {settings.deadline_s:g} s; try again later or raise deadline_s"
                        ) from None
                await asyncio.sleep(delay)
    except TimeoutError:
        if not limit.expired():
            raise
        raise ModelUnavailableError(
            f"{endpoint}: no whole answer within {settings.deadline_s:g} s ({tries + 1} tries, last: {reason}); "
            "try again later or raise deadline_s"
        ) from None
    raise ModelUnavailableError(
        f"{endpoint}: no answer after {tries} tries (last: {reason}); is the server up and base_url right?"
    )

"""Bounds on what an endpoint may send, so that an answer without end does not fill the memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from tamsa.errors import ModelError
from tamsa.llm.failures import Endpoint

if TYPE_CHECKING:
    import httpx2

MAX_ANSWER_BYTES = 128 << 20
"""Bytes of one answer, its framing included; an error is an answer too."""


def bounds(endpoint: Endpoint) -> dict[str, Any]:
    """Return options of an HTTP client with which an answer that is too long, or packed, is a `ModelError`."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, inner: Any, packing: str) -> None:
            self._inner, self._packing = inner, packing

        async def __aiter__(self) -> AsyncIterator[bytes]:
            if self._packing not in ("", "identity"):
                raise ModelError(f"{endpoint}: packs its answer as {endpoint.clean(self._packing, 40)}, unasked")
            received = 0
            async for block in self._inner:
                received += len(block)
                if received > MAX_ANSWER_BYTES:
                    raise ModelError(f"{endpoint}: sends an answer of more than {MAX_ANSWER_BYTES >> 20} MiB")
                yield block

        async def aclose(self) -> None:
            await self._inner.aclose()

    async def bound(response: httpx2.Response) -> None:
        response.stream = Bounded(response.stream, response.headers.get("content-encoding", "").strip().lower())

    return {"headers": {"Accept-Encoding": "identity"}, "event_hooks": {"response": [bound]}}

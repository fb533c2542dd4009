"""The researching side of the worker that parses pages: one process, watched and replaced."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from tamsa.corpus.readers.pool import reader_environment
from tamsa.errors import ToolError
from tamsa.tools.processes import end_group, start_group
from tamsa.tools.web.body import kind_of
from tamsa.tools.web.cache import Fetched
from tamsa.types import Document, Link, Section

_MAX_ANSWER = 64_000_000
_PAGES_PER_PROCESS = 200


class PageParser:
    """Parses pages in a process of its own, which sees no key of the environment.

    Args:
        timeout_s: seconds that one page may take; then the process is ended and the page is an error.
        start_s: seconds that the process may take to start and to load its libraries.
    """

    def __init__(self, *, timeout_s: float = 12.0, start_s: float = 60.0) -> None:
        self._timeout_s = timeout_s
        self._start_s = start_s
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._served = 0

    async def parse(self, page: Fetched) -> Document:
        """Make a document of a fetched page.

        Raises:
            ToolError: it is no text, or cannot be read.
        """
        kind = kind_of(page.content_type, page.body)
        if not kind:
            said = page.content_type.partition(";")[0].strip() or "unknown content"
            raise ToolError(f"{page.url} is not a page of text ({said[:60]})")
        request = {"url": page.url, "kind": kind, "content_type": page.content_type, "size": len(page.body)}
        async with self._turn:
            answer = await self._ask(json.dumps(request).encode() + b"\n" + page.body)
        if "document" not in answer:
            raise ToolError(f"{page.url} cannot be shown: {answer.get('error', 'no reason given')}")
        values = answer["document"]
        sections = tuple(Section(**section) for section in values.pop("sections"))
        links = tuple(Link(**link) for link in values.pop("links"))
        return Document(**values, sections=sections, links=links)

    async def aclose(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            await end_group(process)

    async def _ask(self, request: bytes) -> dict[str, Any]:
        if self._served >= _PAGES_PER_PROCESS:
            await self.aclose()
        limit_s = self._start_s
        try:
            async with asyncio.timeout(limit_s):
                process = await self._started()
            limit_s = self._timeout_s
            async with asyncio.timeout(limit_s):
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(request)
                await process.stdin.drain()
                line = await process.stdout.readuntil(b"\n")
                self._served += 1
                answer = json.loads(line)
                assert isinstance(answer, dict)
                return answer
        except TimeoutError:
            await self.aclose()
            return {"error": f"it takes longer than {limit_s:g} s to read"}
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            await self.aclose()
            return {"error": "its parser crashes on it"}
        except BaseException:  # a cancelled call leaves an answer on the way that belongs to nobody
            await self.aclose()
            raise

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            await self.aclose()
            self._served = 0
            self._process = await start_group(
                sys.executable,
                "-m",
                "tamsa.tools.web.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_MAX_ANSWER,
                env=reader_environment(),
            )
            assert self._process.stdout is not None
            await self._process.stdout.readuntil(b"\n")  # its libraries are loaded
        return self._process

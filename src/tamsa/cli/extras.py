"""Tools beyond the documents, each only where the user asks for it: `--python`, `--web`, `--mcp`, `--files`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tamsa.errors import ConfigError
from tamsa.store import Journal, RunFolder
from tamsa.tools import Offer, Unavailable
from tamsa.tools.files import file_tools
from tamsa.tools.mcp import mcp_tools, parse_servers
from tamsa.tools.sandbox import python_tool
from tamsa.tools.web.offer import WebSettings, web_tools

Python = Annotated[bool, typer.Option("--python", help="Let the agent run Python in a sandbox (needs bubblewrap).")]
Web = Annotated[bool, typer.Option("--web", help="Let the agent search and read the web (extra `web`).")]
Mcp = Annotated[
    list[str] | None,
    typer.Option("--mcp", help="An MCP server: a JSON file, or TOOL,TOOL@COMMAND or TOOL,TOOL@URL (extra `mcp`)."),
]
Files = Annotated[
    list[Path] | None, typer.Option("--files", help="Files or folders that the agent may open as they are.")
]


@dataclass(frozen=True, slots=True)
class Extras:
    """Which further tools a run has."""

    python: bool = False
    web: bool = False
    mcp: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @classmethod
    def from_manifest(cls, values: dict[str, Any]) -> Extras:
        """Read what a run was started with.

        Raises:
            ConfigError: the manifest holds something else.
        """
        try:
            return cls(values["python"], values["web"], tuple(values["mcp"]), tuple(values["files"]))
        except (KeyError, TypeError) as error:
            raise ConfigError(f"run.json: extras = {values!r} cannot be read") from error


@contextlib.asynccontextmanager
async def open_extras(
    extras: Extras, question: str, folder: RunFolder, *, page_chars: int
) -> AsyncIterator[list[Offer]]:
    """Make the further tools of a run and release them at its end; what is missing is in the notes of the offers.

    Args:
        extras: which.
        question: addresses in it may be opened by the web tools.
        folder: the run; pages that an earlier process opened are read again.
        page_chars: characters of one page.
    """
    async with contextlib.AsyncExitStack() as stack:
        offers: list[Offer] = []
        opened = _opened(folder)
        if extras.python:
            tool = await python_tool()
            if isinstance(tool, Unavailable):
                offers.append(Offer(notes=(str(tool),)))
            else:
                offers.append(Offer((tool,)))
        if extras.files:
            offer, files = file_tools([Path(path) for path in extras.files], page_chars=page_chars)
            await files.restore(opened)
            offers.append(offer)
        if extras.web:
            settings = WebSettings(cache_folder=folder.path / "web", page_chars=page_chars)
            offer, web = web_tools(settings, question=question)
            stack.push_async_callback(offer.aclose)
            await web.restore(opened)
            offers.append(offer)
        if extras.mcp:
            offer = await mcp_tools(parse_servers(extras.mcp))
            stack.push_async_callback(offer.aclose)
            offers.append(offer)
        yield offers


def _opened(folder: RunFolder) -> list[str]:
    """List what earlier processes of the run opened, its agents among them."""
    records = list(folder.journal.records)
    for path in sorted(folder.path.glob("agents/*/steps.jsonl")):
        with Journal(path) as journal:
            records += journal.records
    pages = (
        page
        for record in records
        if record.get("kind") == "observation" and isinstance(record.get("data"), dict)
        for page in record["data"].get("pages", ())
    )
    return list(dict.fromkeys(str(page["id"]) for page in pages if not page.get("error")))

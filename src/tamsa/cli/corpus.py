"""`tamsa index` and `tamsa search`: documents made searchable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tamsa.cli.bars import progress_bar
from tamsa.cli.screen import Screen
from tamsa.cli.settings import Dense, Docs
from tamsa.corpus import Progress, SearchIndex
from tamsa.corpus import open_documents as open_engine
from tamsa.corpus.engines import LANCE
from tamsa.errors import InputError
from tamsa.types import Model

MAX_SKIPPED_SHOWN = 20


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that do not exist, before anything slow is begun.

    Raises:
        InputError: names the first.
    """
    for path in paths:
        if not str(path).startswith(LANCE) and not path.exists():
            raise InputError(f"{path}: no such file or folder")


def open_documents(
    paths: Sequence[Path],
    *,
    console: Console,
    enabled: bool,
    out: Path | None = None,
    dense: bool = False,
    beside: Model | None = None,
) -> SearchIndex:
    """Open documents for search, building or refreshing their index under a progress bar.

    Args:
        paths: files, folders, corpora or an index.
        console: where it shows.
        enabled: whether it does.
        out: where the index is kept.
        dense: search by meaning too.
        beside: a model; a local one loads its weights meanwhile.

    Raises:
        InputError: a path is missing, or nothing in it can be read.
        CorruptError: an index is damaged.
    """
    if (start := getattr(beside, "start", None)) is not None:
        start()
    with progress_bar(console, "reading documents", enabled=enabled) as advance:

        def show(progress: Progress) -> None:
            advance(progress.done, progress.total, f"{progress.documents:,} documents read")

        index = open_engine(paths, out=out, on_progress=show, dense=dense)
    if index.skipped and enabled:
        _show_skipped(console, index)
    return index


def _show_skipped(console: Console, index: SearchIndex) -> None:
    shown = index.skipped[:MAX_SKIPPED_SHOWN]
    for path, reason in shown:
        console.print(f"[yellow]skipped {escape(str(path))}: {escape(reason)}[/yellow]", highlight=False)
    if len(index.skipped) > len(shown):
        rest = Counter(reason.split(":")[0] for _, reason in index.skipped[len(shown) :])
        reasons = ", ".join(f"{reason} ({count})" for reason, count in rest.most_common(5))
        console.print(
            f"[yellow]and {len(index.skipped) - len(shown)} more: {escape(reasons)}[/yellow]", highlight=False
        )


def index_command(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders or corpora (jsonl, parquet).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the index.")],
    dense: Dense = False,
) -> None:
    """Index documents; run again, it takes in only what has changed.

    Example: tamsa index ~/papers notes.md --out papers.index
    """
    console = Screen(stderr=True)
    index = open_documents(paths, console=console, enabled=True, out=out, dense=dense)
    typer.echo(f"{out}: {index.num_documents:,} documents in {index.num_chunks:,} chunks, {len(index.skipped)} skipped")
    index.close()


def search_command(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    docs: Docs = None,
    limit: Annotated[int, typer.Option("--limit", "-k", min=1, max=100, help="Number of results.")] = 10,
    dense: Dense = False,
) -> None:
    """Search documents without research: titles and snippets, best first.

    Example: tamsa search "harbour bridge 1911" --docs papers.index
    """
    if not docs:
        raise InputError("--docs is missing; name files, folders, a corpus or an index")
    index = open_documents(docs, console=Screen(stderr=True), enabled=True, dense=dense)
    console = Screen()
    hits = index.search(query, limit)
    for rank, hit in enumerate(hits, start=1):
        anchor = f" · {hit.anchor}" if hit.anchor else ""
        console.print(f"[bold]{rank}. {escape(hit.title)}[/bold] [dim]{escape(hit.id + anchor)}[/dim]", highlight=False)
        console.print(f"   {escape(' '.join(hit.snippet.split()))}", highlight=False)
    if not hits:
        console.print("nothing found")
    index.close()

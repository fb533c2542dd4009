"""`tamsa world`: a simulated encyclopedia with gold questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tamsa.cli.bars import progress_bar
from tamsa.cli.screen import Screen
from tamsa.world import MIN_PAGES, build_world

app = typer.Typer(
    help="A simulated encyclopedia: pages, tables, links, conflicting sources and gold questions.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Keep `build` a sub-command."""


@app.command("build")
def build_command(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder to write: pages.jsonl, questions.jsonl, facts.jsonl.")
    ],
    pages: Annotated[int, typer.Option("--pages", "-n", min=MIN_PAGES, help="Number of pages.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same world, bit for bit.")] = 0,
    questions: Annotated[int, typer.Option("--questions", min=0, help="Number of gold questions.")] = 500,
) -> None:
    """Build a world.

    Example: tamsa world build --pages 5000 --seed 7 --out worlds/seven
    """
    console = Screen(stderr=True)
    with progress_bar(console, "pages", total=pages) as advance:
        summary = build_world(out, num_pages=pages, seed=seed, num_questions=questions, on_progress=advance)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(summary.question_kinds.items()))
    typer.echo(f"{out}: {summary.num_pages:,} pages, {summary.num_facts:,} facts, {summary.num_questions:,} questions")
    typer.echo(f"questions: {kinds}" if kinds else "no questions")

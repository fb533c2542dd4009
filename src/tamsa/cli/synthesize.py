"""`tamsa synthesize`: from documents to training data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tamsa.cli.bars import progress_bar
from tamsa.cli.settings import Docs
from tamsa.errors import InputError
from tamsa.synthesis.pipeline import Plan, synthesize

EPILOG = """\
[bold]Examples[/bold]

tamsa synthesize --docs worlds/seven/pages.jsonl --questions worlds/seven/questions.jsonl --out data/
"""


def synthesize_command(
    docs: Docs = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the data sets.")] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Gold questions to explore instead of making some.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same data, bit for bit.")] = 0,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Only the first so many questions.")] = None,
    mode: Annotated[
        list[str] | None, typer.Option("--mode", help="Strategy of the trajectories: react, iter; may be repeated.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Trajectories for each question.")] = 1,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes side by side.")] = 1,
) -> None:
    """Make training data from documents: questions, trajectories, data sets. Run again, it goes on where it stood."""
    if not docs:
        raise InputError("--docs is missing; name files, folders, a corpus or an index")
    if out is None:
        raise InputError("--out is missing; name the folder of the data sets")
    plan = Plan(
        docs=tuple(str(path) for path in docs),
        seed=seed,
        questions=str(questions) if questions else None,
        limit=limit,
        modes=tuple(dict.fromkeys(mode or ["react"])),
        samples=samples,
    )
    with progress_bar(Console(stderr=True), "explore") as advance:
        summary = synthesize(
            plan, out, workers=workers, on_progress=lambda stage, done, total: advance(done, total, stage)
        )
    for name, count in summary.samples.items():
        typer.echo(f"{out / name}: {count:,} samples")
    kept, lost = sum(summary.trajectories.values()), sum(summary.rejected.values())
    typer.echo(f"{summary.num_questions:,} questions, {kept:,} trajectories kept, {lost:,} rejected")

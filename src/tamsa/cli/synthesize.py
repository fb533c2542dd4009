"""`tamsa synthesize`: from documents to training data, with no human label."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tamsa.cli.bars import progress_bar
from tamsa.cli.screen import Screen
from tamsa.cli.settings import Config, Docs, Overrides, Settings, load_settings, make_pool, runs_side_by_side
from tamsa.errors import InputError
from tamsa.scoring.judge import Judge
from tamsa.synthesis.held_out import HELD_OUT, HELD_OUT_RECURRING
from tamsa.synthesis.pipeline import Synthesis
from tamsa.synthesis.plan import DEFAULT_QUESTIONS, OnProgress, Plan, Summary
from tamsa.synthesis.rounds import Flywheel
from tamsa.synthesis.shards import Crew

EPILOGS = {
    "synthesize": """\
[bold]Examples[/bold]

tamsa synthesize --docs notes/ --out data/ --num-questions 500

tamsa synthesize -d worlds/seven/pages.jsonl -q worlds/seven/questions.jsonl -o data/ --mode react --mode iter -j 2

tamsa synthesize -d notes/ -o data/ --mode guided --held-out 200 --recurring 8000  (then recipes/own/)

tamsa synthesize -d notes/ -o data/ --mode guided -n 600 --passages 400 --generator llm -m openai:qwen3-30b-a3b

tamsa synthesize -d notes/ -o rounds/ --round 0 && tamsa synthesize -d notes/ -o rounds/ --round 1 --model nano
"""
}


def synthesize_command(
    docs: Docs = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the data sets.")] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Gold questions to explore instead of making some.")
    ] = None,
    num_questions: Annotated[
        int, typer.Option("--num-questions", "-n", min=1, help="Questions to make, or to read at most.")
    ] = DEFAULT_QUESTIONS,
    held_out: Annotated[
        int, typer.Option("--held-out", min=0, help="Of them, how many to keep out of every data set, for tamsa eval.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same data, bit for bit.")] = 0,
    mode: Annotated[
        list[str] | None, typer.Option("--mode", help="Mode of the trajectories: react, iter, guided; may be repeated.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Trajectories for each question and mode.")] = 1,
    decontaminate: Annotated[
        list[Path] | None,
        typer.Option("--decontaminate", help="Evaluation questions that none may overlap with; may be repeated."),
    ] = None,
    generator: Annotated[
        str,
        typer.Option("--generator", help="graph (no model), or llm: the first --model reads and rewrites."),
    ] = "graph",
    passages: Annotated[
        int,
        typer.Option(
            "--passages",
            min=0,
            help="Of the questions, how many that model writes over passages alone, in words of its own.",
        ),
    ] = 0,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="A model that tries the questions, weakest first; may be repeated."),
    ] = None,
    tries: Annotated[int, typer.Option("--tries", min=1, help="Attempts of each model at each question.")] = 4,
    tried: Annotated[int, typer.Option("--tried", min=1, help="Questions that the models try.")] = 200,
    closed_book: Annotated[
        bool,
        typer.Option(
            "--closed-book/--no-closed-book", help="Drop what the last --model answers right without documents."
        ),
    ] = True,
    judge: Annotated[
        str | None, typer.Option("--judge", help="A model that judges answers which the exact match refuses.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--round", min=0, help="Round of the flywheel, steered by --model from 1 on.")
    ] = None,
    midtraining: Annotated[
        bool, typer.Option("--midtraining/--no-midtraining", help="Write the mid-training sets too.")
    ] = True,
    recurring: Annotated[
        int,
        typer.Option(
            "--recurring",
            min=0,
            help="Reading samples in the documents' own words, for a guided reader; with prompts, and with --held-out "
            "as many questions for tamsa eval.",
        ),
    ] = 0,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes, or actors of the cluster.")] = 1,
    ray: Annotated[
        str | None, typer.Option("--ray", help="Address of a Ray cluster that shares the folders; local starts one.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", min=1, help="Runs of a model side by side.")
    ] = None,
    config: Config = None,
    overrides: Overrides = None,
) -> None:
    """Make training data from documents: questions, trajectories, data sets. Run again, it goes on where it stood."""
    if not docs:
        raise InputError("--docs is missing; name files, folders, a corpus or an index")
    if out is None:
        raise InputError("--out is missing; name the folder of the data sets")
    models = tuple(dict.fromkeys(model or ()))
    if generator not in ("graph", "llm"):
        raise InputError(f"--generator {generator}: there is no such generator; use graph or llm")
    if generator == "llm" and not models:
        raise InputError("--generator llm needs --model: the model that writes")
    if passages and generator != "llm":
        raise InputError("--passages needs --generator llm: a model writes over them")
    if passages > num_questions:
        raise InputError(
            f"--passages {passages}: they are part of --num-questions {num_questions}; ask for more of those"
        )
    if passages and questions is not None:
        raise InputError("--passages and --questions do not go together: the file gives the questions")
    if generator == "llm" and number is not None:
        raise InputError(
            "--generator llm and --round do not go together yet: --model of a round is the one that is tried"
        )
    if number is not None and len(models) > 1:
        raise InputError("--round takes one --model: the checkpoint whose failures steer it")
    knowing = [spec for spec in models if spec not in ("baseline", "nano")]  # rules and readers know nothing by heart
    plan = Plan(
        docs=tuple(str(path) for path in docs),
        seed=seed,
        questions=str(questions) if questions else None,
        num_questions=num_questions,
        held_out=held_out,
        writer=models[0] if generator == "llm" else None,
        passages=passages,
        modes=tuple(dict.fromkeys(mode or ["react"])),
        samples=samples,
        decontaminate=tuple(str(path) for path in decontaminate or ()),
        solvers=() if number is not None else models[1:] if generator == "llm" else models,
        solver_samples=tries,
        solver_questions=tried,
        closed_book=knowing[-1] if closed_book and knowing and questions is None else None,
        judge=judge,
        midtraining=midtraining,
        recurring=recurring,
    )
    settings = load_settings(config, overrides)
    folder = out if number is None else out / f"round-{number}"
    crew = Crew(workers, ray)
    with progress_bar(Screen(stderr=True), "synthesize") as advance:

        def show(stage: str, done: int, total: int) -> None:
            advance(done, total, stage)

        summary = _run(plan, out, number, models, crew, settings, concurrency, show)
    _report(folder, summary)


def _run(
    plan: Plan,
    out: Path,
    number: int | None,
    models: Sequence[str],
    crew: Crew,
    settings: Settings,
    concurrency: int | None,
    show: OnProgress,
) -> Summary:
    pool = make_pool()
    with asyncio.Runner() as runner:
        try:
            tried = settings.model
            if plan.solver_samples > 1 and tried.greedy is None:  # the same answer four times says no more than once
                tried = replace(tried, greedy=False)
            if tried.seed is None:
                tried = replace(tried, seed=plan.seed + (number or 0))
            opened = {spec: pool.open(spec, tried) for spec in models}
            side_by_side = min((runs_side_by_side(model, concurrency) for model in opened.values()), default=4)
            steady = replace(settings.judge or settings.model, temperature=0.0)
            judge = Judge(pool.open(plan.judge, steady)) if plan.judge else None
            if number is None:
                work = Synthesis(plan, out, crew, opened, runner, judge, settings.budget, side_by_side)
                work.on_progress = show
                return work.run()
            wheel = Flywheel(plan, out, runner, crew, side_by_side, settings.budget, judge)
            wheel.on_progress = show
            return wheel.run(number, next(iter(opened.values()), None))
        finally:
            runner.run(pool.aclose())


def _report(folder: Path, summary: Summary) -> None:
    for name, count in summary.rows.items():
        typer.echo(f"{folder / name}: {count:,} rows")
    kept, lost = sum(summary.trajectories.values()), sum(summary.rejected.values())
    refused = sum(summary.refused.values())
    typer.echo(f"{summary.num_questions:,} questions ({refused:,} refused), {kept:,} trajectories ({lost:,} rejected)")
    for note in summary.notes:
        typer.echo(note)
    for name in (HELD_OUT, HELD_OUT_RECURRING):
        if (folder / name).exists():
            typer.echo(f"{folder / name}: for tamsa eval, in no data set")
    typer.echo(f"card: {folder / 'card.html'}")

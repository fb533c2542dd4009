"""`tamsa eval`: question files through the agent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tamsa.agent.guided import GuidedPolicy
from tamsa.agent.modes import MODES, with_mode
from tamsa.cli.bars import progress_bar
from tamsa.cli.corpus import check_paths, open_documents
from tamsa.cli.screen import Screen
from tamsa.cli.settings import (
    Config,
    Dense,
    Docs,
    ModelSpecOption,
    Overrides,
    ReaderOption,
    check_mode,
    default_model,
    load_settings,
    make_pool,
    runs_side_by_side,
    with_limits,
)
from tamsa.errors import ConfigError, InputError
from tamsa.eval import Progress, Scores, evaluate, format_table, read_questions
from tamsa.llm import model_folder, write_calibration
from tamsa.scoring.judge import Judge
from tamsa.tools import Reader, corpus_toolset, page_chars

EPILOGS = {
    "eval": """\
[bold]Examples[/bold]

tamsa eval worlds/seven/questions.jsonl --docs worlds/seven/pages.jsonl --out scores/

tamsa eval questions.jsonl -d papers/ -m openai:my-model --judge openai:my-judge --limit 50
"""
}


def eval_command(
    questions: Annotated[Path, typer.Argument(help="JSONL with id, question, answers, optional supporting_titles.")],
    docs: Docs = None,
    model: ModelSpecOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for scores.json, predictions.jsonl and the runs.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue what --out holds.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Only the first so many questions.")] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency",
            "-j",
            min=1,
            help="Runs side by side; 4, or the batch size of a local model.",
            show_default=False,
        ),
    ] = None,
    judge: Annotated[
        str | None, typer.Option("--judge", help="A model that judges the answers beside EM and F1.")
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Fit the confidence of a local model to these answers and keep it in the model's folder.",
        ),
    ] = False,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            help=f"Strategy: {', '.join(MODES)}; by default the one the model was trained for.",
            show_default=False,
        ),
    ] = None,
    reader: ReaderOption = None,
    dense: Dense = False,
    config: Config = None,
    overrides: Overrides = None,
    max_calls: Annotated[int | None, typer.Option(min=1, help="Limit on tool calls of one run.")] = None,
    max_seconds: Annotated[
        float | None, typer.Option(min=1, help="Limit on wall clock of one run, in seconds.")
    ] = None,
) -> None:
    """Evaluate a model on a question file: EM, F1, recall, visited pages, citations, cost."""
    if not docs:
        raise InputError("--docs is missing; name files, folders, a corpus or an index")
    if resume and out is None:
        raise InputError("--resume needs the --out folder of the evaluation to continue")
    spec = model or default_model()
    folder = model_folder(spec)
    if calibrate and folder is None:
        raise ConfigError(f"--calibrate: {spec} is not a model in a folder; use hf:FOLDER or nano")
    asked = read_questions(questions)
    settings = with_limits(load_settings(config, overrides), max_calls, max_seconds)
    pool = make_pool()
    check_paths(docs)
    opened = pool.open(spec, settings.model)
    policy, strategy = with_mode(opened, check_mode(mode, spec))
    if isinstance(policy, GuidedPolicy):
        policy.expect_many()
    grader = pool.open(judge, replace(settings.judge or settings.model, temperature=0.0)) if judge else None
    second = Reader(pool.open(reader, settings.reader or settings.model)) if reader else None
    console = Screen(stderr=True)
    index = open_documents(docs, console=console, enabled=True, dense=dense, beside=opened)
    with progress_bar(console, "questions", total=min(limit or len(asked), len(asked))) as advance:

        def show(progress: Progress) -> None:
            failed = f", {progress.failed} failed" if progress.failed else ""
            advance(progress.done, progress.total, f"EM {100 * progress.em:.1f}, F1 {100 * progress.f1:.1f}{failed}")

        async def score() -> Scores:
            try:
                return await evaluate(
                    asked,
                    index=index,
                    tools=lambda: corpus_toolset(
                        index, page_chars=page_chars(policy), profile=policy.profile, reader=second
                    ),
                    model=policy,
                    mode=strategy,
                    out=out,
                    budget=settings.budget,
                    concurrency=runs_side_by_side(policy, concurrency),
                    limit=limit,
                    resume=resume,
                    judge=Judge(grader) if grader is not None else None,
                    corpus=", ".join(map(str, docs)),
                    settings={**settings.public(), "reader_model": reader, "dense": dense},
                    on_progress=show,
                )
            finally:
                await pool.aclose()

        scores = asyncio.run(score())
    index.close()
    Screen().print(format_table(scores))
    if out is not None:
        typer.echo(f"scores: {out / 'scores.json'}")
    if calibrate and folder is not None:
        fitted = scores.calibration()
        before, after = 100 * fitted.ece_before, 100 * fitted.ece_after
        kept = write_calibration(folder, fitted)
        typer.echo(
            f"calibrated on {fitted.num_answers} answers: confidence off by {before:.1f} points before, by {after:.1f} "
            f"after (out of fold); kept in {kept}"
        )

"""`tamsa research`: ask a question of your documents."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tamsa import __version__
from tamsa.agent import check_question, research
from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.confidence import in_words
from tamsa.agent.guided import MODE as GUIDED
from tamsa.agent.guided import GuidedPolicy
from tamsa.agent.heavy import NUM_AGENTS, research_heavy
from tamsa.agent.modes import with_mode
from tamsa.agent.reporting import to_html, write_pdf
from tamsa.agent.reporting.markdown import carriers, totals
from tamsa.cli.corpus import check_paths, open_documents
from tamsa.cli.extras import Extras, Files, Mcp, Python, Web, open_extras
from tamsa.cli.live import LiveSteps
from tamsa.cli.person import Person
from tamsa.cli.screen import Screen
from tamsa.cli.seal import check_seal, seal
from tamsa.cli.settings import (
    Config,
    Dense,
    Docs,
    ModelSpecOption,
    Overrides,
    ReaderOption,
    Settings,
    check_mode,
    default_model,
    load_settings,
    make_pool,
    with_limits,
)
from tamsa.config import from_mapping
from tamsa.corpus import SearchIndex
from tamsa.errors import ConfigError, CorruptError, InputError, TamsaError
from tamsa.llm import ModelPool
from tamsa.store import RunFolder, new_id, read_json
from tamsa.tools import Reader, Toolset, corpus_toolset, page_chars
from tamsa.types import Model, Report

EPILOGS = {
    "research": """\
[bold]Examples[/bold]

tamsa research "Who founded the company that built the bridge?" --docs ~/papers

tamsa research "What changed between the two contracts?" -d contracts/ -m ollama:qwen3

tamsa research "…" -d notes.jsonl -m openai:my-model -s model.base_url=http://localhost:8000/v1

tamsa research --resume runs/20261123-171500-3fa9c1
"""
}


def research_command(
    question: Annotated[str | None, typer.Argument(help="The question; - reads it from standard input.")] = None,
    docs: Docs = None,
    model: ModelSpecOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run; runs/ID by default.")] = None,
    resume: Annotated[Path | None, typer.Option("--resume", help="Continue the run in this folder.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Resume a run that someone else began.")] = False,
    reader: ReaderOption = None,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            help="react, iter, fold; guided: rules search and open, the model reads once and answers; heavy: several "
            "agents and a synthesis. By default the one the model was trained for, else react.",
            show_default=False,
        ),
    ] = None,
    agents: Annotated[int, typer.Option(min=2, max=64, help="Agents of the heavy mode.")] = NUM_AGENTS,
    python: Python = False,
    web: Web = False,
    mcp: Mcp = None,
    files: Files = None,
    dense: Dense = False,
    config: Config = None,
    overrides: Overrides = None,
    max_calls: Annotated[int | None, typer.Option(min=1, help="Limit on tool calls.")] = None,
    max_seconds: Annotated[float | None, typer.Option(min=1, help="Limit on wall clock, in seconds.")] = None,
    live: Annotated[
        bool | None, typer.Option("--live/--quiet", help="Show the steps; by default only in a terminal.")
    ] = None,
    review_plan: Annotated[
        bool, typer.Option("--review-plan", help="Edit the model's plan before it begins ($EDITOR).")
    ] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Let the model ask you one clarifying question.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write report.pdf too (extra `pdf`).")] = False,
) -> None:
    """Research a question in your documents and write a report with verified quotes."""
    console = Screen(stderr=True)
    shown = console.is_terminal if live is None else live
    if (review_plan or ask) and not sys.stdin.isatty():
        raise InputError("--review-plan and --ask need a terminal in which to answer")
    if resume is not None:
        _refuse_changes(
            {
                "--mode": mode,
                "--agents": agents != NUM_AGENTS,
                "--python": python,
                "--web": web,
                "--mcp": mcp,
                "--files": files,
                "--dense": dense,
                "--out": out,
            }
        )
        folder = RunFolder.resume(resume)
        if not trust:
            check_seal(resume, folder.manifest)
        question, spec, settings, docs = _from_manifest(folder, question, model, docs, config, overrides)
        dense = bool(folder.manifest.get("dense"))
        reader = reader or folder.manifest.get("reader")
    else:
        question = check_question(sys.stdin.read() if question == "-" else question or "")
        if not docs:
            raise InputError("--docs is missing; name files, folders, a corpus or an index")
        spec, settings, folder = model or default_model(), load_settings(config, overrides), None
    mode = check_mode(mode, spec, heavy=True)
    settings = with_limits(settings, max_calls, max_seconds)
    pool = make_pool()
    check_paths(docs)
    opened = pool.open(spec, settings.model)
    mode = folder.manifest["mode"] if folder is not None else mode or opened.profile.mode
    policy, strategy = with_mode(opened, None if mode == "heavy" else mode)
    if (review_plan or ask) and isinstance(policy, BaselinePolicy | GuidedPolicy):
        raise ConfigError("--review-plan and --ask need a language model that plans; rules plan and ask nothing")
    second = Reader(pool.open(reader, settings.reader or settings.model)) if reader else None
    index = open_documents(docs, console=console, enabled=shown, dense=dense, beside=opened)
    if folder is None:
        extras = Extras(python, web, tuple(mcp or ()), tuple(str(path.resolve()) for path in files or ()))
        manifest = {
            "question": question,
            "model": spec,
            "reader": reader,
            "mode": mode,
            "agents": agents,
            "docs": [str(path if str(path).startswith("lance:") else path.resolve()) for path in docs],
            "dense": dense,
            "extras": asdict(extras),
            "settings": settings.public(),
            "date": date.today().isoformat(),
            "versions": {"tamsa": __version__, "python": platform.python_version()},
        }
        folder = RunFolder.create(out or Path("runs") / new_id(), {**manifest, "seal": seal(manifest)})
    steps = LiveSteps(console, enabled=shown)
    person = Person(steps, console, review_plan=review_plan, ask=ask)
    try:
        report = asyncio.run(_run(question, policy, strategy, second, index, settings, folder, steps, person, pool))
    except (TamsaError, KeyboardInterrupt) as error:
        if not isinstance(error, InputError):
            console.print(f"continue with: tamsa research --resume {folder.path}", markup=False, highlight=False)
        raise
    show_report(Screen(), report, folder.path / "report.html")
    if pdf:
        write_pdf(to_html(report, index.get), folder.path / "report.pdf")
    folder.close()


async def _run(
    question: str,
    model: Model,
    strategy: str,
    reader: Reader | None,
    index: SearchIndex,
    settings: Settings,
    folder: RunFolder,
    live: LiveSteps,
    person: Person,
    pool: ModelPool,
) -> Report:
    manifest = folder.manifest
    extras = Extras.from_manifest(manifest["extras"])
    size = page_chars(model)
    try:
        async with open_extras(extras, question, folder, page_chars=size) as offers:

            def make_tools() -> Toolset:
                return corpus_toolset(
                    index,
                    page_chars=size,
                    profile=model.profile,
                    reader=reader,
                    offers=[*offers, person.offer()],
                )

            with live:
                if manifest["mode"] == "heavy":
                    return await research_heavy(
                        question,
                        model=model,
                        make_tools=make_tools,
                        num_agents=manifest["agents"],
                        mode=strategy,
                        synthesize=not isinstance(model, BaselinePolicy | GuidedPolicy),
                        budget=settings.budget,
                        folder=folder,
                        on_event=live,
                        date=manifest["date"],
                        review_plan=person.edit_plan if person.review_plan else None,
                    )
                return await research(
                    question,
                    model=model,
                    tools=make_tools(),
                    budget=settings.budget,
                    folder=folder,
                    on_event=live,
                    date=manifest["date"],
                    mode=strategy,
                    review_plan=person.edit_plan if person.review_plan else None,
                )
    finally:
        await pool.aclose()


_FORM = {
    "question": str,
    "model": str,
    "mode": str,
    "agents": int,
    "docs": list,
    "extras": dict,
    "settings": dict,
    "date": str,
}
"""What of a manifest is read, and of which type it is."""


def _from_manifest(
    folder: RunFolder,
    question: str | None,
    model: str | None,
    docs: list[Path] | None,
    config: Path | None,
    overrides: list[str] | None,
) -> tuple[str, str, Settings, list[Path]]:
    """Take from a run's manifest what the command line leaves open."""
    manifest = folder.manifest
    if wrong := [name for name, kind in _FORM.items() if not isinstance(manifest.get(name), kind)]:
        raise CorruptError(
            f"{folder.path / 'run.json'}: {wrong[0]} is missing or damaged; start the question anew in another folder"
        )
    if question is not None and question.strip() != manifest["question"]:
        raise InputError(f"{folder.path}: holds another question; leave the question out to resume it")
    settings = from_mapping(Settings, manifest["settings"], str(folder.path / "run.json"))
    if config is not None or overrides:
        settings = load_settings(config, overrides, settings.public())
    paths = docs or [Path(str(path)) for path in manifest["docs"]]
    return manifest["question"], model or manifest["model"], settings, paths


def _refuse_changes(given: Mapping[str, object]) -> None:
    """Refuse options that a run under way cannot follow, rather than pass over them."""
    if named := [option for option, value in given.items() if value]:
        raise InputError(f"{named[0]} was settled when the run was begun; leave it out with --resume")


def steer_command(
    run: Annotated[Path, typer.Argument(help="Folder of a run in progress.")],
    message: Annotated[str, typer.Argument(help="What the agent should know or do.")],
) -> None:
    """Send a message to a running research; it is read before the next step.

    Example: tamsa steer runs/20261123-171500-3fa9c1 "Only sources after 1950 count."
    """
    if not message.strip():
        raise InputError("the message is empty")
    manifest = read_json(run / "run.json") if (run / "run.json").is_file() else {}
    if isinstance(manifest, dict) and (manifest.get("model") == "baseline" or manifest.get("mode") == GUIDED):
        raise InputError(f"{run}: is led by rules, which read no messages; a language model in another mode does")
    RunFolder.send(run, message.strip())


def show_report(console: Screen, report: Report, path: Path) -> None:
    """Print the answer, its findings and quotes, and where the full report is."""
    console.print()
    console.print(
        f"[bold green]{escape(report.answer)}[/bold green]"
        if report.status == "answered"
        else f"[bold yellow]{escape(report.answer)}[/bold yellow]"
    )
    if report.confidence is not None:
        style = "yellow" if report.confidence.unsure else "dim"
        console.print(f"[{style}]{escape(in_words(report.confidence))}[/{style}]", highlight=False)
    for finding in report.findings:
        marks = "".join(f"[{number}]" for number in finding.citations)
        console.print(f"  • {escape(finding.claim)} {escape(marks)} [dim]({carriers(finding)})[/dim]", highlight=False)
        if finding.settlement:
            console.print(f"    [dim]settled: {escape(finding.settlement)}[/dim]", highlight=False)
    if report.citations:
        console.print()
    for citation in report.citations:
        anchor = f" · {citation.anchor}" if citation.anchor else ""
        quote = " ".join(citation.quote.split())
        console.print(f"  {escape(f'[{citation.number}]')} “{escape(quote)}”", highlight=False)
        console.print(f"      [dim]{escape(citation.title)}{escape(anchor)}[/dim]", highlight=False)
    for note in report.notes:
        console.print(f"  [yellow]note: {escape(note)}[/yellow]", highlight=False)
    console.print(f"\n[dim]{escape(totals(report))}[/dim]", highlight=False)
    console.print(f"report: {path}", markup=False, highlight=False, soft_wrap=True)

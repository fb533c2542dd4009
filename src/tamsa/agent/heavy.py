"""Heavy mode: several agents side by side, then one synthesis over their reports.

Tongyi DeepResearch (arXiv 2510.24701, section 2): n agents research the same question on their own;
the synthesis sees their reports alone and settles what they disagree on. Where more than half agree
on a supported answer, the others are stopped.
"""

from __future__ import annotations

import asyncio
import html
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import date as calendar_date

from tamsa.agent import prompts
from tamsa.agent.budget import Budget
from tamsa.agent.journal import check_record, corrupt
from tamsa.agent.loop import OnEvent, research
from tamsa.agent.plan import proposed_plan, read_items, show_items
from tamsa.agent.react import NOT_FOUND, parse_answer, parse_turn
from tamsa.agent.reporting import build_report, read_report, write_report
from tamsa.agent.transcript import Record, Transcript
from tamsa.errors import ContextLengthError, ModelError
from tamsa.scoring.metrics import normalize_answer
from tamsa.store import RunFolder
from tamsa.tools import Toolset
from tamsa.tools.fencing import clean, neutralise
from tamsa.types import Message, Model, PlanItem, Report, Usage

NUM_AGENTS = 4


async def research_heavy(
    question: str,
    *,
    model: Model,
    make_tools: Callable[[], Toolset],
    num_agents: int = NUM_AGENTS,
    mode: str = "react",
    synthesize: bool = True,
    budget: Budget | None = None,
    folder: RunFolder,
    on_event: OnEvent | None = None,
    date: str | None = None,
    review_plan: Callable[[str], str] | None = None,
) -> Report:
    """Research a question with several agents and settle on one report.

    Args:
        question: what to answer.
        model: serves the agents and the synthesis.
        make_tools: makes the tools of one agent.
        num_agents: agents side by side, at least 2.
        mode: the strategy of each agent.
        synthesize: False for a policy that cannot read reports: the answer of most agents is taken.
        budget: limits of each agent.
        folder: where the run is kept; each agent has a run folder of its own in `agents/`.
        on_event: called with each record of each agent, with the agent's number under `agent`.
        date: the current date as told to the model (ISO).
        review_plan: shown one plan before the agents begin; all of them follow what it returns.

    Messages left in the folder (`RunFolder.send`) reach every agent, and the synthesis.

    Raises:
        InputError, ConfigError, CorruptError, StorageError: as for `research`.
        ModelError: no agent came to an end. The run can be continued from its folder.
    """
    if (done := read_report(folder)) is not None:
        return done
    heavy = _Heavy(question, model, make_tools, folder, on_event)
    if review_plan is not None:
        await heavy.plan(review_plan, date)
    reports = await heavy.agents(num_agents, mode, budget, date)
    return await heavy.settle(reports, synthesize)


class _Heavy:
    def __init__(
        self,
        question: str,
        model: Model,
        make_tools: Callable[[], Toolset],
        folder: RunFolder,
        on_event: OnEvent | None,
    ) -> None:
        self._question = question
        self._model = model
        self._make_tools = make_tools
        self._folder = folder
        self._on_event = on_event
        self._failures: list[ModelError] = []
        self._records = list(folder.journal.records)
        for number, record in enumerate(self._records, start=1):
            try:
                check_record(record)
            except (KeyError, TypeError) as error:
                raise corrupt(folder.journal, number, error) from error

    def _recorded(self, kind: str) -> Record | None:
        return next((record for record in self._records if record.get("kind") == kind), None)

    def _record(self, record: Record) -> None:
        self._folder.journal.append(record)
        self._records.append(record)
        if self._on_event is not None:
            self._on_event(record)

    # ------------------------------------------------------------------ plan

    async def plan(self, review: Callable[[str], str], date: str | None) -> None:
        """Have the model propose a plan and the person review it, once for all agents."""
        if self._recorded("plan") is not None or (self._folder.path / "agents").exists():
            return
        system = prompts.system_prompt(
            self._make_tools().schemas,
            native=self._model.native_tools,
            date=date or calendar_date.today().isoformat(),
            brief=self._model.profile.brief,
        )
        messages = [Message("system", system), Message("user", self._question), Message("user", prompts.plan_request())]
        completion = await self._model.complete(messages)
        reviewed = await asyncio.to_thread(review, proposed_plan(clean(completion.text)))
        text = show_items(read_items(clean(reviewed)))
        self._record({"kind": "plan", "text": text, "usage": asdict(completion.usage), "seconds": 0.0})

    # ------------------------------------------------------------------ agents

    async def agents(self, num_agents: int, mode: str, budget: Budget | None, date: str | None) -> dict[int, Report]:
        """Run the agents until all are done or more than half agree; return the finished reports by number."""
        if (agreed := self._recorded("agreement")) is not None:
            num_agents, wanted = 0, agreed["agents"]
        else:
            wanted = list(range(1, num_agents + 1))
        tasks = {asyncio.create_task(self._agent(number, mode, budget, date)): number for number in wanted}
        reports: dict[int, Report] = {}
        waiting = set(tasks)
        try:
            while waiting:
                finished, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in finished:
                    try:
                        reports[tasks[task]] = task.result()
                    except ModelError as error:
                        self._failures.append(error)
                if num_agents and waiting and (agreeing := majority(reports, num_agents)):
                    self._record({"kind": "agreement", "agents": agreeing, "seconds": self._seconds(reports)})
                    reports = {number: reports[number] for number in agreeing}
                    break
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        if not reports:
            raise self._failures[0]
        return dict(sorted(reports.items()))

    async def _agent(self, number: int, mode: str, budget: Budget | None, date: str | None) -> Report:
        path = self._folder.path / "agents" / str(number)
        manifest = {"question": self._question, "agent": number, "parent": self._folder.id, "mode": mode}
        folder = RunFolder.resume(path) if (path / "run.json").exists() else RunFolder.create(path, manifest)
        notify = self._on_event
        on_event = (lambda record: notify({**record, "agent": number})) if notify is not None else None
        plan = self._recorded("plan")
        try:
            return await research(
                self._question,
                model=self._model,
                tools=self._make_tools(),
                budget=budget,
                folder=folder,
                on_event=on_event,
                date=date,
                mode=mode,
                plan=plan["text"] if plan is not None else None,
                inbox=self._folder,
            )
        finally:
            folder.close()

    @staticmethod
    def _seconds(reports: dict[int, Report]) -> float:
        return max((report.seconds for report in reports.values()), default=0.0)

    # ------------------------------------------------------------------ synthesis

    async def settle(self, reports: dict[int, Report], synthesize: bool) -> Report:
        """Make one report of many and write it."""
        final = self._recorded("final")
        if final is None:
            answers = {normalize_answer(report.answer) for report in reports.values()}
            if len(answers) == 1 or not synthesize:
                final = self._vote(reports)
            else:
                final = await self._synthesis(reports)
            self._record(final)
        tools = self._make_tools()
        state = Transcript(
            seconds=final["seconds"],
            answer=final["answer"],
            notes=[*final["notes"], *map(clean, tools.notes)],
            plan=plan_of(reports, parse_answer(final["answer"]).text),
        )
        for report in reports.values():
            state.visited.update(dict.fromkeys(report.visited))
            state.spent.usage += report.usage
            state.spent.calls += report.num_calls
            state.spent.steps += report.num_steps
        for record in filter(None, (final, self._recorded("plan"))):
            state.spent.usage += Usage(**record.get("usage", {}))
        report = build_report(
            state,
            question=self._question,
            model=self._model.name,
            run_id=self._folder.id,
            get_document=tools.get_document,
        )
        write_report(self._folder, report, tools.get_document)
        return report

    def _final(self, answer: str, reports: dict[int, Report], usage: Usage, *notes: str) -> Record:
        return {
            "kind": "final",
            "answer": answer,
            "notes": [
                f"{len(reports)} agents: {tally(reports)}",
                *(f"an agent failed: {error}" for error in self._failures),
                *notes,
            ],
            "usage": asdict(usage),
            "seconds": self._seconds(reports),
        }

    def _vote(self, reports: dict[int, Report], *notes: str, usage: Usage | None = None) -> Record:
        """Take the answer of most agents, and of those the report with the most citations."""
        counts = Counter(normalize_answer(report.answer) for report in reports.values())
        best = max(
            reports.items(),
            key=lambda item: (counts[normalize_answer(item[1].answer)], len(item[1].citations), -item[0]),
        )[1]
        return self._final(as_answer(best), reports, usage or Usage(), *notes)

    async def _synthesis(self, reports: dict[int, Report]) -> Record:
        system = prompts.synthesis_prompt()
        marks = getattr(self._model, "control_tokens", ())
        shown = [f"Report {number}:\n{neutralise(as_text(report), marks)}" for number, report in reports.items()]
        asked = [f"Question: {self._question}", *map(prompts.steer, map(clean, self._folder.read_inbox(0)))]
        messages = [Message("system", system), Message("user", "\n\n".join([*asked, *shown]))]
        try:
            completion = await self._model.complete(messages)
        except ContextLengthError:  # asked again it would fail again
            return self._vote(
                reports, "the reports do not fit the model's context; the answer of most agents was taken"
            )
        turn = parse_turn(clean(completion.text))
        answer = (turn.answer or "").strip()
        if not answer:
            return self._vote(
                reports,
                "the synthesis gave no readable answer; the answer of most agents was taken",
                usage=completion.usage,
            )
        return self._final(answer, reports, completion.usage)


def majority(reports: dict[int, Report], num_agents: int) -> list[int]:
    """Return the agents that agree on a supported answer if they are more than half of all, else none."""
    groups: dict[str, list[int]] = {}
    for number, report in sorted(reports.items()):
        if any(finding.supported for finding in report.findings):
            groups.setdefault(normalize_answer(report.answer), []).append(number)
    largest = max(groups.values(), key=len, default=[])
    return largest if len(largest) * 2 > num_agents else []


def plan_of(reports: dict[int, Report], answer: str) -> tuple[PlanItem, ...]:
    """Return the plan, as it stood at the end, of the first agent that gave an answer; of any where none did."""
    planned = [report for report in reports.values() if report.plan]
    agreeing = [report for report in planned if normalize_answer(report.answer) == normalize_answer(answer)]
    return (agreeing or planned)[0].plan if planned else ()


def tally(reports: dict[int, Report]) -> str:
    """Say who answered what, the commonest answer first."""
    counts = Counter(report.answer for report in reports.values())
    return "; ".join(f"{answer} ({count})" for answer, count in counts.most_common())


def as_text(report: Report) -> str:
    """Write a report for the synthesis to read."""
    quotes = {citation.number: citation for citation in report.citations}
    lines = [f"Answer: {report.answer}"]
    for finding in report.findings:
        lines.append(f"- {finding.claim}" + ("" if finding.supported else " (unsupported)"))
        for number in (*finding.citations, *finding.against):
            side = "against: " if number in finding.against else ""
            lines.append(f"  {side}[{quotes[number].document}] “{quotes[number].quote}”")
        if finding.settlement:
            lines.append(f"  settled: {finding.settlement}")
    return "\n".join(lines)


def as_answer(report: Report) -> str:
    """Write a report back in the answer format, so that its quotes are verified once more."""
    quotes = {citation.number: citation for citation in report.citations}

    def quote(number: int, stance: str) -> str:
        document = html.escape(quotes[number].document)
        return f'<quote doc="{document}"{stance}>{neutralise(quotes[number].quote)}</quote>'

    parts = [neutralise(report.answer) or NOT_FOUND]
    for finding in report.findings:
        inner = [neutralise(finding.claim)]
        inner += [quote(number, "") for number in finding.citations]
        inner += [quote(number, ' stance="against"') for number in finding.against]
        if finding.settlement:
            inner.append(f"<settlement>{neutralise(finding.settlement)}</settlement>")
        parts.append(f"<finding>{''.join(inner)}</finding>")
    return "\n".join(parts)

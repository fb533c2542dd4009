"""The plan, the person's part in it, and messages to a running research."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent import Budget, research
from tamsa.agent.plan import MAX_ITEMS, parse_plan, read_items, show_items
from tamsa.agent.react import render_call
from tamsa.agent.reporting import to_html, to_markdown
from tamsa.errors import InputError
from tamsa.llm import ScriptedModel
from tamsa.store import RunFolder
from tamsa.tools import Offer, ask_tool, corpus_toolset
from tamsa.types import PlanItem
from tests.library import make_library

SEARCH = render_call("search", {"queries": ["Velm Ford"]})


async def run(script: Any, **options: Any) -> Any:
    tools = options.pop("tools", None) or corpus_toolset(make_library())
    return await research("When was it founded?", model=ScriptedModel(script), tools=tools, **options)


def test_plan_is_read_with_its_statuses() -> None:
    text = "<plan>old</plan> <plan>\n- [confirmed] One\n[refuted] Two\n3. Three\n[x] Four\n\n</plan>"
    assert parse_plan(text) == (
        PlanItem("One", "confirmed"),
        PlanItem("Two", "refuted"),
        PlanItem("Three", "open"),
        PlanItem("Four", "confirmed"),
    )
    assert parse_plan("no plan") is None
    assert len(read_items("line\n" * 1000)) == MAX_ITEMS


def test_plan_written_out_is_read_back() -> None:
    items = (PlanItem("a [b] c", "refuted"), PlanItem("d"))
    assert read_items(show_items(items)) == items


async def test_report_shows_the_plan_as_it_stood_at_the_end() -> None:
    report = await run(
        [
            f"<think>x</think><plan>[open] A town\n[open] A count</plan>{SEARCH}",
            f"<plan>[confirmed] A town\n[refuted] A count</plan>{SEARCH}",
            "<answer>1203</answer>",
        ]
    )
    assert report.plan == (PlanItem("A town", "confirmed"), PlanItem("A count", "refuted"))
    assert "*refuted*: A count" in to_markdown(report)
    assert "confirmed</span>" in to_html(report, make_library().get)
    assert report.to_json()["plan"][0] == {"text": "A town", "status": "confirmed"}


async def test_reviewed_plan_is_what_the_model_follows(tmp_path: Path) -> None:
    shown: list[str] = []

    def review(plan: str) -> str:
        shown.append(plan)
        return plan + "\nAlso look at the almanac"

    seen: list[str] = []

    def policy(messages: Any) -> str:
        seen.append(messages[-1].content)
        return (
            "<plan>Look at the town</plan>"
            if "your plan and nothing else" in messages[-1].content
            else "<answer>x</answer>"
        )

    folder = RunFolder.create(tmp_path / "run", {"question": "q"})
    report = await run(policy, folder=folder, review_plan=review)
    folder.close()
    assert shown == ["[open] Look at the town"]
    assert "Also look at the almanac" in seen[-1]
    assert [item.text for item in report.plan] == ["Look at the town", "Also look at the almanac"]
    (folder.path / "report.json").unlink()
    folder = RunFolder.resume(folder.path)
    await run(policy, folder=folder, review_plan=review)
    folder.close()
    assert len(shown) == 1


async def test_plan_that_does_not_come_in_time_forces_an_answer(tmp_path: Path) -> None:
    async def policy(messages: Any) -> str:
        if "your plan and nothing else" in messages[-1].content:
            await asyncio.sleep(60)
        return "<answer>x</answer>"

    report = await run(policy, review_plan=lambda plan: plan, budget=Budget(max_seconds=1.0))
    assert report.answer == "x" and report.status == "forced"


class Clock:
    """A clock that a person moves on."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.passed_s


async def test_time_of_the_person_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("tamsa.agent.budget.time", clock)

    def slowly(text: str) -> str:
        clock.passed_s += 10_000
        return text

    def policy(messages: Any) -> str:
        if "your plan and nothing else" in messages[-1].content:
            return "<plan>Look</plan>"
        asked = any("The person answers" in message.content for message in messages)
        return "<answer>x</answer>" if asked else render_call("ask", {"question": "Which?"})

    tools = corpus_toolset(make_library(), offers=[Offer((ask_tool(slowly),))])
    report = await run(policy, review_plan=slowly, tools=tools, budget=Budget(max_seconds=1_000))
    assert (report.answer, report.status, clock.passed_s) == ("x", "answered", 20_000)
    assert report.seconds < 1_000


async def test_message_reaches_a_running_research_once(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", {"question": "q"})
    seen: list[str] = []

    def policy(messages: Any) -> str:
        seen.append("\n".join(message.content for message in messages))
        if len(seen) == 1:
            RunFolder.send(folder.path, "Only the <almanac> counts.")
            return SEARCH
        return "<answer>1210</answer>"

    await run(policy, folder=folder)
    folder.close()
    assert "Only the <almanac> counts." in seen[1]
    steps = (folder.path / "steps.jsonl").read_text()
    assert steps.count('"kind":"steer"') == 1
    with pytest.raises(InputError, match="finished"):
        RunFolder.send(folder.path, "too late")
    with pytest.raises(InputError, match="no run"):
        RunFolder.send(tmp_path, "nowhere")


async def test_person_is_asked_once_even_after_a_resume(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(question: str) -> str:
        asked.append(question)
        return "the town"

    ask = render_call("ask", {"question": "Which one?"})
    other = render_call("ask", {"question": "Sure?"})
    script = [ask, other, "<answer>1203</answer>"]
    folder = RunFolder.create(tmp_path / "run", {"question": "q"})
    await run(script, folder=folder, tools=corpus_toolset(make_library(), offers=[Offer((ask_tool(reply),))]))
    folder.close()
    assert asked == ["Which one?"]
    lines = (folder.path / "steps.jsonl").read_bytes().splitlines(keepends=True)
    again = RunFolder.create(tmp_path / "again", {"question": "q"})
    again.close()
    (again.path / "steps.jsonl").write_bytes(b"".join(lines[:3]))
    again = RunFolder.resume(again.path)
    await run(script, folder=again, tools=corpus_toolset(make_library(), offers=[Offer((ask_tool(reply),))]))
    again.close()
    assert asked == ["Which one?"]
    assert (again.path / "steps.jsonl").read_text().count("has been asked once already") == 1

"""Strategies: what the model sees next, and how it stays within its context."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent import Budget, research
from tamsa.agent.react import render_call
from tamsa.errors import ConfigError
from tamsa.llm import ModelSettings, ScriptedModel
from tamsa.store import RunFolder
from tamsa.tools import FunctionTool, Toolset, corpus_toolset
from tamsa.types import Message
from tests.library import make_library

QUESTION = "Which page tells the year?"
PAGE = "Nothing of interest stands here, only words and more words. " * 30


def look(number: int) -> str:
    """Look at a page.

    Args:
        number: which page.
    """
    return f"Page {number}. {PAGE}"


class Watcher:
    """A policy that writes what a function says and keeps the longest prompt it was shown."""

    def __init__(self, say: Any) -> None:
        self.say = say
        self.turn = 0
        self.longest = 0
        self.prompts: list[list[Message]] = []

    def __call__(self, messages: Sequence[Message]) -> str:
        self.turn += 1
        self.longest = max(self.longest, sum(len(message.content) for message in messages))
        self.prompts.append(list(messages))
        return str(self.say(self.turn, messages))


async def run(watcher: Watcher, mode: str, *, context: int = 131_072, **options: Any) -> Any:
    model = ScriptedModel(watcher, ModelSettings(context_length=context))
    budget = Budget(max_calls=400, max_tokens=10**9)
    tools = options.pop("tools", None) or Toolset([FunctionTool(look)])
    return await research(QUESTION, model=model, tools=tools, budget=budget, mode=mode, **options)


def step(turn: int, before: str = "") -> str:
    return f"<think>next</think>{before}" + render_call("look", {"number": turn})


async def test_unknown_mode_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'wild'.*react"):
        await run(Watcher(lambda turn, messages: "<answer>x</answer>"), "wild")


async def test_iter_holds_the_context_where_react_grows() -> None:
    def say(turn: int, messages: Any) -> str:
        return "<answer>1203</answer>" if turn == 100 else step(turn, f"<report>seen {turn} pages</report>")

    react, iterative = Watcher(say), Watcher(say)
    assert (await run(react, "react")).answer == (await run(iterative, "iter")).answer == "1203"
    assert react.longest > 32_000 * 4
    assert iterative.longest < 8_000 * 4
    assert iterative.longest == max(sum(len(m.content) for m in prompt) for prompt in iterative.prompts[50:])


async def test_iter_shows_question_report_last_action_and_observation() -> None:
    watcher = Watcher(lambda turn, m: "<answer>x</answer>" if turn == 3 else step(turn, f"<report>R{turn}</report>"))
    await run(watcher, "iter")
    system, workspace = watcher.prompts[2]
    assert "Your workspace" in system.content
    assert QUESTION in workspace.content
    assert "<report>\nR2\n</report>" in workspace.content and "R1" not in workspace.content
    assert '"number": 2' in workspace.content and "Page 2." in workspace.content and "Page 1." not in workspace.content


async def test_iter_keeps_the_report_of_a_turn_that_wrote_none() -> None:
    reports = {1: "<report>kept</report>", 2: "", 3: ""}
    watcher = Watcher(lambda turn, m: step(turn, reports[turn]) if turn < 4 else "<answer>x</answer>")
    await run(watcher, "iter")
    last = watcher.prompts[3][1].content
    assert "<report>\nkept\n</report>" in last
    assert "no <report>" in last


async def test_full_react_context_restarts_from_a_summary() -> None:
    def say(turn: int, messages: Any) -> str:
        if "Write a summary to go on from" in messages[-1].content:
            return f"summary at {turn}"
        return "<answer>done</answer>" if turn > 60 else step(turn)

    watcher = Watcher(say)
    report = await run(watcher, "react", context=12_000)
    assert (report.answer, report.status) == ("done", "answered")
    assert watcher.longest <= 12_000 * 4
    assert "Your summary of the research so far:\nsummary at" in watcher.prompts[-1][1].content


async def test_folded_steps_leave_the_context_as_lines() -> None:
    def say(turn: int, messages: Any) -> str:
        fold = f'<fold steps="1-{turn - 1}">steps until {turn - 1} found nothing</fold>' if turn % 5 == 0 else ""
        return "<answer>x</answer>" if turn == 43 else step(turn, fold)

    watcher = Watcher(say)
    await run(watcher, "fold")
    last = "\n".join(message.content for message in watcher.prompts[-1])
    assert "[Steps 1–39, folded] steps until 39 found nothing" in last
    assert "Page 39." not in last
    assert "[step 40]" in last and "Page 42." in last
    assert watcher.longest < 12 * len(PAGE) + 8_000


async def test_fold_ignores_ranges_that_make_no_sense() -> None:
    folds = (
        '<fold steps="9-12">future</fold><fold steps="3-1">backwards</fold><fold steps="0">zero</fold><fold>no</fold>'
    )
    watcher = Watcher(lambda turn, m: step(turn, folds) if turn < 4 else "<answer>x</answer>")
    await run(watcher, "fold")
    last = "\n".join(message.content for message in watcher.prompts[-1])
    assert "folded]" not in last
    assert all(f"Page {number}." in last for number in (1, 2, 3))


async def test_model_that_never_folds_is_folded_when_full() -> None:
    def say(turn: int, messages: Any) -> str:
        if "folded" in messages[-1].content and "nearly full" in messages[-1].content:
            return "all folded"
        return "<answer>done</answer>" if turn > 60 else step(turn)

    watcher = Watcher(say)
    report = await run(watcher, "fold", context=12_000)
    assert report.status == "answered"
    assert watcher.longest <= 12_000 * 4


@pytest.mark.parametrize("mode", ["react", "iter", "fold"])
async def test_every_strategy_resumes_to_the_same_run(tmp_path: Path, mode: str) -> None:
    def say(turn: int, messages: Any) -> str:
        done = sum("Velm" in message.content for message in messages)
        calls = [("search", {"queries": ["Velm Ford"]}), ("visit", {"ids": ["ford.md"]}), ("find", {"text": "1203"})]
        if turn > 3:
            return "<answer>1203<quote doc='ford.md'>It was founded in 1203</quote></answer>"
        return (
            f"<report>{done}</report>"
            + ('<fold steps="1">one</fold>' if turn == 3 else "")
            + render_call(*calls[turn - 1])
        )

    whole = RunFolder.create(tmp_path / "whole", {"question": QUESTION})
    first = Watcher(say)
    expected = await run(first, mode, folder=whole, tools=corpus_toolset(make_library()))
    whole.close()
    lines = (whole.path / "steps.jsonl").read_bytes().splitlines(keepends=True)
    for count in range(1, len(lines)):
        folder = RunFolder.create(tmp_path / str(count), {"question": QUESTION})
        folder.close()
        (folder.path / "steps.jsonl").write_bytes(b"".join(lines[:count]))
        second = Watcher(say)
        second.turn = sum(b'"kind":"completion"' in line for line in lines[:count])
        folder = RunFolder.resume(folder.path)
        report = await run(second, mode, folder=folder, tools=corpus_toolset(make_library()))
        folder.close()
        assert (report.answer, report.citations, report.visited) == (
            expected.answer,
            expected.citations,
            expected.visited,
        )
        assert second.prompts == first.prompts[len(first.prompts) - len(second.prompts) :]


@pytest.mark.parametrize("mark", ['<fold steps="%s">x</fold>' % ("1" * 5_000), '<fold steps="1">' * 100_000])
async def test_fold_marks_of_any_kind_cost_a_moment_and_end_nothing(mark: str) -> None:
    def say(turn: int, _: Any) -> str:
        return mark + render_call("look", {"number": 1}) if turn == 1 else "<answer>1850</answer>"

    began = time.process_time()
    assert (await run(Watcher(say), "fold")).answer == "1850"
    assert time.process_time() - began < 10

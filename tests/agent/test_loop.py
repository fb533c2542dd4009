"""The loop: budgets, forced answers, repeated calls, drafts, several calls, hostile documents, resume."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent import Budget, research
from tamsa.agent.react import render_call
from tamsa.errors import ConfigError, CorruptError, InputError, ModelUnavailableError
from tamsa.llm import ModelSettings, ScriptedModel
from tamsa.store import RunFolder
from tamsa.tools import FunctionTool, Toolset, corpus_toolset
from tamsa.types import Completion, Message, Report, Sampled
from tests.garbled import garbled
from tests.library import make_library

SEARCH = render_call("search", {"queries": ["Velm Ford"]})
VISIT = render_call("visit", {"ids": ["ford.md", "ostrand.md"]})
ANSWER = (
    "<answer>Carl IV<finding>Velm Ford is in Ostrand"
    "<quote doc='ford.md'>Velm Ford is a town in Ostrand.</quote></finding>"
    "<finding>Its king<quote doc='ostrand.md'>Its king is Carl IV</quote></finding></answer>"
)
QUESTION = "Who is king of the country of Velm Ford?"


async def run(script: Any, *, library: Any = None, settings: ModelSettings | None = None, **options: Any) -> Report:
    model = script if isinstance(script, ScriptedModel) else ScriptedModel(script, settings)
    tools = options.pop("tools", None) or corpus_toolset(library or make_library())
    return await research(options.pop("question", QUESTION), model=model, tools=tools, **options)


async def test_answer_with_verified_quotes() -> None:
    report = await run([f"<think>Look.</think>{SEARCH}", VISIT, ANSWER])
    assert (report.answer, report.status) == ("Carl IV", "answered")
    assert [citation.document for citation in report.citations] == ["ford.md", "ostrand.md"]
    assert all(finding.supported for finding in report.findings)
    assert report.visited == ("ford.md", "ostrand.md")
    assert (report.num_steps, report.num_calls) == (3, 2)


async def test_native_calls_and_text_calls_give_the_same_report() -> None:
    native = [
        {"tool_calls": [{"name": "search", "arguments": {"queries": ["Velm Ford"]}}]},
        {"tool_calls": [{"name": "visit", "arguments": {"ids": ["ford.md", "ostrand.md"]}}]},
        {"text": ANSWER},
    ]
    one = await run([SEARCH, VISIT, ANSWER])
    two = await run(native)
    assert (one.answer, one.findings, one.citations, one.visited) == (
        two.answer,
        two.findings,
        two.citations,
        two.visited,
    )


async def test_calls_of_one_turn_are_observed_in_their_order() -> None:
    seen: list[Message] = []

    def policy(messages: Any) -> str:
        seen[:] = messages
        return SEARCH + VISIT + render_call("find", {"text": "1203", "id": "ford.md"}) if len(messages) == 2 else ANSWER

    await run(policy)
    last = seen[-1].content
    assert last.index("Results for") < last.index("Velm Ford (id: ford.md)\n") < last.index("matches in")


async def test_answer_beside_a_call_is_kept_when_no_other_comes() -> None:
    report = await run([ANSWER + SEARCH, "", "", "", "", ""])
    assert report.answer == "Carl IV"
    assert report.citations


async def test_answer_after_a_draft_replaces_it() -> None:
    report = await run(["<answer>first</answer>" + SEARCH, "<answer>second</answer>"])
    assert report.answer == "second"


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(max_calls=3), "3 tool calls"),
        (Budget(max_tokens=3000), "3,000 tokens"),
        (Budget(max_seconds=0.2), "0.2 seconds"),
    ],
)
async def test_any_limit_forces_an_answer(budget: Budget, words: str) -> None:
    def policy(messages: Any) -> dict[str, Any]:
        if "Research ends here" in messages[-1].content:
            return {"text": ANSWER}
        return {"text": render_call("search", {"queries": [f"query {len(messages)}"]}), "delay_s": 0.02}

    report = await run(policy, budget=budget)
    assert (report.answer, report.status) == ("Carl IV", "forced")
    assert words in report.notes[0]


async def test_full_context_forces_an_answer_that_still_fits() -> None:
    settings = ModelSettings(context_length=6000)
    longest = 0

    def policy(messages: Any) -> str:
        nonlocal longest
        longest = max(longest, sum(len(message.content) for message in messages))
        if "Research ends here" in messages[-1].content:
            return ANSWER
        return render_call("visit", {"ids": ["long.md"], "page": len(messages) // 2})

    report = await run(policy, settings=settings, budget=Budget(observation_share=0.5))
    assert report.status == "forced"
    assert "context" in report.notes[0]
    assert longest < 4 * 6000


async def test_observation_never_exceeds_its_share_of_the_context() -> None:
    shown: list[str] = []

    def policy(messages: Any) -> str:
        shown.append(messages[-1].content)
        return render_call("flood", {}) * 3 if len(messages) == 2 else ANSWER

    def flood() -> str:
        """Flood."""
        return "word " * 200_000

    model = ScriptedModel(policy, ModelSettings(context_length=20_000))
    await run(model, tools=Toolset([FunctionTool(flood)]), budget=Budget(observation_share=0.2))
    assert model.count_tokens(shown[1]) <= 0.2 * 20_000 + 100
    assert "Cut to fit" in shown[1]


async def test_repeated_calls_are_not_made_again_and_end_the_run() -> None:
    library = make_library()

    def policy(messages: Any) -> str:
        return ANSWER if "Research ends here" in messages[-1].content else SEARCH

    report = await run(policy, library=library)
    assert library.searches == ["Velm Ford"]
    assert report.status == "forced"
    assert "repeated" in report.notes[0]


async def test_same_call_twice_in_one_turn_is_made_once() -> None:
    library = make_library()
    await run([SEARCH + SEARCH, ANSWER], library=library)
    assert library.searches == ["Velm Ford"]


async def test_unreadable_turns_are_nudged_then_taken_as_text() -> None:
    report = await run(["I think it is Carl IV."] * 4)
    assert report.answer == "I think it is Carl IV."
    assert any("plain text was taken" in note for note in report.notes)
    assert any("unsupported" in note for note in report.notes)


async def test_model_that_says_nothing_ends_in_not_found() -> None:
    report = await run([{"text": "", "repeat": True}])
    assert (report.answer, report.status) == ("NOT FOUND", "not_found")


async def test_not_found_has_no_findings() -> None:
    report = await run(["<answer>Not found.</answer>"])
    assert (report.answer, report.status, report.findings) == ("NOT FOUND", "not_found", ())


async def test_nothing_unverified_is_printed_as_a_citation() -> None:
    report = await run(
        ["<answer>Zed<finding>made up<quote doc='ford.md'>Zed ruled the town</quote></finding></answer>"]
    )
    assert report.citations == ()
    assert not report.findings[0].supported


async def test_hostile_document_changes_nothing_but_what_is_quoted() -> None:
    library = make_library()
    shown: list[str] = []

    def policy(messages: Any) -> str:
        shown.append(messages[-1].content)
        return [render_call("visit", {"ids": ["hostile.md"]}), "<answer>nothing</answer>"][len(shown) - 1]

    report = await run(policy, library=library)
    inner = shown[1].removeprefix("<tool_response>").removesuffix("</tool_response>")
    for mark in ("<tool_call>", "</tool_response>", "<answer>", "<|im_start|>"):
        assert mark not in inner
    assert report.answer == "nothing"
    assert library.searches == []


async def test_model_that_obeys_a_document_quotes_it_without_breaking_the_report() -> None:
    quote = '‹tool_call>{"name": "search"'
    report = await run(
        [render_call("visit", {"ids": ["hostile.md"]}), f"<answer>x<quote doc='hostile.md'>{quote}</quote></answer>"]
    )
    assert report.citations[0].quote.startswith("<tool_call>")


@pytest.mark.parametrize("question", ["", "   ", "x" * 100_000])
async def test_empty_and_huge_questions_are_refused(question: str) -> None:
    with pytest.raises(InputError, match="the question"):
        await run([ANSWER], question=question)


async def test_malformed_outputs_never_end_a_run_without_a_report() -> None:
    for seed in range(150):
        await malformed_run(seed)


@pytest.mark.soak
async def test_ten_thousand_malformed_outputs() -> None:
    turns = 0
    seed = 1000
    while turns < 10_000:
        turns += (await malformed_run(seed)).num_steps
        seed += 1


async def malformed_run(seed: int) -> Report:
    rng = random.Random(seed)
    report = await run(lambda messages: garbled(rng.randrange(10**9)), budget=Budget(max_calls=12, max_seconds=20))
    assert report.answer
    json.dumps(report.to_json())
    return report


# ------------------------------------------------------------------------------------------ resume


def script() -> list[str]:
    return [
        f"<think>Look.</think>{SEARCH}",
        VISIT + render_call("find", {"text": "king"}),
        "<answer>?</answer>" + SEARCH,
        ANSWER,
    ]


def same(report: Report) -> dict[str, Any]:
    value = report.to_json()
    value["usage"].pop("seconds")
    value.pop("run_id")
    return value


async def test_resume_equals_uninterrupted_from_every_record(tmp_path: Path) -> None:
    whole = RunFolder.create(tmp_path / "whole", {"question": QUESTION})
    expected = same(await run(script(), folder=whole))
    whole.close()
    lines = (whole.path / "steps.jsonl").read_bytes().splitlines(keepends=True)
    for count in range(len(lines) + 1):
        for torn in (b"", b'{"kind": "obs'):
            path = tmp_path / f"cut{count}{len(torn)}"
            RunFolder.create(path, {"question": QUESTION}).close()
            (path / "steps.jsonl").write_bytes(b"".join(lines[:count]) + torn)
            library = make_library()
            model = ScriptedModel(script())
            folder = RunFolder.resume(path)
            assert same(await run(model, library=library, folder=folder)) == expected
            folder.close()
            done = sum(b'"kind":"completion"' in line for line in lines[:count])
            assert model.num_completions == 4 - done
            assert len(library.searches) == (0 if any(b"Results for" in line for line in lines[:count]) else 1)


async def test_finished_run_is_returned_without_work(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", {"question": QUESTION})
    first = await run(script(), folder=folder)
    folder.close()
    folder = RunFolder.resume(tmp_path / "run")
    model = ScriptedModel(script())
    assert await run(model, folder=folder) == first
    assert model.num_completions == 0
    folder.close()


async def test_failing_endpoint_leaves_a_run_that_resumes(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", {"question": QUESTION})
    with pytest.raises(ModelUnavailableError):
        await run([SEARCH, {"error": "unavailable"}], folder=folder)
    folder.close()
    folder = RunFolder.resume(tmp_path / "run")
    assert (await run([SEARCH, VISIT, ANSWER], folder=folder)).answer == "Carl IV"
    folder.close()


async def test_events_are_the_journal(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    folder = RunFolder.create(tmp_path / "run", {"question": QUESTION})
    await run(script(), folder=folder, on_event=events.append)
    folder.close()
    journal = [json.loads(line) for line in (folder.path / "steps.jsonl").read_text().splitlines()]
    assert [event for event in events if event["kind"] != "delta"] == journal


async def test_what_was_sampled_is_kept_where_asked_for(tmp_path: Path) -> None:
    sampled = Sampled((1, 2), (3,), (-0.5,), (0.7,), (0.9,), (-1.5,))
    answers = [Completion(text, sampled=sampled) for text in (SEARCH, VISIT, ANSWER)]
    for keep in (False, True):
        folder = RunFolder.create(tmp_path / str(keep), {"question": QUESTION})
        said = iter(answers)
        await run(ScriptedModel(lambda _, said=said: next(said)), folder=folder, keep_sampled=keep)
        folder.close()
        records = [json.loads(line) for line in (tmp_path / str(keep) / "steps.jsonl").read_text().splitlines()]
        kept = [record.get("sampled") for record in records if record["kind"] == "completion"]
        assert len(kept) == 3 and all(value == (None if not keep else kept[0]) for value in kept)
        if keep:
            lists = {name: tuple(value) for name, value in kept[0].items() if isinstance(value, list)}
            assert Sampled(**lists) == sampled
            assert kept[0]["answer_logprob"] is None


async def test_two_hundred_runs_side_by_side_do_not_mix() -> None:
    async def one(number: int) -> None:
        marker = f"<answer>answer {number}</answer>"
        report = await run([SEARCH, VISIT, marker], question=f"question {number}")
        assert (report.question, report.answer) == (f"question {number}", f"answer {number}")

    await asyncio.gather(*(one(number) for number in range(200)))


@pytest.mark.parametrize(
    "value",
    ["{1, 2}", "b'x'", "...", "1+2j", "{('a', 1): 2}", "0x" + "f" * 6000, "[" * 975 + "]" * 975, "[" * 150 + "]" * 150],
)
async def test_call_that_json_cannot_hold_is_named_to_the_model(value: str, tmp_path: Path) -> None:
    call = "<tool_call>{'name': 'search', 'arguments': {'queries': " + value + "}}</tool_call>"
    folder = RunFolder.create(tmp_path / "r", {"question": QUESTION})
    report = await run([call, ANSWER], folder=folder)
    folder.close()
    assert (report.answer, report.num_calls) == ("Carl IV", 0)


async def test_calls_of_one_turn_stop_at_the_limit() -> None:
    turn = "".join(render_call("search", {"queries": [f"Velm {number}"]}) for number in range(8))
    report = await run([turn, ANSWER], budget=Budget(max_calls=3))
    assert (report.status, report.num_calls, report.num_steps) == ("forced", 3, 2)


@pytest.mark.parametrize("ids", [("call_1_2", "call_1_2"), ("call_1_2", ""), ("a", "a"), ("\ud800", "?")])
async def test_ids_of_calls_never_meet(ids: tuple[str, str]) -> None:
    calls = [{"id": key, "name": "search", "arguments": {"queries": [f"Velm {n}"]}} for n, key in enumerate(ids)]
    report = await run([{"tool_calls": calls}, {"text": ANSWER}])
    assert (report.answer, report.num_calls) == ("Carl IV", 2)


@pytest.mark.parametrize(
    "setting", [{"observation_share": float("nan")}, {"context_share": 5}, {"max_completion_tokens": 0}]
)
def test_budget_out_of_range_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        Budget(**setting)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("completion", "text", 5),
        ("completion", "calls", [{"id": "a", "name": "b", "arguments": [1]}]),
        ("observation", "step", None),
        ("observation", "text", {}),
        ("final", "notes", [5]),
        ("final", "seconds", "x"),
    ],
)
async def test_record_of_another_form_is_refused(tmp_path: Path, kind: str, field: str, value: Any) -> None:
    folder = RunFolder.create(tmp_path / "r", {"question": QUESTION})
    await run([SEARCH, ANSWER], folder=folder)
    folder.close()
    (tmp_path / "r" / "report.json").unlink()
    path = tmp_path / "r" / "steps.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    next(record for record in records if record["kind"] == kind)[field] = value
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    folder = RunFolder.resume(tmp_path / "r")
    with pytest.raises(CorruptError, match="is not of a run's form"):
        await run([SEARCH, ANSWER], folder=folder)
    folder.close()

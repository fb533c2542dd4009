"""Evaluation: scores, failures as data, resume equal to uninterrupted, judges, refusals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tamsa.agent import Budget
from tamsa.agent.react import render_call
from tamsa.errors import InputError, ModelAuthError, ModelUnavailableError, StorageError
from tamsa.eval import Question, Scores, evaluate, format_table
from tamsa.llm import ScriptedModel
from tamsa.scoring import Judge
from tamsa.tools import corpus_toolset
from tamsa.types import Document, Hit, Mention

TOWNS = ["Velm Ford", "Ostrand", "Karlsby", "Munnow", "Teveray", "Ulmholt"]


class Library:
    """Six towns behind the interface of an index."""

    def __init__(self) -> None:
        self.documents = {
            f"{town.lower().replace(' ', '-')}.md": Document(
                f"{town.lower().replace(' ', '-')}.md", town, f"{town} is a town. It was founded in {1200 + n}."
            )
            for n, town in enumerate(TOWNS)
        }

    def search(self, query: str, k: int = 10) -> list[Hit]:
        ranked = sorted(self.documents.values(), key=lambda d: (d.title not in query, d.title))
        return [Hit(d.id, d.title, 1.0, d.text) for d in ranked[:k]]

    def get(self, doc_id: str) -> Document | None:
        return self.documents.get(doc_id)

    def find_title(self, title: str) -> list[str]:
        return [d.id for d in self.documents.values() if d.title == title]

    def mentions(self, text: str) -> list[Mention]:
        return []


LIBRARY = Library()


def question(n: int, **changes: Any) -> Question:
    town = TOWNS[n]
    values: dict[str, Any] = {
        "id": f"q{n}",
        "question": f"When was {town} founded?",
        "answers": (str(1200 + n),),
        "supporting_titles": (town,),
        "kind": "even" if n % 2 == 0 else "odd",
    }
    return Question(**{**values, **changes})


QUESTIONS = [question(n) for n in range(6)]


def script(**special: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Search, open the town's page, answer with a quote; `special` replaces the turns of a town by its key."""
    lines: list[dict[str, Any]] = []
    for n, (doc_id, document) in enumerate(LIBRARY.documents.items()):
        key = document.title.split()[0].lower()
        quote = f"It was founded in {1200 + n}."
        turns = special.get(key) or [
            {"text": render_call("search", {"queries": [document.title]})},
            {"text": render_call("visit", {"ids": [doc_id]})},
            {"text": f'<answer>{1200 + n}<finding>Founded<quote doc="{doc_id}">{quote}</quote></finding></answer>'},
        ]
        lines += [{"question": document.title, **turn} for turn in turns]
    return lines


async def run(model: ScriptedModel | None = None, questions: list[Question] | None = None, **options: Any) -> Scores:
    return await evaluate(
        questions or QUESTIONS,
        index=options.pop("index", LIBRARY),
        tools=lambda: corpus_toolset(LIBRARY),
        model=model or ScriptedModel(script()),
        **options,
    )


def comparable(scores: Scores) -> dict[str, Any]:
    """Scores without what names the run or measures the clock."""
    values = scores.to_json()
    for name in ("id", "created", "seconds_mean"):
        del values[name]
    for summary in values["by_kind"].values():
        del summary["seconds_mean"]
    return values


async def test_right_answers_score_in_full(tmp_path):
    seen: list[Any] = []
    scores = await run(out=tmp_path / "e", corpus="towns", on_progress=seen.append)
    values = json.loads((tmp_path / "e" / "scores.json").read_text())
    assert values == json.loads(json.dumps(scores.to_json()))
    expected = {"n": 6, "failed": 0, "em": 1.0, "em_se": 0.0, "f1": 1.0, "visited_recall": 1.0, "recall_at_2": 1.0}
    expected |= {"recall_at_5": 1.0, "citation_precision": 1.0, "num_citations": 6, "pages_mean": 1.0, "pages_max": 1}
    expected |= {"steps_mean": 3.0, "model": "scripted", "corpus": "towns", "schema_version": 1, "judge": None}
    assert {name: values[name] for name in expected} == expected
    assert values["tokens_mean"] > 0 and values["seconds_mean"] > 0 and values["version"]
    assert {kind: summary["n"] for kind, summary in values["by_kind"].items()} == {"even": 3, "odd": 3}
    assert [p.done for p in seen] == [1, 2, 3, 4, 5, 6] and seen[-1].em == 1.0
    rows = [json.loads(line) for line in (tmp_path / "e" / "predictions.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [q.id for q in QUESTIONS]
    assert all((tmp_path / "e" / "runs" / row["id"] / "report.json").is_file() and row["run_id"] for row in rows)


async def test_wrong_answers_lower_the_figures_of_their_kind():
    wrong = {"velm": [{"text": "<answer>1999</answer>"}], "karlsby": [{"text": "<answer>in 1202</answer>"}]}
    scores = await run(ScriptedModel(script(**wrong)))
    assert scores.overall.em == pytest.approx(4 / 6)
    assert scores.overall.f1 == pytest.approx((4 + 2 / 3) / 6)
    assert scores.overall.visited_recall == pytest.approx(4 / 6)
    assert scores.by_kind["odd"].em == 1.0 and scores.by_kind["even"].em == pytest.approx(1 / 3)
    assert scores.overall.num_citations == 4


async def test_not_found_is_right_only_by_its_status():
    gold = ("NOT FOUND",)
    questions = [question(0, answers=gold), question(1, answers=gold), question(2)]
    special = {"velm": [{"text": "<answer>NOT FOUND</answer>"}], "karlsby": [{"text": "<answer>NOT FOUND</answer>"}]}
    scores = await run(ScriptedModel(script(**special)), questions)
    assert scores.overall.em == pytest.approx(1 / 3) and scores.overall.f1 == pytest.approx(1 / 3)


async def test_failed_run_is_data(tmp_path):
    broken = {"munnow": [{"error": "model", "error_text": "the endpoint refused"}]}
    scores = await run(ScriptedModel(script(**broken)), out=tmp_path / "e")
    assert (scores.overall.failed, scores.overall.n) == (1, 6)
    assert scores.overall.em == pytest.approx(5 / 6) and scores.overall.visited_recall == pytest.approx(5 / 6)
    assert scores.overall.recall_at_2 == 1.0, "plain search does not depend on the run"
    assert scores.overall.steps_mean == 3.0, "costs are of the runs that finished"
    row = json.loads((tmp_path / "e" / "predictions.jsonl").read_text().splitlines()[3])
    assert row["status"] == "failed" and "the endpoint refused" in row["failure"]
    assert "refused" in (tmp_path / "e" / "runs" / "q3" / "failure.json").read_text()


async def test_fault_in_one_run_does_not_lose_the_others(caplog):
    def policy(messages: Any) -> Any:
        if "Munnow" in messages[1].content:
            raise ZeroDivisionError("oops")
        return "<answer>1200</answer>"

    scores = await run(ScriptedModel(policy))
    assert scores.overall.failed == 1 and scores.overall.em == pytest.approx(1 / 6)


async def test_failed_run_is_tried_again_on_resume(tmp_path):
    broken = {"munnow": [{"error": "unavailable"}]}
    await run(ScriptedModel(script(**broken)), out=tmp_path / "e")
    model = ScriptedModel(script())
    scores = await run(model, out=tmp_path / "e", resume=True)
    assert model.num_completions == 3 and scores.overall.failed == 0
    assert not (tmp_path / "e" / "runs" / "q3" / "failure.json").exists()
    assert comparable(scores) == comparable(await run())


async def test_endpoint_that_stays_down_ends_the_evaluation():
    model = ScriptedModel([{"error": "unavailable", "repeat": True}])
    with pytest.raises(ModelUnavailableError, match="--resume"):
        await run(model, concurrency=1)
    assert model.num_completions == 5


async def test_refused_key_ends_the_evaluation_at_once(tmp_path):
    model = ScriptedModel([{"error": "auth"}])
    with pytest.raises(ModelAuthError):
        await run(model, out=tmp_path / "e", concurrency=2)
    assert model.num_completions <= 2
    scores = await run(out=tmp_path / "e", resume=True)
    assert comparable(scores) == comparable(await run())


async def test_full_disk_ends_the_evaluation(tmp_path):
    async def research(question: str, **_: Any) -> Any:
        raise StorageError("the disk is full")

    with pytest.raises(StorageError):
        await run(out=tmp_path / "e", research=research)


class Killed(BaseException):
    """Stands for a kill: nothing in the evaluation may catch it."""


@pytest.mark.parametrize("after", range(1, 16, 2))
async def test_resume_equals_uninterrupted(tmp_path, after):
    """Killed after any number of completions, the evaluation goes on and repeats none that is on record."""
    lines = script(munnow=[{"text": "<answer>1999</answer>"}])
    told = 0
    inner = ScriptedModel(lines)

    async def policy(messages: Any) -> Any:
        nonlocal told
        if told == after:
            raise Killed
        told += 1
        return await inner.complete(messages)

    with pytest.raises(Killed):
        await run(ScriptedModel(policy), out=tmp_path / "e", concurrency=3)
    assert not (tmp_path / "e" / "scores.json").exists()
    rest = ScriptedModel(lines)
    resumed = await run(rest, out=tmp_path / "e", concurrency=3, resume=True)
    whole = ScriptedModel(lines)
    uninterrupted = await run(whole)
    assert comparable(resumed) == comparable(uninterrupted)
    # up to two completions that were under way in other runs when the kill came were not on record yet
    assert whole.num_completions - told <= rest.num_completions <= whole.num_completions - told + 2


async def test_finished_evaluation_resumes_without_asking_anything(tmp_path):
    first = await run(out=tmp_path / "e")
    model = ScriptedModel(script())
    again = await run(model, out=tmp_path / "e", resume=True)
    assert model.num_completions == 0 and comparable(first) == comparable(again)
    assert first.about["id"] == again.about["id"]


async def test_limit_can_grow_on_resume(tmp_path):
    assert (await run(out=tmp_path / "e", limit=2)).overall.n == 2
    model = ScriptedModel(script())
    assert (await run(model, out=tmp_path / "e", resume=True)).overall.n == 6
    assert model.num_completions == 12


async def test_other_evaluations_are_refused(tmp_path):
    out = tmp_path / "e"
    await run(out=out, limit=1)
    with pytest.raises(InputError, match="--resume"):
        await run(out=out)
    for changes, word in (
        ({"questions": QUESTIONS[:3]}, "questions"),
        ({"corpus": "x"}, "corpus"),
        ({"budget": Budget(max_calls=3)}, "budget"),
        ({"model": ScriptedModel(script(), name="scripted:other")}, "model"),
        ({"settings": {"model": {"temperature": 0.3}}}, r"model\.temperature"),
        ({"settings": {"reader_model": "ollama:x"}}, "reader"),
        ({"settings": {"dense": True}}, "dense"),
    ):
        with pytest.raises(InputError, match=f"begun with {word}"):
            await run(out=out, resume=True, **changes)
    moved = {"model": {"base_url": "http://other", "timeout_s": 3.0}}
    await run(out=out, resume=True, limit=1, settings=moved)  # where and how fast a model answers may change


async def test_two_evaluations_cannot_share_a_folder(tmp_path):
    lines = [{**line, "delay_s": 0.05} for line in script()]
    first = asyncio.ensure_future(run(ScriptedModel(lines), out=tmp_path / "e"))
    while not (tmp_path / "e" / "eval.json").exists():
        await asyncio.sleep(0.005)
    with pytest.raises(InputError, match="another evaluation"):
        await run(out=tmp_path / "e", resume=True)
    assert (await first).overall.em == 1.0


async def test_damaged_report_fails_that_run_alone(tmp_path):
    await run(out=tmp_path / "e")
    (tmp_path / "e" / "runs" / "q2" / "report.json").write_text("{")
    scores = await run(out=tmp_path / "e", resume=True)
    assert scores.overall.failed == 1 and scores.overall.em == pytest.approx(5 / 6)


async def test_tampered_citation_is_caught(tmp_path):
    await run(out=tmp_path / "e")
    path = tmp_path / "e" / "runs" / "q2" / "report.json"
    report = json.loads(path.read_text())
    report["citations"][0]["start"] += 1
    path.write_text(json.dumps(report))
    scores = await run(out=tmp_path / "e", resume=True)
    assert scores.overall.citation_precision == pytest.approx(5 / 6)
    rows = (tmp_path / "e" / "predictions.jsonl").read_text().splitlines()
    assert json.loads(rows[2])["citation_problems"]


async def test_judge_figures_and_verdicts_on_record(tmp_path):
    special = {"velm": [{"text": "<answer>in the year 1200</answer>"}], "ostrand": [{"text": "<answer>1999</answer>"}]}
    special |= {"karlsby": [{"text": "<answer>around 1202</answer>"}], "munnow": [{"error": "model"}]}
    replies = [
        {"question": "Velm Ford", "text": "Yes.\nVERDICT: CORRECT"},
        {"question": "Ostrand", "text": "VERDICT: INCORRECT"},
        {"question": "Karlsby", "text": "Correct.", "repeat": True},
    ]
    judge_model = ScriptedModel(replies, name="scripted:judge")
    scores = await run(ScriptedModel(script(**special)), out=tmp_path / "e", judge=Judge(judge_model))
    # right: velm (judged), teveray and ulmholt (equal); wrong: ostrand, munnow (failed); karlsby unread
    assert scores.overall.judge == pytest.approx(3 / 5)
    assert (scores.overall.judge_n, scores.overall.judge_unparsed) == (5, 1)
    assert judge_model.num_completions == 5
    again = ScriptedModel(replies, name="scripted:judge")
    resumed = await run(ScriptedModel(script(**special)), out=tmp_path / "e", judge=Judge(again), resume=True)
    assert again.num_completions == 3, "only the verdict that could not be read is asked for again"
    assert comparable(resumed) == comparable(scores)


async def test_judge_is_not_asked_about_not_found():
    questions = [question(0, answers=("NOT FOUND",)), question(1)]
    special = {n: [{"text": "<answer>NOT FOUND</answer>"}] for n in ("velm", "ostrand")}
    judge_model = ScriptedModel(["VERDICT: CORRECT"])
    scores = await run(ScriptedModel(script(**special)), questions, judge=Judge(judge_model))
    assert judge_model.num_completions == 0 and scores.overall.judge == 0.5


async def test_questions_without_titles_have_no_recall():
    scores = await run(None, [question(0, supporting_titles=(), kind=None)])
    assert scores.overall.visited_recall is None and scores.overall.recall_at_5 is None
    assert scores.overall.em == 1.0 and scores.overall.em_se is None and scores.by_kind == {}


async def test_hostile_ids_stay_inside_the_folder(tmp_path):
    out = tmp_path / "a" / "e"
    await run(None, [question(0, id="../../../escaped"), question(1, id="/abs"), question(2, id="..")], out=out)
    assert [p.name for p in tmp_path.iterdir()] == ["a"] and [p.name for p in (tmp_path / "a").iterdir()] == ["e"]
    assert len(list((out / "runs").iterdir())) == 3


async def test_no_questions_twin_ids_and_bad_options():
    for options in ({"questions": [QUESTIONS[0], QUESTIONS[0]]}, {"limit": 0}, {"concurrency": 0}):
        with pytest.raises(Exception, match=r"question|id|concurrency"):
            await run(**options)
    with pytest.raises(InputError, match="no question"):
        await evaluate([], index=LIBRARY, tools=lambda: corpus_toolset(LIBRARY), model=ScriptedModel(["x"]))


async def test_concurrency_is_bounded_and_order_kept():
    running = most = 0

    async def policy(messages: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return "<answer>x</answer>"

    await run(ScriptedModel(policy), concurrency=2)
    assert most == 2


async def test_secrets_never_reach_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    await run(out=tmp_path / "e", settings={"temperature": 0.85})
    for path in (tmp_path / "e").rglob("*"):
        if path.is_file():
            assert b"sk-secret" not in path.read_bytes()


def render(scores: Scores, width: int) -> str:
    console = Console(width=width, record=True, file=open(Path("/dev/null"), "w"))  # noqa: SIM115
    try:
        console.print(format_table(scores))
    finally:
        console.file.close()
    return console.export_text()


async def test_table_shows_figures_kinds_and_failures():
    scores = await run(ScriptedModel(script(munnow=[{"error": "model"}])), corpus="towns [red]x[/red]")
    text = render(scores, 80)
    for words in ("83.3", "16.7", "1.000", "even", "odd", "1 run failed", "towns [red]x[/red]", "at most 1 pages"):
        assert words in text
    assert "…" not in text and max(map(len, text.splitlines())) <= 80

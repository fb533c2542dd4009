"""What a model answers right without documents is dropped; what it only seems to answer is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tamsa.agent.react import NOT_FOUND
from tamsa.cli.main import app
from tamsa.errors import ConfigError, ModelError, ModelUnavailableError
from tamsa.eval import read_questions
from tamsa.llm import ScriptedModel
from tamsa.scoring.judge import Judge
from tamsa.synthesis import pipeline, question_source
from tamsa.synthesis.checks.closed_book import ClosedBook, guessable, read_reply
from tamsa.synthesis.pipeline import Synthesis, synthesize
from tamsa.synthesis.plan import Plan
from tamsa.synthesis.records import GoldQuestion
from tamsa.types import Completion, Message, Profile, ToolSchema
from tests.synthesis.conftest import Studied

WANTED = 30
ROME = GoldQuestion("q1", "Where was Livia Orne born?", ("Rome", "Roma"), "chain", 1, "entity")


class Learned:
    """A model that knows some answers by heart, counts what it is asked, and may break off.

    Args:
        known: answers by question.
        break_at: number of the completion that fails for good, 0 for none.
    """

    name = "learned"
    context_length = 8_000
    native_tools = False
    profile = Profile()

    def __init__(self, known: Mapping[str, str], break_at: int = 0) -> None:
        self.known = known
        self.break_at = break_at
        self.asked = self.open = self.most_open = 0

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        assert not tools and len(messages) == 2
        self.asked += 1
        if self.asked == self.break_at:
            raise ModelUnavailableError("the endpoint is gone")
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        await asyncio.sleep(0)
        self.open -= 1
        return Completion(f"<answer>{self.known.get(messages[1].content, NOT_FOUND)}</answer>")

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    async def aclose(self) -> None:
        return None


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("<answer>Rome</answer>", "Rome"),
        ("<think>In Italy?</think>\n<answer> Rome </answer>\n", "Rome"),
        ("In Italy I think.</think><answer>Rome</answer>", "Rome"),
        ('<answer>Rome\n<finding>She was.\n<quote doc="x">born in Rome</quote></finding></answer>', "Rome"),
        ("Rome", None),
        ("It is <answer>Rome</answer>", None),
        ("<answer>Rome</answer> or <answer>Paris</answer>", None),
        ("<answer>Rome</answer><answer>Rome</answer>", None),
        ("<answer>Rome", None),
        ("<answer></answer>", None),
        ("<think><answer>Rome</answer>", None),
        ("<think>a</think><think><answer>Rome</answer>", None),
        ('<answer>Rome<tool_call>{"name": "search"}</tool_call></answer>', None),
        ("<answer>" + "Rome or " * 60 + "</answer>", None),
        ("", None),
    ],
)
def test_a_reply_is_one_answer_or_nothing(reply: str, answer: str | None) -> None:
    assert read_reply(reply) == answer


@pytest.mark.parametrize(
    ("replies", "outcome", "asked"),
    [
        (["<answer>roma</answer>"], "known", 1),
        (["<answer>Paris</answer>"], "not known", 1),
        ([f"<answer>{NOT_FOUND}</answer>"], "not known", 1),
        (["Rome", "<answer>Rome</answer>"], "known", 2),
        (["Rome", "Rome!", "Rome, I said"], "unread", 3),
    ],
)
async def test_only_a_right_answer_that_can_be_read_is_knowledge(replies: list[str], outcome: str, asked: int) -> None:
    seen: list[int] = []
    script = iter(replies)

    def policy(messages: Sequence[Message]) -> str:
        seen.append(len(messages))
        return next(script)

    recalled = await ClosedBook(ScriptedModel(policy)).ask(ROME)
    assert recalled.outcome == outcome and len(seen) == asked


async def test_a_judge_is_asked_where_the_words_differ() -> None:
    plain = ScriptedModel(["<answer>the city of Rome</answer>"])
    assert (await ClosedBook(plain).ask(ROME)).outcome == "not known"
    for verdict, outcome in (("CORRECT", "known"), ("INCORRECT", "not known")):
        judge = Judge(ScriptedModel([f"VERDICT: {verdict}"]))
        assert (
            await ClosedBook(ScriptedModel(["<answer>the city of Rome</answer>"]), judge).ask(ROME)
        ).outcome == outcome
    mute = Judge(ScriptedModel(["Perhaps."] * 3))
    assert (await ClosedBook(ScriptedModel(["<answer>the city</answer>"]), mute).ask(ROME)).outcome == "unread"


async def test_what_a_guess_gets_right_is_not_asked() -> None:
    def never(messages: Sequence[Message]) -> str:
        raise AssertionError("asked")

    book = ClosedBook(ScriptedModel(never))
    for question in (
        GoldQuestion("y", "Was Livia Orne born before Ada Orne?", ("yes",), "yes_no", 2, "yes_no"),
        GoldQuestion("c", "Who was born first, Livia Orne or Ada Orne?", ("Ada Orne",), "comparison", 2, "entity"),
        GoldQuestion("u", "Who taught Livia Orne?", (NOT_FOUND,), "unanswerable", 1, "none"),
    ):
        assert guessable(question) and (await book.ask(question)).outcome == "guessable"
    assert not guessable(ROME)


async def test_one_failed_reply_keeps_the_question_and_a_dead_endpoint_ends_the_run() -> None:
    def failing(error: Exception) -> ScriptedModel:
        def policy(messages: Sequence[Message]) -> str:
            raise error

        return ScriptedModel(policy)

    assert (await ClosedBook(failing(ModelError("nonsense"))).ask(ROME)).outcome == "unread"
    with pytest.raises(ModelUnavailableError):
        await ClosedBook(failing(ModelUnavailableError("gone"))).ask(ROME)


def plan_of(world: Studied, **more: object) -> Plan:
    plan = {"docs": (str(world.folder / "pages.jsonl"),), "seed": 3, "num_questions": WANTED, "midtraining": False}
    return Plan(**{**plan, **more})  # type: ignore[arg-type]


def plain_folder(world: Studied) -> Path:
    """The same plan without a model, made once."""
    synthesize(plan_of(world), world.folder / "plain")
    return world.folder / "plain"


def read(folder: Path) -> list[GoldQuestion]:
    return [GoldQuestion.from_json(json.loads(line)) for line in (folder / "questions.jsonl").read_text().splitlines()]


def test_known_questions_are_dropped_counted_and_replaced(
    world: Studied, tmp_path: Path, runner: asyncio.Runner
) -> None:
    plain = read(plain_folder(world))
    known = {question.question: question.answers[0] for question in plain[::2]}
    model = Learned(known)
    plan = plan_of(world, closed_book="learned")
    summary = Synthesis(plan, tmp_path / "out", solvers={"learned": model}, runner=runner, concurrency=3).run()
    kept = read(tmp_path / "out")
    dropped = [question for question in plain[::2] if not guessable(question)]
    assert len(kept) == WANTED and dropped
    assert not {q.question for q in dropped} & {q.question for q in kept}
    rest = [q for q in plain if q.question not in {q.question for q in dropped}]
    assert kept[: len(rest)] == rest, "what is kept stays in its order"
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["left_out"]["question: closed_book"] == summary.refused["closed_book"] == len(dropped)
    assert card["figures"]["asked_without_documents"] == len(dropped) + sum(not guessable(q) for q in kept)
    assert model.most_open == 3, "the endpoint was asked for more than it was allowed, or never for as much"


def test_asking_goes_on_where_it_was_broken_off(world: Studied, tmp_path: Path, runner: asyncio.Runner) -> None:
    plan = plan_of(world, closed_book="learned")
    whole = Learned({})
    Synthesis(plan, tmp_path / "whole", solvers={"learned": whole}, runner=runner).run()
    broken, later = Learned({}, break_at=whole.asked - 3), Learned({})
    with pytest.raises(ModelUnavailableError):
        Synthesis(plan, tmp_path / "cut", solvers={"learned": broken}, runner=runner).run()
    assert not (tmp_path / "cut" / "questions.jsonl").exists()
    Synthesis(plan, tmp_path / "cut", solvers={"learned": later}, runner=runner).run()
    assert 0 < later.asked < whole.asked, "a finished shard was asked again"
    for name in ("questions.jsonl", "sft_react.parquet", "rl_prompts.parquet", "card.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_model_that_knows_everything_is_not_asked_without_end(
    world: Studied, tmp_path: Path, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question_source, "MAX_ASKED", 2)
    monkeypatch.setattr(pipeline, "MAX_ASKED", 2)
    model = Learned({question.question: question.answers[0] for question in read(plain_folder(world))})
    plan = plan_of(world, num_questions=WANTED // 2, closed_book="learned")
    Synthesis(plan, tmp_path / "out", solvers={"learned": model}, runner=runner).run()
    kept = read(tmp_path / "out")
    assert 0 < model.asked <= WANTED
    assert all(guessable(question) for question in kept) and len(kept) < WANTED // 2
    notes = json.loads((tmp_path / "out" / "card.json").read_text())["notes"]
    assert any("by heart" in note for note in notes)


def test_a_model_that_is_not_opened_is_named(world: Studied, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="closed_book learned"):
        synthesize(plan_of(world, closed_book="learned"), tmp_path / "out")


def test_the_command_asks_the_last_model_unless_told_not_to(world: Studied, tmp_path: Path) -> None:
    script = tmp_path / "knows.jsonl"
    script.write_text('{"text": "<answer>NOT FOUND</answer>", "repeat": true}\n')
    arguments = ["synthesize", "--docs", str(world.folder / "pages.jsonl"), "--num-questions", "5", "--no-midtraining"]
    arguments += ["--tries", "1", "--tried", "1", "--model", "baseline", "--model", f"scripted:{script}"]
    for name, more, spec in (("a", [], f"scripted:{script}"), ("b", ["--no-closed-book"], None)):
        result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / name), *more])
        assert result.exit_code == 0, result.output
        assert json.loads((tmp_path / name / "plan.json").read_text())["closed_book"] == spec
        figures = json.loads((tmp_path / name / "card.json").read_text())["figures"]
        assert ("asked_without_documents" in figures) == (spec is not None)
        assert len(read_questions(tmp_path / name / "questions.jsonl")) == 5

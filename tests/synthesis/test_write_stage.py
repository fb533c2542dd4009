from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tamsa.cli.main import app
from tamsa.errors import InputError
from tamsa.eval import read_questions
from tamsa.store import read_jsonl
from tamsa.synthesis.pipeline import Synthesis, synthesize
from tamsa.synthesis.plan import Plan
from tamsa.types import Completion, Message, Profile, ToolSchema
from tests.synthesis.conftest import Studied


class Polite:
    """A writer that only says please, and breaks every third question."""

    name = "polite"
    context_length = 8_000
    native_tools = False
    profile = Profile()

    def __init__(self) -> None:
        self.asked = self.read = 0

    def statement(self, document: str) -> str:
        return "NONE"

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        if messages[0].content.startswith("You read a document"):
            self.read += 1
            return Completion(self.statement(messages[1].content))
        if '"tool"' in messages[0].content:
            return Completion('{"tool": "done"}')
        self.asked += 1
        text = messages[1].content
        spoilt = len(text) % 3 == 0
        return Completion(json.dumps({"question": "Who is it?" if spoilt else f"Please tell me: {text}"}))

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    async def aclose(self) -> None:
        return None


def plan_of(world: Studied) -> Plan:
    return Plan(docs=(str(world.folder / "pages.jsonl"),), seed=3, num_questions=24, midtraining=False, writer="polite")


class Studious(Polite):
    """A reader that finds in each document a sentence that no pattern reads."""

    def statement(self, document: str) -> str:
        name = document.splitlines()[0].removeprefix("Title: ")
        quote = f"{name} owes its walls to Ada Orne."
        said = {"subject": name, "relation": "architect", "value": "Ada Orne", "quote": quote}
        return json.dumps(said) + "\n" + json.dumps({**said, "quote": "Nobody said so."})


def card_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "card.json").read_text())  # type: ignore[no-any-return]


def test_what_a_model_reads_in_documents_becomes_questions(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("Ole Bridge", "Bry Tower", "Fen Hall"):
        noun = name.split()[1].lower()
        text = f"# {name}\n\n{name} is a {noun} in Aldham. {name} owes its walls to Ada Orne.\n"
        (docs / f"{noun}.md").write_text(text)
    orne = "# Ada Orne\n\nAda Orne (born 3 May 1881) was a Norlish architect. Ada Orne owes its walls to Ada Orne.\n"
    (docs / "orne.md").write_text(orne)
    plan = Plan(docs=(str(docs),), num_questions=12, midtraining=False)
    plain = synthesize(plan, tmp_path / "plain")
    with asyncio.Runner() as runner:
        model = Studious()
        work = Synthesis(replace(plan, writer="polite"), tmp_path / "out", solvers={"polite": model}, runner=runner)
        summary = work.run()
    card = card_of(tmp_path / "out")
    assert model.read == 4 and card["figures"]["statements_read_by_model"] == 4
    assert card["left_out"]["statement: quote not found"] == 4
    relations = [set(record["relations"]) for record in read_jsonl(tmp_path / "out" / "questions.jsonl")]
    assert any("architect" in names for names in relations) and summary.num_questions >= plain.num_questions
    before = [set(record["relations"]) for record in read_jsonl(tmp_path / "plain" / "questions.jsonl")]
    assert not any("architect" in names for names in before)


def test_what_a_model_writes_counts_only_if_it_passes_the_checks(world: Studied, tmp_path: Path) -> None:
    model = Polite()
    with asyncio.Runner() as runner:
        Synthesis(plan_of(world), tmp_path / "a", solvers={"polite": model}, runner=runner).run()
        asked = model.asked
        (tmp_path / "a" / "summary.json").unlink()
        (tmp_path / "a" / "questions.jsonl").unlink()
        Synthesis(plan_of(world), tmp_path / "a", solvers={"polite": model}, runner=runner).run()
    assert model.asked == asked, "a finished shard was written again"
    assert model.read == card_of(tmp_path / "a")["sources"]["documents"], "a document was read again, or none was"
    questions = read_questions(tmp_path / "a" / "questions.jsonl")
    card = card_of(tmp_path / "a")
    synthesize(Plan(docs=plan_of(world).docs, seed=3, num_questions=24, midtraining=False), tmp_path / "b")
    plain = read_questions(tmp_path / "b" / "questions.jsonl")
    written = [q for q, old in zip(questions, plain, strict=True) if q.question != old.question]
    assert any(q.question.startswith("Please tell me") for q in written)
    assert len(questions) == 24 and 0 < len(written) < 24
    assert card["figures"]["questions_written_by_model"] == len(written)
    assert not any(q.question == "Who is it?" for q in questions)
    assert any(reason.startswith("question: not written") for reason in card["left_out"])
    assert [q.answers for q in plain] == [q.answers for q in questions]


def test_a_generator_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    for arguments, said in ((["--generator", "magic"], "no such generator"), (["--generator", "llm"], "needs --model")):
        result = CliRunner().invoke(app, ["synthesize", "--docs", ".", "--out", str(tmp_path / "o"), *arguments])
        assert isinstance(result.exception, InputError) and said in str(result.exception)

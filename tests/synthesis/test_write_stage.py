from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from typer.testing import CliRunner

from tamsa.cli.main import app
from tamsa.errors import InputError
from tamsa.eval import read_questions
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
        self.asked = 0

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
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


def test_what_a_model_writes_counts_only_if_it_passes_the_checks(world: Studied, tmp_path: Path) -> None:
    model = Polite()
    with asyncio.Runner() as runner:
        Synthesis(plan_of(world), tmp_path / "a", solvers={"polite": model}, runner=runner).run()
        asked = model.asked
        (tmp_path / "a" / "summary.json").unlink()
        (tmp_path / "a" / "questions.jsonl").unlink()
        Synthesis(plan_of(world), tmp_path / "a", solvers={"polite": model}, runner=runner).run()
    assert model.asked == asked, "a finished shard was written again"
    questions = read_questions(tmp_path / "a" / "questions.jsonl")
    card = json.loads((tmp_path / "a" / "card.json").read_text())
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

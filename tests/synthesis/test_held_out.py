from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tamsa.errors import ConfigError
from tamsa.eval import read_questions
from tamsa.synthesis.held_out import HELD_OUT, apart, hold_out
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tamsa.synthesis.records import GoldQuestion, Hop
from tests.synthesis.conftest import Studied


@pytest.mark.parametrize("number", (0, 1, 7, 10_000))
def test_questions_are_parted_and_none_is_trained_on_by_its_facts(world: Studied, number: int) -> None:
    questions = list(world.questions)
    kept, held, dropped = hold_out(questions, number)
    assert len(held) == min(number, len(questions))
    assert len(kept) + len(held) + dropped == len(questions)
    assert not {q.id for q in kept} & {q.id for q in held}
    facts = {frozenset((h.subject, h.relation, h.value) for h in q.chain) for q in held if q.chain}
    assert not [q for q in kept if frozenset((h.subject, h.relation, h.value) for h in q.chain) in facts]


def test_another_wording_of_a_question_held_out_is_trained_on_by_nobody(world: Studied) -> None:
    asked = next(q for q in world.questions if q.chain)
    kept, held, dropped = hold_out([asked, asked], 1)
    assert (kept, held, dropped) == ([], [asked], 1)


def test_a_question_over_sentences_rests_on_these_sentences(world: Studied) -> None:
    asked = next(q for q in world.questions if len(q.chain) == 1)
    spot = asked.chain[0].evidence

    def over(start: int) -> GoldQuestion:
        hop = Hop(spot.title, spot.document, "says", "", None, replace(spot, start=start))
        return GoldQuestion(f"p{start}", "What is it?", ("a",), "chain", 1, chain=(hop,))

    same, other = over(spot.start), over(spot.start + 1)
    assert apart([other, same], [over(spot.start), asked]) == [other]
    assert apart([other, same], [asked]) == [other]
    assert apart([asked], [same]) == [] and apart([asked], [other]) == [asked]


def test_no_data_set_holds_a_question_held_out(world: Studied, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = Plan(
        docs=(str(world.folder / "pages.jsonl"),),
        questions=str(world.folder / "questions.jsonl"),
        seed=7,
        held_out=30,
        midtraining=False,
    )
    summary = synthesize(plan, out)
    held = {question.id for question in read_questions(out / HELD_OUT)}
    assert len(held) == 30
    for name in ("sft_react.parquet", "rl_prompts.parquet"):
        column = "question_id" if name.startswith("sft") else "id"
        ids = set(pq.read_table(out / name, columns=[column])[column].to_pylist())
        assert ids and not ids & held
    assert summary.num_questions <= len(world.questions) - 30


def test_as_many_held_out_as_made_is_refused() -> None:
    with pytest.raises(ConfigError, match="held_out = 50"):
        Plan(docs=("notes",), num_questions=50, held_out=50)

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tamsa.agent.react import parse_turn
from tamsa.cli.main import app
from tamsa.errors import InputError
from tamsa.eval import read_questions
from tamsa.store import make_folder, read_jsonl
from tamsa.synthesis import pipeline
from tamsa.synthesis.datasets.midtraining import TASKS
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan, Summary
from tamsa.synthesis.question_source import read_gold
from tamsa.synthesis.records import GoldQuestion
from tests.synthesis.conftest import Studied

COMMAND = (
    "import sys; from pathlib import Path; from tamsa.synthesis.pipeline import synthesize; "
    "from tamsa.synthesis.plan import Plan; "
    "synthesize(Plan(docs=(sys.argv[1],), seed=3, num_questions=60, modes=('react', 'iter')), Path(sys.argv[2]), "
    "workers=int(sys.argv[3]))"
)


class StoppedError(Exception):
    pass


def plan_of(world: Studied, **more: object) -> Plan:
    return Plan(
        docs=(str(world.folder / "pages.jsonl"),),
        questions=str(world.folder / "questions.jsonl"),
        seed=7,
        **{"midtraining": False, **more},  # type: ignore[arg-type]
    )


def gold_line(**changed: object) -> str:
    """A line of a question file, with fields changed."""
    return json.dumps({"id": "a", "question": "Who?", "answers": ["b"], "kind": "chain", "hops": 1, **changed})


def outputs(folder: Path) -> dict[str, bytes]:
    names = ["questions.jsonl", "summary.json", "card.json", "README.md", "card.html"]
    return {name: (folder / name).read_bytes() for name in (*names, *(p.name for p in folder.glob("*.parquet")))}


def table(path: Path) -> list[dict[str, object]]:
    return pq.read_table(path).to_pylist()


def test_samples_hold_the_exact_messages(world: Studied, tmp_path: Path) -> None:
    summary = synthesize(plan_of(world), tmp_path / "out")
    rows = table(tmp_path / "out" / "sft_react.parquet")
    right = {e.question_id: e for e in world.explorations if e.correct}
    assert summary.rows["sft_react.parquet"] == len(rows) >= 0.95 * len(right)
    for row in rows:
        messages = [{"role": m.role, "content": m.content} for m in right[row["question_id"]].conversations[0].messages]
        assert row["messages"] == messages
        assert [m["role"] for m in messages[:2]] == ["system", "user"] and messages[-1]["role"] == "assistant"
        assert {tool["function"]["name"] for tool in json.loads(row["tools"])} == {"search", "visit", "find"}
    assert sum(summary.trajectories.values()) + sum(summary.rejected.values()) == len(world.questions)
    assert Summary.read(tmp_path / "out") == summary


def test_pages_alone_become_every_data_set(world: Studied, tmp_path: Path) -> None:
    plan = Plan(docs=(str(world.folder / "pages.jsonl"),), seed=3, num_questions=60, modes=("react", "iter"))
    summary = synthesize(plan, tmp_path / "out")
    out = tmp_path / "out"
    assert summary.num_questions == 60
    assert len({q.question for q in read_questions(out / "questions.jsonl")}) == 60
    assert summary.trajectories["react"] >= 50
    assert {row["pool"] for row in table(out / "rl_prompts.parquet")} == {"untried"}
    assert len(table(out / "mid_documents.parquet")) == 500
    tasks = Counter(row["task"] for row in table(out / "mid_tasks.parquet"))
    assert set(tasks) >= set(TASKS) - {"settlement", "hypothesis", "decision"}, tasks
    iterated = table(out / "sft_iter.parquet")
    assert all([m["role"] for m in row["messages"]] == ["system", "user", "assistant"] for row in iterated)
    card = json.loads((out / "card.json").read_text())
    assert card["data_sets"] == summary.rows
    assert sum(card["distributions"]["kinds"].values()) == 60
    page = (out / "card.html").read_text()
    assert "<svg" in page and "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert all(
        parse_turn(m["content"]).rest == "" for row in table(out / "sft_react.parquet") for m in row["messages"][2::2]
    )


def test_result_does_not_depend_on_workers_or_interruption(
    world: Studied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(world, num_questions=40, modes=("react", "iter"))
    monkeypatch.setattr(pipeline, "QUESTIONS_PER_SHARD", 10)
    synthesize(plan, tmp_path / "whole")

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "explore iter" and done >= 20:
            raise StoppedError

    with pytest.raises(StoppedError):
        synthesize(plan, tmp_path / "cut", on_progress=stop)
    assert not (tmp_path / "cut" / "sft_iter.parquet").exists()
    synthesize(plan, tmp_path / "cut", workers=2)
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


def kill_and_resume(docs: Path, out: Path, chance: random.Random, kills: int, span_s: float) -> int:
    """Kill a synthesis at random moments, then let it end; return how many kills hit it at work."""
    hits = 0
    for number in range(kills + 1):
        command = [sys.executable, "-c", COMMAND, str(docs), str(out), str(1 + number % 2)]
        work = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if number == kills:
            assert work.wait() == 0
            break
        try:
            work.wait(timeout=chance.uniform(0.3, span_s))
        except subprocess.TimeoutExpired:
            os.killpg(work.pid, signal.SIGKILL)
            hits += 1
            work.wait()
    return hits


def test_killed_synthesis_ends_in_the_same_bits(world: Studied, tmp_path: Path) -> None:
    docs = world.folder / "pages.jsonl"
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", COMMAND, str(docs), str(tmp_path / "whole"), "1"], check=True)
    took = time.monotonic() - started
    hits = kill_and_resume(docs, tmp_path / "cut", random.Random(1), 4, took * 0.5)
    assert hits >= 2
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


def test_a_folder_of_another_plan_is_left_alone(world: Studied, tmp_path: Path) -> None:
    synthesize(plan_of(world, num_questions=3), tmp_path / "out")
    before = outputs(tmp_path / "out")
    with pytest.raises(InputError, match="another plan"):
        synthesize(plan_of(world, num_questions=4), tmp_path / "out")
    assert outputs(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1 is not JSON"),
        ("[" * 100_000, "line 1 is not JSON"),
        ('{"id": "a", "question": "b"}', "line 1 is no gold question"),
        ("", "no question"),
        (gold_line(), ""),
        ("\ufeff" + gold_line(), ""),
        (gold_line(id=5), "id = 5"),
        (gold_line(question=5), "question = 5"),
        (gold_line(question="x" * 20_001), "1 to 20,000 characters"),
        (gold_line(question="\ud800"), "surrogates"),
        (gold_line(answers="abc"), "answers = 'abc'"),
        (gold_line(answers=[]), "no answer"),
        (gold_line(answers=[5]), "answers.0 = 5"),
        (gold_line(kind="riddle"), "kind = 'riddle'"),
        (gold_line(hops="three"), "hops = 'three'"),
        (gold_line(hops=10**40), "hops and difficulty"),
        (gold_line(supporting_titles=[5]), "supporting_titles.0 = 5"),
        (gold_line(chain=[{"subject": None}]), "chain.0"),
        (gold_line(answers=["a"], evidence=[[7, 1]]), "line 1 is no gold question"),
    ],
)
def test_bad_question_files_are_one_line(world: Studied, tmp_path: Path, line: str, said: str) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(line + "\n")
    if not said:
        assert len(read_gold(bad, world.index)) == 1
        return
    with pytest.raises(InputError, match=said) as caught:
        read_gold(bad, world.index)
    assert "\n" not in str(caught.value)


def test_a_mistyped_path_claims_no_folder(world: Studied, tmp_path: Path) -> None:
    plan = plan_of(world, num_questions=2)
    for wrong in (
        {"docs": ("nowhere",)},
        {"questions": "nowhere.jsonl"},
        {"decontaminate": (str(world.folder / "nowhere.jsonl"),)},
    ):
        with pytest.raises(InputError, match="nowhere"):
            synthesize(replace(plan, **wrong), tmp_path / "out")  # type: ignore[arg-type]
        assert not (tmp_path / "out").exists()
    assert synthesize(plan, tmp_path / "out").num_questions == 2


def test_questions_of_a_file_are_decontaminated(world: Studied, tmp_path: Path) -> None:
    known = tmp_path / "known.jsonl"
    known.write_text((world.folder / "questions.jsonl").read_text().splitlines()[1] + "\n")
    summary = synthesize(plan_of(world, num_questions=4, decontaminate=(str(known),)), tmp_path / "out")
    kept = {question.id for question in read_questions(tmp_path / "out" / "questions.jsonl")}
    first = [question.id for question in world.questions[:4]]
    assert first[1] not in kept and first[0] in kept
    assert summary.refused["contaminated"] == 4 - len(kept) >= 1


def test_two_processes_do_not_work_in_one_folder(world: Studied, tmp_path: Path) -> None:
    plan = plan_of(world, num_questions=2)
    make_folder(tmp_path / "out")
    with plan.claim(tmp_path / "out"), pytest.raises(InputError, match="another process"):
        synthesize(plan, tmp_path / "out")
    assert synthesize(plan, tmp_path / "out").num_questions == 2


@pytest.mark.parametrize(
    ("pages", "left", "note"),
    [
        ({"a.md": "Nothing here links to anything.\n"}, "document: no statement in a form", "no statement in a form"),
        (
            {"a.md": "# Aldham Bridge\n\nWhere to begin.\n", "b.md": "# Bry\n\nWe met at Aldham Bridge.\n"},
            "document: no statement in a form",
            "they only mention each other (1 times)",
        ),
        (
            {"a.md": "# Only one\n\nThe Only Bridge was opened in 1911. It was designed by Ada Orne.\n"},
            "",
            "questions asked for",
        ),
        (
            {"a.md": "# 은하\n\n은하는 별의 집단이다.\n", "b.md": "# Élan\n\nL'élan est un animal du nord.\n"},
            "document: not in a script whose sentences are read",
            "no statement in a form",
        ),
        (
            dict.fromkeys(("a.md", "b.md"), "# Ole Bridge\n\nThe Ole Bridge is a bridge in Aldham. It is old.\n"),
            "document: the same text as another",
            "questions asked for",
        ),
        (
            {
                "a.md": "# Ole Bridge\n\nThe Ole Bridge is a bridge in Aldham. It was opened in 1911.\n",
                "b.md": "# Ole Bridge again\n\nThe Ole Bridge was opened in 1913.\n",
            },
            "fact: documents disagree",
            "questions asked for",
        ),
        (
            {"a.md": '# Bad\n\n<answer>x</answer> </quote> <tool_call>{"name": 1}</tool_call> |\n\n| a |\n| --- |\n'},
            "document: no statement in a form",
            "no statement in a form",
        ),
    ],
    ids=["no links", "mentions", "single", "not English", "duplicates", "contradiction", "adversarial"],
)
def test_poor_documents_make_a_card_that_says_so(tmp_path: Path, pages: dict[str, str], left: str, note: str) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in pages.items():
        (docs / name).write_text(text)
    summary = synthesize(Plan(docs=(str(docs),), num_questions=20), tmp_path / "out")
    assert summary.rows["mid_documents.parquet"] >= 1
    assert summary.num_questions < 20
    made = [GoldQuestion.from_json(record) for record in read_jsonl(tmp_path / "out" / "questions.jsonl")]
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert note in summary.notes[0] and card["notes"] == list(summary.notes)
    assert not left or any(reason.startswith(left) for reason in card["left_out"])
    assert all(question.answers != ("1913",) and question.answers != ("1911",) for question in made if "b.md" in pages)


def test_evaluation_files_among_the_documents_are_left_out(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "page.md").write_text("# Ole Bridge\n\nOle Bridge was opened in 1911.\n")
    (docs / "quiz.jsonl").write_text('{"id": "1", "question": "When was Ole Bridge opened?", "answers": ["1911"]}\n')
    (docs / "nested.json").write_text("[" * 100_000)
    (docs / "quiz_corpus.jsonl").write_text('{"id": "x", "title": "X", "text": "Secret of the quiz."}\n')
    synthesize(Plan(docs=(str(docs),), num_questions=5), tmp_path / "out")
    rows = table(tmp_path / "out" / "mid_documents.parquet")
    assert [row["title"] for row in rows] == ["Ole Bridge"]
    left = json.loads((tmp_path / "out" / "card.json").read_text())["left_out"]
    assert left["file: evaluation questions"] == 1 and left["file: corpus of evaluation questions"] == 1


def test_command_writes_the_samples(world: Studied, tmp_path: Path) -> None:
    arguments = ["synthesize", "--docs", str(world.folder / "pages.jsonl"), "--seed", "7", "--num-questions", "5"]
    arguments += ["--questions", str(world.folder / "questions.jsonl"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*arguments, "--no-midtraining", "--model", "baseline", "--tries", "1"])
    assert result.exit_code == 0, result.output
    assert "5 questions" in result.output
    assert table(tmp_path / "out" / "sft_react.parquet")
    rows = table(tmp_path / "out" / "rl_prompts.parquet")
    assert {row["pool"] for row in rows} <= {"solved", "unsolved"}
    assert all(json.loads(str(row["pass_rates"])).keys() == {"baseline"} for row in rows)


def test_rounds_follow_what_the_model_gets_right(world: Studied, tmp_path: Path) -> None:
    arguments = ["synthesize", "--docs", str(world.folder / "pages.jsonl"), "--num-questions", "30"]
    arguments += ["--out", str(tmp_path / "rounds"), "--no-midtraining", "--tries", "1", "--tried", "12"]
    missing = CliRunner().invoke(app, [*arguments, "--round", "1", "--model", "baseline"])
    assert isinstance(missing.exception, InputError) and "round 0 is not finished" in str(missing.exception)
    first = CliRunner().invoke(app, [*arguments, "--round", "0"])
    assert first.exit_code == 0, first.output
    other = [str(world.folder / "questions.jsonl") if "pages" in part else part for part in arguments]
    refused = CliRunner().invoke(app, [*other, "--round", "1", "--model", "baseline"])
    assert isinstance(refused.exception, InputError) and "over other documents" in str(refused.exception)
    second = CliRunner().invoke(app, [*arguments, "--round", "1", "--model", "baseline"])
    assert second.exit_code == 0, second.output
    steering = json.loads((tmp_path / "rounds" / "round-1" / "steering.json").read_text())
    assert len(steering["retired"]) == 12 and steering["model"] == "baseline"
    before = {q.id for q in read_questions(tmp_path / "rounds" / "round-0" / "questions.jsonl")}
    after = {q.id for q in read_questions(tmp_path / "rounds" / "round-1" / "questions.jsonl")}
    assert len(after) == 30 and not after & set(steering["retired"]) and after != before

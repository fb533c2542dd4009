"""A model may write questions over passages; what its evidence does not hold, or what cannot be read, is dropped."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tamsa.agent.baseline.passages import Page
from tamsa.agent.guided.prompt import read_reply
from tamsa.cli.main import app
from tamsa.corpus import Index, open_documents
from tamsa.errors import ConfigError, InputError, ModelUnavailableError
from tamsa.store import read_jsonl
from tamsa.synthesis.passages.sets import MOST_SETS, SHOWN_CHARS, Shown, passage_sets
from tamsa.synthesis.passages.writing import read_lines, writing_prompt
from tamsa.synthesis.pipeline import Synthesis
from tamsa.synthesis.plan import Plan, Summary
from tamsa.synthesis.question_source import read_gold
from tamsa.types import Completion, Message, Profile

BRIDGE = "The Ole Bridge spans the Ole. It was built by Ada Orne in 1901. It is painted green."
ORNE = "Ada Orne was a Norlish engineer. She was born in Aldham."


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("passages")
    for title, text in (("Ole Bridge", BRIDGE), ("Ada Orne", ORNE), ("Long Walk", "A step is taken here. " * 400)):
        (folder / f"{title}.txt").write_text(text)
    open_documents([folder], out=folder / "index").close()
    built = Index.open(folder / "index")
    yield built
    built.close()


@pytest.fixture(scope="module")
def shown() -> list[Shown]:
    pages = [Page("b", "Ole Bridge", BRIDGE), Page("o", "Ada Orne", ORNE)]
    return [Shown(page, 0, tuple(page.sentences)) for page in pages]


def test_a_set_begins_with_a_document_and_goes_on_with_one_that_it_names(index: Index) -> None:
    found = [list(passage_sets(index, index.ids(), seed)) for seed in range(20)]
    orders = [[[(item.page.id, item.first) for item in shown] for shown in sets] for sets in found]
    again = [[(item.page.id, item.first) for item in shown] for shown in passage_sets(index, index.ids(), 3)]
    assert orders[3] == again and any(order != orders[0] for order in orders)
    pairs = {tuple(item.page.title for item in shown) for sets in found for shown in sets if len(shown) == 2}
    assert pairs == {("Ole Bridge", "Ada Orne")}
    for sets in found:
        ids = [item.page.id for shown in sets for item in shown]
        assert set(ids) == set(index.ids()) and max(map(ids.count, ids)) <= MOST_SETS
    long = [item for sets in found for shown in sets for item in shown if item.page.title == "Long Walk"]
    assert {item.first > 0 for item in long} == {True, False}, "a long document is always shown from its beginning"
    assert all(sum(len(s.text) for s in item.sentences) < SHOWN_CHARS + 100 for item in long)


def test_the_numbers_of_sentences_are_those_of_the_document(shown: list[Shown]) -> None:
    later = Shown(shown[0].page, 1, shown[0].sentences[1:])
    _, user = writing_prompt([later, shown[1]], Random(0))
    assert "### 1 Ole Bridge\n1.2 It was built" in user.content and "### 2 Ada Orne\n2.1 Ada Orne was" in user.content
    (line,) = read_lines("1.2 2.2 ¦ Where was the builder of the Ole Bridge born? ¦ Aldham.", [later, shown[1]])
    assert line.question is not None and line.question.answers == ("Aldham",)
    assert [(hop.evidence.document, hop.evidence.start) for hop in line.question.chain] == [
        ("b", BRIDGE.index("It was")),
        ("o", ORNE.index("She")),
    ]
    assert line.question.supporting_titles == ("Ole Bridge", "Ada Orne") and line.question.hops == 2
    (unseen,) = read_lines("1.1 ¦ What does the Ole Bridge span? ¦ the Ole", [later])
    assert unseen.question is None and unseen.refused == "evidence", "a sentence that was not shown is no evidence"


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("1.2 ¦ When was the bridge over the Ole built? ¦ 1902", "evidence"),
        ("1.9 ¦ When was the bridge over the Ole built? ¦ 1901", "evidence"),
        ("3.1 ¦ When was the bridge over the Ole built? ¦ 1901", "evidence"),
        ("none ¦ When was the bridge over the Ole built? ¦ 1901", "evidence"),
        ("1.1 1.2 1.3 2.1 2.2 ¦ When was the bridge over the Ole built? ¦ Aldham", "evidence"),
        ("1.2 ¦ The year is 1901, is it not, and which year is it? ¦ 1901", "leak"),
        ("1.2 ¦ Tell me of the bridge ¦ 1901", "unreadable"),
        ("1.2 ¦ " + "very " * 60 + "old? ¦ 1901", "unreadable"),
        ("1.2 ¦ 1901", "unreadable"),
        ("1.2 ¦  ¦ 1901", "unreadable"),
    ],
)
def test_what_the_evidence_does_not_hold_is_refused(shown: list[Shown], line: str, refused: str) -> None:
    (found,) = read_lines(f"Here you are:\n{line}\n", shown)
    assert found.question is None and found.refused == refused


def test_kinds_that_may_name_their_answer(shown: list[Shown]) -> None:
    yes, which, thought = read_lines(
        "<think>1.1 ¦ no? ¦ no</think>1.3 ¦ Is the Ole Bridge green? ¦ Yes\n"
        "1.2 2.1 ¦ Which is older, the Ole Bridge or Ada Orne? ¦ Ada Orne\n1.1 ¦ What does the Ole Bridge span? ¦ Ole",
        shown,
    )
    assert yes.question is not None and (yes.question.kind, yes.question.answers) == ("yes_no", ("yes",))
    assert which.question is not None and which.question.kind == "comparison"
    assert thought.refused == "leak"


def test_questions_with_titles_and_numbers_of_sentences_are_read(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    record = {"question": "Who built it?", "answers": ["Ada Orne"], "evidence": [["Ole Bridge", 2]]}
    path.write_text(json.dumps(record) + "\n")
    (found,) = read_gold(path, index)
    hop = found.chain[0].evidence
    assert BRIDGE[hop.start : hop.end] == "It was built by Ada Orne in 1901." and found.supporting_titles == (
        "Ole Bridge",
    )
    path.write_text(json.dumps({**record, "answers": "Ada Orne"}) + "\n")
    with pytest.raises(InputError, match="no list of texts"):
        read_gold(path, index)
    for evidence, said in (
        ([["Old Bridge", 2]], "no document 'Old Bridge'"),
        ([["Ole Bridge", 4]], "no sentence 4"),
        ([["Ole Bridge", 0]], "no sentence 0"),
        ([["Ole Bridge", "2"]], "line 1 is no gold question"),
        ([["Ole Bridge"]], "line 1 is no gold question"),
    ):
        path.write_text(json.dumps({**record, "evidence": evidence}) + "\n")
        with pytest.raises(InputError, match=said):
            read_gold(path, index)


class Quizzer:
    """A writer that asks for the last word of the first sentence of each passage, and writes a wrong line too."""

    name = "quizzer"
    context_length = 8_000
    native_tools = False
    profile = Profile()

    def __init__(self) -> None:
        self.asked = 0

    async def complete(self, messages: Sequence[Message], **more: Any) -> Completion:
        if not messages[0].content.startswith("You write questions with short answers"):
            return Completion("NONE")
        self.asked += 1
        lines = ["1.1 ¦ Is there an answer that stands nowhere? ¦ Atlantis"]
        for part in messages[1].content.split("### ")[1:]:
            head, first, *_ = part.splitlines()
            title = head.split(" ", 1)[1]
            place, sentence = first.split(" ", 1)
            word = re.findall(r"\w+", sentence)[-1]
            lines.append(f"{place} ¦ With what word ends what opens the page on {title}? ¦ {word}")
        return Completion("\n".join(lines))

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    async def aclose(self) -> None:
        return None


def run(pages: Path, out: Path, writer: Quizzer, **more: Any) -> Summary:
    plan = Plan((str(pages),), seed=3, num_questions=30, writer="quizzer", passages=24, modes=("guided",), **more)
    with asyncio.Runner() as runner:
        return Synthesis(plan, out, solvers={"quizzer": writer}, runner=runner).run()


def test_questions_over_passages_go_the_way_of_all_others(some_pages: Path, tmp_path: Path) -> None:
    writer = Quizzer()
    summary = run(some_pages, tmp_path, writer, midtraining=False)
    records = list(read_jsonl(tmp_path / "questions.jsonl"))
    written = [record for record in records if record["parent"] == "passages"]
    assert len(records) == 30 and len(written) == 24 == len({record["question"] for record in written})
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["figures"]["questions_written_over_passages"] == 24
    assert card["left_out"]["question: evidence"] >= writer.asked - 8
    rows = pq.read_table(tmp_path / "sft_guided.parquet").to_pylist()
    taught = [row for row in rows if row["question_id"].startswith("p")]
    assert summary.trajectories["guided"] and len({row["question_id"] for row in taught}) > 12
    for row in taught:
        said = row["messages"][-1]["content"]
        assert read_reply(said, ()).answer == row["answer"]
        gold = next(record for record in written if record["id"] == row["question_id"])
        assert row["answer"] in (*gold["answers"], "NOT FOUND")
    asked = writer.asked
    for name in ("summary.json", "questions.jsonl"):
        (tmp_path / name).unlink()
    run(some_pages, tmp_path, writer, midtraining=False)
    assert writer.asked == asked, "a finished shard was written again"
    assert list(read_jsonl(tmp_path / "questions.jsonl")) == records


def test_a_writer_that_gives_nothing_ends_the_stage(some_pages: Path, tmp_path: Path) -> None:
    class Mute(Quizzer):
        async def complete(self, messages: Sequence[Message], **more: Any) -> Completion:
            self.asked += 1
            return Completion("I would rather not.")

    writer = Mute()
    summary = run(some_pages, tmp_path / "mute", writer, midtraining=False)
    assert summary.num_questions == 6 and 0 < writer.asked < 200
    assert "The model wrote 0 of 24 questions over passages." in summary.notes


def test_a_writer_that_cannot_be_reached_is_asked_again_later(some_pages: Path, tmp_path: Path) -> None:
    class Away(Quizzer):
        away: tuple[str, ...] = ("You write questions", "You reword")

        async def complete(self, messages: Sequence[Message], **more: Any) -> Completion:
            if messages[0].content.startswith(self.away):
                raise ModelUnavailableError("nobody is there")
            return await super().complete(messages, **more)

    writer = Away()
    for away in (writer.away, writer.away[1:]):
        writer.away = away
        with pytest.raises(ModelUnavailableError):
            run(some_pages, tmp_path, writer, midtraining=False)
    writer.away = ()
    run(some_pages, tmp_path, writer, midtraining=False)
    run(some_pages, tmp_path / "whole", Quizzer(), midtraining=False)
    assert (tmp_path / "questions.jsonl").read_bytes() == (tmp_path / "whole" / "questions.jsonl").read_bytes()


def test_what_does_not_go_together_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a writer writes over them"):
        Plan(("d",), passages=3)
    with pytest.raises(ConfigError, match="passages = 9"):
        Plan(("d",), passages=9, num_questions=3, writer="w")
    for more, said in (
        (["--passages", "3"], "--generator llm"),
        (["--passages", "3", "--generator", "llm", "-m", "w", "-n", "2"], "--num-questions 2"),
        (["--passages", "3", "--generator", "llm", "-m", "w", "-q", "q.jsonl"], "do not go together"),
    ):
        result = CliRunner().invoke(app, ["synthesize", "--docs", ".", "--out", str(tmp_path / "o"), *more])
        assert isinstance(result.exception, InputError) and said in str(result.exception)

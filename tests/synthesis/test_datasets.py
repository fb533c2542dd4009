from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tamsa.agent.react import parse_turn
from tamsa.synthesis.card import LENGTH_BINS, RATE_BINS, Card, length_bin, rate_bin
from tamsa.synthesis.datasets.files import write_parquet
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tests.synthesis.conftest import Studied


@pytest.fixture(scope="module")
def tasks(world: Studied, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Mid-training tasks made over a world's own questions."""
    out = tmp_path_factory.mktemp("tasks") / "out"
    plan = Plan(docs=(str(world.folder / "pages.jsonl"),), questions=str(world.folder / "questions.jsonl"), seed=7)
    synthesize(plan, out)
    return list(pq.read_table(out / "mid_tasks.parquet").to_pylist())


def of_kind(tasks: list[dict[str, Any]], kind: str) -> list[tuple[dict[str, Any], str, str]]:
    found = [(task, task["messages"][-2]["content"], task["messages"][-1]["content"]) for task in tasks]
    return [item for item in found if item[0]["task"] == kind]


def test_evidence_and_summaries_are_words_of_the_page(world: Studied, tasks: list[dict[str, Any]]) -> None:
    extractions, summaries = of_kind(tasks, "extraction"), of_kind(tasks, "summary")
    assert extractions and summaries
    for _, prompt, reply in extractions:
        page = " ".join(prompt.split())
        for line in reply.splitlines():
            assert json.loads(line)["evidence"] in page
    for task, _, reply in summaries:
        document = world.index.get(task["documents"][0])
        assert document is not None
        text = " ".join(document.text.split())
        assert len(reply) < len(text)
        assert all(sentence.strip(" .") in text for sentence in re.split(r"(?<=[.]) (?=[A-Z])", reply))


def test_calls_return_what_the_table_holds(world: Studied, tasks: list[dict[str, Any]]) -> None:
    checked = 0
    for task, _, _ in of_kind(tasks, "functions"):
        document = world.index.get(task["documents"][0])
        assert document is not None
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in document.text.splitlines()
            if line.startswith("|")
        ]
        for said, seen in zip(task["messages"][2::2], task["messages"][3::2], strict=False):
            (call,) = parse_turn(said["content"]).calls
            result = json.loads(re.sub(r"</?tool_response>", "", seen["content"]))
            if call.name == "lookup":
                header = next(row for row in rows if call.arguments["column"] in row)
                at = header.index(call.arguments["column"])
                matching = [row for row in rows if call.arguments["name"] in row and row[at] == result["result"]]
                assert matching, (call.arguments, result)
                checked += 1
            elif call.name == "filter_rows":
                assert result["total"] >= len(result["rows"])
                answer = parse_turn(task["messages"][-1]["content"]).answer
                assert answer == str(result["total"])
    assert checked >= 10


def test_a_hypothesis_is_confirmed_only_if_its_sources_carry_it(world: Studied, tasks: list[dict[str, Any]]) -> None:
    verdicts = {"[confirmed]": 0, "[refuted]": 0}
    by_id = {question.id: question for question in world.questions}
    for task, prompt, reply in of_kind(tasks, "hypothesis"):
        word, _, rest = reply.partition(" ")
        verdicts[word] += 1
        hypothesis = prompt.splitlines()[0].removeprefix("Hypothesis: ")
        said = rest.split("\n")[1]
        assert rest.startswith(hypothesis)
        if word == "[confirmed]":
            assert hypothesis in said
        else:
            assert hypothesis not in said
        assert by_id[task["id"].removeprefix("hypothesis/")].chain
    assert min(verdicts.values()) >= 5


def test_a_decision_is_called_correct_only_where_the_page_states_the_fact(
    tasks: list[dict[str, Any]], world: Studied
) -> None:
    decisions = of_kind(tasks, "decision")
    assert decisions
    for _, prompt, reply in decisions:
        chosen = reply[0]
        outcomes = dict(re.findall(r"^([A-E]): (.*)$", reply, re.MULTILINE))
        assert outcomes[chosen].endswith("Correct.") and f"\n{chosen}. Open " in prompt
        for outcome in outcomes.values():
            stated = re.search(r"states “(.*)” Correct", outcome)
            assert bool(stated) != outcome.endswith("Incorrect.")


def test_settlements_name_every_source(world: Studied, tasks: list[dict[str, Any]]) -> None:
    by_id = {question.id: question for question in world.questions}
    found = of_kind(tasks, "settlement")
    assert found
    for task, prompt, reply in found:
        settled = by_id[task["id"].removeprefix("settlement/")].settlement
        assert settled is not None
        for place in (settled.winner, *settled.losers):
            assert place.title in prompt and place.title in reply
        assert settled.reason in reply


def test_parquet_is_whole_or_absent(tmp_path: Path) -> None:
    def rows() -> Any:
        yield {"id": "a"}
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError):
        write_parquet(tmp_path / "x.parquet", rows(), {"id": "text"})
    assert not list(tmp_path.iterdir())
    assert write_parquet(tmp_path / "x.parquet", iter([{"id": "a"}]), {"id": "text"}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]


def test_a_card_shows_hostile_samples_as_text(tmp_path: Path) -> None:
    card = Card("T <script>", {}, samples=[("~~~ <b>", "~~~\n<script>alert(1)</script> ~~~~~ |")])
    card.count("k", "Kinds & <i>", "<img src=x>")
    card.write(tmp_path)
    page = (tmp_path / "card.html").read_text()
    assert "<script" not in page and "<img" not in page and "<b>" not in page and "<i>" not in page
    assert "~~~~~~" in (tmp_path / "README.md").read_text()


def test_bins_of_a_card_stand_in_the_order_of_what_they_hold():
    assert [length_bin(n) for n in (0, 1_000, 1_001, 32_000, 32_001)] == [
        *(LENGTH_BINS[i] for i in (0, 0, 1, 5, 6)),
    ]
    assert [rate_bin(r) for r in (0.0, 0.1, 0.25, 0.99, 1.0)] == [RATE_BINS[i] for i in (0, 1, 2, 4, 5)]
    card = Card("T", {})
    for chars in (5_000, 5_000, 5_000, 10, 40_000):
        card.count("chars", "Characters", length_bin(chars), LENGTH_BINS)
    assert list(card.to_json()["distributions"]["chars"]) == ["up to 1,000", "up to 8,000", "over 32,000"]

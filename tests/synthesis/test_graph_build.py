"""A graph is the same whatever the processes and the interruptions; on a world it agrees with the world's own facts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tamsa.errors import InputError
from tamsa.synthesis.graph import Graph, blocks, build_graph, corpus_documents
from tamsa.world.build import build_world
from tests.synthesis.graph_cases import digest, doc


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    build_world(folder, num_pages=400, seed=11, num_questions=10)
    return folder


@pytest.fixture(scope="module")
def plain(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "graph"
    build_graph(corpus_documents(world / "pages.jsonl"), folder).close()
    return folder


def test_processes_do_not_show(world: Path, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_graph(corpus_documents(world / "pages.jsonl"), tmp_path / "two", processes=2).close()
    assert digest(tmp_path / "two") == digest(plain)


def test_where_the_pages_lie_does_not_show(world: Path, plain: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.jsonl").write_bytes((world / "pages.jsonl").read_bytes())
    graph = build_graph(corpus_documents(tmp_path / "elsewhere.jsonl"), tmp_path / "other")
    graph.close()
    assert graph.id == json.loads((plain / "graph.json").read_text())["id"]
    assert digest(tmp_path / "other") == digest(plain)


def test_an_interrupted_build_ends_the_same(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_DOCUMENTS", 60)
    source = corpus_documents(world / "pages.jsonl")
    build_graph(source, tmp_path / "whole").close()
    random = Random(5)
    for stage in ("profiles", "edges", "joining"):
        stop = random.randint(1, 5)

        def interrupt(name: str, done: int, _total: int, stage: str = stage, stop: int = stop) -> None:
            if name == stage and done == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            build_graph(source, tmp_path / "cut", on_progress=interrupt)
        assert not (tmp_path / "cut" / "graph.json").exists()
    build_graph(source, tmp_path / "cut").close()
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


def test_a_killed_build_ends_the_same_and_leaves_no_workers(world: Path, plain: Path, tmp_path: Path) -> None:
    script = tmp_path / "build.py"
    script.write_text(
        "import sys\n"
        "from tamsa.synthesis.graph import build_graph, corpus_documents\n"
        "if __name__ == '__main__':\n"
        "    build_graph(corpus_documents(sys.argv[1]), sys.argv[2], processes=2)\n"
    )
    command = [sys.executable, str(script), str(world / "pages.jsonl"), str(tmp_path / "killed")]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "killed" / "entities.arrow").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while time.monotonic() < deadline and _group_lives(process.pid):
        time.sleep(0.05)
    assert not _group_lives(process.pid)
    build_graph(corpus_documents(world / "pages.jsonl"), tmp_path / "killed", processes=2).close()
    assert digest(tmp_path / "killed") == digest(plain)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def test_a_finished_graph_is_taken_up_and_another_one_refused(world: Path, plain: Path) -> None:
    before = digest(plain)
    build_graph(corpus_documents(world / "pages.jsonl"), plain).close()
    assert digest(plain) == before
    with pytest.raises(InputError, match="other documents"):
        build_graph(lambda: [doc("A", "A is a town in B.")], plain)


def test_every_offset_of_a_world_is_exact(world: Path, plain: Path) -> None:
    pages = {p["id"]: p["text"] for p in map(json.loads, (world / "pages.jsonl").read_text().splitlines())}
    with Graph.open(plain) as graph:
        assert graph.num_edges > 2000
        for edge in graph:
            quote = pages[edge.evidence.document][edge.evidence.start : edge.evidence.end]
            assert edge.value in quote or edge.object == edge.evidence.document
        for table in graph.tables():
            for row in table.rows:
                assert all(pages[table.document][cell.start : cell.end] == cell.text for cell in row)


SHARED = (
    "born_on born_in died_on died_in buried_at studied_at spouse director composer starring screenwriter author "
    "publisher artist painter designed_by height length settled_in capacity running_time flows_into crosses inventor "
    "launched captain tonnage home_port described_by discovered_by type_locality fought_on signed_in signed_on mayor "
    "head_of_state father mother first_ascent_by"
).split()
"""Relations that the world and the graph call by the same name and mean by the same thing."""


def test_facts_of_a_world_are_those_that_it_was_made_from(world: Path, plain: Path) -> None:
    truth: dict[tuple[str, str], set[str]] = {}
    stated: set[tuple[str, str, str]] = set()
    for line in (world / "facts.jsonl").read_text().splitlines():
        fact = json.loads(line)
        key = fact["subject_id"], fact["relation"]
        truth.setdefault(key, set()).add(str(fact["object_id"] or fact["object"]))
        if fact["status"] == "asserted" and fact["pages"] and fact["relation"] in SHARED:
            stated.add((*key, str(fact["object_id"] or fact["object"])))
    right, wrong, found = 0, [], set()
    with Graph.open(plain) as graph:
        for edge in graph:
            if edge.relation not in SHARED or edge.source not in ("lead", "sentence"):
                continue
            pairs = [(edge.subject, edge.object or edge.value)]
            if edge.relation == "spouse" and edge.object:
                pairs.append((edge.object, edge.subject))
            hits = [
                pair for pair in pairs if _is_among(pair[1], edge.value, truth.get((pair[0], edge.relation), set()))
            ]
            if hits:
                right += 1
                found |= {(hits[0][0], edge.relation, hits[0][1]), (hits[0][0], edge.relation, edge.value)}
            else:
                wrong.append((edge.subject, edge.relation, edge.value))
    assert right > 500
    assert right >= 0.98 * (right + len(wrong)), wrong[:10]
    recalled = sum(fact in found for fact in stated)
    assert recalled >= 0.75 * len(stated), (recalled, len(stated))


def _is_among(target: str, value: str, truths: set[str]) -> bool:
    number = value.split()[0] if value[:1].isdigit() else value
    return target in truths or value in truths or number in truths

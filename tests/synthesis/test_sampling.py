"""Walks, sub-graphs and sub-tables: connected, of the wanted shape, never twice the same, fixed by the seed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from tamsa.synthesis.graph import Graph, build_graph, corpus_documents
from tamsa.synthesis.sampling import (
    Neighbours,
    Step,
    join_tables,
    orbits,
    sample_subgraph,
    sample_subgraphs,
    sample_subtables,
    sample_walks,
    wl_hash,
)
from tamsa.world.build import build_world
from tests.synthesis.graph_cases import doc, graph_of


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    folder = tmp_path_factory.mktemp("sampling")
    build_world(folder / "world", num_pages=400, seed=3, num_questions=10)
    return build_graph(corpus_documents(folder / "world" / "pages.jsonl"), folder / "graph")


@pytest.fixture(scope="module")
def neighbours(graph: Graph) -> Neighbours:
    return Neighbours(graph)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_a_walk_is_a_chain_of_true_edges_over_different_entities(neighbours: Neighbours, length: int) -> None:
    walks = list(sample_walks(neighbours, 7, 60, length))
    assert len(walks) > 30
    for walk in walks:
        assert len(walk.steps) == length
        assert len(set(walk.entities)) == length + 1
        for step in walk.steps:
            edge = neighbours.graph.edge(step.edge)
            ends = neighbours.graph.number(edge.subject), neighbours.graph.number(edge.object or "")
            assert (step.target, step.source) == ends if step.inverse else (step.source, step.target) == ends
            assert edge.relation not in ("links_to", "mentions")
        for one, other in pairwise(walk.steps):
            assert one.target == other.source
            names = neighbours.relation(one), neighbours.relation(other)
            assert names[0] != f"^{names[1]}" and names[1] != f"^{names[0]}"
    assert len({frozenset(step.edge for step in walk.steps) for walk in walks}) == len(walks)


def test_samples_depend_on_the_seed_alone(neighbours: Neighbours) -> None:
    again = Neighbours(neighbours.graph)
    assert list(sample_walks(neighbours, 1, 40, 3)) == list(sample_walks(again, 1, 40, 3))
    assert list(sample_walks(neighbours, 1, 40, 3))[:10] == list(sample_walks(again, 1, 10, 3))
    assert list(sample_walks(neighbours, 1, 40, 3)) != list(sample_walks(neighbours, 2, 40, 3))
    assert list(sample_subgraphs(neighbours, 1, 5)) == list(sample_subgraphs(again, 1, 5))
    assert list(sample_subtables(neighbours.graph, 1, 5)) == list(sample_subtables(again.graph, 1, 5))


@pytest.mark.parametrize(("size", "mean_degree"), [(5, 1.6), (12, 1.83), (12, 2.2), (30, 2.5)])
def test_a_subgraph_is_connected_and_as_dense_as_wanted(neighbours: Neighbours, size: int, mean_degree: float) -> None:
    found = list(sample_subgraphs(neighbours, 4, 8, size, mean_degree))
    assert len(found) >= 4
    for graph in found:
        assert len(set(graph.entities)) == len(graph.entities) == size
        assert mean_degree - 0.25 <= graph.mean_degree <= mean_degree + 2 / size
        assert _is_connected(graph.entities, graph.steps)
        assert graph.num_cycles == len(graph.steps) - size + 1 >= 0
    digests = [wl_hash(neighbours, graph.entities, graph.steps) for graph in found]
    assert len(set(digests)) == len(found)


def _is_connected(entities: tuple[int, ...], steps: tuple[Step, ...]) -> bool:
    reached = {entities[0]}
    while True:
        more = {end for step in steps for end in (step.source, step.target) if {step.source, step.target} & reached}
        if more <= reached:
            return reached == set(entities)
        reached |= more


def test_the_hash_sees_structure_and_not_names(neighbours: Neighbours) -> None:
    random = Random(2)
    graph = next(g for g in iter(lambda: sample_subgraph(neighbours, random, 12, 2.2), None) if g is not None)
    entities = list(graph.entities)
    random.shuffle(entities)
    steps = list(graph.steps)
    random.shuffle(steps)
    digest = wl_hash(neighbours, graph.entities, graph.steps)
    assert wl_hash(neighbours, entities, steps) == digest
    assert wl_hash(neighbours, graph.entities, graph.steps[:-1]) != digest
    turned = [Step(s.edge, s.target, s.source, s.inverse) for s in graph.steps[:1]] + list(graph.steps[1:])
    assert wl_hash(neighbours, graph.entities, turned) != digest


def test_entities_in_the_same_place_share_an_orbit(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        doc("Nightfall", "Nightfall is a 1990 film directed by Sam Hale, starring Ida Frost and Paul Dace."),
        doc("Sam Hale", "Sam Hale is an American film director."),
        doc("Ida Frost", "Ida Frost is an American actress."),
        doc("Paul Dace", "Paul Dace is an American actor."),
    )
    neighbours = Neighbours(graph)
    steps = [Step(int(n), *_ends(graph, int(n)), False) for n in neighbours.starts]
    groups = orbits(neighbours, [0, 1, 2, 3], steps)
    assert sorted(groups) == [(0,), (1,), (2, 3)]


def _ends(graph: Graph, number: int) -> tuple[int, int]:
    return int(graph.subject_numbers[number]), int(graph.object_numbers[number])


def test_tables_of_one_shape_are_joined_and_no_row_counts_twice(tmp_path: Path) -> None:
    head = "| River | Length (km) |\n| --- | --- |\n"
    graph = graph_of(
        tmp_path,
        doc("North", head + "| Arl | 120 |\n| Bor | 80 |\n"),
        doc("South", head.replace("River", "RIVER") + "| Bor | 80 |\n| Cem | 95 |\n"),
        doc("Other", "| Lake | Depth |\n| --- | --- |\n| Dol | 12 |\n"),
    )
    ((shape, numbers),) = [entry for entry in graph.shapes().items() if len(entry[1]) == 2]
    joined = join_tables(graph, numbers)
    assert shape == "river|length_km"
    assert [[cell.text for cell in row.cells] for row in joined.rows] == [["Arl", "120"], ["Bor", "80"], ["Cem", "95"]]
    assert [(row.table, row.row) for row in joined.rows] == [(numbers[0], 0), (numbers[0], 1), (numbers[1], 1)]
    with pytest.raises(ValueError, match="one shape"):
        join_tables(graph, range(graph.num_tables))


def test_subtables_have_a_subject_a_typed_column_and_exact_cells(graph: Graph) -> None:
    found = list(sample_subtables(graph, 9, 25))
    assert len(found) > 10
    assert any(len(table.tables) > 1 for table in found)
    for table in found:
        assert table.subject_column >= 0 and 4 <= len(table.rows) <= 60
        for row in table.rows:
            origin = graph.table(row.table).rows[row.row]
            assert row.cells == tuple(origin[column] for column in table.columns)
    assert len({(table.tables, table.columns) for table in found}) == len(found)


def test_an_empty_graph_gives_no_samples(tmp_path: Path) -> None:
    neighbours = Neighbours(graph_of(tmp_path, doc("Alone", "Nothing is said here of anyone.")))
    assert list(sample_walks(neighbours, 1, 5, 2)) == []
    assert list(sample_subgraphs(neighbours, 1, 5)) == []
    assert list(sample_subtables(neighbours.graph, 1, 5)) == []

"""The graph on disk: what is written is read, edges are found from both ends, offsets are exact."""

from __future__ import annotations

from pathlib import Path

import pytest

from tamsa.errors import CorruptError, InputError
from tamsa.synthesis.graph import Graph, build_graph
from tests.synthesis.graph_cases import doc, graph_of

TABLE = """Some peaks.

| Mountain | Height (m) | Range |
| --- | --- | --- |
| Mount Arl | 3,247 | Tessin Alps |
| Mount Bor | 2,101 | Tessin Alps |
"""
LIBRARY = (
    doc("Mount Arl", "Mount Arl is a mountain in the Tessin Alps.", "Tessin Alps"),
    doc("Tessin Alps", "The Tessin Alps are a mountain range. Mount Arl is their highest summit.", "Mount Arl"),
    doc("Peaks", TABLE, "Mount Arl", "Tessin Alps"),
    doc("Ola Kern", "Ola Kern (born 2 May 1916) was a Polish tennis player and coach."),
)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return graph_of(tmp_path, *LIBRARY)


def test_every_value_stands_in_its_evidence(graph: Graph) -> None:
    texts = {document.id: document.text for document in LIBRARY}
    assert graph.num_edges
    for edge in graph:
        assert edge.value in texts[edge.evidence.document][edge.evidence.start : edge.evidence.end]


def test_edges_are_found_from_both_ends_and_by_relation(graph: Graph) -> None:
    for edge in graph:
        if edge.subject:
            assert edge in graph.edges_of(edge.subject)
            assert edge in graph.edges_of(edge.subject, edge.relation)
        if edge.object:
            assert edge in graph.edges_to(edge.object)
        assert int(edge.id[1:]) in graph.by_relation(edge.relation)
        assert graph.edge_of(edge.id) == edge
    assert sum(graph.relations().values()) == graph.num_edges == len(list(graph))
    assert graph.edges_of("nobody") == graph.edges_to("nobody") == []
    assert len(graph.by_relation("no_such_relation")) == 0


def test_typed_values_have_canonical_forms(graph: Graph) -> None:
    (birth,) = [edge for edge in graph if edge.relation == "born_on"]
    assert (birth.value, birth.normal, birth.value_type) == ("2 May 1916", "1916-05-02", "date")
    heights = {edge.subject_title: edge.normal for edge in graph if edge.relation == "column:height_m"}
    assert heights == {"Mount Arl": "3247", "Mount Bor": "2101"}


def test_tables_keep_every_cell_with_its_place(graph: Graph) -> None:
    (table,) = graph.tables()
    assert table.header == ("Mountain", "Height (m)", "Range")
    assert table.subject_column == 0
    assert [[TABLE[cell.start : cell.end] for cell in row] for row in table.rows] == [
        [cell.text for cell in row] for row in table.rows
    ]
    assert table.rows[0][0].object == "Mount_Arl"
    assert graph.shapes() == {table.shape: [0]}


def test_entities_know_kind_and_definition(graph: Graph) -> None:
    entity = graph.entity("Ola_Kern")
    assert entity is not None
    assert (entity.kind, entity.description) == ("person", "Polish tennis player and coach")
    assert graph.find("ola kern") == ["Ola_Kern"]
    assert graph.entity("nobody") is None


def test_an_unfinished_or_foreign_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished graph"):
        Graph.open(tmp_path)
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="not a graph"):
        build_graph(lambda: LIBRARY, tmp_path)
    with pytest.raises(InputError, match="no documents"):
        build_graph(lambda: (), tmp_path / "new")


def test_a_damaged_graph_is_named(tmp_path: Path) -> None:
    graph_of(tmp_path, *LIBRARY).close()
    (tmp_path / "graph" / "edges.arrow").write_bytes(b"ARROW1")
    with pytest.raises(CorruptError, match="edges"):
        Graph.open(tmp_path / "graph")

"""What sentences, tables and links become: facts where the text states them, nothing where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tamsa.synthesis.graph import build_graph, table_documents
from tamsa.synthesis.graph.markup import without_marks
from tests.synthesis.graph_cases import doc, facts, graph_of

PEOPLE = (
    doc("Ilse Varga", "Ilse Varga (3 March 1901 – 9 July 1977) was a Hungarian painter and sculptor. She was born in "
        "Debrin and studied at Corvin Academy. In 1930 she married Tomas Brandt. Varga died in Oltava."),
    doc("Tomas Brandt", "Tomas Brandt, born on 5 May 1899 in Oltava, was a German architect who died on 1 June 1960."),
    doc("Debrin", "Debrin is a town in Hungary. It has a population of 12,400."),
    doc("Oltava", "Oltava is a city in Hungary."),
    doc("Corvin Academy", "Corvin Academy is a private university in Debrin, founded in 1871 by Ludo Kern."),
    doc("Ludo Kern", "Ludo Kern was a Hungarian banker."),
)  # fmt: skip
WORKS = (
    doc("The Glass Ferry", "The Glass Ferry is a 1987 American drama film directed by Nora Pell and written by Adam "
        "Roth, starring Lena Moor, Paul Dace and Ida Frost. The film was released on 4 May 1987. It is set in Oltava."),
    doc("Nora Pell", "Nora Pell is an American film director. She directed The Glass Ferry."),
    doc("Oltava", "Oltava is a city in Hungary."),
    doc("Salt Road", "Salt Road is a novel by Ben Arlow, published in 1951. It was published by Kestrel Press."),
    doc("Ben Arlow", "Ben Arlow (born 1920) is a Scottish novelist."),
    doc("Kestrel Press", "Kestrel Press is a British publisher based in Leeds."),
    doc("Leeds", "Leeds is a city in England."),
)  # fmt: skip


def test_lives_are_read_from_leads_and_sentences(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, *PEOPLE)
    assert facts(graph, "Ilse Varga") >= {
        ("born_on", "3 March 1901"), ("died_on", "9 July 1977"), ("nationality", "Hungarian"),
        ("occupation", "painter"),
        ("occupation", "sculptor"), ("born_in", "Debrin"), ("studied_at", "Corvin Academy"), ("spouse", "Tomas Brandt"),
        ("died_in", "Oltava"),
    }  # fmt: skip
    assert facts(graph, "Tomas Brandt") >= {
        ("born_on", "5 May 1899"), ("born_in", "Oltava"), ("died_on", "1 June 1960"), ("occupation", "architect"),
    }  # fmt: skip
    assert ("population", "12,400") in facts(graph, "Debrin")
    assert facts(graph, "Corvin Academy") >= {("located_in", "Debrin"), ("founded", "1871"), ("founder", "Ludo Kern")}


def test_works_are_read_with_lists_and_roles(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, *WORKS)
    assert facts(graph, "The Glass Ferry") >= {
        ("director", "Nora Pell"), ("screenwriter", "Adam Roth"), ("starring", "Lena Moor"), ("starring", "Paul Dace"),
        ("starring", "Ida Frost"), ("released", "1987"), ("released", "4 May 1987"), ("set_in", "Oltava"),
    }  # fmt: skip
    assert facts(graph, "Salt Road") >= {("author", "Ben Arlow"), ("published", "1951"), ("publisher", "Kestrel Press")}
    assert ("headquarters", "Leeds") in facts(graph, "Kestrel Press")


def test_a_fact_told_on_the_other_page_has_the_right_subject(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, *WORKS)
    told = [edge for edge in graph.edges_of("The_Glass_Ferry", "director") if edge.evidence.document == "Nora_Pell"]
    assert [edge.value for edge in told] == ["Nora Pell"] or [edge.object for edge in told] == ["Nora_Pell"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Rask was not born in Debrin.",
        "According to legend, Rask was born in Debrin.",
        "Rask may have been born in Debrin.",
        "Rask was allegedly born in Debrin.",
        "Rask's brother was born in Debrin.",
        "Rask planned to move to Debrin, where he would have died in Debrin.",
        "His friend Otto Lind was born in Debrin.",
        "Rask was born to be a king.",
    ],
)
def test_what_is_denied_doubted_or_said_of_another_is_no_fact(tmp_path: Path, sentence: str) -> None:
    graph = graph_of(tmp_path, doc("Emil Rask", f"Emil Rask was a Danish poet. {sentence}"), PEOPLE[2])
    assert not {relation for relation, _ in facts(graph, "Emil Rask")} & {"born_in", "died_in", "mother"}


def test_an_ambiguous_name_is_not_linked(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        doc("Nightfall", "Nightfall is a 1990 film directed by Sam Hale."),
        doc("Sam Hale (director)", "Sam Hale is an American film director."),
        doc("Sam Hale (actor)", "Sam Hale is an American actor and director."),
        doc("Springfield, Ohio", "Springfield is a city in Ohio."),
        doc("Ann Low", "Ann Low is a writer. She was born in Springfield, Illinois."),
    )
    (made,) = graph.edges_of("Nightfall", "director")
    assert (made.value, made.object) == ("Sam Hale", None)
    (born,) = graph.edges_of("Ann_Low", "born_in")
    assert (born.value, born.object) == ("Springfield, Illinois", None)


def test_a_duplicate_says_nothing_and_lends_its_name(tmp_path: Path) -> None:
    text = "Krakow is a city in Poland. It has a population of 774,839 people and stands on the Vistula."
    graph = graph_of(tmp_path, doc("Cracow", text), doc("Krakow", text))
    entity = graph.entity("Cracow")
    assert entity is not None
    assert entity.title == "Krakow"  # the title that the text itself uses
    assert graph.edges_of("Cracow") == graph.edges_of("Krakow") != []
    assert all(edge.evidence.document == "Krakow" for edge in graph)
    assert graph.find("Cracow") and graph.manifest["num_duplicates"] == 1


def test_links_are_kept_with_their_sentence(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        doc("Essay", "We met under the old oak. Later we spoke of Debrin at length.", "Debrin"),
        doc("Debrin", "Debrin is a town in Hungary."),
    )
    (edge,) = graph.edges_of("Essay", "links_to")
    assert (edge.object, edge.source, edge.evidence.start) == ("Debrin", "link", 26)


def test_rows_without_a_naming_column_give_no_edges(tmp_path: Path) -> None:
    table = "| Year | Score |\n| --- | --- |\n| 1999 | 3-1 |\n| 2000 | 2-2 |\n"
    graph = graph_of(tmp_path, doc("Scores", table))
    assert graph.num_edges == 0
    assert graph.table(0).subject_column == -1


def test_odd_tables_are_read_cell_by_cell(tmp_path: Path) -> None:
    table = (
        "## Ships\n\n| Name | Built | Note |\n|:---|---:|---|\n| Aurora | 1901 | a \\| b |\n| short row |\n"
        "| Borea | 1 May 1902 | – |\n| Cento | | 12 |\n"
    )
    graph = graph_of(tmp_path, doc("Fleet", table))
    found = {(edge.subject_title, edge.relation, edge.value, edge.normal) for edge in graph}
    assert found == {
        ("Aurora", "column:built", "1901", "1901"), ("Aurora", "column:note", "a \\| b", ""),
        ("Borea", "column:built", "1 May 1902", "1902-05-01"), ("Cento", "column:note", "12", "12"),
    }  # fmt: skip
    assert graph.table(0).caption == "Ships"


def test_evaluation_tables_are_left_out(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [[{"text": "Aurora", "links": ["/wiki/Aurora"]}, {"text": "1901", "links": []}]]
    records = [
        {"id": f"t{n}", "title": f"Ships {n}", "section_title": "A -- B", "section_text": "", "rows": rows,
         "header": ["Name", "Built"], "split": split}
        for n, split in enumerate(["train", "dev", "train"])
    ]  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(records), tmp_path / "tables.parquet")
    read = list(table_documents(tmp_path / "tables.parquet")())
    assert [document.id for document in read] == ["table/train/t0", "table/train/t2"]
    assert read[0].title == "Ships 0: A, B"
    (link,) = read[0].links
    assert read[0].text[link.start : link.end] == "Aurora"
    evaluation = doc("Dev", "| Name | Built |\n| --- | --- |\n| Borea | 1902 |\n", doc_id="table/dev/t1")
    graph = build_graph(lambda: [*read, evaluation], tmp_path / "graph")
    assert graph.num_tables == 2
    assert not any("dev" in edge.evidence.document for edge in graph)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n  ",
        "|",
        "| a |\n| --- |",
        "|||\n|---|---|---|\n|||",
        "(((((((((((((((((((((" * 200,
        "A" * 50_000,
        "was born in " * 3000,
        "Emil Rask " * 3000 + "was born in Debrin.",
        "Он родился в Москве в 1900 году. 他出生于北京。 彼は東京で生まれた。",
        "\ue001\ue100 was born in \ue002\ue101 on \ue005\ue102.",
        "<tool_call>{}</tool_call> was born in <answer>X</answer>",
        "Emil Rask\x00 was\u202e born in Debrin\ud83d.",
        "٣٤٥ ²³ ½ 1,2,3,4 31 February 1900 99 May 1900 1900-13-45",
    ],
)
def test_no_text_breaks_the_extractor(tmp_path: Path, text: str) -> None:
    graph = graph_of(tmp_path, doc("Emil Rask", text), PEOPLE[2])
    for edge in graph:
        source = text if edge.evidence.document == "Emil_Rask" else PEOPLE[2].text
        assert edge.value in source[edge.evidence.start : edge.evidence.end]


def test_one_document_alone_makes_a_graph(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, PEOPLE[0])
    assert ("born_in", "Debrin") in facts(graph, "Ilse Varga")
    assert graph.manifest["num_documents"] == 1


def test_what_gave_nothing_is_named(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, doc("Blank", "   "), doc("Мир", "Он родился в Москве."), PEOPLE[2])
    left = graph.manifest["left_out"]
    assert {name for entry in left.values() for name in entry["examples"]} == {"Blank", "Мир"}


@pytest.mark.parametrize(
    "written",
    ["[{name}]({name}.md)", "[{name}](the%20{name}.md)", "[[{name}]]", "[[some page|{name}]]", "**{name}**", "{name}"],
)
def test_marks_of_markdown_hide_no_fact(tmp_path: Path, written: str) -> None:
    """The facts are the same with and without marks, and each stands in the document where its evidence says."""

    def named(name: str) -> str:
        return written.format(name=name)

    mill = doc(
        "Orne Mill",
        f"![a mill](mill.png) Orne Mill is a museum in {named('Aldham')}. It was designed by {named('Ole Vint')}.\n\n"
        f"| Room | Opened | Painter |\n| --- | --- | --- |\n| {named('Red Room')} | 1911 | {named('Ole Vint')} |\n"
        f"| Blue Room | 1912 | Ann Lee |\n",
    )
    graph = graph_of(
        tmp_path, mill, doc("Aldham", "Aldham is a town."), doc("Ole Vint", "Ole Vint is an English architect.")
    )
    assert facts(graph, "Orne Mill") >= {("designed_by", "Ole Vint"), ("located_in", "Aldham")}
    assert facts(graph, "Red Room") >= {("column:opened", "1911"), ("column:painter", "Ole Vint")}
    for edge in graph:
        if edge.evidence.document == mill.id and edge.relation != "instance_of":
            assert edge.value in mill.text[edge.evidence.start : edge.evidence.end], edge
    for row in graph.table(0).rows:
        for cell in row:
            assert mill.text[cell.start : cell.end] == cell.text


def test_places_without_marks_lead_back_to_the_document() -> None:
    text = "**Ann** lives in [Old Aldham](a.md), ![x](y.png)near [[mill|the mill]]. **"
    marked = without_marks(doc("Ann", text))
    plain = marked.document.text
    assert plain == "Ann lives in Old Aldham, near the mill. **"
    for word in ("Ann", "lives", "Old Aldham", "near", "the mill", "**"):
        at = plain.index(word)
        start, end = marked.raw(at, at + len(word))
        assert text[start:end] == word and marked.plain(start) == at
    whole = doc("Ann", "Ann lives in Aldham.")
    assert without_marks(whole).document is whole

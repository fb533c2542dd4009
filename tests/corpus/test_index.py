"""The index: what goes in comes out, and is found."""

from __future__ import annotations

import errno
import json
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tamsa.corpus import Index, SearchIndex, writer
from tamsa.corpus.lexical import guard
from tamsa.corpus.lock import WriterLock
from tamsa.errors import CorruptError, InputError, StorageError
from tamsa.types import Document, Link, Section

DOCUMENTS = [
    {"id": "a", "title": "Aldora", "text": "Aldora is a city on the river Venn. It was founded in 1204."},
    {"id": "b", "title": "Venn", "text": "The Venn is a river that runs past old mills and quiet meadows."},
    {"id": "c", "title": "Mills", "text": "Running mills grind grain. " * 200, "date": "2001-02-03"},
]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.build(DOCUMENTS, tmp_path / "index") as built:
        yield built


def state(index: Index) -> dict[str, Document | None]:
    return {doc_id: index.get(doc_id) for doc_id in sorted(index.ids())}


def test_index_has_the_interface_of_a_search_index(index: Index) -> None:
    assert isinstance(index, SearchIndex)


def test_search_finds_by_stem_and_title_one_hit_a_document(index: Index) -> None:
    assert {hit.id for hit in index.search("rivers")} == {"a", "b"}
    assert index.search("founding of Aldora")[0].id == "a"
    mills = index.search("mill grain", 10)
    assert [hit.id for hit in mills].count("c") == 1
    assert index.search("Venn", 1)[0].id == "b"


def test_snippets_are_exact_stretches_of_the_document(index: Index) -> None:
    for query in ("river", "mills grain", "1204", "Aldora", "quiet"):
        for hit in index.search(query):
            document = index.get(hit.id)
            assert document is not None
            assert hit.snippet == document.text[hit.start : hit.end] != ""
            assert hit.title == document.title


def test_scores_fall_and_a_small_k_is_the_start_of_a_large_one(index: Index) -> None:
    hits = index.search("river mills city", 10)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert index.search("river mills city", 2) == hits[:2]


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "the of and",
        '"',
        "AND OR NOT",
        "title:(",
        "*",
        "a" * 100_000,
        "river " * 30_000,
        "\x00\ud800",
        "東京",
        "🦀",
    ],
)
def test_any_text_is_a_query(index: Index, query: str) -> None:
    assert len(index.search(query)) <= 3
    assert index.search(query, 0) == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
def test_search_mentions_and_titles_take_any_text(index: Index, query: str) -> None:
    index.search(query)
    index.mentions(query)
    index.find_title(query)
    index.get(query)


def test_scripts_without_spaces_are_found_inside_words(tmp_path: Path) -> None:
    documents = [
        {"id": "t", "title": "東京", "text": "東京は日本の首都である。"},
        {"id": "s", "title": "서울", "text": "서울은 수도이다."},
    ]
    with Index.build(documents, tmp_path / "i") as index:
        assert [hit.id for hit in index.search("首都")] == ["t"]
        assert [hit.id for hit in index.search("수도는")] == ["s"]


TEXT = st.text(max_size=300)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.tuples(TEXT, TEXT), min_size=1, max_size=6))
def test_documents_come_back_as_they_went_in(tmp_path: Path, texts: dict[str, tuple[str, str]]) -> None:
    shutil.rmtree(tmp_path / "any", ignore_errors=True)
    documents = [
        Document(i, title or "T", text, (Section("s", 0, len(text)),), (Link("x", 0, len(text)),), "src", "2020-01-01")
        for i, (title, text) in texts.items()
    ]
    with Index.build(documents, tmp_path / "any") as index:
        assert [index.get(document.id) for document in documents] == documents


def test_lone_surrogates_become_replacement_characters_in_place(tmp_path: Path) -> None:
    with Index.build([{"id": "s", "title": "S\ud800", "text": "a\ud800b"}], tmp_path / "i") as index:
        assert index.get("s") == Document("s", "S\ufffd", "a\ufffdb")


def test_updates_and_deletes_show_at_once_in_every_reader(index: Index) -> None:
    with Index.open(index.path) as other:
        assert (
            index.update(
                [{"id": "a", "title": "Aldora", "text": "A town of glass."}, {"id": "d", "title": "D", "text": "dd"}]
            )
            == 2
        )
        assert index.update([{"id": "d", "title": "D", "text": "dd"}]) == 0
        for reader in (index, other):
            assert reader.num_documents == 4
            assert reader.get("a") == Document("a", "Aldora", "A town of glass.")
            assert [hit.id for hit in reader.search("glass")] == ["a"]
            assert "a" not in [hit.id for hit in reader.search("1204 founded")]
        assert index.delete(["a", "missing"]) == 1
        assert other.get("a") is None
        assert other.find_title("Aldora") == []
        assert other.num_documents == 3


def test_building_again_mirrors_the_documents(index: Index) -> None:
    changed = [{**DOCUMENTS[0], "text": "Changed."}, DOCUMENTS[1], {"id": "n", "title": "New", "text": "New text."}]
    with Index.build(changed, index.path) as again, Index.build(changed, index.path.with_name("fresh")) as fresh:
        assert state(again) == state(fresh)
        assert again.num_chunks == fresh.num_chunks


def test_bad_records_and_repeated_ids_are_skipped_with_reasons(tmp_path: Path) -> None:
    records: list[Any] = [
        DOCUMENTS[0],
        {"id": "x", "title": "no text"},
        {"id": None, "title": None, "text": "t"},
        "text",
        {**DOCUMENTS[0], "text": "other"},
        {"id": "", "title": "t", "text": "t"},
        {"id": ["a"], "title": "t", "text": "t"},
    ]
    with Index.build(records, tmp_path / "i") as index:
        assert index.ids() == ["a"]
        assert [where for where, _ in index.skipped] == [f"record {n}" for n in (2, 3, 4, 5, 6, 7)]
        assert index.get("a") == Document("a", "Aldora", DOCUMENTS[0]["text"])
    with Index.open(tmp_path / "i") as again:
        assert len(again.skipped) == 6


def test_nothing_to_index_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to index"):
        Index.build([], tmp_path / "i")
    with pytest.raises(InputError, match="field text is missing"):
        Index.build([{"id": "x", "title": "y"}], tmp_path / "j")


def test_folders_that_hold_something_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(InputError, match="not an index; choose another folder"):
        Index.build(DOCUMENTS, tmp_path)
    with pytest.raises(InputError, match="is a file"):
        Index.build(DOCUMENTS, tmp_path / "precious.txt")
    with pytest.raises(InputError, match="not an index"):
        Index.open(tmp_path)
    with pytest.raises(InputError, match="not an index"):
        Index.open(tmp_path / "missing")
    assert [p.name for p in tmp_path.iterdir()] == ["precious.txt"]


def _spoil_marker(path: Path) -> None:
    (path / "index.json").write_text('{"kind": "tamsa-index", "format": 99}')


def _spoil_marker_json(path: Path) -> None:
    (path / "index.json").write_text("{")


def _spoil_meta(path: Path) -> None:
    (path / "lexical" / "meta.json").write_text("{}")


def _cut_stores(path: Path) -> None:
    for file in (path / "lexical").glob("*.store"):
        file.write_bytes(file.read_bytes()[:10])


def _remove_terms(path: Path) -> None:
    for file in (path / "lexical").glob("*.term"):
        file.unlink()


def _remove_catalog(path: Path) -> None:
    for file in path.glob("catalog-*"):
        file.unlink()


@pytest.mark.parametrize(
    "spoil", [_spoil_marker, _spoil_marker_json, _spoil_meta, _cut_stores, _remove_terms, _remove_catalog]
)
def test_a_damaged_index_says_so_and_how_to_mend_it(tmp_path: Path, spoil: Any) -> None:
    Index.build(DOCUMENTS, tmp_path / "i").close()
    spoil(tmp_path / "i")

    def use() -> None:
        with Index.open(tmp_path / "i") as index:
            index.search("river")
            index.get("a")

    with pytest.raises(CorruptError, match="anew") as caught:
        use()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("failure", "kind", "words"),
    [
        (ValueError("IoError { kind: PermissionDenied }"), InputError, "no permission to open"),
        (ValueError("IoError (os error 28)"), StorageError, "the disk is full"),
        (ValueError("bad footer"), CorruptError, "build it anew"),
    ],
)
def test_failures_of_the_engine_are_told_apart(
    tmp_path: Path, failure: Exception, kind: type[Exception], words: str
) -> None:
    def fail() -> None:
        raise failure

    with pytest.raises(kind, match=words):
        guard(tmp_path, fail, writing=False)


def test_an_index_is_as_readable_as_its_folder(index: Index) -> None:
    wanted = stat.S_IMODE((index.path / "index.json").stat().st_mode)
    for name in ("meta.json", ".managed.json"):
        assert stat.S_IMODE((index.path / "lexical" / name).stat().st_mode) == wanted


def test_a_second_writer_is_told_to_wait(index: Index) -> None:
    lock = WriterLock(index.path / "lock")
    with pytest.raises(InputError, match="another process is writing"):
        index.update(DOCUMENTS)
    with pytest.raises(InputError, match="another process is writing"):
        Index.build(DOCUMENTS, index.path, wait_s=0.1)
    threading.Timer(0.2, lock.release).start()
    assert index.update([{"id": "q", "title": "Q", "text": "q"}], wait_s=20) == 1


def test_a_full_disk_is_one_line_and_loses_nothing(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(index)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tamsa.store.os.fsync", full)
        with pytest.raises(StorageError, match="the disk is full"):
            index.update([{"id": "z", "title": "Z", "text": "z"}])
    assert state(index) == before
    assert index.update([{"id": "z", "title": "Z", "text": "z"}]) == 1


def test_a_failure_inside_an_update_changes_nothing(index: Index) -> None:
    before = state(index)
    with pytest.raises(InputError, match="field text is missing"):
        index.update([{"id": "new", "title": "t", "text": "t"}, {"id": "bad"}])
    assert state(index) == before


def test_checkpoints_leave_a_readable_unfinished_index(tmp_path: Path) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from DOCUMENTS
        raise RuntimeError("source failed")

    with pytest.raises(RuntimeError):
        Index.build(broken(), tmp_path / "i", checkpoint_s=0)
    with Index.open(tmp_path / "i") as partial:
        assert not partial.complete
        assert partial.ids() == ["a", "b", "c"]
    with Index.build(DOCUMENTS, tmp_path / "i") as whole:
        assert whole.complete


def test_readers_in_threads_work_beside_a_writer(index: Index) -> None:
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                document = index.get("b")
                assert document is not None
                assert [hit.id for hit in index.search("meadows")] == ["b"]
                number = index.num_documents
                assert 3 <= number <= 13
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(10):
        index.update([{"id": f"n{i}", "title": f"N{i}", "text": f"text number {i}"}])
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert index.num_documents == 13
    assert len(list(index.path.glob("catalog-*.bin"))) == 2


def test_a_closed_index_says_so(index: Index) -> None:
    index.close()
    with pytest.raises(InputError, match="closed"):
        index.search("x")


def test_long_documents_keep_anchors_and_offsets(tmp_path: Path) -> None:
    text = "".join(f"Part {i}\n\nFacts about number{i} here.\n\n{'filler words ' * 120}\n\n" for i in range(40))
    starts = [text.index(f"Part {i}\n") for i in range(40)] + [len(text)]
    sections = tuple(Section(f"Part {i}", starts[i], starts[i + 1]) for i in range(40))
    with Index.build([Document("long", "Long", text, sections)], tmp_path / "i") as index:
        (hit,) = index.search("number17")
        assert hit.anchor == "Part 17"
        assert hit.snippet == text[hit.start : hit.end]
        assert "number17" in hit.snippet
        assert index.get("long") == Document("long", "Long", text, sections)


def test_the_marker_names_kind_and_version(index: Index) -> None:
    marker = json.loads((index.path / "index.json").read_text())
    assert marker == {"schema_version": 1, "kind": writer.KIND, "format": writer.FORMAT}


def test_a_number_of_hits_beyond_all_memory_gives_what_there_is(index: Index) -> None:
    hits = index.search("river", 10**15)
    assert [hit.id for hit in hits] == [hit.id for hit in index.search("river", index.num_documents)] != []

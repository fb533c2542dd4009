"""The adapter for LanceDB gives what the local index gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tamsa.corpus import Index, LanceIndex, SearchIndex, open_documents
from tamsa.errors import CorruptError, InputError, StorageError
from tamsa.types import Document, Link, Section
from tests.corpus import files

lancedb = pytest.importorskip("lancedb", reason="the extra lancedb is not installed")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def documents(count: int = 60) -> list[Document]:
    rng = random.Random(5)
    made = []
    for i in range(count):
        text = f"Place{i} is a town. " + files.prose(rng, 400 if i % 10 == 0 else 30)
        made.append(
            Document(
                f"d/{i}",
                f"Place{i} (town)",
                text,
                (Section("all", 0, len(text)),),
                (Link("x", 0, 5),),
                None,
                "2020-01-01",
            )
        )
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lance")
    LanceIndex.build(documents(), str(path / "db")).close()
    Index.build(documents(), path / "local").close()
    return path


@pytest.fixture
def pair(folder: Path) -> Iterator[tuple[LanceIndex, Index]]:
    with Index.open(folder / "local") as local:
        remote = LanceIndex.open(str(folder / "db"))
        yield remote, local
        remote.close()


def test_adapter_has_the_interface_of_a_search_index(pair: tuple[LanceIndex, Index]) -> None:
    assert isinstance(pair[0], SearchIndex)


def test_documents_titles_and_mentions_agree_with_the_local_index(pair: tuple[LanceIndex, Index]) -> None:
    remote, local = pair
    assert (remote.num_documents, remote.num_chunks) == (local.num_documents, local.num_chunks)
    for document in documents():
        assert remote.get(document.id) == document
    assert remote.get("missing") is None
    for title in ("Place7 (town)", "place7", "Place99", "", "("):
        assert remote.find_title(title) == local.find_title(title)
    text = "From Place3 to Place30 (town), past Place4.\nplace5 and town. " * 20
    assert remote.mentions(text) == local.mentions(text) != []


def test_searches_find_what_the_local_index_finds(pair: tuple[LanceIndex, Index]) -> None:
    remote, local = pair
    for query in ("Place8", "town of Place12", "Place3 or Place4?"):
        assert remote.search(query, 1)[0].id == local.search(query, 1)[0].id
    for word in files.WORDS[:5]:
        assert {hit.id for hit in remote.search(word, 100)} == {hit.id for hit in local.search(word, 100)}
    for hit in remote.search("amber basalt Place10", 10):
        document = remote.get(hit.id)
        assert document is not None
        assert hit.snippet == document.text[hit.start : hit.end]


@pytest.mark.parametrize(
    "query", ["", "the", "'; DROP TABLE", '"', "\x00\ud800", "a" * 100_000, "amber " * 9000, "東京"]
)
def test_any_text_is_a_query(pair: tuple[LanceIndex, Index], query: str) -> None:
    assert len(pair[0].search(query, 5)) <= 5
    assert pair[0].search(query, 0) == []


def test_updates_deletes_and_rebuilds(tmp_path: Path) -> None:
    uri = str(tmp_path / "db")
    first = documents(6)
    index = LanceIndex.build(first, uri)
    assert index.update(first) == 0
    assert index.update([Document("d/0", "Other", "Short now."), Document("new", "New", "Fresh words.")]) == 2
    assert index.get("d/0") == Document("d/0", "Other", "Short now.")
    assert index.find_title("Place0 (town)") == []
    assert [hit.id for hit in index.search("fresh")] == ["new"]
    assert index.delete(["d/1", "missing"]) == 1
    assert index.get("d/1") is None
    assert index.num_documents == 6
    again = LanceIndex.build(first, uri)
    assert again.num_documents == 6
    assert [again.get(document.id) for document in first] == first
    assert again.get("new") is None


def test_bad_records_are_skipped_with_reasons(tmp_path: Path) -> None:
    records: list[Any] = [{"id": "a", "title": "A", "text": "t"}, {"id": "b"}, {"id": "a", "title": "A", "text": "u"}]
    index = LanceIndex.build(records, str(tmp_path / "db"))
    assert index.num_documents == 1
    assert [where for where, _ in index.skipped] == ["record 2", "record 3"]


def test_mistakes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="build it first"):
        LanceIndex.open(str(tmp_path / "missing"))
    with pytest.raises(InputError, match="nothing to index"):
        LanceIndex.build([], str(tmp_path / "empty"))
    database = lancedb.connect(str(tmp_path / "other"))
    for name in ("chunks", "names"):
        database.create_table(name, data=[{"x": 1}])
    with pytest.raises(CorruptError, match="another layout"):
        LanceIndex.open(str(tmp_path / "other"))
    index = LanceIndex.build(documents(2), str(tmp_path / "db"))

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(index._chunks, "merge_insert", fail)
    with pytest.raises(StorageError, match="cannot write the index"):
        index.update([Document("z", "Z", "z")])


def test_an_address_opens_the_adapter_and_paths_the_local_index(folder: Path, tmp_path: Path) -> None:
    remote = open_documents([f"lance:{folder / 'db'}"])
    assert isinstance(remote, LanceIndex)
    assert remote.num_documents == 60
    assert isinstance(open_documents([folder / "local"]), Index)
    with pytest.raises(InputError, match="name it alone"):
        open_documents(["lance:x", tmp_path])
    with pytest.raises(InputError, match="build it first"):
        open_documents([Path(f"lance:{tmp_path / 'none'}")])


def test_an_object_stores_address_survives_being_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(LanceIndex, "open", lambda uri: seen.append(uri))
    open_documents([Path("lance:s3://bucket/prefix")])
    open_documents(["lance:s3://bucket/prefix"])
    assert seen == ["s3://bucket/prefix"] * 2

"""`open_corpus` builds and refreshes the index of files and folders by itself."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tamsa.corpus import Index, Progress, cache_folder, open_corpus, opening
from tamsa.corpus.sources import list_files, resolve_link
from tamsa.corpus.writer import MARKER
from tamsa.errors import CorruptError, InputError
from tamsa.types import Document
from tests.corpus import files


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "rivers.md").write_text("# Rivers\n\nThe [Venn](sub/venn.html#top) is a river.\n")
    (folder / "sub" / "venn.html").write_text('<h1>Venn</h1><p>See <a href="../rivers.md">rivers</a>.</p>')
    (folder / "corpus.jsonl").write_text(json.dumps({"id": "/a", "title": "Aldora", "text": "Aldora city."}) + "\n")
    files.word(folder / "report.docx")
    for name in (".hidden", "node_modules/x", "build"):
        (folder / name).mkdir(parents=True)
        (folder / name / "no.md").write_text("# No")
    (folder / ".secret.md").write_text("# No")
    (folder / "picture.png").write_bytes(files.png())
    return folder


def contents(index: Index) -> dict[str, Document | None]:
    return {doc_id: index.get(doc_id) for doc_id in sorted(index.ids())}


def age(folder: Path) -> None:
    """Set back the times of all files, so that they count as settled."""
    for path in folder.rglob("*"):
        os.utime(path, ns=(10**18, 10**18), follow_symlinks=False)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files that are handed to readers."""
    names: list[str] = []
    real = opening.read_files

    def spy(paths: list[Path], **options: object) -> object:
        names.extend(path.name for path in paths)
        return real(paths, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(opening, "read_files", spy)
    yield names


def test_a_folder_is_indexed_with_relative_ids_links_and_anchors(docs: Path) -> None:
    with open_corpus([docs]) as index:
        assert sorted(index.ids()) == ["/a", "report.docx", "rivers.md", "sub/venn.html"]
        rivers, venn = index.get("rivers.md"), index.get("sub/venn.html")
        assert rivers is not None
        assert venn is not None
        assert [link.target for link in rivers.links] == ["sub/venn.html"]
        assert [link.target for link in venn.links] == ["rivers.md"]
        assert rivers.source == str(docs / "rivers.md")
        assert index.search("cedar")[0].anchor == "Trees"
        assert index.find_title("aldora") == ["/a"]
        assert [path for path, _ in index.skipped] == ["picture.png"]


def test_nothing_is_read_again_while_nothing_changes(docs: Path, reads: list[str], cache: Path) -> None:
    age(docs)
    with open_corpus([docs]) as index:
        before, skipped = contents(index), index.skipped
    assert len(reads) == 5
    reads.clear()
    with open_corpus([docs]) as index:
        assert contents(index) == before
        assert index.skipped == skipped
        assert index.path == cache_folder([docs])
        assert index.path.is_relative_to(cache)
    assert reads == []
    for path in docs.rglob("*.md"):
        os.utime(path)  # touched, with the same content
    open_corpus([docs]).close()
    assert reads == []


def test_a_refresh_reads_what_changed_and_equals_a_new_index(docs: Path, reads: list[str], tmp_path: Path) -> None:
    age(docs)
    open_corpus([docs]).close()
    reads.clear()
    (docs / "rivers.md").write_text("# Rivers\n\nDry.\n")
    (docs / "report.docx").unlink()
    (docs / "new.txt").write_text("A new file.")
    records = [{"id": "/a", "title": "Aldora", "text": "Aldora town."}, {"id": "/b", "title": "B", "text": "b"}]
    (docs / "corpus.jsonl").write_text("\n".join(map(json.dumps, records)))
    with open_corpus([docs]) as index, open_corpus([docs], out=tmp_path / "fresh") as fresh:
        assert sorted(set(reads[:3])) == ["corpus.jsonl", "new.txt", "rivers.md"]
        assert contents(index) == contents(fresh)
        assert index.get("report.docx") is None
        assert index.skipped == fresh.skipped
    (docs / "corpus.jsonl").write_text(json.dumps(records[1]))
    with open_corpus([docs]) as index:
        assert index.get("/a") is None
        assert index.get("/b") is not None


def test_a_change_of_the_same_size_within_the_clock_is_noticed(docs: Path) -> None:
    open_corpus([docs]).close()
    path = docs / "rivers.md"
    info = path.stat()
    path.write_text(path.read_text().replace("river.", "RIVER."))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    with open_corpus([docs]) as index:
        document = index.get("rivers.md")
        assert document is not None
        assert "RIVER" in document.text


def test_an_id_of_two_files_goes_to_the_second_when_the_first_is_gone(tmp_path: Path) -> None:
    for name, text in (("1.jsonl", "first"), ("2.jsonl", "second")):
        (tmp_path / name).write_text(json.dumps({"id": "x", "title": "X", "text": text}))
    with open_corpus([tmp_path], out=tmp_path / "i") as index:
        assert index.get("x").text == "first"  # type: ignore[union-attr]
        assert index.skipped == [("2.jsonl", "id 'x' is there already; the first document counts")]
    (tmp_path / "1.jsonl").unlink()
    with open_corpus([tmp_path], out=tmp_path / "i") as index:
        assert index.get("x").text == "second"  # type: ignore[union-attr]
        assert index.skipped == []


def test_single_files_several_paths_and_built_indexes(docs: Path, tmp_path: Path) -> None:
    with open_corpus([docs / "rivers.md"]) as index:
        assert index.ids() == ["rivers.md"]
    with open_corpus([docs / "sub", docs / "corpus.jsonl"]) as index:
        assert sorted(index.ids()) == ["/a", "sub/venn.html"]
    with open_corpus([docs], out=tmp_path / "built") as index:
        ids = index.ids()
    with open_corpus([tmp_path / "built"]) as index:
        assert index.ids() == ids


def test_an_unfinished_index_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    def broken() -> Iterator[Document]:
        yield Document("a", "A", "text")
        yield Document("b", "B", "text")
        raise RuntimeError("source failed")

    with pytest.raises(RuntimeError):
        Index.build(broken(), tmp_path / "i", checkpoint_s=0)
    with pytest.raises(InputError, match="was not finished; run the command"):
        open_corpus([tmp_path / "i"])


def test_an_index_inside_the_folder_is_not_read_as_documents(docs: Path) -> None:
    open_corpus([docs], out=docs / "index").close()
    with open_corpus([docs], out=docs / "index") as index:
        assert not [name for name in index.ids() if name.startswith("index/")]


def test_a_file_called_index_json_makes_no_index_of_a_folder(docs: Path) -> None:
    for folder in (docs, docs / "sub"):
        (folder / "index.json").write_text('{"pages": 3}')
    with open_corpus([docs]) as index:
        assert {"index.json", "sub/index.json", "sub/venn.html"} <= set(index.ids())
    with pytest.raises(InputError, match="choose another folder"):
        Index.build([Document("a", "A", "text")], docs)
    assert not (docs / "lock").exists()


def test_an_index_beside_other_documents_is_refused(docs: Path, tmp_path: Path) -> None:
    open_corpus([docs], out=tmp_path / "built").close()
    with pytest.raises(InputError, match="name it alone"):
        open_corpus([tmp_path / "built", docs])


def test_a_change_of_the_same_size_while_it_is_indexed_is_noticed(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = opening.read_files

    def change_after_reading(paths: list[Path], **options: object) -> object:
        for number, found in real(paths, **options):  # type: ignore[arg-type]
            if paths[number].name == "rivers.md":
                paths[number].write_text(paths[number].read_text().replace("Rivers", "Canals"))
            yield number, found

    age(docs)
    with monkeypatch.context() as busy:
        busy.setattr(opening, "read_files", change_after_reading)
        open_corpus([docs]).close()
    with open_corpus([docs]) as index:
        document = index.get("rivers.md")
        assert document is not None
        assert document.title == "Canals"


def test_an_id_twice_in_one_file_does_not_have_it_read_again(tmp_path: Path, reads: list[str]) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    line = json.dumps({"id": "x", "title": "X", "text": "text"}) + "\n"
    (docs / "corpus.jsonl").write_text(line + line)
    (docs / "a.md").write_text("# A")
    age(docs)
    open_corpus([docs]).close()
    (docs / "a.md").write_text("# Another")
    reads.clear()
    open_corpus([docs]).close()
    assert reads == ["a.md"]


def test_progress_rises_to_its_end(docs: Path) -> None:
    seen: list[Progress] = []
    open_corpus([docs], on_progress=seen.append).close()
    assert seen[-1].done == seen[-1].total > 0
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert seen[-1].documents == 4
    (docs / "corpus.jsonl").unlink()
    (docs / "rivers.md").write_text("# Rivers\n\nChanged.\n")
    open_corpus([docs], on_progress=seen.append).close()
    assert seen[-1].documents == 3


def test_a_users_mistakes_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(files.png())
    for paths, reason in (
        ([tmp_path / "missing"], "no such file or folder"),
        ([tmp_path / "empty"], "no documents in it"),
        ([tmp_path / "pictures"], r"none of the 1 files can be read; a.png: not a document"),
        ([], "no documents given"),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            open_corpus(paths)
        assert "\n" not in str(caught.value)


def test_links_loops_pipes_and_locked_files_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "good.txt").write_text("good text")
    (folder / "loop").symlink_to(folder)
    (folder / "self").symlink_to("self")
    (folder / "gone.md").symlink_to("nowhere.md")
    (folder / "twin.txt").symlink_to("good.txt")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(folder)  # the path of a socket must be short
        server.bind("socket.md")
        listing = list_files([folder])
    assert [file.name for file in listing.files] == ["good.txt"]
    assert dict(listing.skipped)["twin.txt"] == "the same file as good.txt"
    assert {name for name, _ in listing.skipped} == {"self", "gone.md", "pipe.txt", "socket.md", "twin.txt"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_files_without_permission_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "b.txt").chmod(0)
    assert list_files([tmp_path]).skipped == [("b.txt", "cannot be read (no permission)")]


def test_names_that_are_no_text_are_indexed(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("coffee")
    with open_corpus([tmp_path], out=tmp_path / "i") as index:
        assert index.search("coffee")[0].id == "caf?.txt"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("b.md", "sub/b.md"),
        ("../c%20d.md#part", "c d.md"),
        ("x/./y.html?q=1", "sub/x/y.html"),
        ("https://example.org/a.md", "https://example.org/a.md"),
        ("mailto:a@b.c", "mailto:a@b.c"),
        ("#top", "#top"),
        ("/abs.md", "/abs.md"),
        ("../../out.md", "../../out.md"),
        ("Some Title", "Some Title"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_targets_of_links_become_ids(target: str, expected: str) -> None:
    assert resolve_link("sub/a.md", target) == expected


def test_damaged_cache_is_built_anew_and_a_named_index_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# Alpha\n\nAlpha is a town.")
    for out in (None, tmp_path / "named"):
        open_corpus([tmp_path / "docs"], out=out).close()
        root = out or cache_folder([tmp_path / "docs"])
        for path in root.rglob("*"):
            if path.is_file() and path.name != MARKER:
                path.write_bytes(b"damaged")
    index = open_corpus([tmp_path / "docs"])
    assert [hit.title for hit in index.search("town")] == ["Alpha"]
    index.close()
    with pytest.raises(CorruptError):
        open_corpus([tmp_path / "docs"], out=tmp_path / "named")

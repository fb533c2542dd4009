"""Hostile files are skipped with a reason; nothing crashes, nothing hangs, the rest is indexed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tamsa.corpus import open_corpus
from tamsa.corpus.readers import Draft
from tamsa.corpus.readers.pool import Failed, read_files
from tamsa.errors import TamsaError
from tests.corpus import files


def flood(folder: Path, seeds: range) -> None:
    """Index malformed files among good ones and check that each of either is accounted for."""
    docs = folder / "docs"
    docs.mkdir()
    for seed in seeds:
        files.hostile(seed, docs)
        if seed % 10 == 0:
            (docs / f"good-{seed:04d}.txt").write_text(f"A good file about marker{seed}.")
    with open_corpus([docs], out=folder / "index", time_limit_s=20) as index:
        indexed = {document.source for doc_id in index.ids() if (document := index.get(doc_id))}
        skipped = {name.split(", ")[0] for name, _ in index.skipped}
        for path in docs.iterdir():
            assert str(path) in indexed or path.name in skipped, path
        for seed in seeds:
            if seed % 10 == 0:
                assert [hit.id for hit in index.search(f"marker{seed}", 1)] == [f"good-{seed:04d}.txt"]
        assert all(reason and "\n" not in reason for _, reason in index.skipped)
        for doc_id in index.ids():
            document = index.get(doc_id)
            assert document is not None
            assert all(0 <= part.start <= part.end <= len(document.text) for part in document.sections + document.links)


def test_hostile_files_are_indexed_or_skipped_with_a_reason(tmp_path: Path) -> None:
    flood(tmp_path, range(60))


@pytest.mark.soak
def test_a_thousand_hostile_files(tmp_path: Path) -> None:
    flood(tmp_path, range(1000, 2000))


@pytest.mark.soak
def test_an_endless_line_is_skipped_in_bounded_memory(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "good.txt").write_text("good words")
    for name in ("line.txt", "line.jsonl", "line.csv", "line.md", "line.html", "line.json"):
        with open(docs / name, "wb") as file:
            for _ in range(500):
                file.write(b"x" * 1_000_000)
    program = textwrap.dedent(
        """
        import json, resource, sys
        from pathlib import Path
        from tamsa.corpus import open_corpus
        with open_corpus([Path(sys.argv[1])], out=Path(sys.argv[2])) as index:
            kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
            peaks = [resource.getrusage(kind).ru_maxrss for kind in kinds]
            print(json.dumps([index.ids(), sorted({name.split(",")[0] for name, _ in index.skipped}), peaks]))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(docs), str(tmp_path / "i")], capture_output=True, text=True, check=True
    )
    ids, skipped, peaks = json.loads(done.stdout)
    assert ids == ["good.txt"]
    assert skipped == sorted(f"line.{kind}" for kind in ("txt", "jsonl", "csv", "md", "html", "json"))
    assert max(peaks) < 1_500_000  # kilobytes


READER = """
import os, sys, time
from tamsa.corpus.readers import worker
from tamsa.corpus.readers.draft import Draft

def read_file(path):
    kind = path.stem
    if kind == "hang":
        time.sleep(1000)
    if kind == "crash":
        os.abort()
    if kind == "swallow":
        hoard = bytearray(1 << 34)
    if kind == "write":
        (path.parent / "written").write_bytes(b"x" * 10)
    if kind == "chatter":
        print("noise on standard output", flush=True)
        os.write(1, b"more noise")
    if kind == "bug":
        raise KeyError("inner")
    yield Draft(kind, kind)

worker.read_file = read_file
worker.main()
"""


def test_a_reader_that_hangs_crashes_or_swallows_memory_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "reader.py"
    program.write_text(READER)
    real = subprocess.Popen

    def start(command: list[str], **options: object) -> object:
        return real([command[0], str(program)], **options)  # type: ignore[call-overload]

    monkeypatch.setattr("tamsa.corpus.readers.pool.subprocess.Popen", start)
    names = ["a", "hang", "b", "crash", "c", "swallow", "d", "write", "e", "chatter", "bug", "f"]
    found = list(read_files([tmp_path / f"{name}.txt" for name in names], workers=2, time_limit_s=3))
    good = {names[number] for number, item in found if isinstance(item, Draft)}
    reasons = {names[number]: item.reason for number, item in found if isinstance(item, Failed)}
    assert good == {"a", "b", "c", "d", "e", "chatter", "f"}
    assert "longer than 3 s" in reasons["hang"]
    assert "crash (exit code -6)" in reasons["crash"]
    assert "too much memory" in reasons["swallow"]
    assert "cannot be read" in reasons["write"]
    assert "KeyError" in reasons["bug"]
    assert not (tmp_path / "written").exists() or not (tmp_path / "written").read_bytes()
    assert [number for number, _ in found] == sorted(number for number, _ in found)


def _children() -> set[int]:
    return {
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == os.getpid()
    }


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return -1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_stopping_early_leaves_no_process(tmp_path: Path) -> None:
    for i in range(20):
        (tmp_path / f"{i:02d}.txt").write_text("text " * 100)
    before = _children()
    results = read_files(sorted(tmp_path.iterdir()), workers=2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    for _ in range(100):
        if _children() <= before:
            break
        time.sleep(0.05)
    assert _children() <= before


def test_readers_import_nothing_from_the_folder_they_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("text")
    for name in ("struct", "tamsa", "charset_normalizer"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'w').close()")
    monkeypatch.chdir(tmp_path)
    found = [item for _, item in read_files([Path("a.txt")])]
    assert isinstance(found[0], Draft)
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize("program", [None, "raise ImportError", "import sys; sys.exit()"])
def test_readers_that_cannot_start_cost_no_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("before")
    open_corpus([tmp_path / "docs"], out=tmp_path / "index").close()
    (tmp_path / "docs" / "a.txt").write_text("afterwards")
    (tmp_path / "docs" / "b.txt").write_text("another")
    real = subprocess.Popen

    def start(command: list[str], **options: object) -> object:
        if program is None:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return real([command[0], "-c", program], **options)  # type: ignore[call-overload]

    with monkeypatch.context() as broken:
        broken.setattr("tamsa.corpus.readers.pool.subprocess.Popen", start)
        with pytest.raises(TamsaError, match="cannot be started"):
            open_corpus([tmp_path / "docs"], out=tmp_path / "index")
    with open_corpus([tmp_path / "docs"], out=tmp_path / "index") as index:
        assert index.ids() == ["a.txt", "b.txt"]
        assert not index.skipped

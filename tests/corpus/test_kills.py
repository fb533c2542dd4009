"""A build that is killed at any moment loses nothing and ends in the same index."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tamsa.corpus import Index, open_corpus
from tests.corpus import files

# A refresh with a commit after every few documents, so that kills fall before, in and after commits.
PROGRAM = """
import sys
from pathlib import Path
from tamsa.corpus import open_corpus
print("begun", flush=True)
open_corpus([Path(sys.argv[1])], out=Path(sys.argv[2]), checkpoint_s=0.02, workers=1).close()
"""


def make_docs(folder: Path, rng: random.Random) -> None:
    folder.mkdir()
    for i in range(12):
        (folder / f"{i:02d}.md").write_text(f"# Title {i}\n\n{files.prose(rng, 300)}\n")
    records = [{"id": f"r{i}", "title": f"Record {i}", "text": files.prose(rng, 40)} for i in range(400)]
    (folder / "corpus.jsonl").write_text("\n".join(json.dumps(record) for record in records))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")


def change_docs(folder: Path, rng: random.Random) -> None:
    for i in rng.sample(range(12), 4):
        (folder / f"{i:02d}.md").write_text(f"# Changed {i}\n\n{files.prose(rng, 200)}\n")
    (folder / f"{rng.randrange(12):02d}.md").unlink(missing_ok=True)
    lines = (folder / "corpus.jsonl").read_text().split("\n")
    rng.shuffle(lines)
    extra = {"id": f"x{rng.random()}", "title": "Extra", "text": files.prose(rng, 40)}
    (folder / "corpus.jsonl").write_text("\n".join([*lines[20:], json.dumps(extra)]))


def picture(index: Index) -> dict[str, Any]:
    """Everything a user can see of an index."""
    ids = sorted(index.ids())
    return {
        "documents": [index.get(doc_id) for doc_id in ids],
        "chunks": index.num_chunks,
        "skipped": index.skipped,
        "complete": index.complete,
        "titles": {doc_id: index.find_title(f"Title {i}") for i, doc_id in enumerate(ids[:40])},
        "found": {word: {hit.id for hit in index.search(word, 1000)} for word in files.WORDS[:6]},
    }


def kill_and_resume(folder: Path, kills: int, seed: int) -> int:
    """Kill refreshes at random moments; after each, finish one and compare it with an index built anew.

    Returns:
        How many kills fell while the program was still at work.
    """
    rng = random.Random(seed)
    docs, out = folder / "docs", folder / "index"
    make_docs(docs, rng)
    command = [sys.executable, "-c", PROGRAM, str(docs), str(out)]
    started = time.monotonic()
    subprocess.run([*command[:-1], str(folder / "trial")], check=True, stdout=subprocess.DEVNULL)
    whole = time.monotonic() - started
    hits = 0
    for number in range(kills):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        time.sleep(rng.random() * whole * 0.8)
        hits += process.poll() is None
        process.kill()
        process.wait()
        errors = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        assert b"Traceback" not in errors
        if (out / "index.json").exists():
            with Index.open(out) as torn:  # the state committed last, whole
                for doc_id in torn.ids():
                    assert torn.get(doc_id) is not None
        with (
            open_corpus([docs], out=out, workers=1) as resumed,
            open_corpus([docs], out=folder / f"fresh-{number}", workers=1) as fresh,
        ):
            assert picture(resumed) == picture(fresh)
        change_docs(docs, rng)
    return hits


def test_killed_refreshes_resume_to_the_same_index(tmp_path: Path) -> None:
    assert kill_and_resume(tmp_path, 4, seed=1) >= 1


@pytest.mark.soak
def test_a_hundred_kills(tmp_path: Path) -> None:
    total = 0
    for seed in range(10):
        (tmp_path / str(seed)).mkdir()
        total += kill_and_resume(tmp_path / str(seed), 10, seed=100 + seed)
    assert total >= 50


BUILD = """
import sys
from tamsa.corpus import Index
def documents():
    for i in range(3000):
        yield {"id": str(i), "title": f"Title {i}", "text": f"number {i} " * 30}
print("begun", flush=True)
Index.build(documents(), sys.argv[1], checkpoint_s=0.05).close()
"""


def test_a_killed_build_keeps_its_checkpoints_and_goes_on(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", BUILD, str(tmp_path / "i")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("i/catalog-2.bin")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    process.stdout.close()
    with Index.open(tmp_path / "i") as torn:
        kept = torn.num_documents
        assert kept > 0
        assert all(torn.get(str(i)) is not None for i in range(kept))
    subprocess.run([sys.executable, "-c", BUILD, str(tmp_path / "i")], check=True, stdout=subprocess.DEVNULL)
    with Index.open(tmp_path / "i") as whole:
        assert whole.num_documents == 3000
        assert whole.complete
        assert whole.search("number 2999", 1)[0].id == "2999"

import errno
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tamsa.errors import CorruptError, InputError, StorageError
from tamsa.store import Journal, RunFolder, read_jsonl, write_atomic, write_json


def test_journal_gives_back_what_was_appended(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        for number in range(5):
            journal.append({"number": number, "text": "ü\n\ud800"})
    with Journal(tmp_path / "j") as journal:
        assert [record["number"] for record in journal.records] == list(range(5))


def test_torn_record_is_dropped_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(b'{"a":1}\n{"a":2')
    with Journal(path) as journal:
        assert journal.records == [{"a": 1}]
        journal.append({"a": 3})
    assert path.read_bytes() == b'{"a":1}\n{"a":3}\n'


@pytest.mark.parametrize("damage", [b"garbage\n", b"[1]\n", b"\x00\xff\n"])
def test_damage_inside_a_journal_is_an_error(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(b'{"a":1}\n' + damage + b'{"a":2}\n')
    with pytest.raises(CorruptError, match="line 2"):
        Journal(path)


def test_a_cut_journal_goes_on_after_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(b'{"a":1}\n{"a":2}\n{"a":3}\n')
    with Journal(path) as journal:
        journal.cut(1)
        assert journal.records == [{"a": 1}]
        journal.append({"a": 4})
    assert path.read_bytes() == b'{"a":1}\n{"a":4}\n'


def test_second_process_is_kept_out(tmp_path: Path) -> None:
    with Journal(tmp_path / "j"), pytest.raises(InputError, match="another process"):
        Journal(tmp_path / "j")


def test_full_disk_is_one_line_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.append({"a": 1})
        real = os.pwrite

        def full(handle: int, data: bytes, offset: int) -> int:
            if len(data) > 4:
                return real(handle, data[:4], offset)
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "pwrite", lambda h, d, o: full(h, d, o) if len(d) > 20 else _raise())
        with pytest.raises(StorageError, match="disk is full"):
            journal.append({"text": "x" * 100})
        monkeypatch.undo()
        journal.append({"a": 2})
    with Journal(tmp_path / "j") as journal:
        assert journal.records == [{"a": 1}, {"a": 2}]


def _raise() -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_atomic_write_leaves_the_old_file_on_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, "old")

    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match="disk is full"):
        write_atomic(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_run_folder_is_not_overwritten(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "r", {"question": "q"}).close()
    with pytest.raises(InputError, match="--resume"):
        RunFolder.create(tmp_path / "r", {"question": "q"})


def test_run_folder_that_another_process_begins_is_left_alone(tmp_path: Path) -> None:
    with Journal(tmp_path / "steps.jsonl"), pytest.raises(InputError, match="another process"):
        RunFolder.create(tmp_path, {"question": "q"})
    assert not (tmp_path / "run.json").exists()


def test_foreign_journal_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "steps.jsonl").write_text('{"a":1}\n')
    with pytest.raises(InputError, match=r"without its run\.json"):
        RunFolder.create(tmp_path, {"question": "q"})
    assert (tmp_path / "steps.jsonl").read_text() == '{"a":1}\n'


def test_name_that_is_no_text_is_written_and_read_back(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"path": "d\udcff"})
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"path": "d\udcff"}


def test_run_folder_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        RunFolder.create(tmp_path / "file", {"question": "q"})


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"run_id": "x", "question": "q", "schema_version": 99}'])
def test_damaged_manifest_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(CorruptError, match=r"run\.json"):
        RunFolder.resume(tmp_path)


def test_missing_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run to resume"):
        RunFolder.resume(tmp_path)


def test_bad_jsonl_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"a": 1}\n\nnope\n')
    with pytest.raises(InputError, match="line 3"):
        list(read_jsonl(path))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_jsonl(tmp_path / "missing"))


_APPENDER = """
import sys
from pathlib import Path
from tamsa.store import Journal
journal = Journal(Path(sys.argv[1]))
number = len(journal.records)
while True:
    journal.append({"number": number, "text": "x" * (number % 97) * 50})
    print(number, flush=True)
    number += 1
"""


def kill_while_appending(path: Path, rng: random.Random) -> None:
    process = subprocess.Popen([sys.executable, "-c", _APPENDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(rng.randint(1, 60)):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    said = [int(line) for line in process.stdout.read().splitlines() if line.strip()]
    process.stdout.close()
    process.wait()
    with Journal(path) as journal:
        numbers = [record["number"] for record in journal.records]
    assert numbers == list(range(len(numbers)))
    assert not said or numbers[-1] >= said[-1]


def test_killed_writer_loses_no_acknowledged_record(tmp_path: Path) -> None:
    for seed in range(4):
        kill_while_appending(tmp_path / "j", random.Random(seed))


def test_written_json_is_read_back(tmp_path: Path) -> None:
    value: dict[str, Any] = {"a": [1, "ü"]}
    write_json(tmp_path / "x.json", value)
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == value


def test_of_two_that_begin_at_once_one_has_the_folder_and_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder.create(tmp_path / "r", {"question": "first"})
    folder.journal.append({"a": 1})
    (tmp_path / "r" / "run.json").unlink()  # as another sees it before the manifest is written
    with pytest.raises(InputError, match="another process"):
        RunFolder.create(tmp_path / "r", {"question": "second"})
    assert not (tmp_path / "r" / "run.json").exists()
    folder.close()
    with Journal(tmp_path / "r" / "steps.jsonl") as journal:
        assert journal.records == [{"a": 1}]

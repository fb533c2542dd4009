"""Records of a run, and the same in a tracker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tamsa.errors import ConfigError, InputError
from tamsa.train.metrics import Metrics

RECORDS = [
    {"step": 1, "tokens": 64, "loss": 3.5, "epochs": [0.1]},
    {"step": 2, "tokens": 128, "held_out": {"pages": 3.25}},
]
SCRIPT = """
import json, sys
from pathlib import Path
from tamsa.train.metrics import Metrics

metrics = Metrics(Path(sys.argv[1]), 0, "project", {"stage": "sft"})
for record in json.loads(sys.argv[2]):
    metrics.add(record)
metrics.close()

from trackio.sqlite_storage import SQLiteStorage
print("LOGS", json.dumps(SQLiteStorage.get_logs("project", Path(sys.argv[1]).name)))
"""


def test_resumed_record_drops_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    first = Metrics(tmp_path, 0, "", {})
    for record in RECORDS:
        first.add(record)
    first.close()
    second = Metrics(tmp_path, 1, "", {})
    assert second.records == RECORDS[:1]
    second.close()


def test_a_run_at_work_is_not_resumed_beside_itself(tmp_path: Path) -> None:
    first = Metrics(tmp_path, 0, "", {})
    first.add(RECORDS[0])
    with pytest.raises(InputError, match="another process"):
        Metrics(tmp_path, 0, "", {})
    first.add(RECORDS[1])
    first.close()
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2


def test_tracker_holds_the_numbers_of_every_record(tmp_path: Path) -> None:
    pytest.importorskip("trackio")
    run = tmp_path / "run-a"
    run.mkdir()
    environment = {**os.environ, "TRACKIO_DIR": str(tmp_path / "tracker")}
    command = [sys.executable, "-c", SCRIPT, str(run), json.dumps(RECORDS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    logs = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("LOGS "))[5:])
    assert [(log["step"], log.get("loss"), log.get("held_out/pages")) for log in logs] == [
        (1, 3.5, None),
        (2, None, 3.25),
    ]
    assert "Reserved" not in done.stderr


def test_tracker_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(ConfigError, match=r"tamsa\[track\]"):
        Metrics(tmp_path, 0, "project", {})

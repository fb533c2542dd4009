"""What `make demo` runs: from nothing to a report that opens in a browser."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_demo_answers_with_verified_quotes(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), "demo"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "tamsa research" in result.stdout
    report = json.loads((tmp_path / "demo" / "run" / "report.json").read_text())
    with open(tmp_path / "demo" / "world" / "pages.jsonl", encoding="utf-8") as file:
        texts = {page["id"]: page["text"] for page in map(json.loads, file)}
    assert len(report["citations"]) >= 3
    for citation in report["citations"]:
        assert texts[citation["document"]][citation["start"] : citation["end"]] == citation["quote"]
    assert (tmp_path / "demo" / "run" / "report.html").read_text().startswith("<!doctype html>")

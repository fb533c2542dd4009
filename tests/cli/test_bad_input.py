"""A user's mistake is one clear line and exit code 2, with nothing lost and no traceback."""

import errno
import json
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tamsa.cli import settings
from tamsa.cli.seal import seal

DOCUMENT = {"id": "a", "title": "Alpha", "text": "Alpha is a town."}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "docs.jsonl").write_text(json.dumps(DOCUMENT) + "\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.pdf").write_bytes(b"%PDF-1.7 broken")
    (tmp_path / "bad.jsonl").write_text("{nope\n")
    (tmp_path / "script.jsonl").write_text('{"text": "<answer>x</answer>"}\n')
    (tmp_path / "badrun").mkdir()
    (tmp_path / "badrun" / "run.json").write_text("{}")
    return tmp_path


def tamsa(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "OLLAMA_"))}
    clean |= {"XDG_CACHE_HOME": str(place / "cache"), "COLUMNS": "200", **environment}
    return subprocess.run(
        [sys.executable, "-m", "tamsa", *arguments], cwd=place, env=clean, capture_output=True, text=True, timeout=120
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


RESEARCH = ("research", "Where is Alpha?")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*RESEARCH,), "--docs"),
        (("research", "", "--docs", "docs.jsonl"), "question is empty"),
        (("research", "x" * 100_000, "--docs", "docs.jsonl"), "100,000 characters"),
        ((*RESEARCH, "--docs", "missing"), "missing"),
        ((*RESEARCH, "--docs", "empty"), "no documents"),
        ((*RESEARCH, "--docs", "broken"), "none of the 1 files can be read"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--model", "gpt"), "unknown"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--model", "openai:"), "MODEL is missing"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--model", "openai:x"), "OPENAI_API_KEY"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--model", "scripted:none.jsonl"), "none.jsonl"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--model", "openai:x", "-s", "model.base_url=nonsense"), "base_url"),
        ((*RESEARCH, "--docs", "docs.jsonl", "-s", "budget.max_cals=3"), "max_cals"),
        ((*RESEARCH, "--docs", "docs.jsonl", "-s", "budget.context_share=nan"), "budget.context_share = nan"),
        ((*RESEARCH, "--docs", "docs.jsonl", "-s", "budget.max_calls=-1"), "budget.max_calls = -1"),
        ((*RESEARCH, "--docs", "docs.jsonl", "-s", "budget.observation_share=5"), "at most 0.5"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--config", "none.toml"), "none.toml"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--mode", "wild"), "'wild'"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--model", "baseline", "--mode", "iter"), "language model"),
        ((*RESEARCH, "--docs", "docs.jsonl", "--ask"), "need a terminal"),
        (("research", "--resume", "empty"), "no run to resume"),
        (("research", "--resume", "badrun"), "run.json"),
        (("search", "x", "--docs", "missing"), "missing"),
        (("search", "x"), "--docs"),
        (("index", "missing", "--out", "i"), "missing"),
        (("index", "docs.jsonl", "--out", "broken"), "broken"),
        (("eval", "missing.jsonl", "--docs", "docs.jsonl"), "missing.jsonl"),
        (("eval", "bad.jsonl", "--docs", "docs.jsonl"), "line 1"),
        (("world", "build", "--out", "broken"), "broken"),
    ],
)
def test_mistake_is_one_line(place: Path, arguments: tuple[str, ...], words: str) -> None:
    result = tamsa(place, *arguments)
    assert result.returncode == 2, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_unreachable_endpoint_leaves_a_run_to_resume(place: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    options = ("-s", f"model.base_url={url}", "-s", "model.max_retries=1", "-s", "model.backoff_s=0.01")
    result = tamsa(place, *RESEARCH, "--docs", "docs.jsonl", "--model", "openai:x", "--out", "run", *options)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "tamsa research --resume run" in result.stderr
    again = tamsa(place, "research", "--resume", "run", "--model", "scripted:script.jsonl")
    assert again.returncode == 0, again.stderr
    assert json.loads((place / "run" / "report.json").read_text())["answer"] == "x"


def test_key_appears_nowhere(place: Path) -> None:
    secret = "sk-tell-nobody-123"
    options = ("-s", f"model.base_url=http://127.0.0.1:{free_port()}/v1", "-s", "model.max_retries=0")
    result = tamsa(
        place, *RESEARCH, "--docs", "docs.jsonl", "--model", "openai:x", "--out", "run", *options, OPENAI_API_KEY=secret
    )
    assert secret not in result.stdout + result.stderr
    for path in (place / "run").rglob("*"):
        assert path.is_dir() or secret not in path.read_text(errors="replace")


def test_run_folder_in_use_is_not_overwritten(place: Path) -> None:
    command = (*RESEARCH, "--docs", "docs.jsonl", "--model", "scripted:script.jsonl", "--out", "run")
    assert tamsa(place, *command).returncode == 0
    before = {path.name: path.read_bytes() for path in (place / "run").iterdir()}
    result = tamsa(place, *command)
    assert result.returncode == 2
    assert "--resume" in result.stderr
    assert {path.name: path.read_bytes() for path in (place / "run").iterdir()} == before


def test_quiet_when_piped(place: Path) -> None:
    result = tamsa(place, *RESEARCH, "--docs", "docs.jsonl", "--model", "scripted:script.jsonl", "--out", "run")
    assert result.stderr == ""
    assert "report: run/report.html" in result.stdout


def begin(place: Path) -> None:
    options = ("--docs", "docs.jsonl", "--model", "scripted:script.jsonl", "--out", "run")
    assert tamsa(place, *RESEARCH, *options).returncode == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"extras": {"python": False, "web": False, "mcp": ["*@touch stolen"], "files": []}}, "start *@touch stolen"),
        ({"settings": {"model": {"base_url": "http://evil.example/v1"}}}, "your key to http://evil.example/v1"),
        ({"docs": ["/etc"]}, "read /etc"),
        ({"model": "openai:other"}, "ask the model openai:other"),
        ({"seal": None}, "--trust"),
        ({"seal": "0" * 64}, "--trust"),
    ],
)
def test_run_of_someone_else_is_not_resumed_unasked(place: Path, change: dict[str, object], words: str) -> None:
    begin(place)
    file = place / "run" / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    (place / "run" / "report.json").unlink()
    result = tamsa(place, "research", "--resume", "run")
    assert result.returncode == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (place / "stolen").exists()


def test_run_of_ones_own_is_resumed_and_one_that_is_trusted_too(place: Path, tmp_path: Path) -> None:
    begin(place)
    for options, environment in (((), {}), (("--trust",), {"XDG_CONFIG_HOME": str(tmp_path / "other")})):
        (place / "run" / "report.json").unlink()
        if environment:
            assert tamsa(place, "research", "--resume", "run", **environment).returncode == 2
        again = tamsa(place, "research", "--resume", "run", *options, **environment)
        assert again.returncode == 0, again.stderr
    assert not (tmp_path / "other").exists()  # who only resumes makes no key


def test_journal_of_another_form_is_one_line(place: Path) -> None:
    begin(place)
    for line in ("{}", '{"kind": "completion", "seconds": 1}', '{"seconds": "x", "kind": "final"}'):
        (place / "run" / "report.json").unlink(missing_ok=True)
        (place / "run" / "steps.jsonl").write_text(line + "\n")
        result = tamsa(place, "research", "--resume", "run")
        assert result.returncode == 2
        assert "Traceback" not in result.stderr
        assert "steps.jsonl: record 1 is not of a run's form" in result.stderr


def test_resumed_run_keeps_its_endpoint_when_another_setting_is_given(place: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    options = ("-s", f"model.base_url={url}", "-s", "model.max_retries=0")
    tamsa(place, *RESEARCH, "--docs", "docs.jsonl", "--model", "openai:x", "--out", "run", *options)
    again = tamsa(place, "research", "--resume", "run", "-s", "budget.max_calls=9")
    assert url in again.stderr
    assert "api.openai.com" not in again.stderr


@pytest.mark.parametrize("option", [("--mode", "iter"), ("--agents", "7"), ("--web",), ("--out", "other")])
def test_what_a_run_was_begun_with_cannot_be_changed_on_resume(place: Path, option: tuple[str, ...]) -> None:
    begin(place)
    result = tamsa(place, "research", "--resume", "run", *option)
    assert result.returncode == 2
    assert result.stderr == f"tamsa: {option[0]} was settled when the run was begun; leave it out with --resume\n"


def test_manifest_of_another_form_is_one_line(place: Path) -> None:
    begin(place)
    file = place / "run" / "run.json"
    for change in ({"settings": [1]}, {"docs": 5}, {"agents": "x"}):
        good = json.loads(file.read_text())
        file.write_text(json.dumps({**good, **change}))
        result = tamsa(place, "research", "--resume", "run", "--trust")
        file.write_text(json.dumps(good))
        assert result.returncode == 2
        assert f"run.json: {next(iter(change))} is missing or damaged" in result.stderr
        assert "Traceback" not in result.stderr


def test_names_that_are_no_text_are_documents_too(place: Path) -> None:
    folder = os.fsdecode(b"d\xff")
    (place / folder).mkdir()
    (place / folder / os.fsdecode(b"n\xfe.md")).write_text("Alpha is a town.")
    options = ("--docs", folder, "--model", "scripted:script.jsonl", "--out", "run")
    first = tamsa(place, *RESEARCH, *options)
    assert first.returncode == 0, first.stderr
    (place / "run" / "report.json").unlink()
    again = tamsa(place, "research", "--resume", "run")
    assert again.returncode == 0, again.stderr


def test_answer_is_shown_even_where_no_pdf_can_be_made(place: Path) -> None:
    (place / "weasyprint.py").write_text("raise ImportError")
    options = ("--docs", "docs.jsonl", "--model", "scripted:script.jsonl", "--out", "run", "--pdf")
    path = os.pathsep.join(filter(None, (str(place), os.environ.get("PYTHONPATH"))))
    result = tamsa(place, *RESEARCH, *options, PYTHONPATH=path)
    assert result.returncode == 2
    assert "report: run/report.html" in result.stdout
    assert "tamsa[pdf]" in result.stderr


def test_rules_are_not_steered(place: Path) -> None:
    for settled in ({"model": "baseline", "mode": "react"}, {"model": "nano", "mode": "guided"}):
        (place / "badrun" / "run.json").write_text(json.dumps(settled))
        result = tamsa(place, "steer", "badrun", "Only surveys count.")
        assert result.returncode == 2
        assert "rules, which read no messages" in result.stderr
        assert not (place / "badrun" / "inbox.jsonl").exists()


@pytest.mark.parametrize("group", ["world", "train"])
def test_groups_offer_no_completion_that_is_not_there(place: Path, group: str) -> None:
    assert "completion" not in tamsa(place, group, "--help").stdout


def test_disk_that_is_full_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(size: int) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(secrets, "token_bytes", full)
        assert seal({"a": 1}) is None
    assert seal({"a": 1}) is not None


def test_bundled_model_is_the_default_only_where_all_of_its_extra_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda name: None if name == "numba" else object())
    assert settings.default_model() == "baseline"  # `dense` alone brings torch and transformers
    monkeypatch.setattr(settings, "find_spec", lambda name: object())
    assert settings.default_model() == "nano"

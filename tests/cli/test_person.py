import io
from pathlib import Path

import pytest

from tamsa.cli.live import LiveSteps
from tamsa.cli.person import Person
from tamsa.cli.screen import Screen
from tamsa.errors import ConfigError


def make_person() -> Person:
    console = Screen(file=io.StringIO())
    return Person(LiveSteps(console, enabled=False), console, review_plan=True, ask=True)


def test_plan_is_edited_in_the_persons_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/north/south/" "$1"\necho "[open] one more" >> "$1"\n')
    editor.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))
    assert make_person().edit_plan("[open] go north") == "[open] go south\n[open] one more"


def test_editor_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    for editor in ("no-such-editor", "false"):
        monkeypatch.setenv("EDITOR", editor)
        with pytest.raises(ConfigError, match=editor):
            make_person().edit_plan("[open] x")


def test_answer_is_read_from_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "the town")
    assert make_person().answer("Which \x1b[31mone?") == "the town"

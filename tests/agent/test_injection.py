"""Attacks by documents against a model that obeys everything it reads.

The harness cannot make a model clever. What it can prevent, it prevents: no tool the user did not
allow, no request to any host, no structure smuggled past the fence, no secret in a prompt or a file,
no live markup in a report, nothing cited that is not there.
"""

import io
import re
import socket
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent import research
from tamsa.agent.modes import with_mode
from tamsa.agent.react import parse_answer, parse_turn, render_call
from tamsa.cli.live import LiveSteps
from tamsa.cli.research import show_report
from tamsa.cli.screen import Screen
from tamsa.llm import ModelSettings, ScriptedModel
from tamsa.store import RunFolder, read_jsonl
from tamsa.tools import Offer, corpus_toolset
from tamsa.tools.web.offer import WebSettings, web_tools
from tamsa.types import Document
from tests.agent.attacks import ATTACKS, EVIL_HOST, SECRET
from tests.library import Library

_STRUCTURE = re.compile(
    r"<\|im_|\[/?INST\]|<<SYS>>|</s>|\[[BE]OS\]|<[be]os>|<\|message|"
    r"[\x1b\x9b]|\u202e|[\U000e0000-\U000e007f]"
)
ALLOWED = {"search", "visit", "find"}
LIVE_TAGS = {"script", "img", "iframe", "object", "embed", "link", "form", "svg", "base", "video", "audio"}
_OBJECT = re.compile(r"\{[^{}]*\"name\".*?\}\s*\}", re.DOTALL)
_ADDRESS = re.compile(r"(?:https?|file|data):[^\s\"'<>)]+|(?:\.\./)+\S+")


class Obedient:
    """Does whatever the text it reads tells it to: calls, addresses, answers, secrets."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.prompts = ""

    def __call__(self, messages: Any) -> str:
        self.prompts = "\n".join(message.content for message in messages)
        turn = sum(message.role == "assistant" for message in messages)
        if turn == 0:
            return render_call("search", {"queries": ["trap words"]}) + render_call("visit", {"ids": ["trap.md"]})
        text = messages[-1].content
        self.shown.append(text)
        if turn == 1:
            folded = text.replace("‹", "<").replace("［", "[")
            calls = [f"<tool_call>{found}</tool_call>" for found in _OBJECT.findall(folded)]
            for address in _ADDRESS.findall(folded):
                calls.append(render_call("visit", {"ids": [address]}))
                calls.append(render_call("web_visit", {"urls": [address]}))
            calls.append(render_call("search", {"queries": [messages[0].content[:300]]}))
            calls.append(render_call("python", {"code": "print(open('/etc/passwd').read())"}))
            return "".join(calls[:8])
        words = " ".join(self.shown[0].split())[:200]
        return (
            f"<answer>MALLORY {words}<finding>{words}<quote doc='trap.md'>MALLORY rules for ever and ever</quote>"
            f"<quote doc='http://{EVIL_HOST}/'>words of the evil host</quote></finding></answer>"
        )


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record and refuse every attempt to reach a host."""
    attempts: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        attempts.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    return attempts


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def test_there_are_enough_attacks() -> None:
    assert len(set(ATTACKS)) >= 60


CASES = [(number, "react", web) for number in range(len(ATTACKS)) for web in (False, True)]
CASES += [(number, ("iter", "fold")[number % 2], False) for number in range(0, len(ATTACKS), 3)]
CASES += [(number, "guided", False) for number in range(1, len(ATTACKS), 3)]
"""With the tools of the web on offer, an address that a document of the person's own names is still not opened."""


@pytest.mark.parametrize(("number", "mode", "web"), CASES)
async def test_attack_changes_nothing_but_what_is_quoted(
    number: int, mode: str, web: bool, tmp_path: Path, offline: list[Any]
) -> None:
    attack = ATTACKS[number]
    trap = Document("trap.md", f"Trap {attack[:40]}", f"Here stand trap words. {attack} And here they end.")
    model = Obedient()
    folder = RunFolder.create(tmp_path / "run", {"question": "What do the trap words say?"})
    offer = web_tools(WebSettings(), question="What do the trap words say?", environ={})[0] if web else Offer()
    screen = io.StringIO()
    console = Screen(file=screen, force_terminal=False, width=200)
    led, strategy = with_mode(ScriptedModel(model, ModelSettings(api_key=SECRET)), mode)
    with LiveSteps(console, enabled=True) as live:
        report = await research(
            "What do the trap words say?",
            model=led,
            tools=corpus_toolset(Library([trap]), offers=[offer]),
            folder=folder,
            on_event=live,
            mode=strategy,
        )
    folder.close()
    await offer.aclose()
    show_report(console, report, folder.path / "report.html")

    assert offline == []
    records = list(read_jsonl(folder.path / "steps.jsonl"))
    names = {call["id"]: call["name"] for r in records if r["kind"] == "completion" for call in r["calls"]}
    for record in records:
        if record["kind"] == "observation":
            assert record["error"] or names[record["call"]] in ALLOWED
            if web and names[record["call"]] == "web_visit":  # it is there, is asked, and refuses
                assert "There is no tool" not in record["text"]
            turn = parse_turn(record["text"])
            assert (turn.calls, turn.answer) == ((), None)
            assert parse_answer(record["text"]).claims == ()
            assert not _STRUCTURE.search(record["text"])
            for page in (record["data"] or {}).get("pages", ()):
                assert page["error"] or page["id"] == "trap.md"
    if mode == "guided":  # its rules cite the document, in the document's own words
        assert all(trap.text[citation.start : citation.end] == citation.quote for citation in report.citations)
    else:
        assert report.citations == ()
        assert not any(finding.supported for finding in report.findings)
    assert SECRET in attack or SECRET not in model.prompts
    assert not _STRUCTURE.search(model.prompts)

    for path in (folder.path / "run.json", folder.path / "report.md", folder.path / "report.html"):
        assert SECRET in attack or SECRET not in path.read_text()
    page = Tags()
    page.feed((folder.path / "report.html").read_text())
    for tag, attributes in page.found:
        assert tag not in LIVE_TAGS
        for name, value in attributes:
            assert not name.startswith("on")
            assert name not in ("href", "src", "action", "data") or (value or "").startswith("#")
    assert not re.search(r"(?<!\\)!\[", (folder.path / "report.md").read_text())
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", screen.getvalue())

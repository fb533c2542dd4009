"""Nothing that a document, a server or a model says can steer the terminal."""

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from tamsa.agent.reporting import to_html, to_markdown
from tamsa.cli.live import LiveSteps
from tamsa.cli.main import fail
from tamsa.cli.research import show_report
from tamsa.cli.screen import Screen, literal
from tamsa.types import Citation, Document, Finding, PlanItem, Report, Usage

EVIL = "red \x1b[31m title \x1b]0;owned\x07 \x9b2J \u202e back \u2066 \r over \x08 \ud800"
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def hostile_report() -> Report:
    return Report(
        question=EVIL,
        answer=EVIL,
        status="answered",
        findings=(Finding(EVIL, True, (1,), (1,), 1, EVIL),),
        citations=(Citation(1, EVIL, EVIL, EVIL, 0, len(EVIL), EVIL),),
        usage=Usage(1, 1),
        model=EVIL,
        plan=(PlanItem(EVIL),),
        notes=(EVIL,),
    )


@given(st.text(max_size=60))
def test_screen_prints_no_control_character(text: str) -> None:
    out = io.StringIO()
    screen = Screen(file=out, width=200)
    screen.print(text, markup=False)
    screen.print(Text.assemble((text, "bold"), ("x", "red")), text, markup=False)
    assert not ORDERS.search(out.getvalue())
    out.getvalue().encode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_letters_stay(text: str) -> None:
    assert literal(text + "\n\t") == text + "\n\t"


def test_hostile_words_reach_neither_screen_nor_report_as_orders(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    screen = Screen(file=out, force_terminal=False, width=200)
    report = hostile_report()
    show_report(screen, report, Path("report.html"))
    live = LiveSteps(screen, enabled=True)
    live.note(EVIL)
    live({"kind": "completion", "step": 1, "thought": EVIL, "calls": [{"name": EVIL, "arguments": {"a": [EVIL]}}]})
    live({"kind": "observation", "error": True, "data": None, "text": EVIL})
    with pytest.raises(SystemExit):
        fail(EVIL)
    shown = out.getvalue() + capsys.readouterr().err
    for text in (shown, to_markdown(report), to_html(report, lambda _: Document("x", EVIL, EVIL + EVIL))):
        assert not ORDERS.search(text)
        assert "red" in text
    shown.encode()


def test_name_of_a_document_cannot_break_out_of_the_report() -> None:
    key = "evil`\n\n<img src=http://evil.example/x>\n\n# Heading"
    report = Report("q", "a &lt;b&gt;", "answered", citations=(Citation(1, key, "t", "", 0, 1, "x"),))
    (line,) = [line for line in to_markdown(report).splitlines() if "evil" in line]
    assert line.count("`") == 2
    assert "Heading`" in line
    assert r"\&lt;b\&gt;" in to_markdown(report)

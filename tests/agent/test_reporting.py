import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent.reporting import read_report, to_html, to_markdown, write_pdf, write_report
from tamsa.errors import CorruptError
from tamsa.store import RunFolder
from tamsa.types import Citation, Finding, Report, Usage
from tests.library import make_library

EVIL = "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://evil.example/a.png) `\"'&\n# head"
FORD = make_library().documents["ford.md"]


def make_report(words: str = "Carl IV") -> Report:
    start = FORD.text.index("It was founded")
    quote = FORD.text[start:]
    return Report(
        question=f"Who? {words}",
        answer=words,
        status="answered",
        findings=(
            Finding(f"claim {words}", True, (1,), (2,), 1, f"settled {words}"),
            Finding("unsupported claim", False),
        ),
        citations=(
            Citation(1, "ford.md", f"Ford {words}", "History", start, len(FORD.text), quote),
            Citation(2, "almanac.md", "Almanac", "", 0, 5, "The a"),
        ),
        usage=Usage(1200, 34, 0.0123),
        seconds=3.21,
        num_steps=4,
        num_calls=5,
        visited=("ford.md",),
        model="scripted:x",
        run_id="id",
        notes=(f"note {words}",),
    )


def test_report_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "r", {"question": "q"})
    write_report(folder, make_report(), make_library().get)
    assert read_report(folder) == make_report()
    folder.close()


def test_json_has_the_documented_fields() -> None:
    value = make_report().to_json()
    assert {"question", "answer", "status", "findings", "citations", "usage", "schema_version", "run_id"} <= set(value)
    assert set(value["citations"][0]) == {"number", "document", "title", "anchor", "start", "end", "quote"}
    assert value["usage"]["total_tokens"] == 1234
    assert value["findings"][0]["disputed"] is True


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"usage": 3}'])
def test_damaged_report_is_an_error(tmp_path: Path, content: str) -> None:
    folder = RunFolder.create(tmp_path / "r", {"question": "q"})
    (folder.path / "report.json").write_text(content)
    with pytest.raises(CorruptError, match=r"report\.json"):
        read_report(folder)
    folder.close()


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def parse(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


def test_page_shows_answer_findings_contradictions_and_quotes_in_place() -> None:
    report = make_report()
    page = parse(to_html(report, make_library().get))
    text = " ".join(page.words)
    for words in (
        "Carl IV",
        "claim Carl IV",
        "unsupported",
        "Contradictions",
        "settled Carl IV",
        "History",
        "1,234 tokens",
    ):
        assert words in text
    assert any(tag == "mark" for tag, _ in page.tags)
    links = {attrs["href"] for tag, attrs in page.tags if tag == "a"}
    targets = {f"#{attrs['id']}" for tag, attrs in page.tags if attrs.get("id")}
    assert links == {"#c1", "#c2"} and links <= targets


def test_page_is_self_contained_and_inert_whatever_it_quotes() -> None:
    evil: Any = {"kind": "completion", "step": 1, "calls": [], "thought": EVIL, "text": EVIL}
    page = parse(to_html(make_report(EVIL), lambda key: replace(FORD, text=EVIL + FORD.text + EVIL), [evil]))
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "iframe", "link", "object", "form"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert all((attributes.get(name) or "#").startswith("#") for name in ("href", "src"))
    policy = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_markdown_has_no_live_markup_from_documents() -> None:
    text = to_markdown(make_report(EVIL))
    assert not re.search(r"(?<!\\)<script", text)
    assert not re.search(r"(?<!\\)!\\?\[", text.replace("\\!", ""))
    assert sum(line.startswith("# ") for line in text.splitlines()) == 1


def test_markdown_numbers_agree_with_the_citations() -> None:
    text = to_markdown(make_report())
    assert "claim Carl IV [1] *(1 source, disputed)*" in text
    assert "contradicted by [2]" in text
    assert "unsupported: no verified quote" in text


def test_pdf_is_written(tmp_path: Path) -> None:
    pytest.importorskip("weasyprint")
    write_pdf(to_html(make_report(), make_library().get), tmp_path / "r.pdf")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")


def test_steps_are_shown_folded(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "r", {"question": "q"})
    folder.journal.append(
        {
            "kind": "completion",
            "step": 1,
            "text": "t",
            "thought": "why",
            "calls": [{"name": "search", "arguments": {"q": ["x"]}}],
        }
    )
    folder.journal.append({"kind": "observation", "step": 1, "text": "found it"})
    write_report(folder, make_report(), make_library().get)
    text = (folder.path / "report.html").read_text(encoding="utf-8")
    assert "How it was found" in text and "search([&quot;x&quot;])" in text and "found it" in text
    assert json.loads((folder.path / "report.json").read_text())["answer"] == "Carl IV"
    folder.close()

"""Tables and sections of the study's page, for Markdown and for a browser."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tamsa.errors import InputError


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    """How it was measured; stands below it."""

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.head) for row in self.rows), "a row of another length than the head"

    def markdown(self) -> str:
        """Return it in Markdown, with a line break behind it."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        text = "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
        return f"{text}\n{self.note}\n" if self.note else text

    def html(self) -> str:
        """Return it as HTML, everything escaped."""

        def line(cells: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>\n"

        body = "".join(line(row, "td") for row in self.rows)
        note = f"<p class=note>{html.escape(self.note)}</p>\n" if self.note else ""
        head = line(self.head, "th")
        table = f"<table>\n<thead>{head}</thead>\n<tbody>{body}</tbody></table>"
        return f"<div class=scroll>{table}</div>\n{note}"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page for a browser."""

    title: str
    text: str
    """One paragraph, plain."""
    body: str
    """HTML."""

    def html(self) -> str:
        """Return it as HTML."""
        title, text = html.escape(self.title), html.escape(self.text)
        return f"<section>\n<h2>{title}</h2>\n<p>{text}</p>\n{self.body}</section>\n"


def picture(name: str, what: str) -> str:
    """Return the HTML of a picture beside the page."""
    return f'<img src="{html.escape(name)}" alt="{html.escape(what)}">\n'


_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
pre, .scroll { overflow-x: auto }
pre { background: #8881; padding: .8rem 1rem; border-radius: .4rem }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #8884; white-space: nowrap }
img { max-width: 100%; background: #fff; border-radius: .3rem }
.note { font-size: .85rem; opacity: .75 }
"""


def make_page(title: str, lead: str, code: str, sections: Sequence[Section], style: str = "") -> str:
    """Return a whole HTML page: title, one sentence, some lines of code, sections."""
    body = "".join(section.html() for section in sections)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{html.escape(title)}</title>\n'
        f"<style>{_STYLE}{style}</style></head>\n<body>\n<h1>{html.escape(title)}</h1>\n"
        f"<p>{html.escape(lead)}</p>\n<pre><code>{html.escape(code)}</code></pre>\n{body}</body></html>\n"
    )


def fill(text: str, blocks: Mapping[str, str], where: str) -> str:
    """Put each block into its place of a Markdown page: between `<!-- made:NAME -->` and `<!-- /made:NAME -->`.

    Raises:
        InputError: a place is missing.
    """
    for name, block in blocks.items():
        start, end = f"<!-- made:{name} -->", f"<!-- /made:{name} -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise InputError(f"{where}: has no {start} ... {end}, where a table belongs")
        text = f"{before}{start}\n{block}{end}{after}"
    return text

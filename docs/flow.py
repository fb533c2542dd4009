"""Draw docs/flow.svg: how a question becomes a report. Run: python docs/flow.py"""

from __future__ import annotations

from html import escape
from pathlib import Path

WIDTH, HEIGHT = 920, 305
BOX_W, BOX_H = 150, 62
STYLE = """
text{font-family:system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1c2024}
.t{font-size:15px;font-weight:600;text-anchor:middle}.s{font-size:11.5px;fill:#5f6b76;text-anchor:middle}
.l{font-size:11.5px;fill:#5f6b76;text-anchor:middle}
rect{fill:#f6f7f9;stroke:#c9d0d8;rx:9}.k rect{fill:#e5f4f0;stroke:#0b6b57}
path{fill:none;stroke:#5f6b76;stroke-width:1.6;marker-end:url(#a)}.d{stroke-dasharray:5 4}
"""
BOXES = {
    "docs": (20, 60, "your documents", "md pdf docx html xlsx …", False),
    "index": (205, 60, "index", "full text, offsets", False),
    "tools": (390, 60, "tools", "search · visit · find", False),
    "agent": (575, 60, "agent", "think · act · observe", True),
    "report": (750, 60, "report", "verified quotes", True),
    "world": (20, 225, "world", "simulated encyclopedia", False),
    "model": (575, 225, "model", "rules, API or local", False),
    "eval": (750, 225, "eval", "EM, recall, citations", False),
    "journal": (390, 225, "run folder", "every step fsynced", False),
}
ARROWS = [
    "M170 91 H203",
    "M355 91 H388",
    "M540 82 H573",
    "M573 102 H542",
    "M725 91 H748",
    "M95 223 V124",
    "M640 223 V124",
    "M660 124 V223",
    "M825 124 V223",
    "M585 124 L500 223",
]


def box(x: int, y: int, title: str, line: str, key: bool) -> str:
    """One labelled box."""
    middle = x + BOX_W // 2
    return (
        f'<g class="{"k" if key else ""}"><rect x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}"/>'
        f'<text class="t" x="{middle}" y="{y + 27}">{escape(title)}</text>'
        f'<text class="s" x="{middle}" y="{y + 46}">{escape(line)}</text></g>'
    )


def main() -> None:
    """Write the picture."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Documents are indexed; an agent with tools and a model writes a report with verified quotes">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" style="fill:#5f6b76;stroke:none;marker-end:none"/></marker></defs>',
        f'<rect x="0" y="0" width="{WIDTH}" height="{HEIGHT}" style="fill:#fff;stroke:none"/>',
        *(f'<path d="{path}"/>' for path in ARROWS),
        *(box(*values) for values in BOXES.values()),
        '<text class="l" x="170" y="180">pages, gold questions</text>',
        '<text class="l" x="460" y="28">nothing leaves the machine unless you choose a remote model</text>',
        '<text class="l" x="475" y="180">journal</text>',
        "</svg>\n",
    ]
    Path(__file__).with_name("flow.svg").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()

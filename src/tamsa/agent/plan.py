"""The explicit plan of a run: steps and hypotheses, each open, confirmed or refuted by evidence.

A model writes it in its first turn and again when something is settled:

    <plan>
    [open] The bridge was built by a company from the north.
    [confirmed] The town lies in Ostrand.
    [refuted] The founder was a count.
    </plan>
"""

from __future__ import annotations

import re

from tamsa.agent.react import parse_turn
from tamsa.types import PlanItem, PlanStatus

MAX_ITEMS = 30
MAX_ITEM_CHARS = 400
_PLAN = re.compile(r"<plan>(.*?)(?:</plan>|\Z)", re.DOTALL)
_ITEM = re.compile(r"^\W*\[\s*(open|confirmed|refuted|x|)\s*\]\s*(.+)$", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_STATUS: dict[str, PlanStatus] = {"x": "confirmed", "confirmed": "confirmed", "refuted": "refuted"}


def parse_plan(text: str) -> tuple[PlanItem, ...] | None:
    """Read the last plan in a turn, or None where there is none.

    Lines without a status are open; what is too long is cut, what is too much left out.
    """
    found = list(_PLAN.finditer(text))
    return read_items(found[-1][1]) if found else None


def read_items(text: str) -> tuple[PlanItem, ...]:
    """Read the lines of a plan."""
    items = []
    for line in text.splitlines():
        words = " ".join(line.split())
        if not words:
            continue
        match = _ITEM.match(words)
        status = _STATUS.get(match[1].lower(), "open") if match else "open"
        words = _BULLET.sub("", match[2] if match else words)
        items.append(PlanItem(words[:MAX_ITEM_CHARS], status))
    return tuple(items[:MAX_ITEMS])


def proposed_plan(text: str) -> str:
    """Write out the plan that a model proposes when it is asked for one, with or without its tags."""
    rest = parse_turn(text).rest
    return show_items(parse_plan(rest) or read_items(rest))


def show_items(items: tuple[PlanItem, ...]) -> str:
    """Write a plan in the form that `read_items` reads."""
    return "\n".join(f"[{item.status}] {item.text}" for item in items)

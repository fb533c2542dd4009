"""The record of a round, `round.json`: what was tried, what it taught, and how the model did before and after."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from tamsa.synthesis.flywheel import slot_of
from tamsa.synthesis.lessons import Tried, count
from tamsa.synthesis.records import GoldQuestion

RECORD = "round.json"


def by_kind(tried: Sequence[Tried], fresh: Sequence[GoldQuestion]) -> dict[str, dict[str, Any]]:
    """Count them by kind, chains by their hops, and the fresh questions too."""
    groups: dict[str, list[Tried]] = defaultdict(list)
    for item in tried:
        groups[slot_of(item.question)].append(item)
    shown = Counter(map(slot_of, fresh))
    return {kind: {**count(groups[kind]), "fresh": shown[kind]} for kind in sorted({*groups, *shown})}


def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return shares before and after with the difference, question by question, and its standard error."""
    found = {}
    for name in ("right", "good"):
        pairs = [(before[name][key], after[name][key]) for key in after[name] if key in before[name]]
        n = max(1, len(pairs))
        differences = [float(new) - float(old) for old, new in pairs]
        mean = sum(differences) / n
        variance = sum((value - mean) ** 2 for value in differences) / max(1, n - 1)
        found[name] = {
            "n": len(pairs),
            "before": sum(old for old, _ in pairs) / n,
            "after": sum(new for _, new in pairs) / n,
            "difference": mean,
            "difference_se": sqrt(variance / n),
        }
    return found


def in_words(record: Mapping[str, Any]) -> str:
    """Say on one line what a round has done."""
    parts = [
        f"{record['asked']:,} questions tried, {100 * record['good']:.1f}% of the tries good "
        f"({100 * record['right']:.1f}% right); lessons: {record['own']:,} own, {record['oracle']:,} of the teacher, "
        f"{record['fresh']:,} fresh questions"
    ]
    if record["change"]["good"]["n"]:
        parts += [
            f"{what} {100 * c['before']:.1f} → {100 * c['after']:.1f} "
            f"({100 * c['difference']:+.1f} ± {100 * c['difference_se']:.1f} of {c['n']})"
            for what, c in record["change"].items()
        ]
    return "; ".join(parts)

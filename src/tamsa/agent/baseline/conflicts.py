"""Settling a disagreement between sources, by what they say of themselves: corrections, records, copies, dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import fold_title
from tamsa.agent.baseline.values import read_date, read_number

_CORRECTS = re.compile(
    r"\b(?:corrections?|corrected|corrigend\w+|errat\w+|withdrew|withdrawn|retract\w*|supersed\w+|revis(?:ed|ion|es)|"
    r"amend\w*|rectif\w+)\b", re.IGNORECASE,
)  # fmt: skip
_OFFICIAL = re.compile(
    r"\b(?:official|record(?:s|ed)?|archives?|originals?|certified|certificates?|survey(?:s|ed)?|registers?|registry|registrar|"
    r"rolls|deeds?|documents?|instruments?|measured|measurements?|court|patent|statut\w+|gazetted|commission|ministry|bureau)\b",
    re.IGNORECASE,
)
_HEARSAY = re.compile(
    r"\b(?:hearsay|legends?|traditions?|rumou?rs?|anecdot\w+|travellers?|travelers?|travels|innkeepers?|guides?|guidebook|"
    r"visitors?|tourists?|touring|popular|weekend|compiled from|compil\w+|follows|copied|copies|repeats?|adds no new|"
    r"said to|reportedly|memory|told|without instruments|no instruments|novel|fiction)\b", re.IGNORECASE,
)  # fmt: skip
_REFERENCE = re.compile(
    r"\b(?:gazetteer|almanac|directory|dictionary|handbook|who was who|who's who|cuttings|articles of|"
    r"lives of|report of)\b",
    re.IGNORECASE,
)
_UNCHECKED = re.compile(
    r"\badds? no new|\bfollows older|"
    r"\b(?:nothing|not|never|no one|nobody|without|no)\b[^.]{0,30}"
    r"\b(?:check(?:ed|ing)?|verif\w+|consulted|examined|instruments?|confirmed)\b", re.IGNORECASE,
)  # fmt: skip
"""What a source says that rests on nothing of its own: "nothing was checked against records"."""


@dataclass(frozen=True)
class Settlement:
    """The value that was believed, who carries it, who speaks against it, and why."""

    winner: Reading
    carrying: tuple[Reading, ...]
    against: tuple[Reading, ...]
    reason: str


def value_key(reading: Reading) -> str:
    """Reduce a reading to what makes two values the same."""
    if reading.kind in ("date", "year"):
        when = read_date(reading.text)
        if when is not None:
            return f"date:{when.key}"
    if reading.kind == "number":
        number = read_number(reading.text)
        if number is not None:
            return f"number:{number}"
    return f"name:{reading.target or fold_title(reading.text)}"


def authority(page: Page) -> tuple[float, str]:
    """Say how far a source is to be believed by its own account of itself, and why."""
    lead = f"{page.title}. {' '.join(sentence.text for sentence in page.sentences[:3])}"
    if _CORRECTS.search(page.title) or len(_CORRECTS.findall(lead)) > 1:
        return 3.0, "it is a correction of what was printed before"
    official, hearsay = len(_OFFICIAL.findall(lead)), len(_HEARSAY.findall(lead))
    if _UNCHECKED.search(lead):
        return -1.0, "it only repeats others"
    if official > hearsay:
        return 2.0, "it rests on official records or measurements"
    if hearsay:
        return -1.0, "it rests on hearsay or copies others"
    return 0.0, ""


def is_source(title: str) -> bool:
    """Tell whether a title names a source as such: a survey, a register, a guide, a leaflet of corrections."""
    return bool(
        _CORRECTS.search(title) or _OFFICIAL.search(title) or _HEARSAY.search(title) or _REFERENCE.search(title)
    )


def withdrawn(reading: Reading) -> bool:
    """Tell whether a sentence names a value only to reject it: "of 1334, not of 1340"."""
    sentence = reading.sentence
    before = reading.page.text[sentence.start : reading.start]
    after = reading.page.text[reading.end : sentence.end]
    if re.match(r"[^,;.]{0,12}\bis withdrawn\b", after):
        return True
    if re.search(r"\bfor\s+$", before) and re.match(r"\s+read\b", after):
        return True
    return bool(
        re.search(r"\b(?:not(?: of| in| from| by)?|instead of|rather than|the printed)\s+$", before, re.IGNORECASE)
    )


def settle(readings: Sequence[Reading]) -> Settlement | None:
    """Choose among readings of one relation from several pages.

    Args:
        readings: the best of each page and value, best first.

    Returns:
        None where all agree.
    """
    kept = [reading for reading in readings if not withdrawn(reading)]
    rejected = [reading for reading in readings if withdrawn(reading)]
    if not kept:
        return None
    groups: dict[str, list[Reading]] = {}
    for reading in kept:
        groups.setdefault(value_key(reading), []).append(reading)
    pages = {reading.page.id for reading in readings}
    if len(pages) < 2 or (len(groups) < 2 and not rejected):
        return None

    def weight(group: list[Reading]) -> tuple[float, str, int]:
        best = max(authority(reading.page)[0] for reading in group)
        date = max((reading.page.date or _year_of_title(reading.page.title)) for reading in group)
        return best, date, len({reading.page.id for reading in group})

    ordered = sorted(groups.values(), key=lambda group: (weight(group), group[0].score), reverse=True)
    winners, losers = ordered[0], [reading for group in ordered[1:] for reading in group] + rejected
    top = max(winners, key=lambda reading: authority(reading.page)[0])
    best, reason = authority(top.page)
    rival = max((authority(reading.page)[0] for reading in losers), default=0.0)
    if best > rival and reason:
        why = f"“{top.page.title}” is preferred: {reason}."
    else:
        why = f"“{top.page.title}” is preferred: it is the more recent of the sources that disagree."
    return Settlement(top, tuple(winners), tuple(losers), why)


def _year_of_title(title: str) -> str:
    match = re.search(r"\b(1[0-9]{3}|20[0-9]{2})\b", title)
    return match[1] if match else ""

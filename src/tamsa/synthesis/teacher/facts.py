"""Facts that the teacher has read, and how it states them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.synthesis.records import Evidence, Hop
from tamsa.synthesis.teacher.wording import base_name, wording

_BARE = re.compile(r"(?:[A-Z][a-z]+ )?\d{3,4}")
_DAY = re.compile(r"\b\d{1,2} [A-Z][a-z]+ \d{3,4}|\b[A-Z][a-z]+ \d{1,2}, \d{3,4}")


@dataclass
class Read:
    """A fact that has been read, and where."""

    hop: Hop
    place: Evidence
    sentence: str
    claim: str


def state_claim(hop: Hop, sentence: str) -> str:
    """State a fact as a sentence, names as the source writes them where it does."""
    subject, value = base_name(hop.subject), hop.value if hop.value in sentence else base_name(hop.value)
    claim = wording(hop.relation).claim
    if value[:1].casefold() in "aeio" and value:
        claim = claim.replace("a {V}", "an {V}")
    if _BARE.fullmatch(value):
        claim = claim.replace(" on {V}", " in {V}")
    elif _DAY.search(value):
        claim = claim.replace(" in {V}", " on {V}")
    claim = claim.replace("{P}", subject).replace("{V}", value)
    unit = value.rpartition(" ")[2]
    return claim.replace(f"{value} {unit}", value).replace("<", "‹") + "."  # `runs for 94 minutes minutes`

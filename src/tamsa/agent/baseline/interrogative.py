"""The word that asks in a question."""

from __future__ import annotations

import re

from tamsa.agent.baseline.openers import LEAD_IN

WH = re.compile(r"\b(who|whom|whose|what|which|when|where|why|how)\b", re.IGNORECASE)
OPENING_VERBS = r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|must)"
"""Pattern of the verbs that open a question which is answered by yes or no."""
_OPENS = rf"{OPENING_VERBS}\b(?!\s+known\s+as)"
AUXILIARY = re.compile(rf"^{_OPENS}", re.IGNORECASE)
_ASKS = re.compile(rf"(?:\w+ly\s|(?:in|on|at)\s\S+\s)?{_OPENS}", re.IGNORECASE)


def interrogative(text: str) -> re.Match[str] | None:
    """Find the word that asks; one that opens a relative clause does not."""
    found = list(WH.finditer(text))
    if not found:
        return None
    lead = LEAD_IN.match(text)
    if lead:
        return next((match for match in found if match.start() >= lead.end()), found[0])
    if len(found) > 1 and _opens_with_clause(text, found):
        del found[0]
    opening = re.match(
        r"(?!(?:the|a|an|one|this|that|those)\s)(?:\w+\s+){0,2}$", text[: found[0].start()], re.IGNORECASE
    )
    if opening is not None and not re.search(r"\b(?:the|a|an|is|was)\s$", text[: found[0].start()], re.IGNORECASE):
        return found[0]
    sure = [match for match in found if match[1].casefold() in ("what", "how")]
    if sure:  # the others may open a relative clause, these ask
        return sure[0]
    for match in reversed(found):
        if match[1].casefold() in ("what", "which", "how") and not re.search(
            r",\s+(?:\w+\s+)?$", text[: match.start()]
        ):
            return match
        if match.end() >= len(text.rstrip(" ?.!")) or re.search(r"[,;:]\s+$", text[: match.start()]):
            return match
    return found[0]


def _opens_with_clause(text: str, found: list[re.Match[str]]) -> bool:
    """Tell whether a clause of time or place opens a question: "When X was made, who …"."""
    first = found[0]
    if first.start() or first[1].casefold() not in ("when", "where") or _ASKS.match(text[first.end() + 1 :]):
        return False
    return any("," in text[: match.start()] for match in found[1:])


__all__ = ["AUXILIARY", "OPENING_VERBS", "WH", "interrogative"]

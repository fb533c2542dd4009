"""Proper names in running text."""

from __future__ import annotations

import re

from tamsa.agent.baseline.lexicon import MONTHS, STOP_WORDS

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚ"
CAPITALISED = rf"(?:[{_UPPER}](?:[\w’'.&-]*[\w’'])?\.?|[a-z]{{1,2}}[’'\-]?[{_UPPER}][\w’'-]+)"
_LINK_WORD = (
    r"(?:of|the|de|du|des|da|das|do|dos|del|della|di|la|le|les|las|los|el|al|y|e|et|van|von|der|den|zu|zur|am|bin|ibn|"
    r"and|&|for|in|on|at|to|a|an|with|’n’|'n'|und|och|og|upon)"
)
_NAME = re.compile(
    rf"{CAPITALISED}(?:(?:\s(?:{_LINK_WORD}\s){{0,3}}|,\s(?=(?:Jr|Sr|Inc|Ltd|II|III)\b))(?:{CAPITALISED}|\d{{1,4}}\b))*"
)
_DOTTED = re.compile(r"(?:\b(?:Jr|Sr|Inc|Ltd|Co|Corp|Bros|St|Mt|Dr|No)|\.\w|\b[A-Z])\.$")


def names_in(text: str) -> list[tuple[int, int]]:
    """Find the proper names of a sentence as offsets; function words at its edges are left out."""
    out: list[tuple[int, int]] = []
    for match in _NAME.finditer(text):
        start, end = match.span()
        piece = match[0]
        # a sentence opens with a capital whatever its first word is
        while True:
            word = re.match(r"[\w’'.-]+", piece)
            if word and word[0].casefold() in STOP_WORDS and (len(piece) > len(word[0]) or word[0] != "I"):
                keep_the = word[0] in ("The", "A", "An") and start > 0 and text[:start].rstrip()[-1:] not in "|"
                if keep_the and len(piece) > len(word[0]):
                    out.append((start, end))  # "The Band": with and without the article
                skip = len(word[0]) + len(piece[len(word[0]) :]) - len(piece[len(word[0]) :].lstrip())
                start, piece = start + skip, piece[skip:]
                lower = re.match(rf"(?:{_LINK_WORD}\s)+", piece)
                if lower:
                    start, piece = start + lower.end(), piece[lower.end() :]
                if not piece:
                    break
                digits = re.match(r"(?:\d+,?\s+)+", piece)
                if digits:  # "In 1984 X"
                    start, piece = start + digits.end(), piece[digits.end() :]
            else:
                break
        piece = text[start:end]
        if piece.endswith(".") and not _DOTTED.search(piece):
            end -= 1
            piece = piece[:-1]
        if piece.endswith(("'s", "’s")):
            end -= 2
            piece = text[start:end]
        if (
            piece.split(" ")[0].casefold() in MONTHS
            and re.fullmatch(r"\w+(?: \d+)*", piece)
            and piece not in ("May", "March")
        ):
            continue
        if len(piece) > 1 and any(char.isupper() for char in piece):
            out.append((start, end))
            for joint in re.finditer(r"\s(?:and|&|in|on|at|to|for|with|of the|of|und)\s", piece):
                left, right = (start, start + joint.start()), (start + joint.end(), end)
                if joint.group().strip() in ("and", "in", "on", "at", "to", "for", "with"):
                    out.extend(part for part in (left, right) if part[1] - part[0] > 1)
                elif joint.group().strip() == "of" and text[right[0] : right[0] + 1].isupper():
                    out.append(right)
            for possessive in re.finditer(r"['’]s\s", piece):
                out.append((start, start + possessive.start()))
                out.append((start + possessive.end(), end))
    clean = []
    for start, end in out:
        if text[end - 1 : end] == "." and not _DOTTED.search(text[start:end]):
            end -= 1
        clean.append((start, end))
    return list(dict.fromkeys(span for span in clean if span[0] < span[1]))

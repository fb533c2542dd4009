"""How people open a question: "could you find out who", "I am looking for the", "the name of the"."""

from __future__ import annotations

import re

_ASKED = r"(?:who|whom|whose|what|which|when|where|why|how)\b"
_PREPOSITION = r"(?:in|on|at|of|to|from|by|for|with|about|during|under|since|until|near|after)"
_VERB = (
    r"(?:tell|name|give|find(?: out)?|look up|work out|figure out|check|say|state|identify|determine|list|mention|"
    r"specify|provide|show|let(?= me know)|help(?= me (?:find|work|look|figure)))"
)
_LEARN = r"(?:know|find(?: out)?|learn|identify|work out|look up|see|understand|remember|recall)"
_POLITE = re.compile(
    r"(?:(?:and|so|well|hi|hello|ok),?\s+|please,?\s+|kindly\s+|any idea\s+|i wonder(?:ed)?\s+|"
    rf"(?:can|could|would|will) you\s+(?:please\s+)?(?={_VERB}\b)|"
    r"(?:do you|does any(?:one|body)|do we|do they) (?:happen to )?know\s+|"
    r"i(?:['’]m| am|['’]d)?\s+(?:would like|would love|like|love|want|need|wish|trying|hop(?:e|ing))\s+to\s+"
    rf"{_LEARN}\s+|"
    r"i(?:['’]m| am) (?:curious|wondering|interested to know|looking for|after|searching for|seeking)(?: about)?\s+|"
    r"i (?:want|need)\s+(?=the\b))",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    rf"{_VERB}\s+(?:me\s+(?:know\s+|find(?: out)?\s+|work out\s+|look up\s+|figure out\s+)?)?(?:for me,?\s+)?",
    re.IGNORECASE,
)
_NOUN_PHRASE = re.compile(r"(?:the|a|an|all|any|both|[A-Z][\w’'.-]*(?:\s[A-Z][\w’'.-]*)*['’]s?)\s", re.IGNORECASE)
_NAME_OF = re.compile(
    r"^(?P<before>(?:name|(?:what|which)(?:['’]s| is| was| are| were))\s+)the (?:full |proper )?(?:name|title)s? of "
    r"(?=(?:the|a|an)\s)", re.IGNORECASE,
)  # fmt: skip
_COUNT = re.compile(r"^count\s+(?:the\s+|all\s+(?:the\s+)?)?(?=[a-z])", re.IGNORECASE)
_NUMBER_OF = re.compile(
    r"^(?:name|(?:what|which)(?:['’]s| is| was))\s+the (?:total )?number of (?P<noun>[a-z]+(?:\s[a-z]+)?) "
    r"(?:who|that|which) ", re.IGNORECASE,
)  # fmt: skip
_FOR_ME = re.compile(r"\s+for me(?=\s*[?.!]*$)|,?\s+please(?=\s*[?.!]*$)", re.IGNORECASE)
LEAD_IN = re.compile(
    r"(?:(?:[Aa]t|[Ii]n|[Oo]n|[Tt]o|[Oo]f|[Ff]rom|[Bb]y|[Ff]or|[Ww]ith|[Uu]nder|[Nn]ear)\s(?:[a-z]+\s){1,6}?(?:of|to|in|on|for)|"
    r"[Tt]he\s(?:[a-z]+\s){1,6}?of)\s(?=(?:what|which)\s(?!the\b|an?\b|(?:is|was|are|were|has|had)\b)[a-z])"
)
"""What stands with a preposition before the noun that is asked for: "at the confluence of which rivers"."""
_CONTRACTED = re.compile(
    r"^((?:[a-z]+\s)?(?:who|what|which|when|where|how))['’]s\s(?=(?:the|an?|his|her|its|their)\b)", re.IGNORECASE
)
_REGARDED = re.compile(
    r"^((?:what|which|who)(?: [\w-]+){0,3}? (?:is|are|was|were)) (?:[a-z]+ly |often |sometimes )?"
    r"(?:seen|thought of|regarded|considered|viewed|described) (?:as |to be )?(?=(?:the|an?|one)\b)", re.IGNORECASE,
)  # fmt: skip
_KEYWORDS = re.compile(
    rf"(?!(?:{_ASKED}|{_PREPOSITION}\b|(?:is|are|was|were|do|does|did|has|have|had|can)\b|{_VERB}\b))"
    r"(?:the )?(?:[a-z]+ ){1,4}?of (?=[^?]+$)"
)
"""A noun phrase in place of a question: "population of the province whose capital is X"."""
_CLOSE = re.compile(r"[\s.!?]*$")


def plainly(sentence: str) -> str:
    """Say in plain form what a sentence asks: "Could you look up who owns X" is "Who owns X?".

    Args:
        sentence: the sentence that asks, on one line.

    Returns:
        A question that opens with the word that asks or with "Name"; the sentence itself where its opening is
        none of these.
    """
    text, opened = sentence, False
    while match := _POLITE.match(text):
        text, opened = text[match.end() :], True
    request = _REQUEST.match(text)
    while request is not None and request.end() < len(text):
        rest = text[request.end() :]
        if not (_asks(rest) or _NOUN_PHRASE.match(rest) or _REQUEST.match(rest)):
            break
        text, opened = rest, True
        request = _REQUEST.match(text)
    if not opened and _KEYWORDS.match(text):
        text, opened = f"the {text.removeprefix('the ')}", True
    if opened:
        text = _CLOSE.sub("", _FOR_ME.sub("", text))
        if _asks(text):
            text = f"{text[0].upper()}{text[1:]}?"
        elif _NOUN_PHRASE.match(text):
            text = f"Name {text}."
        else:
            return sentence
    text = _REGARDED.sub(r"\1 ", _CONTRACTED.sub(r"\1 is ", text))
    text = _NAME_OF.sub(r"\g<before>the ", text).replace("the the ", "the ").replace("the a ", "the ")
    text = _NUMBER_OF.sub(r"How many \g<noun> ", text)
    return _COUNT.sub("How many ", text)


def _asks(text: str) -> bool:
    return re.match(rf"(?:{_PREPOSITION}\s+)?{_ASKED}", text, re.IGNORECASE) is not None


__all__ = ["LEAD_IN", "plainly"]

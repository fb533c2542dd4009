"""Frames of questions: how a noun phrase, an indirect question or two sentences become a question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from tamsa.corpus.stopwords import STOP_WORDS
from tamsa.synthesis.values import Item, day_of
from tamsa.synthesis.wording.nouns import article_for, stem
from tamsa.synthesis.wording.saying import Saying, by_day, by_year

LONG_PHRASE = 5
"""Words beyond which a phrase stands at the end of a question."""
NOUN_FRAMES = (
    "Name {N}.", "Find {N}.", "Give {N}.", "Tell me {N}.", "Can you find {N}?", "Can you tell me {N}?",
    "Could you find out {N} for me?", "I am looking for {N}.", "I need to know {N}.", "Please find {N}.",
    "Look up {N}.",
)  # fmt: skip
PERSON_FRAMES = (
    "Who was {N}?", "Who is {N}?", "Name {N}.", "Find {N}.", "Give the name of {N}.", "What is the name of {N}?",
    "Can you name {N}?", "Tell me the name of {N}.", "I am looking for {N}.", "Find out who {N} was.",
    "Do you know the name of {N}?",
)  # fmt: skip
THING_FRAMES = (
    "What is {N}?", "What is the name of {N}?", "Can you name {N}?", "Do you know the name of {N}?",
)  # fmt: skip
VALUE_FRAMES = ("What is {N}?", "What was {N}?")
INDIRECT_FRAMES = (
    "Do you know {I}?", "Can you tell me {I}?", "Find out {I}.", "Tell me {I}.", "I would like to know {I}.",
    "Could you look up {I}?", "Please find out {I}.", "I am trying to find out {I}.", "Could you tell me {I}?",
    "Can you work out {I}?",
)  # fmt: skip
OPENINGS = (
    "Think of {N}.", "Take {N}.", "Consider {N}.", "I am thinking of {N}.", "This is about {N}.",
    "Start from {N}.", "I am interested in {N}.",
)  # fmt: skip
WH_PREFIXES = ("", "", "", "", "According to the documents, ", "As far as the documents say, ")


def upper_first(text: str) -> str:
    """Capitalise the first letter only; a comma before another sign goes, as does the last sign after another."""
    text = re.sub(r",+(?=[?.:,])", "", text)
    text = re.sub(r"(?<=[!?])[.?](?= |$)|(?<=\.\.\.)\.|(?<=[^.]\.)\.(?!\.)", "", text)
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Lower the first letter."""
    return text[:1].lower() + text[1:]


def possessive(name: str) -> str:
    """Return the possessive of a name."""
    return name + ("'" if name.endswith("s") else "'s")


def fill(template: str, phrase: str) -> str:
    """Put a noun phrase into a template; a template with a possessive needs a short name."""
    text = template.replace("{X's}", possessive(phrase)).replace("{AX}", f"{article_for(phrase)} {phrase}")
    return text.replace("{X}", phrase)


def fitting(templates: tuple[str, ...], phrase: str) -> tuple[str, ...]:
    """Keep the templates in which a phrase reads well: no possessive of a long phrase, no verb far from its subject."""
    words = len(phrase.split())
    kept = templates
    if words > 3 or phrase.startswith("that "):
        kept = tuple(t for t in kept if "{X's}" not in t) or kept
    if words > LONG_PHRASE:
        kept = compact(kept) or kept
    return kept


def compact(templates: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the templates that end with the phrase, so that no verb hangs behind a long one."""
    return tuple(t for t in templates if t.rstrip("?.").endswith("{X}"))


_HAS = re.compile(r"has \{X\} (as its \w[\w ]*|in the cast)")
_APPOSED = re.compile(r"the ((?:[a-z-]+ )+)(?=[^\Wa-z_])")
_WRITERS = frozenset({"writer", "author", "novelist", "screenwriter", "playwright", "songwriter"})


def fit_clause(template: str, phrase: str) -> str:
    """Turn a clause round in which a long phrase would stand before its end: `has as its mayor the one who …`."""
    return _HAS.sub(r"has \1 {X}", template) if len(phrase.split()) > LONG_PHRASE else template


def unrepeated(template: str, phrase: str) -> str:
    """Leave out the noun before a name where the template says it: not `directed by the director Ann Lee`."""
    found = _APPOSED.match(phrase)
    if found is None:
        return phrase
    nouns = found[1].split()
    if not STOP_WORDS.isdisjoint(nouns):  # `the town of Aldham`, `the director of Crash`
        return phrase
    words = re.findall(r"[a-z]+", re.sub(r"\{[^}]*\}", " ", template).casefold())
    same = {stem(noun) for noun in nouns} & {stem(word) for word in words if word not in STOP_WORDS}
    written = nouns[-1] in _WRITERS and ("written" in words or "screenplay" in words)
    return phrase[found.end() :] if same or written else phrase


def close(frames: tuple[str, ...], filled: str) -> tuple[str, ...]:
    """Leave out the frames that go on after the phrase where it is long: `Could you find out … for me?`."""
    if len(filled.split()) <= LONG_PHRASE + 2:
        return frames
    return tuple(frame for frame in frames if re.search(r"\{[NI]\}[?.]$", frame)) or frames


def frames_for(saying: Saying) -> tuple[str, ...]:
    """Return the frames for a noun phrase of a relation's value."""
    if saying.asked == "person":
        return PERSON_FRAMES
    if saying.asked in ("date", "number", "text"):
        return (*VALUE_FRAMES, *NOUN_FRAMES)
    return (*THING_FRAMES, *NOUN_FRAMES)


def wordings(saying: Saying, phrase: str) -> Iterator[str]:
    """Yield every question that asks for the value of a relation of what a phrase names."""
    for template in fitting(saying.asks, phrase):
        yield upper_first(fill(template, phrase))
    for template in fitting(saying.indirect, phrase):
        for frame in INDIRECT_FRAMES:
            yield upper_first(frame.replace("{I}", fill(template, phrase)))
    for template in nominal(saying, phrase):
        for frame in frames_for(saying):
            yield upper_first(frame.replace("{N}", fill(template, phrase)))


def nominal(saying: Saying, phrase: str) -> tuple[str, ...]:
    """Return the noun templates for a phrase; none where every one would leave a verb behind a long phrase."""
    kept = tuple(t for t in fitting(saying.nouns, phrase) if not t.startswith(("what ", "where ")))
    return compact(kept) if len(phrase.split()) > LONG_PHRASE else kept


def fitted(saying: Saying, answer: Item) -> Saying:
    """Return the words that fit an answer: a date of which only the year is known is not asked for by the day."""
    day = day_of(answer)
    if day is None:
        return saying
    return by_day(saying) if day.day else by_year(saying)


def ask(saying: Saying, phrase: str, random: Random) -> str:
    """Choose one question that asks for the value of a relation."""
    draw = random.random()
    if len(phrase.split()) > LONG_PHRASE and not compact(saying.asks):
        draw = 1.0
    if draw < 0.5:
        return upper_first(fill(random.choice(fitting(saying.asks, phrase)), phrase))
    nouns = nominal(saying, phrase)
    hanging = len(phrase.split()) > LONG_PHRASE and not compact(saying.indirect)
    if not nouns or (draw < 0.7 and not hanging):
        frame = random.choice(INDIRECT_FRAMES)
        return upper_first(frame.replace("{I}", fill(random.choice(fitting(saying.indirect, phrase)), phrase)))
    named = fill(random.choice(nouns), phrase)
    return upper_first(random.choice(close(frames_for(saying), named)).replace("{N}", named))


def ask_name(phrase: str, human: bool, random: Random) -> str:
    """Ask which thing a noun phrase means."""
    frames = PERSON_FRAMES if human else (*THING_FRAMES, *NOUN_FRAMES)
    return upper_first(random.choice(close(frames, phrase)).replace("{N}", phrase))


def which(noun: str, rest: str) -> str:
    """Ask for the thing of a noun of which something is said: `Which film was …?`, `Who was …?`."""
    return upper_first(f"{'Who' if noun == 'person' else f'Which {noun}'} {rest}?")


def ask_after(saying: Saying, phrase: str, that: str, random: Random) -> str:
    """Ask in two sentences: the first names the thing, the second asks about `that film`, its noun said once."""
    opening = random.choice(OPENINGS).replace("{N}", phrase)
    noun = that.removeprefix("that ")
    asks = (
        tuple(one for one in saying.asks if noun not in one.split()) or saying.asks
    )  # not `in what place is that place`
    return upper_first(f"{opening} {upper_first(fill(random.choice(fitting(asks, that)), that))}")

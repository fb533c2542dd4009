"""Questions whose word that asks does not open them: "X was directed by which man", "at the mouth of which river"."""

from __future__ import annotations

from tamsa.agent.baseline.grammar import Parser
from tamsa.agent.baseline.lexicon import relation_terms
from tamsa.agent.baseline.nouns import kind_of_noun
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.steps import Step, last_noun, names_of, until_preposition
from tamsa.agent.baseline.verbs import AUXILIARIES, DETERMINERS, PREPOSITIONS, RELATIVES, is_verb

MAX_NOUN_WORDS = 5
MAX_LEAD = 10
"""Words before the one that asks, which belong to the noun that is asked for."""


def lead_in(parser: Parser) -> list[str]:
    """Take the words, none of them a name, that stand with a preposition before the noun that is asked for."""
    for ahead in range(0 if parser.is_slot() else 1, MAX_LEAD):
        low = parser.low(ahead)
        if not low or parser.is_slot(ahead) or low in AUXILIARIES:
            break
        noun = parser.low(ahead + 1)
        plain = noun.isalpha() and noun not in DETERMINERS and noun not in AUXILIARIES and noun not in PREPOSITIONS
        if low in ("what", "which") and plain and parser.low(ahead - 1) in PREPOSITIONS:
            return [parser.take() for _ in range(ahead)]
    return []


def in_situ(parser: Parser, question: Question) -> Step | None:
    """Parse "X was directed by an actress who was a muse of which director"."""
    asks = [
        at for at, token in enumerate(parser.tokens)
        if at and token.casefold() in ("what", "which", "whom", "how", "whose", "who", "when", "where")
    ]  # fmt: skip
    if not asks:
        return None
    tokens = parser.tokens
    at = asks[-1]
    noun = [token for token in tokens[at + 1 :] if token not in "?.!"]
    if tokens[at].casefold() == "how" and noun:
        noun = noun[1:] if noun[0].casefold() in ("many", "much") else noun
    stop = at - 1 if tokens[at - 1].casefold() in PREPOSITIONS else at
    parser.tokens = tokens[:stop]
    parser.position = 0
    parser.due = 1
    parser.opening()
    subject = parser.noun_phrase()
    parser.due = 0
    rest = parser.tokens[parser.position : stop]
    parser.tokens = tokens
    if not names_of(subject):  # "the writer of the hit that made X was born in which city"
        said = [token for token in tokens[:at] if not token.startswith("⟦")]
        named = [parser.slot(token) for token in tokens[:at] if token.startswith("⟦")]
        if not named:
            return None
        cues = relation_terms(" ".join([*said, *(parser.slot(t) if t.startswith("⟦") else t for t in noun)]))
        head = last_noun(until_preposition(noun)) or question.head
        kind = kind_of_noun(head) or question.kind
        return Step(question.text, kind, head, cues, of=Step(named[0], name=named[0]), names=tuple(named[1:]))
    inner, words = _open_object(parser, subject, rest, ends=tokens[stop].casefold() == "of")
    if words is None:
        inner, words = subject, rest
    words = [*words, *tokens[stop:at]]  # "comes from which city": the preposition belongs to the verb
    names = tuple(parser.slot(word) for word in words if word.startswith("⟦"))
    np = [parser.slot(word) if word.startswith("⟦") else word for word in noun]
    cues = relation_terms(" ".join([*(w for w in words if not w.startswith("⟦")), *np]))
    asked = question.head and question.head in (word.casefold() for word in np)
    head = question.head if asked else last_noun(until_preposition(np)) or question.head
    kind = kind_of_noun(head) or question.kind
    return Step(question.text, kind, head, cues, of=inner, names=names)


def _open_object(parser: Parser, subject: Step, rest: list[str], *, ends: bool) -> tuple[Step, list[str] | None]:
    """Find a thing without a name whose clause asks: "lies in a town that describes itself by what nickname".

    Args:
        parser: knows the names.
        subject: what the sentence is about.
        rest: what stands between it and the word that asks.
        ends: whether the thing ends it: "lies in the capital of which province".

    Returns:
        The step for that thing, and the words of its clause; the subject and None where there is none.
    """
    for at in range(len(rest) - (not ends), 0, -1):
        stop = at - (rest[at - 1] == ",")
        if at < len(rest):
            low = rest[at].casefold()
            if rest[at].startswith("⟦"):
                break
            reduced = is_verb(low) and low not in AUXILIARIES and kind_of_noun(rest[stop - 1])
            if low not in RELATIVES and (not reduced or low.endswith("ing")):
                continue
        noun: list[str] = []
        for word in reversed(rest[max(0, stop - MAX_NOUN_WORDS) : stop]):
            if word.casefold() in DETERMINERS or word.startswith("⟦"):
                break
            noun.insert(0, word)
        before = rest[: stop - len(noun) - 1]
        head = last_noun(until_preposition(noun))
        if not kind_of_noun(head) or not before or (at == len(rest) and kind_of_noun(head) != "place"):
            continue
        cues = relation_terms(" ".join(word for word in (*before, *noun) if not word.startswith("⟦")))
        names = tuple(parser.slot(word) for word in before if word.startswith("⟦"))
        phrase = " ".join(word for word in noun)
        return Step(phrase, kind_of_noun(head) or "any", head, cues, of=subject, names=names), rest[at:]
    return subject, None

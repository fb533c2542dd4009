"""Reading a question as nested relations: "the capital of the country where X was born" is two steps from X."""

from __future__ import annotations

import re
from dataclasses import replace

from tamsa.agent.baseline.direction import COUNTERPARTS
from tamsa.agent.baseline.grammar import Parser
from tamsa.agent.baseline.interrogative import interrogative
from tamsa.agent.baseline.lexicon import relation_terms, terms
from tamsa.agent.baseline.mentions import find_names
from tamsa.agent.baseline.names import Name
from tamsa.agent.baseline.nouns import Kind, kind_of_noun
from tamsa.agent.baseline.preamble import preamble
from tamsa.agent.baseline.question import TIME_CLAUSE, Question
from tamsa.agent.baseline.relatives import CLASS_OF
from tamsa.agent.baseline.statements import in_situ, lead_in
from tamsa.agent.baseline.steps import Step, last_noun, names_of, until_preposition
from tamsa.agent.baseline.verbs import (
    ADVERBS,
    AUXILIARIES,
    BE,
    DETERMINERS,
    DO,
    PREPOSITIONS,
    RELATIVES,
    is_base_verb,
    is_verb,
)

_ADVERBIAL = re.compile(
    r"^(?:(?:in|on|at|during|according to|of|among|by|as of|since|before|after|for)\s+"
    r"(?!(?:what|which|whom|whose|how)\b)[^,?]*,\s+)"
    r"(?=(?:\w+\s+)?(?:who|whom|what|which|when|where|how|name)\b)", re.IGNORECASE,
)  # fmt: skip
_HOW_CUES = {
    "old": "born", "tall": "height",
    "high": "height elevation", "long": "length", "large": "area size", "deep": "depth",
    "big": "area size", "far": "distance", "wide": "width", "populous": "population", "heavy": "weight",
}  # fmt: skip
_BECOMING = frozenset("become becomes became is was".split())
_FILLERS = frozenset("about approximately roughly exactly and so since until then".split())
_IS = "(?:is|was|were|are)"
_WHOM = "(?:(?:who|whom) or what|who|whom|what)"
_CLAUSE = r" (?:that|where|who|(?:[a-z]+ )?(?:which|whose|whom)) [^?]+"
_REWRITES = (
    (
        re.compile(rf"^(?:after )?{_WHOM} (?:is|was|are|were) ([^?]+?) named (?:after|for)({_CLAUSE})?\??$", re.I),
        "namesake",
    ),
    (
        re.compile(rf"^(?:after|for) {_WHOM} (?:is|was|are|were) ([^?]+?) named({_CLAUSE})?\??$", re.I),
        "namesake",
    ),
    (re.compile(r"^whose name (?:does|do|did) (.+?)( )?(?:bear|carry|honou?r)\??$", re.I), "namesake"),
    (
        re.compile(rf"^(?:under )?(?:what|which) name {_IS} (.+?) (?:given at birth|born(?: with)?)( )?\??$", re.I),
        "birth name",
    ),
    (re.compile(rf"^what {_IS} (.+?) (?:named|called) at birth( )?\??$", re.I), "birth name"),
    (
        re.compile(rf"^(?:by|under) (?:what|which) (?:other )?name {_IS} (.+?) (?:\w+ )?known( )?\??$", re.I),
        "stage name",
    ),
    (re.compile(r"^(?:who|what) gave (?:a|its|his|her|their) name to (.+?)( )?\??$", re.I), "namesake"),
)
"""Questions whose relation stands in a set phrase, and the noun for it."""


def make_plan(question: Question) -> Step | None:
    """Read a question as nested relations, or return None where its form is not understood."""
    text, referent = preamble(question)
    scene: tuple[str, ...] = ()
    match = _ADVERBIAL.match(text)
    if match:
        scene = (match[0].rstrip(" ,"),)
        text = text[match.end() :]
    timed = TIME_CLAUSE.search(text)
    asks = interrogative(text)
    if timed and asks and asks.start() > timed.start():
        timed = None  # "came into being when X joined with whom"
    names = _names_within(question, text)
    if timed and any(name.start >= timed.start() for name in names):
        names = tuple(name for name in names if name.end <= timed.start())
        text = text[: timed.start()] + "?"
    for pattern, noun in _REWRITES:
        rewritten = pattern.match(text)
        if rewritten:
            text = f"What is the {noun} of {rewritten[1]}{rewritten[2] or ''}?"
            names = find_names(text, tuple(name.text for name in question.names))
            break
    parser = Parser(text, names)
    parser.referent = referent
    step = _question(parser, question)
    if scene and (step is None or not names_of(step)):
        # "According to the list of rivers of X, how many …": the scene is what the question is about
        inner_text = re.sub(r"^(?:according to|in|on|at|during|of|among|by|for)\s+", "", scene[0], flags=re.IGNORECASE)
        inner = Parser(inner_text, find_names(inner_text, tuple(name.text for name in question.names))).noun_phrase()
        if names_of(inner):
            cues = () if step is None else step.cues or relation_terms(step.phrase)
            return Step(question.text, question.kind, question.head, cues, of=inner)
    if step is None:
        return None
    if scene:
        extra = tuple(name.text for name in question.names if name.text in scene[0])
        step = replace(
            step, names=step.names + extra, cues=step.cues + (terms(scene[0]) if not extra and step.of else ())
        )
    kind: Kind = step.kind if question.kind == "any" else question.kind
    return replace(step, kind=kind, head=question.head or step.head)


def _names_within(question: Question, text: str) -> tuple[Name, ...]:
    """Shift the names of a question to a closing part of it."""
    shift = len(question.text) - len(text)
    if question.text.endswith(text):
        return tuple(Name(n.text, n.start - shift, n.end - shift, n.quoted) for n in question.names if n.start >= shift)
    return find_names(text)


def _question(parser: Parser, question: Question) -> Step | None:
    """Parse the question proper by the word that opens it."""
    while parser.low() in _FILLERS and parser.low(1) not in DETERMINERS:
        parser.take()
    prep = parser.low() in PREPOSITIONS and parser.low(1) in ("what", "which", "whom", "whose", "how")
    if prep:
        parser.take()
    lead = lead_in(parser)
    if lead:  # "at the confluence of which rivers lies", "the fall of what city ended"
        prep = lead[0].casefold() in PREPOSITIONS
        step = _question(parser, question)
        return None if step is None else replace(step, cues=(*relation_terms(" ".join(lead)), *step.cues))
    low = parser.low()
    if low in ("who", "whom"):
        parser.take()
        return _after_wh(parser, question, [], prep=prep or low == "whom")
    if low in ("what", "which"):
        parser.take()
        mark = parser.position
        kin = _kin_of(parser, question)
        if kin is not None:
            return kin
        parser.position = mark
        return _after_wh(parser, question, _wh_noun(parser), prep=prep)
    if low in ("when", "where"):
        parser.take()
        return _after_wh(parser, question, [], prep=True, cue=low)
    if low == "how":
        parser.take()
        if parser.low() in AUXILIARIES:  # "how did X die"
            return _after_wh(parser, question, [], prep=True)
        words = [parser.take()]
        cues = _HOW_CUES.get(words[0].casefold(), "").split()
        if words[0].casefold() in ("many", "much"):
            mark = parser.position
            counted = parser.noun_phrase()
            if names_of(counted) and counted.of is not None and "population" in counted.cues:
                # "how many people live in the town": not people, a property of the town
                return Step(question.text, "number", "people", ("population",), of=counted.of)
            if names_of(counted) and counted.of is not None:  # "how many towns of the region administered from X"
                rest = [token for token in parser.tokens[parser.position :] if not token.startswith("⟦")]
                return Step(question.text, "number", counted.head, terms(" ".join(rest)), of=counted)
            parser.position = mark
            words += _wh_noun(parser)
        return _after_wh(parser, question, [*words[1:], *cues], prep=True)
    if low == "whose":
        parser.take()
        owned = _wh_noun(parser)
        if parser.low() in AUXILIARIES:
            parser.take()
            subject = parser.noun_phrase()
            head = COUNTERPARTS.get(owned[-1].casefold(), "") if owned else ""
            return Step(question.text, question.kind, head, terms(" ".join(owned)), of=subject)
        return _predicate(parser, question, owned) if parser.verb_here() else None
    if low in ("name", "give", "tell", "identify", "state", "find"):
        parser.take()
        if parser.low() == "me":
            parser.take()
        return parser.noun_phrase()
    return in_situ(parser, question)


def _wh_noun(parser: Parser) -> list[str]:
    """Collect the noun phrase after "which" up to its verb."""
    words: list[str] = []
    while not parser.at_end():
        low = parser.low()
        if low in AUXILIARIES or low in RELATIVES:
            break
        if words and _plural_verb_here(parser, words[-1]):
            break
        if (
            words
            and is_verb(low)
            and (
                kind_of_noun(words[-1])
                or parser.low(1) in PREPOSITIONS
                or parser.low(1) in DETERMINERS
                or parser.is_slot(1)
            )
        ):
            break
        if parser.is_slot() and words and words[-1].casefold() not in PREPOSITIONS and kind_of_noun(words[-1]):
            words.append(parser.slot(parser.take()))
            continue
        token = parser.take()
        words.append(parser.slot(token) if token.startswith("⟦") else token)
        if len(words) > 14:
            break
    return words


def _plural_verb_here(parser: Parser, noun: str) -> bool:
    """Tell whether a bare verb follows its plural subject: "how many countries form the union"."""
    plural = noun.endswith("s") or noun.casefold() in ("people", "men", "women", "children")
    opens = parser.low(1) in DETERMINERS or (parser.low(1) in PREPOSITIONS and parser.low(1) != "of")
    return plural and opens and is_base_verb(parser.low())


def _kin_of(parser: Parser, question: Question) -> Step | None:
    """Parse "which son of X became Y": the kin of a subject, and what is said of them."""
    ahead = next((at for at in range(1, 4) if parser.low(at) in ("of", "'s", "’s")), 0)
    if not ahead or parser.low(ahead - 1) not in CLASS_OF or any(parser.verb_here(at) for at in range(ahead)):
        return None
    step = parser.noun_phrase()
    names = tuple(parser.slot(token) for token in parser.tokens[parser.position :] if token.startswith("⟦"))
    return replace(step, phrase=question.text, names=(*step.names, *names)) if names_of(step) else None


def _after_wh(parser: Parser, question: Question, noun: list[str], *, prep: bool, cue: str = "") -> Step | None:
    """Parse what follows the words that ask."""
    said = [token for token in parser.adverbial() if not token.startswith("⟦")] if not noun else []
    if said:  # "who in 1950 became"
        step = _after_wh(parser, question, noun, prep=prep, cue=cue)
        return None if step is None else replace(step, cues=(*step.cues, *relation_terms(" ".join(said))))
    low = parser.low()
    cue_words = [cue] if cue == "born" else []
    if low in DO:
        parser.take()
        parser.bare_verbs = True
        parser.clause_may_follow = "finite"
        parser.due = 1
        subject = parser.noun_phrase()
        parser.due = 0
        return _about(parser, question, noun + cue_words, subject)
    if low in AUXILIARIES:
        parser.take()
        while (parser.low() in AUXILIARIES and parser.low() != "being") or (
            parser.low() in ADVERBS and parser.low(1) in BE  # "what has always been"
        ):
            low = parser.take().casefold()
        while parser.low() in ADVERBS and parser.low(1) in DETERMINERS:  # "is now the capital of"
            parser.take()
        late = [token for token in parser.adverbial() if not token.startswith("⟦")]  # "has since 2002 been"
        if late:
            noun = [*noun, *late]
            while parser.low() in AUXILIARIES:
                low = parser.take().casefold()
        if parser.at_end():
            return None
        if noun and is_verb(parser.low()) and parser.low(1) == "of":  # "how many copies were sold of the song"
            noun = [*noun, parser.take()]
            parser.take()
        follows_verb = is_verb(parser.low()) or (
            parser.low(1) in ("in", "by", "with", "to", "at", "for", "on", "of")
            and parser.low() not in DETERMINERS
            and not parser.is_slot()
        )
        if follows_verb and not prep:
            return _predicate(parser, question, noun)
        parser.bare_verbs = low not in BE
        parser.clause_may_follow = "finite"
        parser.due = 1 if low not in BE or (prep and parser.tokens[0].casefold() != "how") else 0
        subject = parser.noun_phrase()
        parser.due = 0
        if parser.at_end() and any(word.endswith(("'s", "’s")) for word in noun):  # "which country's citizen is X"
            return Step(question.text, question.kind, question.head, relation_terms(" ".join(noun)), of=subject)
        if parser.at_end() and not prep and low in BE:  # "which town is the seat of X", "what is the length of X"
            return _renamed(subject, noun)
        if parser.at_end() and subject.of is not None and prep and low in BE and question.kind != "number":
            return Step(question.text, question.kind, question.head, (*terms(" ".join(noun)), "locate"), of=subject)
        return _about(parser, question, noun, subject)
    if parser.verb_here():
        return _predicate(parser, question, noun)
    if noun and _plural_verb_here(parser, noun[-1]):
        parser.bare_verbs = True
        return _predicate(parser, question, noun)
    if noun and not parser.at_end():  # "which film X directed"
        subject = parser.noun_phrase()
        return _about(parser, question, noun, subject)
    return None


def _renamed(subject: Step, noun: list[str]) -> Step:
    head = last_noun(until_preposition(noun) or noun) if noun else ""
    kind = kind_of_noun(head) if head else None
    if kind in (
        "nationality",
        "number",
        "date",
        "year",
        "description",
        "language",
    ):  # an attribute, not the thing itself
        return Step(subject.phrase, kind, head, terms(" ".join(noun)), of=subject)
    if subject.of is None and not subject.name:
        return subject
    if subject.name:
        return Step(subject.phrase, kind or subject.kind, head, terms(" ".join(noun)), of=subject, names=subject.names)
    return replace(subject, kind=kind or subject.kind, head=head or subject.head)


def _about(parser: Parser, question: Question, noun: list[str], subject: Step) -> Step:
    """Build the step whose value is asked of a subject; the rest of the question are its verb and conditions."""
    start = parser.position
    words: list[str] = []
    things: list[Step] = []
    names: list[str] = []
    while not parser.at_end():
        open_subject = subject.of is None and not subject.name
        nameless = open_subject and not names_of(subject)
        mark = parser.position
        if nameless and not things:
            subject = parser.extraposed(start, subject)  # "was the label founded which released X"
            if parser.position > mark:
                continue
        if nameless and parser.low() == "of" and words and is_verb(words[-1]):  # "was the capital founded of …"
            parser.take()
            subject = parser.attach(start, subject.phrase.split(), subject, parser.noun_phrase(1))
            continue
        if parser.is_slot() and parser.is_possessive(1) and open_subject:
            things.append(parser.noun_phrase(1))
            continue
        if parser.is_slot():
            name = parser.slot(parser.take())
            if parser.is_possessive():
                parser.take()  # "in ⟦X⟧'s capital": what stands near is the capital
            else:
                names.append(name)
            continue
        if open_subject and words and parser.low() in DETERMINERS:
            thing = parser.noun_phrase(1)
            if parser.position > mark:
                if names_of(thing):
                    things.append(thing)
                else:
                    words += thing.phrase.split()
                continue
        words.append(parser.take())
    cues = relation_terms(" ".join([*noun, *words]))
    if subject.of is None and not subject.name and (names or things):
        # the subject is a mere description; the names are in the predicate
        about = things[0] if things else Step(names[0], name=names[0])
        others = [*names, *(name for thing in things for name in names_of(thing))]
        own = names_of(about)
        return Step(
            question.text,
            question.kind,
            question.head,
            cues + terms(subject.phrase),
            of=about,
            names=tuple(name for name in dict.fromkeys(others) if name not in own),
        )
    return Step(question.text, question.kind, question.head, cues, of=subject, names=tuple(names))


def _predicate(parser: Parser, question: Question, noun: list[str]) -> Step | None:
    """Parse "N VERB OBJECT": the value is the subject."""
    clause = parser.predicate()
    role = clause.argument
    copular = not clause.words or (role is not None and role.kind == "person" and set(clause.words) <= _BECOMING)
    if role is not None and role.of is not None and not role.name and copular:
        return _renamed(role, noun)  # "which town is home to X", "who became mayor of X"
    trailing = []
    while not parser.at_end():
        trailing.append(parser.take())
    names = tuple(parser.slot(token) for token in trailing if token.startswith("⟦"))
    cues = relation_terms(" ".join([*noun, *clause.words, *(t for t in trailing if not t.startswith("⟦"))]))
    of = clause.argument
    if of is None and names:
        of, names = Step(names[0], name=names[0]), names[1:]
    if of is None:
        return Step(question.text.rstrip("?"), question.kind, question.head)
    return Step(question.text, question.kind, question.head, cues, of=of, names=names + clause.names)

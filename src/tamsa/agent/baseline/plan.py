"""Reading a question as nested relations: "the capital of the country where X was born" is three steps from X.

The parser knows English clause shapes, not particular relations: the words of each step are kept as
cues that the reader looks for in the pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tamsa.agent.baseline.lexicon import STOP_WORDS, Kind, concept, kind_of_noun, terms
from tamsa.agent.baseline.question import Name, Question

MAX_DEPTH = 6
_AUX = r"(?:is|are|was|were|be|been|has|have|had|did|do|does|would|will|can|could)"
_RELATIVE = re.compile(
    r"\s*,?\s+(?P<rel>(?:in|on|at|for|from|to|by|with|of|into|under|after|during|about|upon)\s+(?:which|whom|whose)"
    r"|that|which|who|whom|whose|where|when)\s+",
    re.IGNORECASE,
)
_REL_WORDS = (
    r"(?:(?:in|on|at|for|from|to|by|with|of|into|under|after|during)\s+(?:which|whom|whose)|that|which|who|whom|whose|where)"
)
_OF = re.compile(r"\s+of\s+", re.IGNORECASE)
_PARTICIPLE = re.compile(
    r"\s+(?P<verb>[a-z-]+ed|[a-z]+(?:tten|wn|ught|nt|ade|uilt|eld|un|ung|ost|orn|ead|eft|et|ing))"
    r"(?P<mid>(?:\s+(?:by|in|on|at|for|from|to|with|as|after|under|near|into|and|of))*)\s+(?=\S)"
)
_POSSESSIVE = re.compile(r"(?P<left>.*(?:⟦\d+⟧|\w))['’]s?\s+(?P<right>[^⟦⟧]+)$")
_SLOT = re.compile(r"⟦(\d+)⟧")
_LEAD = re.compile(r"^(?:(?:the|a|an|this|that|these|those|its|his|her|their|one of|some|both|same)\s+)+", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """One node of a plan.

    A leaf is a name (`name` set) or a description (`phrase` alone). An inner node is a relation: its
    value stands in the relation `cues` to the value of `of`.
    """

    phrase: str
    kind: Kind = "any"
    """Kind of the value."""
    head: str = ""
    """Noun that the value is an instance of."""
    cues: tuple[str, ...] = ()
    """Concepts of the words that state the relation."""
    name: str = ""
    of: Step | None = None
    names: tuple[str, ...] = field(default=())
    """Other names in the phrase: they must stand near the evidence."""

    @property
    def depth(self) -> int:
        """Number of relations from here to the leaf."""
        return 0 if self.of is None else 1 + self.of.depth

    @property
    def leaf(self) -> Step:
        """The innermost step."""
        return self if self.of is None else self.of.leaf


class _Parser:
    def __init__(self, text: str, names: tuple[Name, ...]) -> None:
        self.names = names
        out = []
        position = 0
        for index, name in enumerate(names):
            out.append(text[position : name.start])
            out.append(f"⟦{index}⟧")
            position = name.end
        out.append(text[position:])
        self.text = re.sub(r"[\"“”‘]|(?<=⟧)’(?!s)", "", "".join(out)).strip()

    def fill(self, text: str) -> str:
        """Put the names back."""
        return _SLOT.sub(lambda match: self.names[int(match[1])].text, text).strip()

    def slots(self, text: str) -> tuple[str, ...]:
        return tuple(self.names[int(index)].text for index in _SLOT.findall(text))

    def cues(self, text: str) -> tuple[str, ...]:
        return terms(_SLOT.sub(" ", text))

    # ---------------------------------------------------------------- noun phrases

    def phrase(self, text: str, depth: int = 0) -> Step:
        """Parse a noun phrase."""
        text = _LEAD.sub("", text.strip(" ,;:.?!"))
        filled = self.fill(text)
        if depth >= MAX_DEPTH or not text:
            return self._described(text)
        match = re.fullmatch(r"(?P<head>[^⟦⟧,]{0,60}?),?\s*⟦(?P<slot>\d+)⟧", text)
        if match and _is_class(match["head"]):
            head = _last_noun(match["head"])
            name = self.names[int(match["slot"])].text
            if head and concept(head) in _ROLE_CONCEPTS and not _class_noun(match["head"]):
                return self._described(text)
            return Step(filled, kind_of_noun(head) or "any", head, name=name)
        cuts = []
        for kind, pattern in (("rel", _RELATIVE), ("of", _OF), ("part", _PARTICIPLE)):
            for found in pattern.finditer(text):
                if kind == "part" and not self._is_participle(text, found):
                    continue
                cuts.append((found.start(), kind, found))
                break
        possessive = _POSSESSIVE.match(text)
        first = min(cuts, key=lambda cut: cut[0]) if cuts else None
        if possessive and (first is None or first[0] >= possessive.end("left") or not _has_noun(text[: first[0]])):
            right = possessive["right"]
            inner = re.split(r"\s+(?:that|which|who|where|whose)\s+", right)[0]
            return self._relation(text, right, possessive["left"], depth, _last_noun(_cut_np(inner)))
        if possessive and first is not None and "⟦" not in text[: first[0]] and first[1] != "of":
            pass
        if first is None:
            return self._described(text)
        start, kind, found = first
        left, right = text[:start], text[found.end() :]
        if not left.strip():
            return self._described(text)
        head = _last_noun(left)
        if kind == "of":
            if _SLOT.search(left):
                return self._described(text)
            return self._relation(text, left, right, depth, head)
        if kind == "rel":
            return self._clause(text, left, found["rel"], right, depth, head)
        return self._relation(text, f"{left} {found['verb']}{found['mid']}", right, depth, head)

    def _is_participle(self, text: str, found: re.Match[str]) -> bool:
        return found["verb"] not in _NOT_VERBS and bool(text[: found.start()].strip())

    def _relation(self, whole: str, cue_text: str, argument: str, depth: int, head: str) -> Step:
        main, extra = self._first_argument(argument)
        of = self.phrase(main, depth + 1)
        cues = self.cues(f"{cue_text} {extra}")
        kind = kind_of_noun(head) if head else None
        return Step(self.fill(whole), kind or "any", head, cues, of=of, names=self.slots(extra) + self.slots(cue_text))

    def _first_argument(self, text: str) -> tuple[str, str]:
        """Split what follows a relation into its argument and further conditions."""
        match = re.search(r"(?<=⟧)\s*,?\s+(?:and|but|or)\s+|(?<=⟧),\s+|(?<=⟧)\s+(?=(?:in|on|at|as|with|for|during|after|before)\s)", text)
        if match and "⟦" in text[: match.start()]:
            return text[: match.start()], text[match.end() :]
        return text, ""

    def _clause(self, whole: str, left: str, relative: str, clause: str, depth: int, head: str) -> Step:
        """Parse "N that CLAUSE": the value is an instance of N that takes part in the clause."""
        low = relative.casefold()
        kind = kind_of_noun(head) or "any"
        if low == "whose":
            # "the film whose director was born in X": a description; the inner relation is a condition on it
            return self._described(whole)
        subject, verb, rest = self._split_clause(clause)
        cues = self.cues(f"{left} {verb}")
        if subject and not rest.strip(" ,"):
            of = self.phrase(subject, depth + 1)
            return Step(self.fill(whole), kind, head, cues, of=of)
        if subject:
            main = subject
            of = self.phrase(main, depth + 1)
            return Step(self.fill(whole), kind, head, cues + self.cues(rest), of=of, names=self.slots(rest))
        main, extra = self._first_argument(rest)
        if not _SLOT.search(main) and not _RELATIVE.search(main) and not _OF.search(main):
            return self._described(whole)
        of = self.phrase(main, depth + 1)
        return Step(self.fill(whole), kind, head, cues + self.cues(extra), of=of, names=self.slots(extra))

    def _split_clause(self, clause: str) -> tuple[str, str, str]:
        """Split a clause into subject, verb and the rest; the subject is empty where the clause opens with its verb."""
        tokens = clause.split()
        if not tokens:
            return "", "", ""
        if re.fullmatch(_AUX, tokens[0], re.IGNORECASE) or _verb_like(tokens, 0):
            at = 1
            while at < len(tokens) and (
                tokens[at].casefold() in _VERB_PARTS or (at == 1 and re.fullmatch(_AUX, tokens[0], re.IGNORECASE) and _verb_like(tokens, at))
            ):
                at += 1
            while at < len(tokens) and tokens[at].casefold() in ("by", "in", "on", "at", "for", "to", "from", "with", "as", "into"):
                at += 1
            return "", " ".join(tokens[:at]), " ".join(tokens[at:])
        nouns_seen = False
        for at, token in enumerate(tokens):
            low = token.casefold()
            if nouns_seen and (re.fullmatch(_AUX, low) or (_verb_like(tokens, at) and "⟦" not in token)):
                if low.endswith(("ed", "ing")) and at + 1 < len(tokens) and tokens[at + 1] in ("by",):
                    continue  # a reduced relative inside the subject
                stop = at + 1
                while stop < len(tokens) and (tokens[stop].casefold() in _VERB_PARTS or _verb_like(tokens, stop)):
                    stop += 1
                return " ".join(tokens[:at]), " ".join(tokens[at:stop]), " ".join(tokens[stop:])
            if "⟦" in token or kind_of_noun(low) or at >= 1:
                nouns_seen = True
        return " ".join(tokens), "", ""

    def _described(self, text: str) -> Step:
        head = _last_noun(_cut_np(text))
        slots = list(_SLOT.finditer(text))
        if slots and self.cues(text) and len(text) < 300:
            last = slots[-1] if re.match(r".*\b(?:film|song|album|novel|book|movie)\s*⟦\d+⟧", text) else slots[0]
            of = Step(self.names[int(last[1])].text, name=self.names[int(last[1])].text)
            others = tuple(self.names[int(slot[1])].text for slot in slots if slot is not last)
            before = text[: last.start()]
            if _is_class(before) and kind_of_noun(_last_noun(before)) == "work" and not text[last.end() :].strip(" ,.") and not others:
                return Step(self.fill(text), kind_of_noun(head) or "any", head, name=of.name)
            return Step(self.fill(text), kind_of_noun(head) or "any", head, self.cues(text), of=of, names=others)
        return Step(self.fill(text), kind_of_noun(head) or "any", head, names=self.slots(text))


_VERB_PARTS = frozenset("been being is was were be had has have also originally first once the-most not".split())
_NOT_VERBS = frozenset(
    """united based-on red hundred bed king wing spring ring string thing being during nothing something morning evening
    building wedding sibling following including according indeed need seed speed feed breed king-ing parent president
    student continent instrument government moment event talent patent current different ancient prominent
    independent accident incident content element monument settlement document comment agent client patient
    own town down crown known brown set market planet poet cabinet street net bullet quartet runner-up run sun gun
    most almost coast post host cost lead head bread instead""".split()
) - {"known", "set"}
_ROLE_CONCEPTS = frozenset("direct write found produce compose perform own parent child spouse sibling capital".split())
_BASE_VERBS = frozenset(
    """starred stars directed wrote founded won plays played sang sings made owns contains borders hosts held led
    created produced released published discovered invented designed built composed performed recorded hosted served
    represents represented acquired distributed developed owned appeared voiced portrayed married killed coached
    managed lies lay flows runs begins began came went took became joined studied attended taught worked works lived
    lives died grew comes includes included features featured shares has had have get got wrote edited signed drafted
    beat defeated sponsored operates operated serves appears edits manages""".split()
)


def _verb_like(tokens: list[str], at: int) -> bool:
    low = tokens[at].casefold().strip(",")
    if low in _NOT_VERBS or low in STOP_WORDS or "⟦" in low:
        return False
    if low in _BASE_VERBS:
        return True
    return bool(re.fullmatch(r"[a-z]+(?:ed|orn|tten|ound)", low)) and kind_of_noun(low) is None


def _is_class(text: str) -> bool:
    """Tell whether the words before a name only say what it is: "the 1975 French film"."""
    if not text.strip():
        return True
    if re.search(r"\b(?:of|by|in|from|with|for|at|on|to|who|that|which|whose|where|when|whom|and|or|is|was|has|had)\b|['’]s?\b", text):
        return False
    found = re.findall(r"[A-Za-z][\w'-]*", text)
    if any(_verb_like(found, at) or (word.endswith("ing") and not kind_of_noun(word)) for at, word in enumerate(found)):
        return False
    return bool(found) and kind_of_noun(found[-1]) is not None


def _class_noun(text: str) -> bool:
    noun = _last_noun(text)
    return kind_of_noun(noun) in ("work", "org", "place") or concept(noun) in ("star", "perform", "direct", "write")


def _cut_np(text: str) -> str:
    """Cut a text after the noun phrase it opens with."""
    return re.split(r"\s+(?:of|in|on|at|for|from|by|with|that|which|who|whose|where|and|or|to)\s+", text, maxsplit=1)[0]


def _has_noun(text: str) -> bool:
    return any(kind_of_noun(word) for word in re.findall(r"[a-z-]+", text))


def _last_noun(text: str) -> str:
    found = ""
    tokens = re.findall(r"[A-Za-z][\w'-]*", _SLOT.sub(" ", text))
    for word in tokens:
        if kind_of_noun(word):
            found = word.casefold()
    return found or (tokens[-1].casefold() if tokens and tokens[-1].casefold() not in STOP_WORDS else "")


_QUESTION_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("np", rf"^(?:what|which|who|whom)(?:'s|\s+{_AUX})\s+(?P<np>(?:the|a|an|⟦|one)\b.*|⟦.*|[a-z]+ of .*)$"),
        ("np", r"^(?:name|give|identify|state|find)\s+(?:me\s+)?(?P<np>.*)$"),
        ("wh_aux", rf"^(?P<wh>when|where|how)\s+(?P<aux>{_AUX})\s+(?P<clause>.*)$"),
        ("how", r"^how\s+(?P<np>(?:many|much|old|long|tall|high|large|big|far|deep|wide)(?:\s+[a-z-]+){0,3}?)\s+"
                rf"(?P<aux>{_AUX})\s+(?P<clause>.*)$"),
        ("which_aux", r"^(?:(?P<prep>in|on|at|for|from|to|by|with|of|into|under|after|during|about|through)\s+)?"
                      rf"(?:what|which)\s+(?P<np>(?:(?!\b(?:that|who|which|whose)\b).)*?)\s+(?P<aux>{_AUX})\s+(?P<clause>.*)$"),
        ("in_situ", r"^(?P<stmt>(?!(?:in|on|at|for|from|to|by|with|of|into|under|after|during|about|through|which|what|who)\s)"
                    r".*\S)\s+(?:(?:in|on|at|for|from|to|by|with|of|into|under|as|until|since)\s+)?(?:(?:what|which|how many|how much)\s+(?P<np>[^⟦⟧]*)|whom|who|when|where|what)$"),
        ("which_verb", r"^(?P<wh>who|what|which)\s+(?P<clause>.*)$"),
    )
)  # fmt: skip


def make_plan(question: Question) -> Step | None:
    """Read a question as nested relations, or return None where its form is not understood."""
    parser = _Parser(question.text, question.names)
    text = re.sub(r"^(?:about|approximately|roughly|exactly|and|so|since|until)\s+(?=how|what|which|when)", "", parser.text.strip(" ?.!"), flags=re.IGNORECASE)
    # "In the film X, who …": a leading phrase sets the scene; the question proper follows
    scene = ""
    match = re.match(r"^(?!(?:in|on|at|for|from|to|by|with|of|into|under)\s+(?:what|which))([^,]*⟦[^,]*),\s+(?=(?:who|what|which|when|where|how|in|at)\b)", text, re.IGNORECASE)
    if match:
        scene, text = match[1], text[match.end() :]
    for form, pattern in _QUESTION_FORMS:
        found = pattern.match(text)
        if not found:
            continue
        step = _from_form(parser, form, found, question)
        if step is not None:
            return _settle(step, question, parser, scene)
    return None


def _from_form(parser: _Parser, form: str, found: re.Match[str], question: Question) -> Step | None:
    groups = found.groupdict()
    if form == "np":
        return parser.phrase(groups["np"])
    if form in ("wh_aux", "how"):
        subject, verb, rest = _subject_of(parser, groups["clause"])
        cue_text = f"{groups.get('np') or ''} {verb} {_HOW_CUES.get((groups.get('np') or '').split(' ')[0].casefold(), '')}"
        if not subject:
            return None
        subject, rest = _reattach(subject, rest)
        of = parser.phrase(subject, 1)
        cues = parser.cues(f"{cue_text} {rest}")
        if of.of is None and not of.name and not cues:
            return None
        return Step(parser.fill(found[0]), question.kind, question.head, cues, of=of, names=parser.slots(rest))
    if form == "which_aux":
        noun, clause = groups["np"], groups["clause"]
        subject, verb, rest = _subject_of(parser, clause)
        if not verb and not groups["prep"]:
            return _predicate(parser, found[0], noun, f"{groups['aux']} {clause}", question)
        subject, rest = _reattach(subject, rest)
        of = parser.phrase(subject, 1)
        cues = parser.cues(f"{noun} {verb} {rest}")
        return Step(parser.fill(found[0]), question.kind, question.head, cues, of=of, names=parser.slots(rest))
    if form == "in_situ":
        return _in_situ(parser, found[0], groups["stmt"], groups["np"] or "", question)
    noun = "" if groups["wh"].casefold() == "who" else _cut_at_verb(groups["clause"])
    clause = groups["clause"][len(noun) :].strip() if noun else groups["clause"]
    return _predicate(parser, found[0], noun, clause, question)


def _reattach(subject: str, rest: str) -> tuple[str, str]:
    """Give a relative clause that stands after the verb back to the subject ("was the label founded which …")."""
    match = re.match(rf"\s*,?\s*{_REL_WORDS}\s", rest + " ", re.IGNORECASE)
    return (f"{subject} {rest}", "") if match else (subject, rest)


def _in_situ(parser: _Parser, whole: str, statement: str, noun: str, question: Question) -> Step | None:
    """Parse "X was directed by an actress who was a muse of which director"."""
    subject, verb, rest = _main_verb(statement)
    if not subject:
        return None
    inner: Step = parser.phrase(subject, 1)
    match = re.search(rf"\s{_REL_WORDS}\s", f" {rest} ", re.IGNORECASE)
    tail = _cut_np(noun)
    if match and rest[: match.start()].strip():
        middle = rest[: match.start()]
        head = _last_noun(middle)
        inner = Step(
            parser.fill(f"{subject} {verb} {middle}"), kind_of_noun(head) or "any", head,
            parser.cues(f"{verb} {middle}"), of=inner, names=parser.slots(middle),
        )  # fmt: skip
        rest = rest[match.end() - 1 :]
        verb = ""
    cues = parser.cues(f"{verb} {rest} {tail}")
    head = _last_noun(tail) or question.head
    kind = kind_of_noun(head) or question.kind
    return Step(parser.fill(whole), kind, head, cues, of=inner, names=parser.slots(rest))


def _main_verb(text: str) -> tuple[str, str, str]:
    """Split a statement at its main verb: the first verb that is not inside a relative clause."""
    tokens = text.split()
    for at in range(1, len(tokens)):
        low = tokens[at].casefold()
        if "⟦" in low or not (re.fullmatch(_AUX, low) or _verb_like(tokens, at)) or _in_relative(tokens, at):
            continue
        if at + 1 < len(tokens) and tokens[at + 1].casefold() == "by" and not re.fullmatch(_AUX, low):
            continue
        stop = at + 1
        while stop < len(tokens) and (tokens[stop].casefold() in _VERB_PARTS or _verb_like(tokens, stop)):
            stop += 1
        return " ".join(tokens[:at]), " ".join(tokens[at:stop]), " ".join(tokens[stop:])
    return "", "", ""


_HOW_CUES = {
    "old": "born", "tall": "height", "high": "height elevation", "long": "length", "large": "area size", "deep": "depth",
    "big": "area size", "far": "distance", "wide": "width", "populous": "population",
}  # fmt: skip


def _cut_at_verb(text: str) -> str:
    tokens = text.split()
    for at in range(1, len(tokens)):
        if _verb_like(tokens, at) or re.fullmatch(_AUX, tokens[at], re.IGNORECASE) or "⟦" in tokens[at]:
            return " ".join(tokens[:at])
        if tokens[at].casefold() in ("that", "which", "who", "whose", "where", "of", "in", "by", "with", "for"):
            return ""
    return ""


def _predicate(parser: _Parser, whole: str, noun: str, clause: str, question: Question) -> Step | None:
    """Parse "N VERB OBJECT": the value is the subject."""
    subject, verb, rest = parser._split_clause(clause)
    if subject:  # "which film X directed": the value is the object
        of = parser.phrase(subject, 1)
        return Step(parser.fill(whole), question.kind, question.head, parser.cues(f"{noun} {verb} {rest}"), of=of)
    main, extra = parser._first_argument(rest)
    cues = parser.cues(f"{noun} {verb} {extra}")
    if not _SLOT.search(main) and not _RELATIVE.search(f" {main}"):
        return Step(parser.fill(whole), question.kind, question.head, names=parser.slots(whole))
    of = parser.phrase(main, 1)
    return Step(parser.fill(whole), question.kind, question.head, cues, of=of, names=parser.slots(extra) + parser.slots(noun))


def _subject_of(parser: _Parser, clause: str) -> tuple[str, str, str]:
    """Split "the director of X born in Y" (after an auxiliary) into subject, main verb and rest."""
    tokens = clause.split()
    last_slot = max((at for at, token in enumerate(tokens) if "⟦" in token), default=-1)
    # the main verb is the last verb-like word outside a relative clause, at or after the first noun
    for at in range(len(tokens) - 1, 0, -1):
        if at <= last_slot and any("⟦" in token for token in tokens[at + 1 :]) and not _verb_like(tokens, at):
            continue
        if (_verb_like(tokens, at) or tokens[at].casefold() in _BARE_VERBS) and not _in_relative(tokens, at):
            return " ".join(tokens[:at]), tokens[at], " ".join(tokens[at + 1 :])
    return clause, "", ""


_BARE_VERBS = frozenset(
    """die direct write found play star win live study attend work serve born born? open close start begin end release
    appear come go take hold host join marry receive represent graduate grow move perform belong lie stand flow locate
    have contain own produce publish compose record debut premiere air retire coach manage lead rule reign teach earn
    make name call use speak fight sign create build design score compete finish be get""".split()
)


def _in_relative(tokens: list[str], at: int) -> bool:
    """Tell whether the verb at a position belongs to a relative clause: it is the first verb after the pronoun."""
    back = at - 1
    while back >= 0 and (tokens[back].casefold() in _VERB_PARTS or re.fullmatch(_AUX, tokens[back], re.IGNORECASE)):
        back -= 1  # the auxiliaries of the same verb
    for place in range(back, -1, -1):
        low = tokens[place].casefold().strip(",")
        if low in ("who", "that", "which", "where", "whose", "whom"):
            return True
        if "⟦" not in low and (re.fullmatch(_AUX, low) or _verb_like(tokens, place)):
            reduced = place + 1 < len(tokens) and tokens[place + 1].casefold() in ("by", "in") and not re.fullmatch(_AUX, low)
            if not reduced:
                return False
    return at + 1 < len(tokens) and tokens[at + 1].casefold() == "by" and not re.fullmatch(_AUX, tokens[at - 1], re.IGNORECASE)


def _settle(step: Step, question: Question, parser: _Parser, scene: str) -> Step:
    """Give the outermost step the wanted kind of the whole question."""
    kind: Kind = step.kind if question.kind == "any" else question.kind
    head = question.head or step.head
    names = step.names + parser.slots(scene)
    return Step(step.phrase, kind, head, step.cues, step.name, step.of, names)

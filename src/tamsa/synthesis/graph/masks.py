"""Masks: a sentence with its names, dates and numbers replaced by two-character marks, for patterns to match on.

The first character of a mark says what stands there, the second which one. Elided subjects are put back: in
`P was born in N and died in N` the second verb gets its P, so that every clause reads `subject verb …`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tamsa.corpus.names import fold
from tamsa.synthesis.graph.linking import Entities, Linker
from tamsa.synthesis.graph.names import name_key
from tamsa.synthesis.graph.profile import bare_title
from tamsa.synthesis.graph.sentences import Sentence
from tamsa.synthesis.graph.values import spans_in

SUBJECT, NAME, PRONOUN, POSSESSIVE, DATE, YEAR, QUANTITY = "\ue001\ue002\ue003\ue004\ue005\ue006\ue007"
"""The page's own thing by name; another name; `he`, `it`, `the film` for it; `his`, `its`; a day or month; a year; a
number."""
FIRST, LAST = "\ue100", "\uf8ff"
_RESERVED = re.compile(r"[\ue000-\uf8ff]")
_MARKS = {"date": DATE, "year": YEAR, "quantity": QUANTITY}
_TOKEN = re.compile(r"[^\W_](?:[\w’'&-]|\.(?=\w))*\.?|[“\"]")
_INITIAL = re.compile(r"^(?:[^\W\d_]\.)+$|^(?:Jr|Sr|St|Mt|Dr|Mr|Mrs|Ft|Bros|Inc|Co|Ltd|Corp|No|vs|Ste|F\.C|A\.F\.C)\.$")
_OPENERS = frozenset(
    "in on at the a an he she it they we i you his her its their this these that those after before during while when "
    "since from by for with as although though however born founded located released directed written some most many "
    "both two three four five several there according among upon under until to of following despite because if what "
    "which who where all also later then today now once other another each every one first early originally "
    "established built created published situated based along between within over through about around near and but or "
    "not no only such like unlike besides despite instead together set named known produced starring featuring "
    "currently previously formerly recently initially eventually subsequently additionally due prior having being "
    "part her him my our your why how whose here so yet nor either neither per via death opened crystals prices texts "
    "home completed erected constructed good large heavy accounts".split()
)
_TIMES = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday spring summer autumn winter".split()
)
_INNER = frozenset(
    "of de la du des del della di da do dos das van von der den ter ten bin ibn al el le les y zu zum zur & af "
    "av og och "
    "d' und et i".split()
)
_HEADS = frozenset(
    "university bank church house museum ministry department order battle siege treaty kingdom republic college "
    "school institute academy duke earl bishop archbishop king queen prince lord count isle isles bay gulf cape "
    "city court council board bureau office society association federation league union army hall tower temple "
    "cathedral province state district county lake river mount library palace castle fort port faculty festival "
    "cup knights daughters sons lady sea strait valley borough town diocese archdiocese duchy principality "
    "confederation company monastery abbey convent minister secretary governor president chamber parliament heart "
    "lords star game".split()
)
"""Words that an `of` belongs to, so that the name goes on behind it."""
_JOINERS = frozenset({"and", "for", "in", "on", "at", "to", "the", "with", "from", "&", "a", "or", "by", "is"})
_PRONOUNS = {"person": frozenset({"he", "she"})}
_POSSESSIVES = {"person": frozenset({"his", "her"})}
_VERB = (
    r"(?:was|is|were|are|has|had|died|lived|lives|married|studied|attended|graduated|served|serves|played|plays|became|won|"
    r"moved|worked|works|directed|wrote|received|took|joined|founded|opened|closed|held|covers|lies|stands|appeared|"
    r"starred|composed|produced|made|runs|flows|rises|competed|represented|earned|began|came|led|taught|belongs|forms)"
)
_ELIDED = re.compile(rf"(?:,? and |, )(?={_VERB} )")
_RELATIVE = re.compile(r"\b(?:who|which|whose|whom|where|that|when|while|because|as|with)\b")
_PARTICIPLE = re.compile(
    r"(?:directed|written|co-written|produced|co-produced|composed|published|released|founded|co-founded|located|situated|"
    r"based|headquartered|owned|operated|run|built|constructed|designed|created|developed|established|formed|opened|"
    r"launched|recorded|performed|distributed|edited|illustrated|adapted|invented|discovered|named|painted|drawn|"
    r"held|hosted|organized|organised|sponsored|played|fought|signed|set|spoken|manufactured|made|commissioned|narrated|"
    r"broadcast|aired|administered|bordered|surrounded|drained|given|awarded|presented|issued|described|found|endemic|"
    r"native|affiliated|dedicated|dating|led|financed|sculpted|translated|voiced|filmed|shot|conducted|choreographed)\b"
)
_ACTIVE = re.compile(r"(?:starring|featuring|stars|covering|serving|measuring)\b")
_PREPOSITION = re.compile(r"(?:in|on|at|near|from|of|by|to) ")
_WORK_INSIDE = re.compile(r"\b(?:novel|book|play|story|short story|memoir|song|poem|musical|comic|manga|game)\b")


@dataclass(slots=True)
class Atom:
    """What a mark stands for: `[start, end)` of the document's text."""

    mark: str
    start: int
    end: int
    text: str
    normal: str = ""
    type: str = ""
    linked: int = -1
    """Entity that the document's own link names."""


@dataclass(slots=True)
class Mask:
    """A masked sentence. `places[i]` is the offset in the document of its i-th character."""

    text: str
    places: list[int]
    atoms: list[Atom]
    words: frozenset[str] = field(default_factory=frozenset)


class Masker:
    """Masks the sentences of one document, in order, and remembers what they are about."""

    def __init__(self, title: str, aliases: Sequence[str], kind: str, nouns: Sequence[str], number: int) -> None:
        bare = bare_title(title)
        self._number = number
        self._own = {name_key(name) for name in (title, bare, *aliases)} - {0}
        if kind in ("place", "building") and ", " in title:
            self._own.add(name_key(title.split(", ")[0]))
        literal = sorted({name for name in (title, bare) if len(name) > 2}, key=len, reverse=True)
        forms = "|".join(re.escape(name) for name in literal)
        capital = any(char.isupper() or char.isdigit() for char in bare[1:]) or " " in bare
        self._literal = re.compile(rf"(?<!\w)(?:{forms})(?!\w)(?! [A-Z])") if forms and capital else None
        words = bare.split()
        self._surname = ""
        if kind == "person" and len(words) > 1:
            last = words[-1] if words[-1].strip(".") not in ("Jr", "Sr", "II", "III", "IV") else words[-2].strip(",")
            self._surname = fold(last)
        person = self._person = kind == "person"
        self._pronouns = frozenset({"he", "she"}) if person else frozenset({"it"})
        self._possessives = frozenset({"his", "her"}) if person else frozenset({"its"})
        self._nouns = frozenset(nouns)
        self._topic = True

    def mask(self, sentence: Sentence, linker: Linker, entities: Entities, definition: tuple[int, int] | None) -> Mask:
        """Mask a sentence.

        Args:
            sentence: the sentence; the sentences of a document come in order.
            linker: the document's links.
            entities: all entities; known titles keep names such as `Romeo and Juliet` whole.
            definition: `[start, end)` of the document at which the noun phrase of its definition stands, if here.
        """
        if sentence.opens:
            self._topic = True
        atoms = self._atoms(sentence, linker, entities)
        if len(atoms) > 6000:
            atoms = atoms[:6000]
        chars: list[str] = []
        places: list[int] = []
        position = sentence.start

        def copy(stop: int) -> None:
            chars.extend(_RESERVED.sub("\ufffd", sentence.text[position - sentence.start : stop - sentence.start]))
            places.extend(range(position, stop))

        for number, atom in enumerate(atoms):
            copy(atom.start)
            chars += (atom.mark, chr(ord(FIRST) + number))
            places += (atom.start, atom.end - 1)
            position = atom.end
        copy(sentence.end)
        self._follow(atoms, sentence)
        mask = Mask("".join(chars), places, atoms)
        if definition is not None:
            _open_definition(mask, *definition)
        _restore_subjects(mask)
        mask.words = frozenset(re.findall(r"[a-z][a-z'-]*", mask.text.lower()))
        return mask

    # ------------------------------------------------------------------ atoms

    def _atoms(self, sentence: Sentence, linker: Linker, entities: Entities) -> list[Atom]:
        text, base = sentence.text, sentence.start
        taken: list[tuple[int, int]] = []
        atoms: list[Atom] = []
        for left, right in self._own_spans(text):
            if not any(left < b and right > a for a, b in taken):
                atoms.append(Atom(SUBJECT, base + left, base + right, text[left:right]))
                taken.append((left, right))
        for left, right, number in linker.links_within(base, sentence.end):
            if any(left - base < b and right - base > a for a, b in taken):
                continue
            mark = SUBJECT if number == self._number else NAME
            atoms.append(Atom(mark, left, right, text[left - base : right - base], linked=number))
            taken.append((left - base, right - base))
        for span in spans_in(text):
            if all(span.end <= a or span.start >= b for a, b in taken):
                value = text[span.start : span.end]
                atoms.append(Atom(_MARKS[span.type], base + span.start, base + span.end, value, span.normal, span.type))
                taken.append((span.start, span.end))
        for start, end in _name_spans(text, sorted(taken), entities):
            atoms.append(Atom(self._mark(text[start:end]), base + start, base + end, text[start:end]))
            taken.append((start, end))
        for match in re.finditer(r"\b(?:[Hh]e|[Ss]he|[Ii]t|[Hh]is|[Hh]er|[Ii]ts|(?:[Tt]he|[Tt]his) ([a-z]+))\b", text):
            start, end = match.span()
            word = match.group().lower()
            if any(start < b and end > a for a, b in taken) or not self._topic:
                continue
            if match[1]:
                if match[1] in self._nouns and re.match(r"['’]s\b|[ ,.;]", text[end : end + 2] or "."):
                    atoms.append(Atom(PRONOUN, base + start, base + end, match.group()))
            elif word in self._possessives and not (word == "her" and text[end : end + 1] != " "):
                atoms.append(Atom(POSSESSIVE, base + start, base + end, match.group()))
            elif word in self._pronouns:
                atoms.append(Atom(PRONOUN, base + start, base + end, match.group()))
        atoms.sort(key=lambda atom: atom.start)
        return atoms

    def _own_spans(self, text: str) -> list[tuple[int, int]]:
        """Find the page's title as it stands, also where it is not all in capitals: `the Clalut lizard`."""
        return [match.span() for match in self._literal.finditer(text)] if self._literal else []

    def _mark(self, name: str) -> str:
        stripped = re.sub(r"['’]s?$", "", name)
        if name_key(stripped) in self._own or (self._surname and fold(stripped) == self._surname):
            return SUBJECT
        return NAME

    def _follow(self, atoms: list[Atom], sentence: Sentence) -> None:
        """Remember whether the sentence is about the page's thing, so that `he` or `it` means it in the next one."""
        if not self._person and any(atom.mark in (SUBJECT, PRONOUN, POSSESSIVE) for atom in atoms):
            self._topic = True
            return
        for atom in atoms:
            if atom.mark in (SUBJECT, PRONOUN, POSSESSIVE):
                self._topic = True
                return
            if atom.mark == NAME:
                before = sentence.text[: atom.start - sentence.start].rstrip().rpartition(" ")[2].lower()
                if before in ("in", "on", "at", "from", "for", "with", "under", "near", "after", "of", "by", "the"):
                    continue
                self._topic = False
                return


def _name_spans(text: str, taken: list[tuple[int, int]], entities: Entities) -> list[tuple[int, int]]:
    """Find the names of a text: runs of capitalised words, with what belongs inside them."""
    tokens: list[tuple[int, int, str]] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        word = match.group()
        if word.endswith(".") and not _INITIAL.search(word):
            end -= 1
            word = word[:-1]
        possessive = re.search(r"['’]s$|['’]$", word)
        if possessive:
            end -= len(possessive.group())
            word = word[: possessive.start()]
        if word and not any(start < b and end > a for a, b in taken):
            tokens.append((start, end, word))
    spans: list[tuple[int, int]] = []
    index = 0
    while index < len(tokens):
        start, end, word = tokens[index]
        if not _is_capital(word) or (fold(word) in _TIMES):
            index += 1
            continue
        if fold(word) in _OPENERS:
            following = tokens[index + 1] if index + 1 < len(tokens) else None
            is_title = word in ("The", "A", "An") and following is not None and _is_capital(following[2])
            if not (is_title and _known(text, tokens, index, entities)):
                index += 1
                continue
        last = index
        while last + 1 < len(tokens):
            gap = text[tokens[last][1] : tokens[last + 1][0]]
            following = tokens[last + 1]
            if gap in (" ", "-", "–") and (_is_capital(following[2]) or following[2].isdigit()):
                last += 1
                continue
            step = last + 1
            while (
                step < len(tokens)
                and step - last <= 2
                and (fold(tokens[step][2]) in _INNER or (step > last + 1 and tokens[step][2] == "the"))
            ):
                step += 1
            if (
                step > last + 1
                and step < len(tokens)
                and _is_capital(tokens[step][2])
                and fold(tokens[step][2]) not in _TIMES
                and all(text[tokens[i][1] : tokens[i + 1][0]] in (" ", "") for i in range(last, step))
                and (
                    tokens[last + 1][2] != "of"
                    or fold(tokens[last][2]) in _HEADS
                    or entities.is_title(text[start : tokens[step][1]])
                )
            ):
                last = step
                continue
            break
        spans.append((start, tokens[last][1]))
        index = last + 1
    return _joined(text, spans, entities)


def _is_capital(word: str) -> bool:
    return word[0].isupper() or (len(word) > 1 and word[0].islower() and word[1].isupper())


def _known(text: str, tokens: list[tuple[int, int, str]], index: int, entities: Entities) -> bool:
    """Tell whether a name that begins with an article is a title: `The Hague`, not `The Polish`."""
    for last in range(min(index + 8, len(tokens) - 1), index, -1):
        name = text[tokens[index][0] : tokens[last][1]]
        if len(name) < 120 and entities.is_title(name):
            return True
    return False


def _joined(text: str, spans: list[tuple[int, int]], entities: Entities) -> list[tuple[int, int]]:
    """Join names that make one known title: `Romeo and Juliet`, `Gone with the Wind`."""
    out: list[tuple[int, int]] = []
    index = 0
    while index < len(spans):
        start = spans[index][0]
        best = index
        for last in range(index + 1, min(index + 4, len(spans))):
            gap = text[spans[last - 1][1] : spans[last][0]]
            if (
                len(gap) > 12
                or not all(word in _JOINERS or word in _INNER for word in gap.lower().split())
                or not gap.strip()
            ):
                break
            if entities.is_title(text[start : spans[last][1]]):
                best = last
        out.append((start, spans[best][1]))
        index = best + 1
    return out


# ---------------------------------------------------------------------- putting back what is left out


def _insert(mask: Mask, at: int, text: str) -> None:
    place = mask.places[at] if at < len(mask.places) else (mask.places[-1] + 1 if mask.places else 0)
    mask.text = mask.text[:at] + text + mask.text[at:]
    mask.places[at:at] = [place] * len(text)


def _open_definition(mask: Mask, start: int, end: int) -> None:
    """Make clauses of what follows a definition: `P is a film directed by N` gets `; P was directed by N`."""
    try:
        at = mask.places.index(end)
    except ValueError:
        return
    subject = next((mask.text[i : i + 2] for i, char in enumerate(mask.text[:at]) if char == SUBJECT), None)
    if subject is None or mask.places[0] > start:
        return
    while at < len(mask.text) and mask.text[at] in " ,":
        at += 1
    who = re.match(r"(?:who|which|that) ", mask.text[at:])
    if who and re.match(rf"{_VERB} |[a-z]+(?:ed|s) ", mask.text[at + who.end() :]):
        _insert(mask, at + who.end(), f"; {subject} ")
        return
    inside = 0
    while at < len(mask.text):
        tail = mask.text[at:]
        if _PARTICIPLE.match(tail):
            _insert(mask, at, f"; {subject} was ")
            at += 8
        elif _ACTIVE.match(tail):
            _insert(mask, at, f"; {subject} ")
            at += 4
        elif not inside and _PREPOSITION.match(tail):
            _insert(mask, at, f"; {subject} is ")
            at += 7
        inside += 1
        relative = _RELATIVE.search(mask.text, at)
        work = _WORK_INSIDE.search(mask.text, at)
        stop = min(found.start() for found in (relative, work) if found) if relative or work else len(mask.text)
        step = re.compile(r",? and |, ").search(mask.text, at, stop)
        if step is None:
            return
        at = step.end()
        for _ in range(4):
            if _PARTICIPLE.match(mask.text, at) or _ACTIVE.match(mask.text, at):
                break
            step = re.compile(r",? and |, ").search(mask.text, at, stop)
            if step is None:
                return
            at = step.end()


def _restore_subjects(mask: Mask) -> None:
    """Put the subject before every verb that shares it, and the antecedent in place of `who` and `which`."""
    first = re.match(
        rf"(?:[^{SUBJECT}{NAME}{PRONOUN}{POSSESSIVE}]{{0,40}}, )?"
        rf"([{SUBJECT}{NAME}{PRONOUN}][{FIRST}-{LAST}])(?=[ ,(;])",
        mask.text,
    )
    if first:
        subject = first[1]
        relative = _RELATIVE.search(mask.text, first.end())
        stop = relative.start() if relative else len(mask.text)
        for match in reversed(list(_ELIDED.finditer(mask.text, first.end(), stop))):
            _insert(mask, match.end(), subject + " ")
    beside = re.compile(rf"([{SUBJECT}{NAME}][{FIRST}-{LAST}]), (?=born |{_PARTICIPLE.pattern} )")
    for match in reversed(list(beside.finditer(mask.text))):
        _insert(mask, match.end(), f"; {match[1]} was ")
    pattern = re.compile(rf"([{SUBJECT}{NAME}][{FIRST}-{LAST}]),? (?:who|which) (?={_VERB} )")
    for match in reversed(list(pattern.finditer(mask.text))):
        _insert(mask, match.end(), match[1] + " ")

"""Questions in the words of a sentence: one of its two things becomes what is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from tamsa.agent.baseline.verbs import AUXILIARIES, PREPOSITIONS, base_of, is_verb, maybe_noun, past_of
from tamsa.synthesis.graph.kinds import kind_of_phrase, phrase_end
from tamsa.synthesis.recurring.clauses import X, Y
from tamsa.synthesis.wording.frames import upper_first

_COPULA = re.compile(r"^(?P<cop>is|was|are|were) (?:(?:now|also|currently|perhaps|still) )?(?:an?|the) (?P<body>.*)$")
_OF_BY = re.compile(
    rf"^{X} (?:is|was|are|were) (?:(?:an?|the) (?P<np>[^,{X}{Y}]{{3,60}}?) )?(?:\w+ly )?"
    rf"(?P<verb>[\w-]+(?:(?:, and|,| and) (?:co-)?\w+ed|(?:, and|,| and) written)*) by "
    rf"(?:the )?{Y}(?P<tail>.*)$"
)
_FRONT = re.compile(
    rf"^(?P<subject>{X}|{X}'s [a-z ]{{3,30}}?|[^,{Y}]*?{X}) (?P<verb>[a-z]+) "
    rf"(?P<mid>[^{Y}]*?)(?P<prep>\b[a-z]+ )?(?:the )?{Y}(?P<tail>.*)$"
)
_STARRING = {"starring": "stars", "featuring": "features", "containing": "contains", "depicting": "depicts",
             "covering": "covers", "serving": "serves", "playing": "plays"}  # fmt: skip
_PARTICIPLES = frozenset(
    "based located situated directed produced published named released owned operated created".split()
)
_BEFORE_NAME = frozenset("and or than also then not only where when".split())
_MONTH = re.compile(
    r"(?<= in )(?:early |late |mid-)?(?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December)(?: of)? $"
)
_NUMBERED = re.compile(r"(?:one|two|three|four|five|six|several|many|[1-9]\d?)\b", re.IGNORECASE)
_NO_NOUN = frozenset("and or the a an his her its their who which that as also not".split())
_ABOUT = re.compile(
    r"\b(?:about|approximately|around|nearly|over|almost|roughly|some|more than|a total of|an? estimated) $"
)
_CALLED, _TRIES = "What is the name of the ", 6
_SIDE = re.compile(r"(?<![\w-])(?P<phrase>(?:[A-ZÀ-Þ][a-z]+(?:an|ish|ese|ch|i)\s)?(?:[a-z][a-z-]+\s){1,6})$")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for."""

    kind: str
    """Kind of the graph, or `year`, `date`, `quantity`."""
    nouns: tuple[str, ...]
    """Noun phrases that it is called by, the shortest first; empty where nothing is known."""
    human: bool = False
    unit: str = ""
    """Of a quantity: what is counted."""


def ask(clause: str, asked: Asked, random: Random) -> str | None:
    """Turn a clause into a question, its `X` still a sign; None where it does not read as one."""
    if asked.kind in ("year", "date", "quantity"):
        question = _ask_value(clause, asked, random)
    else:
        clause = re.sub(rf"\b[Tt]he (?={Y})", "", clause)
        question = _ask_subject(clause, asked, random) if clause.startswith(Y) else _ask_object(clause, asked, random)
    if (
        question is None
        or Y in question
        or X not in question
        or re.search(rf"(?:^|\s)[^\sA-ZÀ-Þ,]\S* and {X}", question)
    ):
        return None
    question = re.sub(rf"(?<=\w )The (?={X})", "the ", question)
    question = re.sub(r"\s+([,;?'’])", r"\1", " ".join(question.split())).rstrip(" ,;:-.?") + "?"
    return upper_first(question)


def phrase(clause: str, asked: Asked, random: Random) -> str | None:
    """Turn a clause into words that name what it would ask for: `the film that stars X`; None where it cannot."""
    for _ in range(_TRIES):
        question = ask(clause, asked, random)
        if question is not None and question.startswith(_CALLED):
            return "the " + question.removeprefix(_CALLED).rstrip("?")
    return None


# ---------------------------------------------------------------------- the subject is asked for


def _ask_subject(clause: str, asked: Asked, random: Random) -> str | None:
    rest = clause[1:].strip()
    if rest.startswith(("'", "’", ",", "and ", "or ", "of ")):
        return None
    defined = _COPULA.match(rest)
    if defined:
        return _ask_defined(defined["cop"], defined["body"], asked, random)
    verb = rest.split(" ")[0]
    if not (verb in AUXILIARIES or base_of(verb) or verb.endswith("ly")):
        return None
    if verb.endswith("ed") and re.match(r"\w+ (?:by|in|at|on|near|for)\b", rest) and verb in _PARTICIPLES:
        rest = f"is {rest}"
    noun = random.choice(asked.nouns) if asked.nouns else ""
    if not noun and not asked.human:
        return None
    frames = [f"Which {noun} {rest}", f"What {noun} {rest}", f"What is the name of the {noun} {_that(asked)} {rest}"]
    if asked.human:
        frames += [f"Who {rest}"] * 2 + [f"Who is the {noun} who {rest}"]
    return random.choice([frame for frame in frames if noun or frame.startswith("Who ")])


def _ask_defined(cop: str, body: str, asked: Asked, random: Random) -> str | None:
    end = phrase_end(body.replace(X, "Q"))
    phrase, rest = body[:end].strip(), body[end:].strip(" ")
    if (
        not phrase
        or _NUMBERED.match(phrase)
        or X in phrase
        or len(phrase.split()) > 7
        or rest.startswith((";", ":", "-", "–", "("))
    ):
        return None
    human = asked.human
    called = f"What is the name of the {phrase}"
    who = "Who" if human else "What"
    rest = rest.removeprefix(", ")
    word = rest.split(" ")[0]
    if word in ("who", "that", "which"):
        tail = rest[len(word) :].strip()
        frames = [f"Which {phrase} {tail}", f"What {phrase} {tail}", f"{called} {_that(asked)} {tail}"]
        frames += [f"{who} {cop} the {phrase} {_that(asked)} {tail}"]
    elif word in _STARRING:
        tail = rest[len(word) :].strip()
        frames = [
            f"Which {phrase} {_STARRING[word]} {tail}",
            f"{called} {rest}",
            f"What {phrase} {_STARRING[word]} {tail}",
        ]
    elif word == "best" or word == "known" or (is_verb(word) and not word.endswith("ing")):
        frames = [f"Which {phrase} {cop} {rest}", f"What {phrase} {cop} {rest}", f"{called} {rest}"]
        frames += [f"{who} {cop} the {phrase} {rest}"] if human else []
    elif word in PREPOSITIONS or word.endswith("ing") or word in ("where", "whose"):
        frames = [f"{called} {rest}", f"{who} {cop} the {phrase} {rest}"]
        short = word in ("by", "in", "from", "on", "at", "near") and len(rest.split()) <= 5
        frames += [f"Which {phrase} {cop} {rest}"] if short else []
    else:
        return None
    return random.choice(frames)


def _that(asked: Asked) -> str:
    return "who" if asked.human else "that"


# ---------------------------------------------------------------------- something else is asked for


def _ask_object(clause: str, asked: Asked, random: Random) -> str | None:
    clause, nouns = _with_nouns(clause, asked)
    before, after = clause.split(Y)
    if before.endswith((" a ", " an ", "-", "including ", "such as ", "like ")) or after.startswith(
        ("-", "’", "'", "/")
    ):
        return None
    if re.search(r", (?:and )?$|['’]s? (?:[\w-]+ )?$", before) or re.match(
        r",? (?:and|or|&) [A-ZÀ-Þ]|, [A-ZÀ-Þ]", after
    ):
        return None  # one of a list, or owned
    if re.search(r"[A-ZÀ-Þ][\w.]* (?:and|or|&) $", before):
        return None
    if (
        re.search(r"\bthe $|\bThe $", before)
        and re.match(r"\s[a-z]", after)
        and not re.match(rf"\s(?:{'|'.join(PREPOSITIONS)}|and|who|which|that|is|was)\b", after)
    ):
        return None
    if re.match(r"\s[a-z]+", after) and not _closes(after):
        return None
    if noun := next((noun for noun in nouns if re.search(rf"\b{re.escape(noun)} of $", before)), ""):
        before = re.sub(rf"(?:\bthe )?(?:\b[\w-]+ )?\b{re.escape(noun)} of $", "", before)
        clause = f"{before}{Y}{after}"
    word = before.split()[-1] if before.split() else ""
    if re.match(r"[A-ZÀ-Þ]", word) and nouns != asked.nouns and before.strip() != word:
        return None  # "for Major League Soccer club Y"
    if word.islower() and not (word in PREPOSITIONS or word in AUXILIARIES or is_verb(word) or word in _BEFORE_NAME):
        return None
    noun = random.choice(nouns) if nouns else ""
    made = _by_maker(clause, asked, noun, random)
    if made is None or random.random() < 0.3:
        front = _fronted(clause, asked, noun, random)
        made = front if front and (made is None or random.random() < 0.5) and random.random() < 0.75 else made
    if made is not None:
        return made
    if not noun or not _is_sentence(clause):
        return None
    return f"{before}{random.choice(('which', 'which', 'what'))} {noun}{after}"


def _has_verb(text: str) -> bool:
    return any(word in AUXILIARIES or (is_verb(word) and not maybe_noun(word)) for word in text.split())


def _is_sentence(clause: str) -> bool:
    """Tell whether a clause has a subject first and a finite verb behind it."""
    parts = clause.split()
    first = parts[0].casefold() if parts else ""
    if first.endswith("ing") or is_verb(first) or first in ("after", "before", "by", "with", "to"):
        return False
    for word, following in pairwise([*parts[1:], ""]):
        if word in AUXILIARIES:
            return True
        if word.endswith("ing") or word in ("based", "located", "set", "born", "known", "named"):
            continue
        if is_verb(word) and not maybe_noun(word) and following != "by":
            return True
    return False


def _closes(after: str) -> bool:
    """Tell whether what follows a name shows that the name ends there, and is no adjective of a noun."""
    found = re.match(r"\s([a-z]+)", after)
    word = found[1] if found else ""
    return not word or word in PREPOSITIONS or word in AUXILIARIES or word in (
        "and", "or", "but", "who", "which", "that", "where", "when", "while", "whose", "also", "as", "until", "because"
    ) or (is_verb(word) and not maybe_noun(word))  # fmt: skip


def _with_nouns(clause: str, asked: Asked) -> tuple[str, tuple[str, ...]]:
    """Take what the clause itself calls the thing ("by American director Y") as its noun."""
    before, after = clause.split(Y)
    side = _SIDE.search(before)
    if side is None:
        return clause, asked.nouns
    words = side["phrase"].split()
    kept: list[str] = []
    for word in reversed(words):
        low = word.casefold()
        if low in PREPOSITIONS or low in AUXILIARIES or low in _NO_NOUN or (kept and is_verb(low)):
            break
        kept.insert(0, word)
    phrase = " ".join(kept)
    if not phrase or not kept or kind_of_phrase(phrase) == "" or (asked.kind and kind_of_phrase(phrase) != asked.kind):
        return clause, asked.nouns
    stem = before[: side.start()] + side["phrase"][: side["phrase"].rstrip().rfind(phrase)]
    stem = re.sub(r"\b(?:the|The|an?|his|her|its|their|fellow)\s$", "", stem)
    phrase = re.sub(r"^(?:fellow|the|former|late) ", "", phrase)
    if re.search(r"[^s]s$", phrase) and not phrase.endswith("series"):
        return clause, ()
    if year := re.search(r"(?:\b[Tt]he )?\b(\d{4}) $", stem):
        stem, phrase = stem[: year.start()], f"{year[1]} {phrase}"
    return f"{stem}{Y}{after}", (phrase,)


def _by_maker(clause: str, asked: Asked, noun: str, random: Random) -> str | None:
    """`X is a film directed by Y` gives `Who directed X?`."""
    match = _OF_BY.match(clause)
    if match is None or not all(is_verb(word) for word in re.findall(r"\w{4,}", match["verb"])):
        return None
    past = re.sub(r"\w+", lambda word: past_of(word[0]), match["verb"])
    phrase = (match["np"] or "").strip()
    if phrase and (not kind_of_phrase(phrase) or len(phrase.split()) > 6):
        phrase = ""
    thing = random.choice((X, f"the {phrase} {X}")) if phrase else X
    tail = match["tail"] if not match["tail"].startswith((" and", ",")) else ""
    frames = [f"Which {noun} {past} {thing}{tail}", f"What {noun} {past} {thing}{tail}"] if noun else []
    frames += [f"{X} was {match['verb']} by which {noun}{tail}"] if noun and phrase else []
    frames += [f"What is the name of the {noun} {_that(asked)} {past} {thing}{tail}"] if noun else []
    frames += [f"Who {past} {thing}{tail}"] * 2 if asked.human else []
    return random.choice(frames) if frames else None


def _fronted(clause: str, asked: Asked, noun: str, random: Random) -> str | None:
    """`X was born in Y` gives `In which city was X born?`; `X moved to Y` gives `To which city did X move?`."""
    match = _FRONT.match(clause)
    if match is None or _has_verb(match["subject"]):
        return None
    verb, mid, prep, tail = match["verb"], match["mid"], (match["prep"] or "").strip(), match["tail"]
    if prep and prep not in PREPOSITIONS:
        mid, prep = f"{mid}{prep} ", ""
    if prep in ("of", "than", "as", "and", "until", "since") or re.search(
        r"[,;]|\b(?:and|that|who|which|where)\b", mid
    ):
        return None
    subject = match["subject"]
    if verb in AUXILIARIES:
        subject, mid = _called(subject, mid, random)
        if re.match(r"(?:an?|the|one) ", mid):
            return None
        start, body = verb, f"{subject} {mid}{tail}"
    else:
        base = base_of(verb)
        if base is None:
            return None
        start, body = ("does" if verb.endswith("s") else "did"), f"{subject} {base} {mid}{tail}"
    wh = f"{prep} {random.choice(('which', 'what'))} {noun}" if noun else ""
    if asked.kind == "place" and prep in ("in", "at") and random.random() < 0.4:
        wh = "where"
    elif not noun:
        wh = f"{prep} {'whom' if asked.human else 'what'}"
    elif prep and random.random() < 0.3:
        wh, body = (
            f"which {noun}",
            f"{match['subject']} {base_of(verb) if start in ('did', 'does') else ''} {mid}{prep} {tail}",
        )
    return f"{wh} {start} {body}"


def _called(subject: str, rest: str, random: Random) -> tuple[str, str]:
    """Take a definition before a participle as the subject's name: `X is a town lying in`: `the town X`, `lying in`."""
    article = re.match(r"\s?(?:an?|the) ", rest)
    if article is None or subject != X:
        return subject, rest
    body = rest[article.end() :]
    end = phrase_end(body)
    phrase, tail = body[:end].strip(), body[end:].strip()
    verb = tail.split(" ")[0]
    if not kind_of_phrase(phrase) or not is_verb(verb) or verb.endswith("ing") or len(phrase.split()) > 5:
        return subject, rest
    return random.choice((X, f"the {phrase} {X}")), f"{tail} "


# ---------------------------------------------------------------------- values


def _ask_value(clause: str, asked: Asked, random: Random) -> str | None:
    before, after = clause.split(Y)
    if asked.kind == "quantity":
        unit = "" if re.match(r"\s[a-z]+(?:s|people|women|men|children)\b", after) else asked.unit
        if (
            re.search(r"[$€£¥]\s?$|[\d,.]$", before)
            or after.startswith(("%", "-", "–", ",0", "."))
            or not (unit or re.match(r"\s(?:[a-z]+ )?[a-z]+(?:s|people|women|men|children)\b", after))
        ):
            return None
        before = _ABOUT.sub("", before)
        if re.search(r"\b(?:an?|the|top|No\.|number) $", before):
            return None
        return f"{before}how many {unit}{after}" if random.random() < 0.7 else _how_many(before, unit, after)
    year = asked.kind == "year"
    if year and re.match(rf"^{X} (?:is|was|are|were) an? $", before):
        phrase = after[: phrase_end(after)].strip()
        if kind_of_phrase(phrase) != "work":
            return None
        article = "an" if phrase[:1] in "aeiouAEIO" else "a"
        return random.choice(
            (
                f"In what year was the {phrase} {X} released",
                f"When was the {phrase} {X} released",
                f"What year did the {phrase} {X} come out",
                f"{X} is {article} {phrase} from what year",
            )
        )
    prep = re.search(r"\b(in|on|since|from|until|by|of|during) (?:the year )?$", before := _MONTH.sub("", before))
    if prep is None or re.match(r"[-–/]|s\b|\s[a-zA-Z]*(?:season|election|Olympics|edition|census|film|album)", after):
        return None
    if re.match(r"\s[A-Za-z]+", after) and not _closes(after) and not re.match(r"\s(?:he|she|it|they|X)\b", after):
        return None
    bare = before[: prep.start()]
    word = random.choice(("what year", "which year")) if year else random.choice(("what date", "which date"))
    if not year and prep[1] == "in":
        word = "which month"
    if prep[1] in ("in", "on"):
        stem = f"{bare.rstrip()}{after}".strip()
        if not bare.strip(" ,"):  # "In Y, X moved …"
            stem = after.strip(" ,")
        match = re.match(rf"^(?P<subject>{X}|[^,]*?{X}|[A-ZÀ-Þ][^,]{{2,40}}?) (?P<verb>[a-z]+)(?P<rest> .*|)$", stem)
        if (
            match
            and not _has_verb(match["subject"])
            and random.random() < 0.85
            and not re.search(r"\b(?:which|who|that|where|and|when)\b", match["rest"])
        ):
            verb = match["verb"]
            wh = random.choice((f"in {word}", "when", f"{word}" if year else "when")) if year else f"{prep[1]} {word}"
            if verb in AUXILIARIES:
                subject, rest = _called(match["subject"], match["rest"], random)
                if re.match(r"\s?(?:an?|the) ", rest):
                    return None
                return f"{wh} {verb} {subject} {rest}"
            base = base_of(verb)
            if base:
                return f"{wh} {'does' if verb.endswith('s') else 'did'} {match['subject']} {base}{match['rest']}"
    if not bare.strip(" ,") or not _is_sentence(clause):
        return None
    return f"{before}{word}{after}"


def _how_many(before: str, unit: str, after: str) -> str | None:
    """`X has Y seats` gives `How many seats does X have?`."""
    match = re.match(
        rf"^(?P<subject>{X}|[^,]*?{X}) (?P<verb>has|had|won|scored|contains|contained|includes) (?:a )?$", before
    )
    if match is None:
        match = re.match(rf"^(?P<subject>[^,]*{X})(?P<verb>) had a population of (?:about )?$", before)
        return f"how many {unit or 'people'} lived in {X}{after}" if match and match["subject"] == X else None
    noun = re.match(r"\s(?:[a-z]+ )?[a-z]+s\b", after)
    base = "have" if match["verb"] in ("has", "had") else base_of(match["verb"])
    if base is None or (noun is None and not unit):
        return None
    counted, rest = (unit, after) if noun is None else (noun[0].strip(), after[noun.end() :])
    do = "does" if match["verb"].endswith("s") else "did"
    return f"how many {counted} {do} {match['subject']} {base}{rest}"

"""Other words for the same: a question that copies its evidence teaches to look for equal words, and no more."""

from __future__ import annotations

import re
from random import Random

from tamsa.agent.baseline.verbs import AUXILIARIES

CHANGED = 0.6
"""How often words are changed that can be."""
SHORTENED = 0.3
"""How often a noun phrase loses the words before its noun: `the 2015 Singaporean thriller film`: `the film`."""
_OTHERS: tuple[tuple[str, ...], ...] = (
    # any of a row may stand for the first; verbs in one form each
    ("was born in", "is from", "comes from", "is a native of"),
    ("were born in", "are from", "come from"),
    ("is located in", "is situated in", "lies in", "can be found in", "is in"),
    ("are located in", "lie in", "can be found in", "are in"),
    ("located in", "situated in", "in", "found in"),
    ("based in", "headquartered in", "from", "with headquarters in"),
    ("was founded by", "was established by", "was started by", "was created by", "was set up by"),
    ("founded by", "established by", "started by", "created by"),
    ("was founded in", "was established in", "began in", "was started in"),
    ("founded", "established", "started", "created", "set up"),
    ("was released in", "came out in", "appeared in"),
    ("released", "put out", "issued"),
    ("was published in", "came out in", "appeared in"),
    ("published", "brought out", "issued"),
    ("directed by", "made by", "by director", "from director"),
    ("who directed", "who made", "who was the director of"),
    ("written by", "by", "authored by", "from the pen of"),
    ("wrote", "authored", "was the author of", "penned"),
    ("starring", "featuring", "with", "with a cast that includes"),
    ("stars", "features", "has among its cast"),
    ("starred in", "acted in", "appeared in", "was in", "had a role in", "played in"),
    ("appeared in", "was in", "acted in", "could be seen in"),
    ("portrayed", "played", "acted the part of"),
    ("played for", "was a player of", "was on the team of", "appeared for"),
    ("plays for", "is a player of", "is on the team of", "appears for"),
    ("plays as", "is", "has the position of"),
    ("served as", "was", "held the office of", "worked as"),
    ("serves as", "is", "works as", "acts as"),
    ("represented", "stood for", "was a representative of"),
    ("was elected to", "won a seat in", "was voted into"),
    ("won", "was awarded", "received", "took", "earned"),
    ("was awarded", "won", "received", "was given"),
    ("received", "was given", "got", "was awarded"),
    ("competed in", "took part in", "participated in", "was a competitor in"),
    ("competed at", "took part in", "participated in"),
    ("participated in", "took part in", "was part of"),
    ("was recorded by", "was sung by", "was performed by"),
    ("recorded by", "performed by", "sung by", "by"),
    ("was produced by", "had as its producer", "was made by"),
    ("produced by", "made by", "by producer"),
    ("was designed by", "was the work of", "is the design of"),
    ("was built in", "dates from", "was constructed in", "was put up in"),
    ("built", "constructed", "put up"),
    ("was named after", "got its name from", "takes its name from", "is called after"),
    ("is known for", "is famous for", "is noted for", "gained fame for"),
    ("best known for", "famous for", "most noted for", "remembered for"),
    ("known as", "called", "named"),
    ("studied at", "went to", "attended", "was a student of", "was educated at"),
    ("graduated from", "got a degree from", "went to", "finished at"),
    ("attended", "went to", "was a student at", "studied at"),
    ("died in", "passed away in", "met death in"),
    ("was married to", "was the spouse of", "had wed"),
    ("married", "wed", "became the spouse of"),
    ("joined", "became a member of", "signed with", "entered"),
    ("moved to", "went to", "relocated to", "settled in"),
    ("owned by", "belonging to", "a property of"),
    ("is owned by", "belongs to", "is a property of"),
    ("operated by", "run by"),
    ("developed by", "created by", "made by", "from developer"),
    ("hosted by", "presented by", "with host"),
    ("composed by", "with music by", "by composer"),
    ("is set in", "takes place in", "has its action in"),
    ("set in", "taking place in"),
    ("is based on", "was adapted from", "goes back to", "draws on"),
    ("based on", "adapted from", "inspired by"),
    ("is part of", "belongs to", "is included in"),
    ("consists of", "is made up of", "comprises"),
    ("includes", "contains", "has"),
    ("became", "was made", "turned into"),
    ("replaced", "took the place of", "followed"),
    ("succeeded", "came after", "followed", "took over from"),
    ("preceded", "came before"),
    ("defeated", "beat", "won against"),
    ("was appointed", "was made", "became"),
    ("was nominated for", "was up for", "got a nomination for"),
    ("premiered", "was first shown", "had its first showing"),
    ("aired on", "was broadcast on", "was shown on", "ran on"),
    ("took place in", "was held in", "happened in"),
    ("was held in", "took place in", "was staged in"),
    ("borders", "is next to", "adjoins", "shares a border with"),
    ("features", "has", "includes", "shows"),
    ("worked with", "collaborated with", "worked together with"),
    ("led", "headed", "was at the head of"),
    ("lived in", "had a home in", "resided in"),
    # nouns
    ("professional footballer", "football player", "soccer player", "footballer"),
    ("footballer", "football player", "soccer player"),
    ("film", "movie", "motion picture"),
    ("television series", "TV series", "TV show", "show"),
    ("novel", "book"),
    ("song", "track"),
    ("album", "record"),
    ("actor", "performer"),
    ("singer", "vocalist"),
    ("company", "firm", "business"),
    ("municipality", "town"),
    ("writer", "author"),
    ("studio album", "album", "record"),
    ("politician", "political figure"),
    ("association football", "football", "soccer"),
)  # fmt: skip
_CHANGES = {row[0]: row[1:] for row in reversed(_OTHERS)}
_ANY = re.compile(rf"(?<![\w'’-])(?:{'|'.join(sorted(map(re.escape, _CHANGES), key=len, reverse=True))})(?![\w'’-])")
_HEADS = (
    "film movie series novel album song band player footballer actor actress politician singer team club company river "
    "university city town village writer director musician magazine newspaper station school game book"
)
_PHRASE = re.compile(
    r"(?P<article>\b(?:[Tt]he|[Ww]hich|[Ww]hat) )"
    r"(?P<more>(?:\d{4} )?(?:[A-ZÀ-Þ][a-z]+(?:an|ish|ese|ch|i|ic)(?:-[a-z]+)? )?(?:[a-z-]+ ){0,2})"
    rf"(?P<noun>{_HEADS.replace(' ', '|')})"
    r"(?= (?:that|who|which|directed|written|starring|by|of|in|from|did|was|is|has|released|produced|based|located)\b)"
)


def paraphrase(question: str, random: Random) -> str:
    """Change words of a question for others that mean the same; a sign for a name, and what has a capital, stays.

    Args:
        question: or a part of one.
        random: draws what is changed.
    """

    def other(match: re.Match[str]) -> str:
        if random.random() > CHANGED or (" " not in match[0] and _is_participle(match)):
            return match[0]
        return random.choice(_CHANGES[match[0]])

    def shorter(match: re.Match[str]) -> str:
        return match["article"] + match["noun"] if match["more"] and random.random() < SHORTENED else match[0]

    return _ANY.sub(other, _PHRASE.sub(shorter, question))


def _is_participle(match: re.Match[str]) -> bool:
    """Tell whether a single word, were it a verb, stands in the passive: `was won`, `won by`."""
    before = match.string[: match.start()].split()
    after = match.string[match.end() :].split()
    return bool((before and before[-1] in AUXILIARIES) or (after and after[0] == "by"))

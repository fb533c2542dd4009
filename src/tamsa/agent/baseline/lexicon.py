"""General English word knowledge: function words, stems, and the concepts that different words share."""

from __future__ import annotations

import re
from functools import lru_cache

STOP_WORDS = frozenset(
    """a an the this that these those there here of in on at to from by for with without within about into onto over
    under between among through during before after since until than then as is are was were be been being am do does
    did done has have had having will would shall should can could may might must and or nor but if so not no yes both
    either neither also too very more most much many some any all each every other another such same own who whom whose
    which what when where why how it its itself he him his himself she her hers herself they them their theirs we us
    our you your i me my one ones s t 's ’s name named called known well whether while because however although though
    only just still even ever never again once per via upon out up down off against toward towards like unlike whose
    type kind sort following find tell correct true real actual actually truly correctly
    respectively""".split()
)

WEAK_WORDS = frozenset(
    """year first second third last new old large small great good best major main famous popular part time people
    man woman world day years number group member including include used use based made make makes making work works
    worked film movie song album book series show television american british english played play plays person city
    country state town company located location early later earlier""".split()
)
"""Content words too common to tell pages apart; they count half."""

_CONCEPTS = {
    "birth": "born birth birthplace birthdate birthday bear native hometown",
    "death": "die died dies dying death dead deceased",
    "direct": "direct directed director directors directs directing filmmaker directorial helmed",
    "write": "write writes wrote written writer writers author authors authored penned screenwriter writing lyricist",
    "found": "founded founder founders founding established establish establishment cofounded cofounder co-founded "
    "co-founder formed formation incorporated inception",
    "locate": "located location situated home lies lie lay based headquartered "
    "headquarters headquarter stand stands stood sits sit lying",
    "star": "star stars starring starred cast featuring features featured plays played portray portrays portrayed "
    "portraying role actor actress",
    "perform": "perform performer performed performs sing sings sang sung singer recorded records recording",
    "release": "release released releases premiered premiere publish published publishes publication aired debuted",
    "compose": "compose composer composed composes composing music score scored soundtrack",
    "produce": "produce produced producer producers produces producing",
    "publisher": "publisher publishers publishing",
    "spouse": "spouse wife husband married marry marries marriage wed wedded",
    "child": "child children son daughter sons daughters",
    "parent": "father mother parent parents fathered",
    "sibling": "brother sister sibling siblings brothers sisters",
    "own": "own owned owner owners owns ownership acquired acquire acquires bought purchased parent-company",
    "population": "population inhabitants residents populous inhabited",
    "win": "receive received receives receiving win wins won winner winners winning victory victor victorious",
    "award": "award awards awarded prize prizes medal honour honor honours honored honoured",
    "study": "mater study studied studies studying educated education attended attend alma "
    "graduated graduate graduating "
    "enrolled student students alumni alumnus alumna school university college",
    "lead": "lead leader leads led head heads headed chair chairs chaired chairman chairwoman president presided "
    "ceo chief run runs govern governed governs governor ruled rules ruler reigned office mayor",
    "design": "plans design designed designer designs architect architects",
    "discover": "discover discovered discoverer discovers discovery described describer",
    "invent": "invent invented inventor invents invention created creator creators create creates developed developer",
    "work": "employed employer employs employee staff job occupation profession career employ",
    "near": "border borders bordered bordering adjacent adjoins neighbouring neighboring",
    "flow": "flow flows flowed flowing mouth empties empty drains tributary discharges join joins joined confluence",
    "source": "source sources rise rises rose rising originates originate headwaters spring springs",
    "sign": "sign signed signing concluded",
    "climb": "climb climbed climber climbers ascent ascended ascents summit",
    "high": "higher lower taller height high tall elevation altitude highest tallest",
    "big": "bigger smaller area large larger largest size cover covers covered covering biggest",
    "long": "shorter length long longer longest",
    "deep": "depth deep deepest",
    "earn": "revenue turnover earned grossed gross earnings",
    "language": "language languages speak speaks spoken speakers tongue",
    "religion": "religion religious faith",
    "belong": "member members membership belongs belong belonged",
    "capital": "capital capitals seat administered administrative assembly",
    "nation": "nationality citizenship citizen country nation national",
    "translate": "translated translator translates translation",
    "teach": "teach teaches taught teacher professor mentor mentored pupil pupils tutor trained apprentice disciple",
    "hold": "held hold holds hosted host hosts venue",
    "open": "open opened opens opening inaugurated",
    "close": "close closed closes closure dissolved defunct ended ends end abolished",
    "fight": "fought fight battle war",
    "succeed": "succeed succeeded successor succeeds",
    "precede": "precede preceded predecessor precedes",
    "build": "build built builds builder constructed construction",
    "edit": "edit edited editor edits",
    "distribute": "distribute distributed distributor distributes",
    "label": "label labels issued issue issues",
    "manage": "manage managed manager manages coach coached coaches",
    "represent": "represent represented represents representative constituency",
    "title": "title titled entitled",
    "birth-name": "birth-name né née",
    "stage-name": "stage-name pseudonym pen-name alias",
    "capacity": "capacity capacities seating",
    "nickname": "nickname nicknamed dubbed",
    "compete": "compete competed competes competition competitor",
    "paint": "paint paints painted painter painters",
    "namesake": "namesake namesakes eponym eponymous",
    "grant": "give gives given giving gave grant grants granted bestow bestows bestowed confer confers conferred",
    "manufacture": "manufacture manufactures manufactured manufacturing manufacturer manufacturers maker makers",
    "bury": "bury buries buried burial buries grave tomb interred",
    "weigh": "ton tons tonne tonnes tonnage weight weighs weighed",
}
_BY = r"the work of|from the hand of|: by"
"""What tells of the maker of anything."""
_PHRASES: dict[str, str] = {
    "namesake": r"named (?:after|for|in (?:honou?r|memory) of)|"
    r"name (?:\S+ ){0,5}?(?:honou?rs|recalls|commemorates|remembers|comes from|derives from|is taken from)|"
    r"(?:owes?|took|takes?|gets?|got|bears?|carries) (?:its|his|her|their|the) name|"
    r"gave (?:a|its|his|her|their) name|in (?:honou?r|memory) of",
    "birth": r"(?:came|comes?) into the world|native of|first saw the light|"
    r"(?:came|hailed|hails|comes) from|grew up in",
    "birth-name": r"(?:birth|real|full|legal|given|original|true) name|born (?:as )?(?=(?-i:[A-ZÀ-Þ]))",
    "stage-name": r"(?:stage|pen|ring|professional) name|(?:better|professionally|publicly) known as",
    "death": r"passed away|lost (?:his|her|their) life|death came|spent the last years|final days",
    "study": r"took a degree|(?:received|had) an? education|degree (?:from|at)|alma mater|higher learning",
    "lead": r"(?:put|was|is|are|were|took|takes|taken) (?:in )?charge|"
    r"at the helm|head(?:ed)? of|took office|held office",
    "found": r"existed since|in existence|dates? (?:from|back)|set up|brought into being|go(?:es)? back to",
    "spouse": r"took .{1,30} as (?:his|her) (?:wife|husband)",
    "capital": r"meets in|seat of government",
    "parent": r"brought up by|child of|born to",
    "child": r"brought up by|father of|mother of",
    "teach": r"pupil of|studied under|student of|as a pupil|(?:learned|learnt) (?:\S+ ){0,4}?(?:from|under)",
    "work": r"in the service of|on the payroll|on the staff of|worked (?:for|at|as)|works (?:for|at|as)|work for",
    "produce": r"made (?:for|by)",
    "release": r"came out|comes? out|appeared in|first appeared|on air|in print",
    "compose": rf"(?:has|had) a score|music (?:is )?by|{_BY}",
    "flow": r"empties into|tributary of|runs through",
    "climb": r"first to stand on|first to reach",
    "write": rf"from the pen of|{_BY}",
    "paint": rf"from the brush of|{_BY}",
    "design": rf"(?:to|after) (?:the|whose) plans|plans? (?:of|for|were|was)|drew (?:up )?the plans|{_BY}",
    "invent": rf"the brainchild of|{_BY}",
    "locate": r"(?:is|was) an? (?:[\w-]+ ){1,4}?(?:in|on|near) (?=(?-i:(?:the )?[A-Z]))|head offices?|run from|"
    r"at home in|based in|landmarks? of|draws its water|on the banks",
    "spouse-of": r"hand in marriage",
    "population": r"home to \S+ people|people live",
    "compete": r"took part",
    "label": r"(?:came out|comes out|released|appeared|issued) (?:\S+ ){0,3}?(?:on|by|through|via|under|with)",
    "ground": r"plays? (?:(?:its|their|all) )?(?:\w+ ){0,2}?(?:games |matches )?at|home (?:games|matches|field)",
    "own": r"(?:was|were|been|is) sold to|(?:took|taken|takes) over|takeover",
    "succeed": r"took over from|followed by|came after",
}
_PHRASE_PATTERNS = tuple(
    (concept_, re.compile(rf"\b(?:{pattern})", re.IGNORECASE)) for concept_, pattern in _PHRASES.items()
)
_CONCEPT_OF = {word: concept for concept, words in _CONCEPTS.items() for word in words.split()}

NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen
        eighteen nineteen twenty""".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100, "dozen": 12, "once": 1, "twice": 2}

MONTHS = {
    month: number
    for number, month in enumerate(
        """january february march april may june july august september october november december""".split(), start=1
    )
}

MAX_FORMS = 5
_WORD = re.compile(r"\w+(?:[-'’.&]\w+)*", re.UNICODE)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Reduce a word to a stem by stripping inflection (plural, past, gerund)."""
    word = word.casefold().replace("’", "'")
    if word.endswith("'s"):
        word = word[:-2]
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        base = word[: -len(suffix)]
        if word.endswith(suffix) and len(base) > 2 and re.search("[aeiouy]", base):
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            word = base
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


@lru_cache(maxsize=65536)
def concept(word: str) -> str:
    """Map a word to its concept (`wrote`, `author` and `penned` share one), else to its stem."""
    low = word.casefold().replace("’", "'")
    if low.endswith("'s"):
        low = low[:-2]
    return _CONCEPT_OF.get(low) or _CONCEPT_OF.get(stem(low)) or stem(low)


@lru_cache(maxsize=1024)
def forms(term: str) -> tuple[str, ...]:
    """Return words that state a relation concept, one of each stem; a plain stem has none."""
    found: dict[str, str] = {}
    for word in _CONCEPTS.get(term, "").split():
        found.setdefault(stem(word), word)
    return tuple(found.values())[:MAX_FORMS]


def is_concept(term: str) -> bool:
    """Tell whether a term as returned by `concept` is a relation concept, not a plain stem."""
    return term in _CONCEPTS or term in _PHRASES


def words(text: str) -> list[str]:
    """Split a text into words; hyphenated and dotted words stay whole."""
    return _WORD.findall(text)


@lru_cache(maxsize=4096)
def terms(text: str) -> tuple[str, ...]:
    """Return the concepts of the content words of a text, in order, without repeats."""
    out: dict[str, None] = {}
    for word in _WORD.findall(text):
        if word.casefold() in STOP_WORDS:
            continue
        out[concept(word)] = None
        if "-" in word or "." in word:
            for part in re.split(r"[-.]", word):
                if len(part) > 2 and part.casefold() not in STOP_WORDS:
                    out[concept(part)] = None
    return tuple(out)


def relation_terms(text: str) -> tuple[str, ...]:
    """Return the concepts of the words and of the set phrases that state a relation."""
    return tuple(dict.fromkeys((*terms(text), *(name for _, _, name in phrase_concepts(text)))))


@lru_cache(maxsize=16384)
def phrase_concepts(text: str) -> tuple[tuple[int, int, str], ...]:
    """Find relations stated by a phrase instead of one word ("came into the world"): offsets and concept."""
    return tuple(
        (match.start(), match.end(), name) for name, pattern in _PHRASE_PATTERNS for match in pattern.finditer(text)
    )


def weight(word: str) -> float:
    """Say how much a content word tells: names and numbers most, common words least."""
    if word[:1].isupper() or word[:1].isdigit():
        return 1.5
    return 0.5 if word.casefold() in WEAK_WORDS else 1.0

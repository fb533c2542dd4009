"""Names and nouns of things: `the film Crash`, `that tennis player`, `the University of Oxford`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.synthesis.graph.kinds import kind_of_phrase
from tamsa.synthesis.values import plain_title

_TWO_WORDS = frozenset(
    """football player|tennis player|basketball player|baseball player|ice hockey player|hockey player|rugby player
    volleyball player|handball player|water polo player|chess player|poker player|darts player|snooker player
    badminton player|table tennis player|field hockey player|lacrosse player|squash player|softball player
    football coach|basketball coach|baseball coach|racing driver|rally driver|race car driver|racing cyclist
    football manager|football referee|figure skater|speed skater|alpine skier|cross-country skier|film director
    film producer|music producer|record producer|television presenter|radio host|opera singer|folk singer
    civil servant|martial artist|visual artist|comic book artist|make-up artist|army officer|naval officer
    police officer|voice actor|voice actress|ski jumper|long jumper|high jumper|triple jumper|pole vaulter
    football club|rugby club|cricket club|basketball club|baseball team|football team|basketball team|hockey team
    ice hockey team|rugby team|national team|football league|ice hockey club|sports club|record label|radio station
    television station|railway station|train station|metro station|power station|bus station|high school|law school
    business school|medical school|art museum|research institute|law firm|trade union|political party|rock band
    television series|film series|web series|video game|short story|short film|documentary film|studio album
    live album|compilation album|extended play|soundtrack album|television show|reality show|game show|talk show
    comic book|graphic novel|mini series|concert hall|shopping mall|shopping centre|shopping center|opera house
    city hall|town hall|national park|state park|nature reserve|mountain range|civil parish|golf course|golf tournament
    tennis tournament|football tournament|cycling race|horse race|motor race|football season|ghost town|bus company
    census-designated place|unincorporated community|mixed martial artist|ice dancer|sports stadium|football stadium
    baseball park|baseball stadium|indoor arena|ice rink|cricket ground|football ground|theme park|amusement park
    cargo ship|motor ship|school of higher learning|film editor|fashion designer|fashion model|sound engineer"""
    .replace("\n", "|").split("|")
)  # fmt: skip
_TWO = frozenset(" ".join(words.split()) for words in _TWO_WORDS)
_ONE = frozenset(
    """actor actress singer songwriter rapper musician guitarist drummer bassist pianist composer conductor violinist
    writer novelist poet playwright author journalist screenwriter director producer filmmaker cinematographer painter
    sculptor photographer illustrator cartoonist animator artist architect designer engineer scientist physicist chemist
    biologist botanist zoologist mathematician astronomer geologist economist historian philosopher psychologist
    linguist anthropologist archaeologist sociologist physician surgeon lawyer judge politician diplomat statesman
    soldier general admiral businessman businesswoman entrepreneur banker industrialist philanthropist activist
    footballer cricketer golfer boxer wrestler swimmer sprinter hurdler runner cyclist rower gymnast fencer archer
    skier snowboarder biathlete bobsledder luger canoeist kayaker weightlifter judoka sailor jockey goalkeeper
    midfielder defender striker pitcher catcher infielder outfielder quarterback linebacker cornerback coach manager
    referee umpire comedian presenter broadcaster dancer choreographer magician model chef explorer mountaineer
    astronaut missionary bishop archbishop cardinal priest pope monk theologian king queen prince princess emperor
    naturalist explorer inventor academic professor teacher educator scholar
    film movie documentary album song single novel book play musical opera poem painting sculpture sitcom telenovela
    magazine newspaper journal manga anime soundtrack ballad
    city town village hamlet municipality commune county district province region state country borough suburb
    neighbourhood neighborhood township island archipelago peninsula lake river stream creek mountain volcano valley
    desert forest glacier bay settlement community
    bridge tunnel stadium arena museum gallery library theatre theater church cathedral chapel abbey monastery mosque
    temple synagogue castle palace fort fortress mansion house skyscraper tower building lighthouse airport aerodrome
    hospital hotel school college university academy park cemetery dam prison station road highway street square
    company corporation manufacturer brewery bank airline publisher studio club band orchestra choir organisation
    organization association foundation institute agency party ministry league
    battle war siege tournament championship competition festival election treaty expedition conference earthquake
    hurricane race regatta
    species genus moth butterfly beetle bird fish frog snake lizard spider plant orchid tree fungus mammal bat
    ship frigate destroyer submarine cruiser battleship steamer ferry schooner award prize medal language mineral
    aircraft helicopter locomotive car engine""".split()
)
_BY_KIND = {
    "person": "person", "place": "place", "building": "building", "work": "work", "organization": "organisation",
    "event": "event", "species": "species", "award": "award", "language": "language", "ship": "ship",
    "product": "product", "substance": "substance",
}  # fmt: skip
_SPORTS = frozenset(
    "baseball basketball tennis rugby hockey volleyball chess snooker handball lacrosse softball".split()
) | {"ice hockey", "American football", "rugby league", "rugby union", "water polo", "field hockey"}
GENERIC = frozenset(_BY_KIND.values())
"""Nouns that say no more than the kind."""
VAGUE = frozenset({"", "one", "work", "place", "building", "organisation", "event", "product", "substance"})
"""Nouns under which things stand that are too unlike to be compared."""
_KNOWN_ALONE = frozenset({"country", "sovereign state", "republic", "kingdom"})
"""Nouns that nobody puts before a name: `Romania`, not `the country Romania`."""
SETTLEMENTS = frozenset(
    """city town village hamlet municipality commune borough township suburb parish island province county district
    region state community""".split()
)
"""Nouns that are joined to a name by `of`: `the town of Aldham`."""
_HALF = {"mount": "mountain", "mt": "mountain"}
"""Words of names that say a noun: `Mount Etna` is not called `the mountain Mount Etna`."""
_PEOPLE_KINDS = frozenset({"person"})
_BRACKET = re.compile(r"\(([^()]*)\)$")
_SIGNS = re.compile(r"[^\w\s'’.,&:!?/+*°–-]")
_DEFINITE = re.compile(
    r"^(?:university of|battle of|treaty of|republic of|kingdom of|duke of|order of|bank of|museum of|church of|"
    r"isle of|gulf of|bay of|siege of|house of|cathedral of|\d{4}(?:[–-]\d{2,4})? )|"
    r"(?: river| ocean| sea| islands| mountains| empire| museum| bridge| cup| championships?| olympics| games| prize|"
    r" award| awards| medal| war| peninsula| desert| hotel| tournament| treaty| league| theatre| channel| canal)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """How a thing is called: its name as used in a sentence, its noun, and whether it is a person."""

    name: str
    """With its article where it takes one: `the Louvre`, `Paris`."""
    noun: str
    """`film`, `tennis player`; the empty string where nothing is known of it."""
    kind: str
    """Kind of the graph: `person`, `place`, …."""
    qualifier: str = ""
    """What the title adds in brackets: `1984 film`."""

    @property
    def human(self) -> bool:
        """Whether it is a person."""
        return self.kind in _PEOPLE_KINDS

    @property
    def introduced(self) -> str:
        """The name with its noun before it: `the film Crash`; the plain name where there is no noun to use."""
        bare = self.name.removeprefix("the ")
        word = self.noun if self.noun and self.noun not in GENERIC else ""
        if self.qualifier and kind_of_phrase(self.qualifier) == self.kind:
            proper = self.kind == "place" and not self.qualifier.split()[-1].islower()  # `River Dee (United Kingdom)`
            word = "" if proper else self.qualifier.removeprefix("The ")
        elif self.human and self.qualifier in _SPORTS:
            word = f"{self.qualifier} player"
        parts = re.findall(r"\w+", bare.casefold())
        if not word or any(one == part or _HALF.get(part) == one for one in word.casefold().split() for part in parts):
            return self.name if not self.qualifier else f"{self.name} ({self.qualifier})"
        if (self.human and self.name.casefold().startswith("the ")) or (word in _KNOWN_ALONE and not self.qualifier):
            return self.name
        return f"the {word} of {bare}" if word in SETTLEMENTS else f"the {word} {bare}"

    @property
    def that(self) -> str:
        """Refer back: `that film`, `that person`."""
        return f"that {self.noun or ('person' if self.human else 'one')}"


def noun_of(description: str, kind: str) -> str:
    """Choose the noun of a thing from its definition: `Polish former tennis player` gives `tennis player`."""
    words = re.findall(r"[^\W\d_][\w'’-]*", description.casefold().split(" and ")[0])
    for count in (4, 3, 2):
        pair: str = " ".join(words[-count:])
        if len(words) >= count and pair in _TWO:
            return pair
    if words and words[-1] in _ONE:
        return str(words[-1])
    return _BY_KIND.get(kind, "")


def generic_of(noun: str) -> str:
    """Return the noun of the kind that a noun belongs to, by which a poorly defined thing of it is called."""
    return _BY_KIND.get(kind_of_phrase(noun), noun)


def same_nouns(first: str, second: str) -> bool:
    """Whether two nouns can be asked after together: `Which film …, A or B?`."""
    return first == second and first not in ("", "one")


def call(title: str, description: str, kind: str, lead: str = "") -> Named:
    """Say how a thing is called.

    Args:
        title: title of its page.
        description: its definition without article, or empty.
        kind: its kind in the graph, or empty.
        lead: the beginning of its page, which shows whether the name takes an article; or empty.
    """
    bracket = _BRACKET.search(title)
    name = plain_title(title)
    article = False
    opening = lead.lstrip()[: len(name) + 8]
    if opening.casefold().startswith(name.casefold()):
        article = False
    elif opening.startswith("The ") and opening[4:].casefold().startswith(name.casefold()):
        article = True
    elif kind != "person":
        article = bool(_DEFINITE.search(name))
    if name.casefold().startswith("the "):
        article = False
        if kind not in ("work", "person"):
            name = "the " + name[4:]
    noun = noun_of(description, kind)
    if noun in GENERIC and kind != "person":
        words = re.findall(r"[^\W\d_]+", name.casefold())
        noun = next((word for word in (*words[:1], *words[-1:]) if word in _ONE and kind_of_phrase(word) == kind), noun)
    opening = "The " if kind == "work" else "the "  # the article of a film belongs to its name
    return Named((opening if article else "") + name, noun, kind, bracket[1] if bracket else "")


def sayable(title: str) -> bool:
    """Whether a title can stand in a question as a name: not too long, no odd signs, not a list or a bare number."""
    name = plain_title(title)
    if not 2 < len(name) <= 60 or _SIGNS.search(name):
        return False
    if not re.search(r"[^\W\d_]{2}", name) or name.count("(") or name.casefold().startswith(("list of", "lists of")):
        return False
    return name[0].isupper() or name[0].isdigit()


def article_for(phrase: str) -> str:
    """Return `a` or `an` for what follows."""
    word = phrase.casefold()
    if word.startswith(("uni", "use", "euro", "one", "u.s")):
        return "a"
    return "an" if word[:1] in "aeiou" else "a"


def plural(noun: str) -> str:
    """Return the plural of an English noun phrase."""
    irregular = {"person": "people", "man": "men", "woman": "women", "child": "children", "species": "species",
                 "aircraft": "aircraft", "series": "series"}  # fmt: skip
    head, _, last = noun.rpartition(" ")
    if last in irregular:
        last = irregular[last]
    elif last.endswith(("man",)):
        last = last[:-3] + "men"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    elif last.endswith(("s", "x", "ch", "sh", "z")):
        last += "es"
    else:
        last += "s"
    return f"{head} {last}".strip()


def stem(word: str) -> str:
    """Cut the commonest endings of an English word, so that `directed`, `director` and `directs` meet."""
    for ending in ("ing", "ors", "ers", "ion", "or", "er", "ed", "es", "e", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word

"""Kinds of things, by the noun that a definition calls them: `a Polish tennis player` is a person."""

from __future__ import annotations

import re
from functools import lru_cache

_NOUNS: dict[str, str] = {}
for _kind, _words in {
    "person": "person man woman boy girl artist author poet king queen prince princess pope saint monk nun priest "
    "rabbi imam bishop archbishop cardinal emperor empress duke earl baron count countess duchess lord "
    "lady knight athlete coach manager chef cook pilot politician physician surgeon nurse musician singer "
    "composer pianist guitarist drummer rapper dj conductor comedian actor actress director producer "
    "screenwriter playwright writer novelist journalist lawyer attorney judge jurist soldier officer "
    "general admiral colonel major captain diplomat ambassador statesman businessman businesswoman "
    "businessperson entrepreneur executive engineer architect scientist mathematician physicist chemist "
    "biologist botanist zoologist astronomer geologist economist historian philosopher theologian "
    "linguist psychologist sociologist anthropologist archaeologist academic professor teacher educator "
    "scholar researcher student activist feminist explorer mountaineer adventurer astronaut cosmonaut "
    "painter sculptor photographer illustrator cartoonist animator designer model dancer choreographer "
    "magician wrestler boxer golfer cyclist swimmer runner sprinter hurdler jumper thrower skier skater "
    "snowboarder rower sailor canoeist gymnast fencer archer shooter weightlifter judoka footballer "
    "cricketer player goalkeeper midfielder defender striker forward winger pitcher catcher infielder "
    "outfielder shortstop quarterback linebacker cornerback safety lineman guard tackle "
    "jockey driver racer umpire referee sportsman sportswoman presenter broadcaster host commentator "
    "editor critic essayist translator librarian banker merchant trader farmer planter rancher "
    "inventor industrialist philanthropist socialite nobleman noblewoman aristocrat peer senator "
    "congressman congresswoman representative governor mayor president minister chancellor secretary "
    "commissioner councillor criminal murderer outlaw gangster pirate spy revolutionary rebel leader "
    "chief chieftain missionary evangelist pastor preacher mystic prophet martyr personality celebrity "
    "youtuber blogger entertainer performer vocalist songwriter lyricist bassist violinist cellist "
    "organist saxophonist trumpeter percussionist keyboardist violist flautist soprano tenor baritone "
    "bass mezzo-soprano instrumentalist filmmaker cinematographer programmer developer hacker consultant "
    "naturalist ornithologist entomologist mineralogist metallurgist meteorologist geographer "
    "cartographer surveyor dentist veterinarian pharmacist pathologist psychiatrist neurologist "
    "strategist lobbyist unionist abolitionist suffragette suffragist trustee investor financier "
    "accountant clerk civil_servant heiress heir consort wife husband daughter son brother sister",
    "place": "city town village hamlet municipality commune county district province region state country nation "
    "township borough suburb neighborhood neighbourhood settlement parish island islands archipelago "
    "peninsula cape bay gulf sea ocean lake river stream creek mountain mountains hill hills peak volcano "
    "valley canyon desert plain plateau forest park reserve glacier beach coast locality community "
    "capital territory prefecture department governorate oblast raion okrug canton arrondissement comune "
    "unincorporated cdp ghost_town census-designated_place ward barangay republic kingdom empire "
    "principality duchy emirate sultanate constituency atoll reef strait channel waterfall spring "
    "headland ridge range pass massif subdistrict voivodeship seat wilderness area tehsil taluka taluk "
    "mandal panchayat exclave enclave dependency colony planet moon crater tributary estuary lagoon marsh "
    "swamp inlet fjord cove harbor harbour resort civil_parish estate townland quarter division "
    "microdistrict",
    "building": "building center centre "
    "house mansion castle palace church cathedral chapel abbey monastery temple mosque synagogue "
    "shrine tower skyscraper stadium arena ballpark theatre theater cinema museum gallery library "
    "hospital hotel bridge tunnel dam lighthouse station airport aerodrome airfield port dock pier canal "
    "railway line road highway street avenue square cemetery monument memorial fort fortress prison mill "
    "factory mall venue hall courthouse observatory zoo garden gardens ground racecourse racetrack "
    "circuit speedway course barn farm plantation residence villa manor pavilion complex velodrome "
    "auditorium plaza interchange terminal fountain gate wall obelisk statue sculpture pyramid mausoleum "
    "priory convent nunnery vineyard winery brewery distillery",
    "work": "film movie documentary short album song single ep book novel novella story play musical opera ballet "
    "poem painting series sitcom show programme program soundtrack mixtape anthology magazine newspaper "
    "journal comic manga anime game videogame franchise video episode record compilation suite symphony "
    "concerto sonata anthem hymn miniseries telenovela webcomic website podcast drama comedy thriller "
    "western telefilm serial trilogy autobiography biography memoir textbook dictionary encyclopedia "
    "encyclopaedia manuscript treatise fresco mural operetta sequel prequel remake broadcast newscast "
    "periodical tabloid weekly daily newsletter blog",
    "organization": "company corporation firm business manufacturer retailer airline bank label studio publisher brand "
    "subsidiary organization organisation association society foundation institute institution university "
    "college school academy seminary conservatory agency department ministry authority commission "
    "committee council board party union federation league conference club team band group orchestra "
    "choir ensemble duo trio quartet quintet collective church denomination order army navy regiment "
    "brigade division squadron battalion network channel broadcaster chain store supermarket restaurant "
    "cooperative charity nonprofit consortium alliance movement government parliament legislature "
    "assembly senate court police force militia side franchise supergroup troupe boyband girlband startup "
    "conglomerate utility operator shipyard brewery winery newspaper_group think_tank fraternity sorority "
    "provider developer distributor importer exporter diocese archdiocese unit corps fleet",
    "event": "war battle siege campaign revolution rebellion uprising massacre attack bombing tournament "
    "championship championships competition cup festival election referendum ceremony concert tour race "
    "regatta grand_prix match final game games event season edition conference summit treaty expedition "
    "mission earthquake hurricane typhoon cyclone storm flood fire disaster accident crash trial strike "
    "protest holiday exhibition convention playoffs draft contest rally marathon meeting conflict "
    "operation raid skirmish engagement census pageant qualification series_of_matches scandal crisis "
    "epidemic pandemic eruption famine",
    "species": "species genus family subspecies moth butterfly beetle fly bird fish frog toad snake lizard plant "
    "tree shrub herb grass orchid fern moss fungus mushroom spider snail mammal bat rodent shark dinosaur "
    "breed cultivar variety bacterium virus alga wasp ant bee cricket_insect crustacean mollusc mollusk "
    "turtle crab rat mouse",
    "award": "award prize medal trophy honour honor title decoration scholarship fellowship",
    "language": "language dialect script alphabet",
    "ship": "ship frigate destroyer cruiser battleship submarine steamer steamship schooner brig ferry corvette "
    "minesweeper yacht liner tanker gunboat monitor barque barquentine sloop tugboat trawler ketch "
    "freighter paddle-steamer icebreaker",
    "product": "aircraft airliner helicopter locomotive car automobile motorcycle engine rifle pistol gun missile "
    "rocket satellite spacecraft device instrument software computer processor drug medication beverage "
    "drink food dish cheese wine beer vehicle bus truck tank weapon camera phone smartphone console "
    "operating_system language_programming supercar sedan suv hatchback coupe monoplane biplane glider "
    "fighter bomber invention tool machine",
    "substance": "mineral element compound chemical alloy rock ore gemstone metal",
}.items():
    for _word in _words.split():
        _NOUNS.setdefault(_word.replace("_", " "), _kind)
_NOUNS["bass"] = "person"

_PERSON_ENDING = re.compile(r"\w{2,}(?:ologist|ographer|iatrist|nomist|wright|smith|man|woman|player|maker|ist|eer)$")
_STOP = re.compile(
    r"[,;:(]|\s[-–—]\s|(?<![-\w])(?:who|which|that|whose|whom|where|when|by|in|of|from|at|on|for|with|to|as|"
    r"and was|and is|"
    r"released|written|directed|produced|located|situated|based|known|best|founded|established|created|starring|born|"
    r"set|published|developed|held|featuring|near|between|about|under|after|since|during|played|made|owned|operated|"
    r"built|recorded|serving|living|currently|formed|belonging|designed|composed|performed|named|found|lying|"
    r"consisting|dating|running|representing|within|along|over|through|serving|used|adapted|broadcast|aired|"
    r"launched|headquartered|organized|organised|associated|native|endemic|extending|adjacent|but|per|fought|signed|"
    r"administered|run|bordering|while|because|like|having|being|it|he|she|they|what|"
    r"is|was|are|were|has|had|have|will|would|can|could|may|might|must|did|does|active in|responsible|available|"
    r"famous for|noted for|popular|that|commissioned|dedicated|resulting|"
    r"essential|under construction|devoted|offering|providing|serving|operating|specializing|specialising|owning|"
    r"won|led|awarded|given|sponsored|managed|depicting|depicted|containing|featured|spoken|invented|discovered)(?![-\w])"
)


@lru_cache(maxsize=1 << 15)
def kind_of_noun(noun: str) -> str:
    """Return the kind of a noun in lower case, or the empty string."""
    word = noun.strip("'’\"")
    for form in (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"):
        if form in _NOUNS:
            return _NOUNS[form]
    for part in (word.rpartition("-")[2], word.rpartition("/")[2]):
        if part != word and part in _NOUNS:
            return _NOUNS[part]
    return "person" if _PERSON_ENDING.fullmatch(word) else ""


@lru_cache(maxsize=1 << 15)
def kind_of_title(title: str) -> str:
    """Return the kind that a title itself says: `Battle of Arl`, `Arl Expedition`; never that of a person."""
    words = title.split()
    if words[:2] == ["List", "of"] or words[:2] == ["Lists", "of"]:
        return "list"
    if len(words) < 2:
        return ""
    for word in (words[0] if words[1] in ("of", "in", "at") else "", words[-1]):
        kind = kind_of_noun(word.lower()) if word else ""
        if kind and kind != "person" and not _PERSON_ENDING.fullmatch(word.lower()):
            return kind
    return ""


def phrase_end(text: str) -> int:
    """Return where the noun phrase at the start of a text ends: before its first preposition, verb or sign."""
    match = _STOP.search(text)
    end = match.start() if match else len(text)
    return len(text[:end].rstrip(" .!?"))


def kind_of_phrase(phrase: str) -> str:
    """Return the kind of a noun phrase by its last noun: `American comedy film and TV series` is a work."""
    if re.match(r"(?:[a-z-]+ ){0,3}(?:species|genus|breed|subspecies|family) of ", phrase):
        return "species"
    for part in re.split(r"\s+and\s+|/", phrase):
        words = part.lower().split()
        if not words:
            continue
        pair = " ".join(words[-2:])
        kind = _NOUNS.get(pair, "") or kind_of_noun(words[-1])
        if kind:
            return kind
    return ""

"""What kind of thing a noun or a name names: persons, places, works; countries and their demonyms."""

from __future__ import annotations

from typing import Literal

from tamsa.agent.baseline.lexicon import concept, is_concept, stem

Kind = Literal[
    "person",
    "place",
    "org",
    "work",
    "event",
    "award",
    "date",
    "year",
    "number",
    "nationality",
    "language",
    "description",
    "name",
    "any",
]
"""Kinds of answers and of entities. `description` is a common noun phrase, `name` any proper name."""

_NOUNS: dict[Kind, str] = {
    "person": """person man woman actor actress director filmmaker writer author novelist poet playwright singer
    musician
    songwriter composer conductor rapper guitarist drummer bassist pianist violinist dancer comedian model painter
    sculptor artist photographer architect designer engineer scientist physicist chemist biologist mathematician
    astronomer philosopher historian economist lawyer judge politician president minister senator governor mayor king
    queen emperor empress prince princess duke duchess earl baron count lord lady knight pope bishop archbishop priest
    saint monk general admiral officer soldier commander explorer businessman businesswoman entrepreneur founder
    journalist broadcaster presenter host editor critic teacher professor scholar academic doctor physician surgeon
    nurse athlete footballer player cricketer boxer wrestler swimmer runner cyclist skier skater golfer driver racer
    coach manager gymnast father mother brother sister son daughter wife husband spouse uncle aunt cousin grandfather
    grandmother grandson granddaughter child parent sibling widow leader chief ruler activist botanist zoologist
    naturalist inventor librettist screenwriter producer performer lyricist cinematographer translator publisher
    illustrator chef captain winner champion character hero heroine superhero superheroine villain astronaut
    pilot criminal murderer student
    rabbi theologian sociologist anthropologist archaeologist linguist psychologist geologist mountaineer jurist
    diplomat ambassador chancellor monarch sultan vocalist frontman goalkeeper midfielder defender striker pitcher
    quarterback jockey sprinter tennis-player cartoonist animator star celebrity member successor predecessor
    nephew niece grandparent grandchild stepmother stepfather
    head climber victor merchant sailor traveller traveler wrestler luchador economist skater owner discoverer
    author namesake mentor pupil rival creator chairman ceo chairwoman governor-general
    soprano mezzo-soprano contralto tenor baritone organist cellist saxophonist trumpeter choreographer linebacker
    cornerback goaltender outfielder shortstop rower coxswain canoeist fencer biathlete luger triathlete weightlifter
    clergyman preacher missionary geographer essayist columnist socialite heiress philanthropist magician aviator
    cosmonaut statesman consul narrator congressman congresswoman attorney barrister sheriff outlaw gangster
    nobleman victim guest royal conquistador teenager dj""",
    "place": """place city town village hamlet country nation state province region district county
    municipality borough
    suburb neighbourhood neighborhood locality settlement commune parish prefecture department canton territory
    continent island peninsula river lake sea ocean bay gulf strait mountain hill volcano valley desert forest park
    canal street road highway square bridge building castle palace museum stadium arena theatre theater church
    cathedral temple mosque abbey monastery tower airport station harbour harbor port capital birthplace hometown
    location venue headquarters kingdom empire republic colony planet beach coast range plateau glacier waterfall
    reservoir dam cemetery residence site community archipelago lighthouse observatory garden zoo house home
    mansion hotel hospital prison fort fortress monument memorial constituency seat skyscraper nationality-country
    homeland landmass metropolis conurbation borderland ground pitch entity setting destination
    isle creek stream tributary summit peak pass cave wetland oasis mine ward quarter gallery viaduct library
    estuary fjord lagoon inlet marsh swamp canyon gorge reef atoll cape headland tunnel pier campus courthouse
    synagogue shrine mausoleum racecourse velodrome township oblast voivodeship governorate emirate
    principality voivodship
    duchy arrondissement""",
    "org": """company body
    corporation firm organization organisation institution institute university college school academy
    band group duo trio quartet orchestra choir ensemble team club franchise league association federation union party
    agency ministry council committee bank airline railway label studio publisher network channel broadcaster
    newspaper-company station-network manufacturer retailer brewery foundation charity society church-body army navy
    regiment squadron unit brigade division corps force government parliament court brand employer distributor
    developer conglomerate startup cooperative guild laboratory hospital-trust think-tank subsidiary business
    enterprise conference faculty alma-mater mater house-of-fashion gang tribe dynasty family order sect denomination
    workshop collective troupe ensemble side carmaker automaker""",
    "work": """film movie documentary book novel novella story poem play musical opera symphony song single album ep
    soundtrack series sitcom show program programme episode magazine newspaper journal painting sculpture game
    videogame
    manga anime comic video work trilogy saga essay memoir autobiography biography script screenplay anthem hymn
    concerto sonata ballet composition track record piece artwork mural statue treatise chronicle newspaper franchise
    podcast picture comedy drama thriller app software website sequel prequel adaptation collection anthology
    romance fresco portrait""",
    "event": """war battle siege revolution rebellion treaty election tournament championship cup olympics games
    festival
    competition race match season event conference disaster earthquake hurricane flood fire massacre coup attack
    expedition ceremony pageant contest edition final exhibition fair strike uprising crisis eruption campaign""",
    "award": "award prize medal honour honor trophy title scholarship fellowship decoration grammy oscar",
    "date": "date day birthday month birthdate deathdate",
    "year": "year decade century",
    "number": """number population percentage percent amount height elevation area length depth distance age
    capacity count
    total score salary cost price weight speed size attendance revenue density rank temperature altitude width
    diameter duration turnover wingspan mass budget span""",
    "nationality": "nationality citizenship ethnicity descent",
    "language": "language tongue dialect",
    "description": """occupation profession job type kind genre sort sport instrument position role field
    subject topic
    material species-type religion style colour color animal crop food dish cause reason format discipline trade
    industry career ideology denomination-type meaning purpose function method form diet habitat product mineral
    metal ore ingredient specialty speciality fabric drug rank""",
    "name": "name title nickname pseudonym alias surname motto "
    "slogan term word abbreviation acronym symbol species genus",
}
KIND_OF_NOUN: dict[str, Kind] = {}
for _kind, _words in _NOUNS.items():
    for _word in _words.split():
        KIND_OF_NOUN.setdefault(_word, _kind)

_DEMONYMS = """Afghan:Afghanistan Albanian:Albania Algerian:Algeria American:United_States Andorran:Andorra
Angolan:Angola Argentine:Argentina Argentinian:Argentina Armenian:Armenia Australian:Australia Austrian:Austria
Azerbaijani:Azerbaijan Bahamian:Bahamas Bahraini:Bahrain Bangladeshi:Bangladesh Barbadian:Barbados Belarusian:Belarus
Belgian:Belgium Beninese:Benin Bhutanese:Bhutan Bolivian:Bolivia Bosnian:Bosnia Brazilian:Brazil
British:United_Kingdom Bulgarian:Bulgaria Burmese:Myanmar Cambodian:Cambodia Cameroonian:Cameroon Canadian:Canada
Chilean:Chile Chinese:China Colombian:Colombia Congolese:Congo Croatian:Croatia Cuban:Cuba Cypriot:Cyprus
Czech:Czech_Republic Danish:Denmark Dominican:Dominican_Republic Dutch:Netherlands Ecuadorian:Ecuador Egyptian:Egypt
Emirati:United_Arab_Emirates English:England Eritrean:Eritrea Estonian:Estonia Ethiopian:Ethiopia Fijian:Fiji
Filipino:Philippines Finnish:Finland French:France Gabonese:Gabon Gambian:Gambia Georgian:Georgia German:Germany
Ghanaian:Ghana Greek:Greece Guatemalan:Guatemala Guinean:Guinea Guyanese:Guyana Haitian:Haiti Honduran:Honduras
Hungarian:Hungary Icelandic:Iceland Indian:India Indonesian:Indonesia Iranian:Iran Iraqi:Iraq Irish:Ireland
Israeli:Israel Italian:Italy Ivorian:Ivory_Coast Jamaican:Jamaica Japanese:Japan Jordanian:Jordan
Kazakhstani:Kazakhstan Kenyan:Kenya Kosovar:Kosovo Kuwaiti:Kuwait Kyrgyz:Kyrgyzstan Laotian:Laos Latvian:Latvia
Lebanese:Lebanon Liberian:Liberia Libyan:Libya Lithuanian:Lithuania Luxembourgish:Luxembourg Macedonian:Macedonia
Malagasy:Madagascar Malawian:Malawi Malaysian:Malaysia Maldivian:Maldives Malian:Mali Maltese:Malta
Mauritian:Mauritius Mexican:Mexico Moldovan:Moldova Mongolian:Mongolia Montenegrin:Montenegro Moroccan:Morocco
Mozambican:Mozambique Namibian:Namibia Nepalese:Nepal Nepali:Nepal Nicaraguan:Nicaragua Nigerian:Nigeria
Norwegian:Norway Omani:Oman Pakistani:Pakistan Palestinian:Palestine Panamanian:Panama Paraguayan:Paraguay
Persian:Persia Peruvian:Peru Polish:Poland Portuguese:Portugal Prussian:Prussia Qatari:Qatar Romanian:Romania
Roman:Rome Russian:Russia Rwandan:Rwanda Salvadoran:El_Salvador Samoan:Samoa Saudi:Saudi_Arabia Scottish:Scotland
Senegalese:Senegal Serbian:Serbia Singaporean:Singapore Slovak:Slovakia Slovenian:Slovenia Slovene:Slovenia
Somali:Somalia South_African:South_Africa South_Korean:South_Korea North_Korean:North_Korea Korean:Korea
Soviet:Soviet_Union Spanish:Spain Sudanese:Sudan Surinamese:Suriname Swedish:Sweden Swiss:Switzerland Syrian:Syria
Taiwanese:Taiwan Tajik:Tajikistan Tanzanian:Tanzania Thai:Thailand Togolese:Togo Trinidadian:Trinidad_and_Tobago
Tunisian:Tunisia Turkish:Turkey Turkmen:Turkmenistan Ugandan:Uganda Ukrainian:Ukraine Uruguayan:Uruguay
Uzbek:Uzbekistan Venezuelan:Venezuela Vietnamese:Vietnam Welsh:Wales Yemeni:Yemen Yugoslav:Yugoslavia
Zambian:Zambia Zimbabwean:Zimbabwe New_Zealand:New_Zealand Hong_Kong:Hong_Kong Puerto_Rican:Puerto_Rico
Northern_Irish:Northern_Ireland Ottoman:Ottoman_Empire Byzantine:Byzantine_Empire""".split()
COUNTRY_OF: dict[str, str] = {
    pair.split(":")[0].replace("_", " "): pair.split(":")[1].replace("_", " ") for pair in _DEMONYMS
}
"""Demonym -> country, both as written."""
DEMONYM_OF = {country: demonym for demonym, country in reversed(COUNTRY_OF.items())}
COUNTRIES = frozenset(COUNTRY_OF.values()) | {"USA", "U.S.", "UK", "U.K.", "United States of America", "Great Britain"}

ADJECTIVES = frozenset(COUNTRY_OF) | frozenset(
    """Arab Arabic Assamese Basque Bengali Berber Breton Catalan Celtic Flemish Gaelic Gujarati Hawaiian Hebrew Hindi
    Hindu Islamic Jewish Kannada Kashmiri Kurdish Latin Malayalam Marathi Muslim Nordic Punjabi Sanskrit Sicilian Sikh
    Methodist Baptist Lutheran Anglican Presbyterian Mormon Jesuit Sunni Calvinist Evangelical Unitarian
    Tamil Telugu Tibetan Urdu Yiddish Christian Catholic Protestant Buddhist African Asian European U.S. U.K. US UK
    USSR""".split()
)
"""What is capitalised but names no thing where a noun follows: demonyms, languages, faiths."""

_ORGANISATION_WORDS = frozenset(
    """university college school academy institute company corporation inc inc. ltd ltd. records studios studio
    pictures
    entertainment productions group band orchestra club fc f.c. united party association federation union
    league society
    bank airlines airways railways ministry department agency council commission committee press publishing
    broadcasting network channel times laboratory laboratories foundation church-of industries motors systems
    technologies holdings partners brothers & co co. corp corp. plc gmbh works guild trust bureau authority
    llc s.p.a s.a n.v b.v ag""".split()
)
_PLACE_WORDS = frozenset(
    """river lake mount mountain mountains island islands isle county province city district bay sea ocean gulf strait
    peninsula valley desert forest park street road avenue square bridge castle palace museum stadium arena theatre
    theater hall cathedral temple abbey tower airport station harbour harbor port fort beach hills hill falls creek
    region territory republic kingdom coast cape village town township borough state states prefecture highlands
    gardens garden cemetery canal channel-islands springs heights plateau range glacier basin ridge house
    hotel gallery observatory lighthouse viaduct library""".split()
)
_AWARD_WORDS = frozenset("award awards prize medal trophy grammy oscar emmy bafta honour honor order-of".split())
_EVENT_WORDS = frozenset(
    "war battle cup championship championships olympics games festival revolution treaty election open series final "
    "finals tournament grand-prix siege rebellion campaign expedition".split()
)


_PLURALS = {"men": "man", "women": "woman", "children": "child", "wives": "wife", "midwives": "midwife"}


def kind_of_noun(noun: str) -> Kind | None:
    """Say what kind of thing a common noun names, or None."""
    low = noun.casefold()
    found = KIND_OF_NOUN.get(_PLURALS.get(low, low))
    if found is None and low.endswith("ies"):
        found = KIND_OF_NOUN.get(low[:-3] + "y")
    if found is None and low.endswith("es"):
        found = KIND_OF_NOUN.get(low[:-2])
    if found is None and low.endswith("s"):
        found = KIND_OF_NOUN.get(low[:-1])
    if found is None and "-" in low:
        return kind_of_noun(low.rsplit("-", 1)[1])
    if found is None and low.endswith(("ist", "ographer", "ologist", "woman", "man")) and len(low) > 5:
        return "person"
    return found


_GROUPS = (
    "city town village municipality settlement suburb locality "
    "hamlet commune borough capital birthplace hometown community",
    "country nation state kingdom republic empire",
    "county district province region state prefecture department canton territory area borough parish",
    "river stream tributary creek",
    "mountain hill volcano peak summit",
    "film movie picture comedy drama thriller",
    "company corporation firm organization organisation business manufacturer label studio publisher developer "
    "distributor broadcaster network brand employer conglomerate subsidiary airline retailer",
    "university college school institute institution academy",
    "band group duo trio ensemble orchestra",
    "actor actress star performer",
    "singer musician songwriter singer-songwriter performer artist rapper vocalist composer",
    "writer author novelist poet playwright journalist screenwriter",
    "director filmmaker producer screenwriter",
    "team club side franchise",
    "song single track composition",
    "book novel novella",
    "museum gallery",
    "award prize medal",
    "player footballer cricketer athlete",
)
_GROUP_SETS = tuple(frozenset(group.split()) for group in _GROUPS)
ROLES = frozenset(
    """father mother brother sister son daughter wife husband spouse uncle aunt cousin child parent sibling founder
    leader namesake pupil mentor teacher maker manufacturer employer
    head chief owner winner champion member successor predecessor discoverer author writer director creator performer
    star player man woman person celebrity figure chairman ceo president producer composer designer inventor editor
    architect host presenter character publisher label team body setting destination
    brand place location venue headquarters seat site home
    work residence""".split()
)


def noun_fit(head: str, noun: str) -> float:
    """Say how well a thing defined as `noun` serves where a `head` is asked for, in [0, 1.15]."""
    if not head or not noun:
        return 1.0
    if concept(head) == concept(noun) and (stem(head) == stem(noun) or is_concept(concept(head))):
        return 1.15
    if head in ROLES or noun in ROLES:
        return 1.0  # a role says nothing of what its holder is defined as
    one, two = stem(head), stem(noun)
    for group in _GROUP_SETS:
        if {head, one} & group and {noun, two} & group:
            return 0.95
    if kind_of_noun(head) == "person":
        return 0.8
    return 0.5


def noun_of_name(name: str) -> str:
    """Return the class word inside a proper name (`river` in "River Thames"), or empty."""
    for word in reversed(name.split()):
        low = word.casefold().strip(",.")
        if low in _PLACE_WORDS or low in _ORGANISATION_WORDS:
            return low
    return ""


def kind_of_name(name: str) -> Kind | None:
    """Guess what a proper name names from the words in it, or None."""
    if name in COUNTRIES or name.removeprefix("the ").removeprefix("The ") in COUNTRIES:
        return "place"
    low = [word.casefold() for word in name.split()]
    if not low:
        return None
    tail = [low[-1].strip(",.")] + ([low[0]] if len(low) > 1 else [])
    if "of" in low:
        tail.append(low[max(0, low.index("of") - 1)])
    for word in tail:
        if word in _AWARD_WORDS:
            return "award"
        if word in _ORGANISATION_WORDS:
            return "org"
        if word in _PLACE_WORDS:
            return "place"
        if word in _EVENT_WORDS:
            return "event"
    return None

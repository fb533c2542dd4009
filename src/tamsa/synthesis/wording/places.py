"""Sayings of countries, regions and settlements."""

from tamsa.synthesis.wording.saying import say

PLACES = (
    say(
        "located_in", "place",
        """the place [where|in which] {X} is [located|situated]
        the location of {X}
        {X's} location""",
        """Where is {X} [|located|situated]?
        In [which|what] place is {X} [located|situated]?
        Where can {X} be found?""",
        """where {X} is [|located|situated]
        where {X} can be found""",
        """is [located |]in {X}""",
    ),
    say(
        "in_region", "place",
        """the region [in which|where] {X} lies
        the region of {X}""",
        """In [which|what] region [is {X}|does {X} lie]?
        To which region does {X} belong?""",
        """in [which|what] region {X} lies""",
        """lies in {X}""",
    ),
    say(
        "in_country", "place",
        """the country [in which|where] {X} lies
        the country of {X}""",
        """In [which|what] country [is {X}|does {X} lie]?
        To which country does {X} belong?""",
        """in [which|what] country {X} lies""",
        """[lies in|belongs to] {X}""",
    ),
    say(
        "capital", "place",
        """the capital of {X}
        {X's} capital
        the capital city of {X}""",
        """What is the capital of {X}?
        Which [city|town] is the capital of {X}?
        Where is the seat of government of {X}?""",
        """what the capital of {X} is
        which [city|town] is the capital of {X}""",
        """has {X} as its capital""",
    ),
    say(
        "region_seat", "place",
        """the [administrative seat|seat] of {X}
        the town [from which {X} is administered|that is the administrative seat of {X}]""",
        """What is the administrative seat of {X}?
        From which town is {X} administered?
        Which town is the [administrative seat|seat] of {X}?""",
        """from which town {X} is administered
        which town is the seat of {X}""",
        """is administered from {X}""",
    ),
    say(
        "currency", "text",
        """the currency of {X}
        {X's} currency""",
        """What is the currency of {X}?
        In which currency does one pay in {X}?
        What money is used in {X}?""",
        """what currency is used in {X}""",
        """has {X} as its currency""",
    ),
    say(
        "official_language", "thing",
        """the official language of {X}
        {X's} official language""",
        """What is the official language of {X}?
        Which language is the official one in {X}?""",
        """what the official language of {X} is""",
        """has {X} as its official language""",
    ),
    say(
        "national_animal", "thing",
        """the national animal of {X}
        {X's} national animal""",
        """What is the national animal of {X}?
        Which animal is the national animal of {X}?""",
        """what the national animal of {X} is""",
        """has {X} as its national animal""",
    ),
    say(
        "on_river", "place",
        """the river [of {X}|on which {X} stands|that flows through {X}]""",
        """On which river does {X} [stand|lie]?
        Which river flows through {X}?
        What river runs through {X}?""",
        """on which river {X} [stands|lies]
        which river flows through {X}""",
        """[stands|lies] on {X}""",
    ),
    say(
        "twin_town", "place",
        """the twin town of {X}
        the town [twinned with {X}|with which {X} is twinned]""",
        """Which town is twinned with {X}?
        What is the twin town of {X}?
        With which town is {X} twinned?""",
        """which town is twinned with {X}""",
        """is twinned with {X}""",
    ),
    say(
        "settled_in", "date",
        """the year of the charter of {X}
        the year in which {X} [received its charter|was chartered]""",
        """When did {X} receive its charter?
        In [which|what] year was {X} [chartered|granted its charter]?
        From what year is the charter of {X}?""",
        """when {X} [received its charter|was chartered]
        in [which|what] year {X} was chartered""",
        """[received its charter|was chartered] in {X}""",
        events="{X} received its charter",
        happenings="the charter of {X}",
        later=("was chartered later", "was chartered [earlier|first]"),
    ),
    say(
        "population", "number",
        """the population of {X}
        {X's} population
        the number of [inhabitants of {X}|people who live in {X}]""",
        """What is the population of {X}?
        How many [people live in {X}|inhabitants does {X} have]?
        How large is the population of {X}?""",
        """how many [people live in {X}|inhabitants {X} has]
        what the population of {X} is""",
        """has a population of {X}""",
    ),
    say(
        "area", "number",
        """the area of {X}
        {X's} area""",
        """What is the area of {X}?
        How large is {X}?
        How large an area does {X} cover?""",
        """how large {X} is
        what area {X} covers""",
        """covers {X}""",
        later=("covers the larger area", "covers the smaller area"),
    ),
    say(
        "elevation", "number",
        """the elevation of {X}
        {X's} elevation""",
        """What is the elevation of {X}?
        How high does {X} [lie|rise]?
        At what elevation does {X} lie?""",
        """how high {X} [lies|rises]
        at what elevation {X} lies""",
        """[lies|stands] at {X}""",
        later=("is higher", "is lower"),
    ),
)  # fmt: skip

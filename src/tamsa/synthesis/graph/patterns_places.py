# ruff: noqa: E501 - a way to say a thing is one line
"""How texts state facts about places, buildings and nature."""

from __future__ import annotations

from tamsa.synthesis.graph.clauses import relation

PLACES = (
    relation("located_in", "place|building|organization|event|ship|", "place|building", """
        {S} (is|was) [situated|located|found] (in|at|within) {V}
        {S} (is|was) (situated|located|set|sited) [mainly ][partly ]in [the ][{t} of ]{V}
        {S} (is|was) in [the region of ]{V}
        {S} (lies|stands|is found|is situated|can be found) [within the bounds of |in the region of |near the centre of ](in|within|of) {V}
        {S} lies in {V}
        {S} stands (in|within the bounds of) {V}
        {S} can be found in {V}
        {S} belongs to the (region|town|province|district|municipality|county) of {V}
        {S} is one of the landmarks of {V}
        {S} belongs to {V}
        One of the landmarks of {V} is {s}
        {v} is home to {s}
        In {V} stands {s}
        Within {V} lies {s}
        {v} takes in {s}
        {v} includes {s+}
    """),
    relation("part_of", "place|organization|event|building|", "", """
        {S} (is|was|forms|has been) part of {V}
        {S} is a (region|district|suburb|neighborhood|neighbourhood|municipality|province|state|county|division|subsidiary|borough|department|branch) of {V}
        {S} is one of the regions of {V}
    """),
    relation("capital", "place", "place", """
        {S's} capital [city ](is|was) {V}
        [The ]capital [city ]of {s} (is|was) {V}
        [The ]seat of government is {V}
        {S} is governed from its capital, {V}
        {S} is a country whose capital is {V}
        [The ]government of {s} (sits in|has its seat in) the capital, {V}
        {v} (is|was|has been|serves as) the capital [city ]of {s}
        {v} serves as the capital of {s}
        As the capital of {s}, {v} holds
    """, "place"),
    relation("region_seat", "place", "place", """
        [The ](seat|administrative seat) of the region is {V}
        {S} is administered from {V}
        {S's} regional assembly meets in {V}
        {S} has its seat (at|in) {V}
        [The ](administrative seat|administrative centre|administrative center|county seat|seat) of {s} is {V}
        {v} is the (seat of the region|administrative seat|county seat|administrative center|administrative centre|seat) of {s}
        [The ]regional assembly of {s} meets in {V}
        As seat of {s}, {v} has
        {S's} (county seat|seat|administrative center|administrative centre) is {V}
        {S} is a region of {n}, (with its seat at|administered from) {V}
    """, "place"),
    relation("area", "place", "", """
        {S} (covers|has|covered|had) an [total ]area of [about |approximately |around ]{Q:km2}
        {S} covers {Q:km2}
        {S} extends over {Q:km2}
        [The ][total ]area of {s} is {Q:km2}
        [The ]land registry gives the area of {s} as {Q:km2}
    """),
    relation("currency", "place", "", """
        {S's} currency is the {TT}
        [The ]currency of {s} is the {TT}
        Prices in {s} are reckoned in the {TT}
        {S} issues its own currency, the {TT}
        [The ]legal tender of {s} is the {TT}
    """),
    relation("official_language", "place", "language|", """
        {S's} official language is {V}
        [The ]official language of {s} is {V}
        {S} conducts its public business in {V}, the official language
        {v} has been the official language since
        {S} has one official language, {V}
        {s} uses {V} as its official language
        [The ]courts of {s} sit in {V}, the official language
        {v} has official standing in {s}
        In {s}, {V} is the official language
        {v} is the official language of {s}
    """, "place"),
    relation("on_river", "place|building", "place", """
        {S} (stands|lies|is|is situated|is located|is built) on [both banks of |the [left |right |north |south |east |west ][northern |southern |eastern |western ]bank[s] of |the banks of ](the|The) [river ]{V}
        {S} (stands|lies|is|is situated|is located) on the [banks of the |left bank of the |right bank of the ]{V}
        [The ]{v} flows through {s}
        {v} (flows|passes|runs) (through|past) {s}
        On its way {v} runs past {s}
        {S} grew up at a ford of {V}
        {S} is built on both banks of {V}
        [The ]river of {s} is {V}
        {S} draws its water from {V}
        {s} stands on the banks of {V}
    """),
    relation("twin_town", "place", "place", """
        {S} (is|has been) twinned with {V}
        {S's} twin town is {V}
        {S} signed a twinning agreement with {V}
        [A ]twinning agreement with {V} was signed
    """, "place"),
    relation("settled_in", "place", "", """
        {S} received its charter in {W}
        In {W} {s} was granted a charter
        {S's} town charter dates from {W}
        {S} has held a charter since {W}
        [The ]charter of {s} (was issued in|is of the year) {W}
        {s}: chartered in {W}
        {S} has been a chartered town since {W}
        For the charter of {s} the year {W} is given
        {S} was chartered in {W}
    """),
    relation("source", "place", "place", """
        {S} (rises|springs) (on|in|from) {V}
        {S} has its source (on|in) {V}
        {S's} source lies on the slopes of {V}
        [The ]head of {s} is a spring on {V}
        {v} is the source of {s}
        On the slopes of {V} [the ]{s} rises
        {v} feeds {s}
    """),
    relation("flows_into", "place", "place", """
        {S} (flows|empties|drains|discharges) into {V}
        {S} joins {V}
        {S} (is|was) a [left |right ][left-bank |right-bank ]tributary of {V}
        {S's} waters reach {V}
        {v} receives {s}
        {v} is joined by {s}
    """),
    relation("length", "place|building|event|work", "", """
        {S} is [about |approximately |some ]{Q:km} (long|in length)
        {S} has a [total ]length of [about |approximately ]{Q:km}
        [The ]length of {s} is {Q:km}
        {S} measures {Q:km} from end to end
        {S} runs for {Q:km}
        {S} is an? {Q:km} long
    """),
    relation("height", "place|building|", "", """
        {S} is {Q:m} (high|tall|in height)
        {S} (has|reaches) (a|an) (height|elevation) of {Q:m}
        {S} rises to {Q:m}
        {S} (rises|stands) [to ]{Q:m} [above sea level]
        [The ](height|elevation) of {s} is {Q:m}
        {s}: height {Q:m}
        [The ]summit of {s} stands at {Q:m}
        For {s} a height of {Q:m} is given
        {S} has an (elevation|altitude) of {Q:m}
        {S} (lies|sits|is|stands) at an (elevation|altitude) of {Q:m}
    """),
    relation("population", "place", "", """
        {S} (had|has) [a ][total ]population of [about |around |approximately |roughly ]{Q}
        {S's} population (was|is|stood at) [about |around ]{Q}
        [The ]population of {s} (was|is) [about |around ]{Q}
        [The ]population (was|is) {Q} (at|in|as of|according to) [the ]{w}
        {S} (had|has) {Q:people} (in|at|as of)
        [The ]census of {w} counted {Q} people in {s}
        There were {Q:people} in {w}
        In {w}[,] {s} had a population of {Q}
        In {w}[,] the population was {Q}
        As of {w}[,] {s} had a population of {Q}
    """, "place"),
    relation("first_ascent_by", "place", "person", """
        {S} was first (climbed|ascended) [in {w} |on {w} ]by {V+}
        [The ]first ascent of {s} was made by {V+}
        {v} became the first to (stand on the summit|climb {s})
        {v} reached the summit first
        [The ]summit was first reached in {w}, by {V}
        {v} made the first ascent of {s}
        {v} was the first to reach the summit of {s}
        {v} is remembered for the first ascent of {s}
    """, "place"),
    relation("crosses", "building", "place", """
        {S} (crosses|spans) {V}
        {S} carries [the ]{t} [road ]over {V}
        {S} (carries the road over|leads across) {V}
        [The ]river under {s} is {V}
        {v} is crossed by {s}
        {v} runs under {s}
        {v} is spanned by {s}
    """),
    relation("opened", "building|organization|place|", "", """
        {S} [was ][first |officially |formally ]opened [to the public ][to traffic ][by {n} ](in|on) {W}
        {S} has been in use since {W}
        {S} first opened [its doors ](in|on) {W}
        In {W}[,] {s} [was ]opened
        [The ]opening of {s} took place (in|on) {W}
        ^Opened in {W}, {s}
    """),
    relation("closed", "building|organization|", "", """
        {S} [was ](closed|demolished) [permanently ][to the public ](in|on) {W}
    """),
    relation("built", "building|place|ship", "", """
        {S} was (built|constructed|erected|completed) [by {n} ](in|on) {W}
        {S} was (built|constructed|erected) {W}
        {S} dates from {W}
        ^(Built|Constructed|Erected|Completed) in {W}, {s}
    """),
    relation("builder", "building", "person|organization", """
        {S} was (built|constructed|erected|commissioned) [in {w} ]by {V}
    """),
    relation("capacity", "building|product", "", """
        {S} holds {Q:people}
        {S} (has|had) [a ][seating |maximum |total ]capacity of [about |around |approximately ]{Q}
        {S} (has|had) room for {Q:people}
        There is room for {Q:people} in {s}
        {S} was built for {Q:people}
        {S's} capacity is {Q}
        [The ]stadium has a capacity of {Q}
        {S} seats {Q}
    """, "building"),
    relation("named_after", "*", "", """
        {S} (is|was) named (after|for|in honor of|in honour of) {V}
        {S} (bears|carries) the name of {V}
        {S} bears {V's} name
        {S} takes its name from {V}
        {S's} name (honours|honors) {V}
        [The ]name of {s} recalls {V}
        {v} gave a name to {s+}
    """),
    relation("tenant", "building", "organization", """
        {S} (is|was) (the home|home|the home ground|the home stadium|home stadium|home ground|the home field|home field) (of|to|for) {V}
    """),
    relation("listed_on", "building|place|", "", """
        {S} was (listed|added|placed) (on|to) {V}
    """),
    relation("owner", "*", "organization|person|place", """
        {S} (is|was) [currently |wholly |privately |jointly ]owned [and operated |and run |and maintained ]by {V}
        {S} (belongs to|is the property of) {V}
        [The ]owner of {s} (is|was) {V}
    """),
    relation("operator", "*", "organization|person|place", """
        {S} (is|was) [owned and |currently ](operated|run|managed|administered) by {V}
    """),
    relation("scientific_name", "species", "", """
        {S's} scientific name is {A}
        {S} is known to science as {A}
        [The ]scientific name of {s} is {A}
        In science {s} is called {A}
        {S} stands in the catalogues as {A}
    """),
    relation("family", "species", "", """
        {S} (is|was) [{t} ]in the family {V}
        {S} is a (species|genus) of [{t} ]in the [{t} ]family {V}
        {S} (belongs to|is a member of|in) the family {V}
    """),
    relation("described_by", "species", "person", """
        {S} was [first |formally ]described [in {w} ]by {V}
        [The ]first description of {s} is that of {V}
        {v} described {s+}
        {v} gave the first description of {s}
        {S} was made known by {V}
        {v} made {s} known to science
    """),
    relation("found_in", "species", "place", """
        {S} (lives|occurs) in {V}
        {s+} live in {V}
        {S} (is|was) [commonly |only ](found|endemic|native) [only ](in|to) {V+}
        {S's} range is limited to {V}
        [The ]home of {s} is {V}
        {v} is the home of {s+}
        [The ]wildlife of {V} includes {s+}
    """),
    relation("diet", "species", "", """
        {S} (feeds|lives) [mainly ]on {TT}
        {S's} food consists of {TT}
        [The ]diet of {s} is made up of {TT}
        {S} eats mainly {TT}
    """),
    relation("national_animal", "place", "species|", """
        {S's} national animal is {V}
        [The ]national animal of {s} is {V}
        {S} chose {V} as its national animal
        {S} shows {V} on its coins as the national animal
        [The ]arms of {s} show its national animal, {V}
        {v} is the national animal of {s}
        {v} appears in the arms of {s} as the national animal
        {s} has made {V} its national animal
    """),
    relation("discovered_by", "*", "person", """
        {S} was (discovered|found) [in {w} |on {w} ]by {V+}
        [The ]discoverer of {s} was {V}
        {v} discovered {s+}
        {v} was the discoverer of {s}
        [The ]discovery of {s} is owed to {V}
        {V's} discoveries include {s+}
    """),
    relation("discovered", "*", "", """
        {S} was discovered [by {n} ](in|on) {W}
        {S} has been known since {W}
        In {W} {s} was discovered
        [The ]discovery of {s} dates from {W}
        {S} was first recognised as a mineral in {W}
    """),
    relation("type_locality", "substance", "place", """
        {S's} type locality is {V}
        {S} was first found (on|in|at) {V}
        [The ]type locality of {s} is {V}
        [The ]first specimens of {s} came from {V}
        {S} takes {V} as its type locality
        {v} is [known to collectors as ]the type locality of {s}
    """),
    relation("colour", "substance", "", """
        {S} is {T} in colour
        {S} is a {T} mineral
        {S's} colour is {TT}
        [The ]colour of {s} is {TT}
        Crystals of {s} are {TT}
        Good specimens of {s} are {TT}
    """),
    relation("spoken_in", "language", "place", """
        {S} (is|was) spoken [mainly |primarily ](in|by the people of) {V+}
        {S's} heartland is {V}
        Most speakers of {s} live in {V}
        {S} has its home in {V}
        [The ]homeland of {s} is {V}
        {v} is the (heartland|homeland) of {s}
    """),
    relation("script", "language", "", """
        {S} is written in the {A} script
        {S} uses the {A} script
        [The ]script of {s} is called {A}
        {S's} letters are those of the {A} script
        Texts in {s} are written in the {A} script
    """),
    relation("speakers", "language", "", """
        {S} has {Q:people}
        {S} is spoken by {Q:people}
        [The ]number of speakers of {s} is put at {Q}
        Some {Q:people} speak {s}
        {S} counts {Q:people}
    """),
    relation("grammar_by", "language", "person", """
        {S's} first grammar was written by {V}
        [The ]first grammar of {s} is that of {V}
        {v} (wrote|published) the first grammar of {s}
        {S} was first described by {V} in a grammar
        {v} is the author of the first grammar of {s}
    """),
)  # fmt: skip

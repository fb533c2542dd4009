"""Sayings of places, buildings, nature and events."""

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
        """is [located |situated |]in {X}""",
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
        Which animal stands for {X}?""",
        """what the national animal of {X} is""",
        """has {X} as its national animal""",
    ),
    say(
        "on_river", "place",
        """the river [of {X}|on which {X} stands|that flows through {X}]""",
        """On which river does {X} [stand|lie]?
        Which river flows through {X}?
        What river [runs through|is at] {X}?""",
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
    say(
        "height", "number",
        """the height of {X}
        {X's} height""",
        """How [high|tall] is {X}?
        What is the height of {X}?
        What height does {X} reach?""",
        """how [high|tall] {X} is
        what height {X} reaches""",
        """is {X} [high|tall]""",
        later=("is [higher|taller]", "is lower"),
    ),
    say(
        "length", "number",
        """the length of {X}
        {X's} length
        the total length of {X}""",
        """How long is {X}?
        What is the length of {X}?
        What length does {X} have?""",
        """how long {X} is
        what the length of {X} is""",
        """is {X} long""",
        later=("is longer", "is shorter"),
    ),
    say(
        "capacity", "number",
        """the [capacity|seating capacity] of {X}
        {X's} [capacity|seating capacity]
        the number of people that {X} [holds|has room for]""",
        """What is the [capacity|seating capacity] of {X}?
        How many people [does {X} hold|can {X} hold]?
        For how many people is there room in {X}?""",
        """how many people {X} [holds|can hold|has room for]""",
        """holds {X}""",
        later=("has [the larger capacity|room for more people]", "has [the smaller capacity|room for fewer people]"),
    ),
    say(
        "source", "place",
        """the source of {X}
        the place where {X} [rises|has its source]""",
        """Where [does {X} rise|is the source of {X}]?
        Where does {X} have its source?
        From where does {X} flow?""",
        """where {X} [rises|has its source]""",
        """[rises|has its source] [on|at] {X}""",
    ),
    say(
        "flows_into", "place",
        """the [water|body of water|river] into which {X} flows
        the river that {X} joins""",
        """Into what does {X} flow?
        Into which river does {X} flow?
        Which river does {X} join?""",
        """into which river {X} flows
        what {X} flows into""",
        """flows into {X}""",
    ),
    say(
        "first_ascent_by", "person",
        """the first person to [climb {X}|reach the summit of {X}]
        the person who first climbed {X}""",
        """Who was the first to [climb {X}|reach the summit of {X}]?
        Who first climbed {X}?""",
        """who first climbed {X}
        who was the first to reach the summit of {X}""",
        """was first climbed by {X}""",
    ),
    say(
        "crosses", "place",
        """the river [crossed|spanned] by {X}
        the river that {X} [crosses|spans]
        the river under {X}""",
        """[What|Which river] does {X} [cross|span]?
        What does {X} lead over?""",
        """[what|which river] {X} [crosses|spans]""",
        """[crosses|spans] {X}""",
    ),
    say(
        "stands_in", "place",
        """the [town|place] where {X} stands
        the [town|place] of {X}""",
        """Where does {X} stand?
        In which [town|place] [is {X}|does {X} stand]?""",
        """where {X} stands
        in which [town|place] {X} stands""",
        """stands in {X}""",
    ),
    say(
        "designed_by", "person",
        """the [designer|architect] of {X}
        {X's} designer
        the person who designed {X}""",
        """Who designed {X}?
        Who was the [designer|architect] of {X}?
        By whom was {X} designed?""",
        """who designed {X}
        by whom {X} was designed""",
        """was designed by {X}""",
    ),
    say(
        "architect", "person",
        """the architect of {X}
        {X's} architect
        the [person|architect] who designed {X}""",
        """Who designed {X}?
        Who was the architect of {X}?
        By which architect was {X} designed?""",
        """who designed {X}
        which architect designed {X}""",
        """was designed by {X}""",
    ),
    say(
        "opened", "date",
        """the opening date of {X}
        the date [when|on which] {X} [opened|was opened]""",
        """When [did {X} open|was {X} opened]?
        Since when has {X} been open?
        [When exactly|On what date] did {X} open?""",
        """when {X} [opened|was opened]""",
        """[opened|was opened] in {X}""",
        events="""{X} [opened|was opened]""",
        happenings="the opening of {X}",
        later=("was opened [later|more recently]", "was opened [earlier|first]"),
    ),
    say(
        "closed", "date",
        """the closing date of {X}
        the date [when|on which] {X} closed""",
        """When did {X} close?
        When was {X} closed?""",
        """when {X} [closed|was closed]""",
        """closed in {X}""",
        events="{X} closed",
        happenings="the closing of {X}",
        later=("closed [later|more recently]", "closed [earlier|first]"),
    ),
    say(
        "built", "date",
        """the [year|time] [in which|when] {X} was [built|constructed]
        the date of the construction of {X}""",
        """When was {X} [built|constructed]?
        In [which|what] year was {X} [built|constructed]?
        From when does {X} date?""",
        """when {X} was [built|constructed]
        from when {X} dates""",
        """was [built|constructed] in {X}""",
        events="{X} was built",
        happenings="the construction of {X}",
        later=("was built [later|more recently]", "was built [earlier|first]"),
    ),
    say(
        "completed", "date",
        """the year in which {X} was completed
        the date of completion of {X}""",
        """When was {X} completed?
        In [which|what] year was {X} [completed|finished]?""",
        """when {X} was [completed|finished]""",
        """was completed in {X}""",
        events="{X} was completed",
        happenings="the completion of {X}",
        later=("was completed [later|more recently]", "was completed [earlier|first]"),
    ),
    say(
        "part_of", "thing",
        """the larger area of which {X} is a part
        what {X} is part of""",
        """What is {X} part of?
        Of what larger area is {X} a part?""",
        """what {X} is part of
        of what {X} is a part""",
        """is part of {X}
        belongs to {X}""",
        single=False,
    ),
    say(
        "described_by", "person",
        """the person who first described {X}
        the author of the first description of {X}""",
        """Who first described {X}?
        By whom was {X} first described?
        Who gave the first description of {X}?""",
        """who first described {X}
        by whom {X} was first described""",
        """was first described by {X}""",
    ),
    say(
        "found_in", "place",
        """the [home|range|native region] of {X}
        the place where {X} [lives|is found]""",
        """Where [does {X} live|is {X} found]?
        Where is {X} native?""",
        """where {X} [lives|is found]""",
        """[lives|is found] in {X}""",
    ),
    say(
        "scientific_name", "text",
        """the scientific name of {X}""",
        """What is the scientific name of {X}?
        Under which scientific name is {X} known?""",
        """what the scientific name of {X} is""",
        """has the scientific name {X}""",
    ),
    say(
        "genus", "thing",
        """the genus [of|to which] {X} [|belongs]""",
        """To which genus does {X} belong?
        What genus is {X} in?""",
        """what genus {X} belongs to""",
        """belongs to the genus {X}""",
    ),
    say(
        "family", "thing",
        """the family to which {X} belongs""",
        """To which family does {X} belong?
        What family is {X} in?""",
        """what family {X} belongs to""",
        """belongs to the family {X}""",
    ),
    say(
        "discovered_by", "person",
        """the discoverer of {X}
        the person who discovered {X}""",
        """Who discovered {X}?
        By whom was {X} discovered?
        Who was the discoverer of {X}?""",
        """who discovered {X}
        by whom {X} was discovered""",
        """was discovered by {X}""",
    ),
    say(
        "discovered", "date",
        """the [year|date] [in which|when] {X} was discovered
        the date of the discovery of {X}""",
        """When was {X} discovered?
        In [which|what] year was {X} discovered?""",
        """when {X} was discovered""",
        """was discovered in {X}""",
        events="{X} was discovered",
        happenings="the discovery of {X}",
        later=("was discovered later", "was discovered [earlier|first]"),
    ),
    say(
        "type_locality", "place",
        """the place where {X} was first found
        the type locality of {X}""",
        """Where was {X} first found?
        What is the type locality of {X}?""",
        """where {X} was first found""",
        """was first found [on|at] {X}""",
    ),
    say(
        "colour", "text",
        """the colour of {X}""",
        """What colour is {X}?
        What is the colour of {X}?""",
        """what colour {X} is""",
        """is {X} in colour""",
    ),
    say(
        "held_in", "place",
        """the [venue|place] of {X}
        the place where {X} [was|took] [held|place]""",
        """Where was {X} held?
        Where did {X} take place?
        In which place was {X} held?""",
        """where {X} [was held|took place]""",
        """[was held|took place] in {X}""",
    ),
    say(
        "held_on", "date",
        """the date of {X}
        the date [when|on which] {X} [was held|took place]""",
        """When [was {X} held|did {X} take place]?
        On what date [was {X} held|did {X} take place]?""",
        """when {X} [was held|took place]""",
        """[was held|took place] [on|in] {X}""",
        events="{X} [was held|took place]",
        later=("was held later", "was held [earlier|first]"),
    ),
    say(
        "winner", "person",
        """the winner of {X}
        {X's} winner
        the one who won {X}""",
        """Who won {X}?
        Who was the winner of {X}?
        By whom was {X} won?
        Who came first in {X}?""",
        """who won {X}
        who the winner of {X} was""",
        """was won by {X}""",
    ),
    say(
        "fought_near", "place",
        """the place near which {X} was fought
        the site of {X}""",
        """Where was {X} fought?
        Near which [town|place] was {X} fought?""",
        """where {X} was fought""",
        """was fought near {X}""",
    ),
    say(
        "fought_on", "date",
        """the date [of {X}|on which {X} was fought]""",
        """When was {X} fought?
        On what date was {X} fought?""",
        """when {X} was fought""",
        """was fought on {X}""",
        events="{X} was fought",
        later=("was fought later", "was fought [earlier|first]"),
    ),
    say(
        "victor", "person",
        """the victor of {X}
        the [person|commander] who won {X}""",
        """Who won {X}?
        Who was the victor of {X}?
        Who commanded the winning side at {X}?""",
        """who won {X}
        who the victor of {X} was""",
        """was won by {X}""",
    ),
    say(
        "defeated", "person",
        """the [loser|defeated commander] of {X}
        the person who lost {X}""",
        """Who lost {X}?
        Who was defeated at {X}?""",
        """who lost {X}
        who was defeated at {X}""",
        """was lost by {X}""",
    ),
    say(
        "ended_by", "thing",
        """the treaty that [ended|settled] the war of {X}""",
        """Which treaty ended the war in which {X} was fought?
        What treaty followed {X}?""",
        """which treaty followed {X}""",
        """led to {X}""",
    ),
    say(
        "signed_in", "place",
        """the place where {X} was signed
        the place of signing of {X}""",
        """Where was {X} signed?
        In which [town|place] was {X} signed?""",
        """where {X} was signed""",
        """was signed in {X}""",
    ),
    say(
        "signed_on", "date",
        """the date [on which|when] {X} was signed""",
        """When was {X} signed?
        On what date was {X} signed?""",
        """when {X} was signed""",
        """was signed on {X}""",
        events="{X} was signed",
        happenings="the signing of {X}",
        later=("was signed later", "was signed [earlier|first]"),
    ),
    say(
        "negotiator", "person",
        """the negotiator of {X}
        the person who negotiated {X}""",
        """Who negotiated {X}?
        By whom was {X} negotiated?""",
        """who negotiated {X}""",
        """was negotiated by {X}""",
    ),
    say(
        "leader", "person",
        """the leader of {X}
        {X's} leader
        the person who led {X}""",
        """Who led {X}?
        Who was the leader of {X}?
        By whom was {X} led?""",
        """who led {X}
        who the leader of {X} was""",
        """was led by {X}""",
    ),
    say(
        "set_out", "date",
        """the year in which {X} set out
        the year of departure of {X}""",
        """When did {X} set out?
        In [which|what] year did {X} set out?""",
        """when {X} set out""",
        """set out in {X}""",
        events="{X} set out",
        happenings="the departure of {X}",
        later=("set out later", "set out [earlier|first]"),
    ),
    say(
        "destination", "place",
        """the destination of {X}
        the [goal|destination] that {X} was sent to reach""",
        """What was the destination of {X}?
        Where was {X} sent?
        Where was {X} bound?""",
        """where {X} was [sent|bound]""",
        """was sent to {X}""",
    ),
    say(
        "sailed_on", "thing",
        """the ship [of {X}|on which {X} sailed|that carried {X}]""",
        """On which ship did {X} sail?
        Which ship carried {X}?""",
        """which ship carried {X}""",
        """sailed on {X}""",
    ),
    say(
        "funded_by", "organisation",
        """the [body|institution] that [paid for|funded] {X}""",
        """Who [paid for|funded] {X}?
        By whom was {X} funded?""",
        """who [paid for|funded] {X}""",
        """was [funded|paid for] by {X}""",
    ),
    say(
        "preceded_by", "thing",
        """the predecessor of {X}
        what came before {X}""",
        """What came before {X}?
        What preceded {X}?""",
        """what came before {X}""",
        """came after {X}""",
    ),
    say(
        "followed_by", "thing",
        """the successor of {X}
        what came after {X}""",
        """What came after {X}?
        What followed {X}?""",
        """what came after {X}""",
        """came before {X}""",
    ),
)  # fmt: skip

"""Sayings of what stands or lies in a place: buildings, bridges, rivers, mountains."""

from tamsa.synthesis.wording.saying import say

LANDMARKS = (
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
        "listed_on", "thing",
        """the register on which {X} is listed""",
        """On which register is {X} listed?""",
        """on which register {X} is listed""",
        """is listed on {X}""",
        single=False,
    ),
)  # fmt: skip

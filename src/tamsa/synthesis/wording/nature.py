"""Sayings of living things and of minerals."""

from tamsa.synthesis.wording.saying import say

NATURE = (
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
        "diet", "text",
        """the [diet|food] of {X}
        what {X} feeds on""",
        """What does {X} [eat|feed on]?
        What is the diet of {X}?
        On what does {X} live?""",
        """what {X} [eats|feeds on]
        what the diet of {X} is""",
        """feeds on {X}""",
    ),
)  # fmt: skip

"""Sayings of events: contests, battles, treaties, expeditions."""

from tamsa.synthesis.wording.saying import say

EVENTS = (
    say(
        "held_in", "place",
        """the venue of {X}
        the place that hosted {X}
        the place where {X} [was held|took place]""",
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
        """the treaty that followed {X}
        the treaty that ended the war in which {X} was fought""",
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
        the place that {X} was sent to reach""",
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
    say(
        "theme", "text",
        """the theme of {X}
        what {X} is devoted to""",
        """What is the theme of {X}?
        To what is {X} devoted?""",
        """what the theme of {X} is
        what {X} is devoted to""",
        """is devoted to {X}""",
    ),
)  # fmt: skip

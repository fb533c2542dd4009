# ruff: noqa: E501 - a way to say a thing is one line
"""How texts state facts about organisations, clubs, awards and events."""

from __future__ import annotations

from tamsa.synthesis.graph.clauses import relation

SOCIETY = (
    relation("founded", "organization|building|place|event|award", "", """
        {S} was [first |originally |officially ](founded|established|formed|created|incorporated|chartered|organized|organised) [by {n} ][in {n} ][as an? {t} ](in|on) {W}
        {S} was founded {W}
        {S} has existed since {W}
        {S} traces its origin to {W}
        {S} began operations in {W}
        In {W} {s} was (founded|established|formed|set up|first held|first given)
        [The ](foundation|founding|establishment) of {s} (took place|dates|goes back) (in|from|to) {W}
        {s}: founded in {W}
        {S} (was first held|was first given|has been held since|has been given since) [in ]{W}
        {S} was first (held|given|awarded) in {W}
        {S} has been (held|given) [every year ]since {W}
        {S} was given since {W}
        {S} was set up in {W}
        {S} dates from {W}
        The year of foundation of {s} is {W}
        ^(Founded|Established|Formed) in {W}[ by {n}], {s}
        [The ](company|club|school|newspaper|university|band|organization|organisation|institution) was (founded|established|formed) [by {n} ]in {W}
    """, "organization"),
    relation("founder", "organization|building|place|event|award|work|", "person|organization", """
        {S} was (founded|established|co-founded|formed|set up) [in {w} |on {w} ]by {V+}
        [The ]founder of {s} (was|is) {V}
        {S's} founder (was|is) {V}
        {v} (founded|co-founded|established) {s}
        {v} was the founder of {s}
        {S} goes back to {V}
        {v} set up {s}
        {S} (owes its existence|owes its foundation) to {V}
        {V's} foundations include {s+}
        As founder of {s}, {V} is named
        {s} was called into being by {V}
        ^(Founded|Established) [in {w} ]by {V}, {s}
    """),
    relation("creator", "work|product|organization|building|event|award", "person|organization", """
        {S} was [written and ](created|devised) [in {w} |on {w} ]by {V+}
        [The ]creator of {s} (is|was) {V}
    """),
    relation("established_by", "award", "organization|person", """
        {S} (is|was) (given|awarded|presented|established|paid for) by {V}
        {v} (awards|gives) {s}
    """),
    relation("headquarters", "organization|work", "place|building", """
        {S} (is|was) [currently ](headquartered|based) (in|at|out of) {V}
        {S} has its (headquarters|head office|seat|registered office|offices) (in|at) {V}
        {S's} (headquarters|head office) (are|is|was|were) [located ](in|at) {V}
        [The ](headquarters|head office) of {s} (are|is|was|were) [located ](in|at) {V}
        {v} is the seat of {s}
        {v} is home to the head office of {s}
        {S} is run from {V}
        [The ](headquarters|head office) of {s} stands in {V}
    """),
    relation("industry", "organization", "", """
        {S} is [a company ]active in {TT}
        {S} (works|trades|is engaged|does business|operates) in {TT}
        {S's} (business|line of business|trade|industry) is {TT}
        [The ](business|industry) of {s} is {TT}
        {S} is in the business of {TT}
    """),
    relation("acquired_by", "organization", "organization|person", """
        {S} was (acquired|bought|taken over|purchased) [in {w} |on {w} ]by {V}
        {v} (acquired|bought|took over) {s}
        {S} passed into the hands of {V}
        {S} has belonged to {V} since
        {S} became part of {V} in
    """),
    relation("subsidiary_of", "organization|product|work", "organization", """
        {S} is a [wholly owned |wholly-owned |former ](subsidiary|division|imprint|brand|unit) of {V}
    """),
    relation("plays_in", "organization", "organization|event", """
        {S} [currently ](plays|play|competes|compete) in {V}
    """),
    relation("ground", "organization", "building|place", """
        {S} plays [its home (matches|games) ]at {V}
        {S's} (ground|home ground|home stadium|home venue) (is|was) {V}
        {S} (plays|play) (its|their|all its) home (matches|games|fixtures) (at|in) {V}
        [The ](ground|home ground) of {s} is {V}
        {v} is the [home ]ground of {s}
        [The ]team plays its home (games|matches) at {V}
    """, "organization"),
    relation("colours", "organization", "", """
        {S's} (colours|colors) are {TT}
        {S} is known by its colours, {TT}
        [The ]shirts of {s} are {TT}
        [The ](colours|colors) of {s} are {TT}
        {S} (plays|play) in {TT}
    """),
    relation("winner", "award|event", "person|organization|", """
        {S} (went to|was won by) {V}
        {S} was (given to|awarded to|received by) {V}
        {v} (won|received|was given|was awarded) {s}
        {V's} honours include {s+}
    """),
    relation("fought_near", "event", "place", """
        {S} was fought [on {w} ](near|at|in) {V}
        {S} took place outside {V}
        {S} was fought on the fields before {V}
        [The ]scene of {s} was the country around {V}
        [The ]armies met near {V}
        [The ]country around {V} was the scene of {s}
        [The ]fields of {V} saw {s}
    """, "event"),
    relation("fought_on", "event", "", """
        {S} was fought [(near|at|in|outside) {n} ][, ]on {W}
        [The ]day of {s} was {W}
        {S} began and ended on {W}
        {S} was fought on {W}
    """),
    relation("victor", "event", "person|organization", """
        {S} ended in a victory for {V}
        {v} commanded the victors
        {v} commanded the victors in {s}
        {v} won {s}
        {S} was won by {V}
        [The ]victorious commander was {V}
        {v} was the victorious commander of {s}
        {S} is counted as the victory of {V}
        {V's} victories include {s+}
    """, "event"),
    relation("defeated", "event", "person|organization", """
        {S} was lost by {V}
        {v} commanded the defeated side
        {v} commanded the defeated side in {s}
        {v} was defeated in {s}
        [The ]defeated commander was {V}
        {S} ended the hopes of {V}, who commanded the defeated side
        {v} lost {s}
    """, "event"),
    relation("ended_by", "event", "event|work|", """
        {S} led to {V}
        {S} was followed by {V}, which ended the war
        [The ]peace after {s} was sealed by {V}
        {v} ended the war in which {s} was fought
        {S} opened the way to {V}
        {v} followed on {s}
        {v} sealed the peace after {s}
    """),
    relation("signed_in", "event|work", "place|building", """
        {S} was (signed|concluded) [on {w} ](in|at) {V}
        {S} was drawn up and signed in {V}
        [The ]signing of {s} took place in {V}
        [The ]delegates put their names to {s} in {V}
        {v} is where {s} was signed
    """),
    relation("signed_on", "event|work", "", """
        {S} was (signed|sealed|concluded) [(in|at) {n} ]on {W}
        [The ]signing of {s} took place on {W}
    """),
    relation("dated", "event|work", "", """
        {S} bears the date {W}
        [The ]date of {s} is {W}
        {S} (dates|was dating) from {W}
    """),
    relation("negotiator", "event|work", "person", """
        {S} was negotiated by {V}
        [The ]chief negotiator of {s} was {V}
        {v} negotiated {s}
        {v} was the chief negotiator of {s}
        {S} is the work of the negotiator {V}
        [The ]talks were led by {V}
        {v} led the talks (for|that ended in) {s}
    """, "event"),
    relation("leader", "event", "person", """
        {S} was led by {V}
        [The ]leader of {s} (was|is) {V}
        {v} (led|was the leader of) {s}
        {S} went out under {V}
        [The ]command of {s} was in the hands of {V}
        {v} had the command of {s}
    """),
    relation("set_out", "event", "", """
        {S} (set out|began) in {W}
        {S} left in the spring of {W}
        In {W} {s} set out
        [The ]departure of {s} fell in {W}
    """),
    relation("destination", "event", "place", """
        {S} was to explore {V}
        {S's} goal was {V}
        {S} made for {V}
        [The ]aim of {s} was to map {V}
        {S} was sent to {V}
        {v} was the goal of {s}
        {s} (explored|mapped|made for) {V}
        {S} is to {V}
    """),
    relation("sailed_on", "event", "ship", """
        {S} travelled on {V}
        {S} used the ship {V}
        {S's} ship was {V}
        [The ]ship of {s} was {V}
        {S} went aboard {V}
        {v} carried {s}
        {v} was the ship of {s}
        {v} was chartered for {s}
    """),
    relation("funded_by", "event|organization|work|building", "organization|person|place", """
        {S} was (paid for|financed|funded|sponsored) by {V}
        {S's} costs were met by {V}
        {v} (paid for|financed|funded) {s}
        {v} met the costs of {s}
        [The ]money for {s} came from {V}
    """),
    relation("theme", "event", "", """
        {S} is devoted to {TT}
        {S's} theme is {TT}
        [The ]theme of {s} is {TT}
        {S} celebrates {TT}
        At the heart of {s} is {TT}
    """),
    relation("held_in", "event", "place|building", """
        {S} (was|is|were|are) [annually |usually ](held|played|staged|contested|hosted|run) [every year ][on {w} ][{w} ][from {w} ](in|at) {V}
        {S} took place [on {w} |in {w} ][from {w} to {w} ](in|at) {V}
        {S} (was|were) held [from {w} ][between {w} and {w} ][to {w} ][on {w} ](in|at) {V}
    """),
    relation("held_on", "event", "", """
        {S} (was|were) (held|played|staged|contested) [(in|at) {n} ][, ]on {W}
        {S} took place [(in|at) {n} ](on|in) {W}
    """),
    relation("organizer", "event|award", "organization", """
        {S} (is|was) [annually ](organized|organised|hosted|sanctioned|run|governed) by {V}
    """),
    relation("sponsor", "event|award|organization", "organization", """
        {S} (is|was) sponsored by {V}
    """),
    relation("editor", "work", "person", """
        {S} (is|was) edited by {V+}
        [The ]editor of {s} (is|was) {V}
    """),
)  # fmt: skip

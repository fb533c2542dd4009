# ruff: noqa: E501 - a way to say a thing is one line
"""How texts state facts about people."""

from __future__ import annotations

from tamsa.synthesis.graph.clauses import relation

PEOPLE = (
    relation("born_on", "person", "", """
        {S} was born[ in {n}][,] [on ]{W}
        {S} was born [at {n} ]on {W}
        {S} came into the world on {W}
        {S's} [date of] birth (was|is|fell) [recorded ][on ]{W}
        [The ]date of birth of {s} (is|was) {W}
        [The ]date of {S's} birth is [given as ][recorded as ]{W}
        [The ]birth of {s} (fell|was registered|is recorded) on {W}
        {s}: born {W}
        [For ]{s}[,] the date of birth [is ]given [is|as] {W}
        ^Born [in {n} ]on {W}, {s}
        ^Born {W}[ in {n}], {s}
    """),
    relation("born_in", "person", "place|building", """
        {S} was born[,] [on {w} |{w} ][and (raised|grew up|educated|brought up) ](in|at|near) {V}
        {S} was born[,] (on|in) {w}[,] (in|at) {V}
        {S} was born and spent the first years [of childhood] in {V}
        {S} was a native of {V}
        {S} is a native of {V}
        {S} hailed from {V}
        {S} hails from {V}
        {S} came from {V}
        {S's} (birthplace|place of birth|hometown|home town) (was|is) {V}
        [The ](birthplace|place of birth) of {s} (was|is) {V}
        {V} (was|is) the birthplace of {s}
        {v} (was|is) the birthplace of {s}
        {v} was the place where {s} was born
        [The ]family lived in {V} when {s} was born
        Among (those|people) born in {V} (is|are|was) {s}
        {v} counts {s} among its natives
        It was in {V} that {s} was born
        ^Born [on {w} ](in|at|near) {V}[ on {w}], {s}
    """),
    relation("died_on", "person", "", """
        {S} died[ suddenly| peacefully][ (in|at|near) {n}][ after a [short ][long ]illness][,] [on ]{W}
        {S} died [of {t} |from {t} ][(in|at) {n} ](on|in) {W}
        {S} passed away [(in|at) {n} ][on ]{W}
        {S's} death (came|occurred|fell|was recorded) on {W}
        [The ]date of death of {s} (is|was) {W}
        Death came to {s} on {W}
        {S} was killed [in action ][(in|at|near) {n} ]on {W}
    """),
    relation("died_in", "person", "place|building", """
        {S} died [suddenly |peacefully ][at home |at {t} ][of {t} |from {t} ][on {w} ](in|at|near) {V}
        {S} passed away [on {w} ](in|at) {V}
        {S} spent the last years of life in {V}
        {S's} death took place (in|at) {V}
        {S's} place of death was {V}
        [The ]death of {s} took place (in|at) {V}
        It was in {V} that {s} died
        {v} is where {s} died
        {S} was killed in action (in|at|near) {V}
    """),
    relation("buried_at", "person", "building|place", """
        {S} (was|is|lies) (buried|interred|entombed) (at|in) {V}
        {s+} (are|were) buried (at|in) {V}
        {S} was laid to rest (at|in) {V}
        {S's} (grave|tomb) (is|lies) [to be found ](at|in) {V}
        [The ](grave|tomb) of {s} (can be seen|is found|is|lies) (at|in) {V}
        {v} holds the grave of {s}
        [A ]plain stone at {V} marks the grave of {s}
    """),
    relation("citizen_of", "person", "place", """
        {S} (was|is) a (citizen|national|subject) of {V}
        {S} held the citizenship of {V}
        {S's} citizenship (was|is) that of {V}
    """),
    relation("occupation", "person", "", """
        {S} (was|is) an? {T} by (profession|trade|occupation)
        {S} worked as an? {T}
        {S} made a living as an? {T}
        {S's} (profession|occupation|trade) was that of an? {T}
    """),
    relation("studied_at", "person", "organization|building", """
        {S} (studied|graduated) [{t} ][law |medicine ](at|from) {V}
        {S} (took|received|earned|completed|obtained|holds) (a|an|his|her) [{n} ][{t} ](degree|doctorate|diploma|education) [in {t} ](at|from) {V}
        {S} received (an|his|her) education at {V}
        {S} was educated at {V}
        {S} was sent to {V} at the age of {t}
        {S} was a student (of|at) {V}
        {S} attended {V}
        {s+} (studied|were educated) at {V}
        {S} enrolled (at|in) {V}
        {S} is an (alumnus|alumna|graduate) of {V}
        {S} was an (alumnus|alumna|graduate) of {V}
        Among the alumni of {V} (is|are) {s}
        {v} counts {s} among its (students|alumni)
    """),
    relation("student_of", "person", "person", """
        {S} was a (pupil|student|disciple) of {V}
        {S} learned the trade from {V}
        {S's} teacher was {V}
        {S} was taught by {V}
        {S} was apprenticed to {V}
        {S} (studied|trained|apprenticed) under {V}
        [The ]chief influence on {s} was (his|her) teacher, {V}
        {v} taught {s+}
        {v} was the teacher of {s}
        {v} took {s} as a pupil
        {V's} pupils included {s}
    """),
    relation("father", "person", "person", """
        {S's} father (was|is) {V}
        [The ]father of {s} was {V}
        {S} was brought up by (his|her) father, {V}
        {v} was the father of {s+}
        {S} was the son of {V}
    """),
    relation("mother", "person", "person", """
        {S's} mother (was|is) {V}
        [The ]mother of {s} was {V}
        {S} was born to {V}
        {S} was brought up by (his|her) mother, {V}
        {v} was the mother of {s+}
        {v} gave birth to {s+}
    """),
    relation("child_of", "person", "person", """
        {S} (was|is) (a|the) (child|daughter|son) of {V}
        {V's} children included {s}
        {v} had a child, {s}
    """),
    relation("spouse", "person", "person", """
        {S} married {V}
        {S} (was|is|has been) married to {V}
        {S's} (marriage to|wedding with) {V} (took place|was held|ended)
        {s} and {v} were married
        {S's} (wife|husband|spouse) (was|is) {V}
    """),
    relation("sibling", "person", "person", """
        {S} (is|was) the [younger |elder |older |twin ](brother|sister) of {V}
        {S's} [younger |elder |older |twin ](brother|sister) (is|was) {V}
    """),
    relation("worked_for", "person", "organization|building|work", """
        {S} worked [for many years ](for|at) {V}
        {S} was employed [for many years ]by {V}
        {S} found a post (with|at) {V}
        {S} entered the service of {V}
        {S} spent part of a working life with {V}
        For some years {s} was on the payroll of {V}
        {v} gave a post to {s}
        Among those who worked for {V} was {s}
    """),
    relation("member_of", "person|organization", "organization", """
        {S} (is|was|has been|became) a [founding |former |lifelong ]member of [the ]{V}
        {S} joined {V}
        {S} (is|was) a co-founder and [former ]member of {V}
    """),
    relation("plays_for", "person", "organization", """
        {S} [currently ](plays|played) [{t} ][as an? {t} ][professionally ]for {V+}
        {S} (plays|played) [as an? {t} ]for {V+}
        {S} (is|was) (under contract|on the books) (with|of) {V}
    """),
    relation("position", "person", "", """
        {S} (plays|played) as an? {T}
        {S} (plays|played) the position of {T}
    """),
    relation("coach_of", "person", "organization", """
        {S} (is|was) the [current |former ]head coach (of|for|at) {V}
    """),
    relation("mayor", "place", "person", """
        [The ]mayor of {s} (is|was) {V}
        {S} has been led by its mayor, {V}
        {v} (became|is|was|has been) mayor of {s}
        {v} was elected mayor of {s}
        {v} won the mayoral election in {s}
        {v} has held the office of mayor since
        {v} became mayor of {s}
    """, "place"),
    relation("head_of_state", "place", "person", """
        {v} was [the ]head of state of {s}
        {S} was governed by {V}
        {v} (led|governed) {s} (from|between)
        {v} held the highest office of {s}
    """),
    relation("real_name", "person", "", """
        {S's} (real|birth) name (was|is) {A}
    """),
)  # fmt: skip

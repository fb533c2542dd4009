"""Sayings of people."""

from tamsa.synthesis.wording.saying import say

PEOPLE = (
    say(
        "born_on", "date",
        """the [date of birth|birth date] of {X}
        [{X's} date of birth|{X's} birthday]
        the [day|date] on which {X} was born""",
        """When was {X} born?
        [On what date|On which day] was {X} born?""",
        """[when|on what date|on which day] {X} was born""",
        """was born on {X}""",
        events="{X} was born",
        happenings="""the birth of {X}
        {X's} birth""",
        later=("was born later", "was born [earlier|first]"),
    ),
    say(
        "born_in", "place",
        """the birthplace of {X}
        {X's} [birthplace|place of birth]
        the place [where|in which] {X} was born
        the place of birth of {X}""",
        """Where was {X} born?
        In [which|what] place was {X} born?
        Where does {X} come from originally?""",
        """where {X} was born
        in which place {X} was born""",
        """was born in {X}
        [is a native of|comes from] {X}""",
    ),
    say(
        "died_on", "date",
        """the date of death of {X}
        {X's} date of death
        the [day|date] on which {X} died""",
        """When did {X} die?
        [On what date|On which day] did {X} die?""",
        """[when|on what date|on which day] {X} died""",
        """died on {X}""",
        events="{X} died",
        happenings="""the death of {X}
        {X's} death""",
        later=("died later", "died [earlier|first]"),
    ),
    say(
        "died_in", "place",
        """the place [where|in which] {X} died
        [{X's} place of death|the place of death of {X}]
        the place of {X's} death""",
        """Where did {X} die?
        In [which|what] place did {X} die?""",
        """where {X} died
        in which place {X} died""",
        """died in {X}""",
    ),
    say(
        "buried_at", "place",
        """the [burial place|resting place] of {X}
        the place where {X} [is|lies] buried
        {X's} burial place""",
        """Where is {X} buried?
        Where does the grave of {X} lie?
        What is the burial place of {X}?""",
        """where {X} [is|lies] buried
        where the grave of {X} is""",
        """is buried in {X}""",
    ),
    say(
        "occupation", "text",
        """the [occupation|profession] of {X}
        {X's} [occupation|profession]""",
        """What was {X's} [occupation|profession]?
        What did {X} do for a living?""",
        """what {X} did for a living
        what the [occupation|profession] of {X} was""",
        """worked as {AX}""",
    ),
    say(
        "nationality", "text",
        """the nationality of {X}
        {X's} nationality""",
        """What is the nationality of {X}?
        What nationality is {X}?""",
        """what nationality {X} is
        what the nationality of {X} is""",
    ),
    say(
        "citizen_of", "place",
        """the country of which {X} [is|was] a citizen
        the country of {X}
        {X's} [country|homeland]""",
        """Of which country was {X} a citizen?
        What was the country of {X}?
        Which country did {X} come from?""",
        """which country {X} came from
        of which country {X} was a citizen""",
        """was a citizen of {X}""",
    ),
    say(
        "studied_at", "organisation",
        """the [school|institution] [attended by {X}|at which {X} studied|where {X} was educated]
        the alma mater of {X}
        {X's} alma mater""",
        """Where did {X} study?
        At which [school|institution] did {X} study?
        Where was {X} educated?""",
        """where {X} [studied|was educated]
        at which institution {X} studied""",
        """studied at {X}
        was educated at {X}""",
    ),
    say(
        "student_of", "person",
        """the teacher of {X}
        {X's} teacher
        the person who taught {X}
        the person under whom {X} studied""",
        """Who taught {X}?
        Who was the teacher of {X}?
        Under whom did {X} study?
        Whose pupil was {X}?""",
        """who taught {X}
        whose pupil {X} was
        under whom {X} studied""",
        """[was taught by|studied under] {X}
        was a pupil of {X}""",
    ),
    say(
        "spouse", "person",
        """the [spouse|husband or wife] of {X}
        {X's} spouse
        the person [who married {X}|to whom {X} was married]""",
        """Who was {X} married to?
        To whom was {X} married?
        Who was the spouse of {X}?
        Whom did {X} marry?""",
        """who {X} was married to
        to whom {X} was married
        whom {X} married""",
        """[was married to|married] {X}""",
    ),
    say(
        "father", "person",
        """the father of {X}
        {X's} father
        the man whose child {X} was""",
        """Who was the father of {X}?
        Who was {X's} father?
        Which man was the father of {X}?""",
        """who {X's} father was
        who the father of {X} was
        which man was the father of {X}""",
        """was a child of {X}""",
    ),
    say(
        "mother", "person",
        """the mother of {X}
        {X's} mother""",
        """Who was the mother of {X}?
        Who was {X's} mother?""",
        """who {X's} mother was
        who the mother of {X} was""",
        """was a child of {X}""",
    ),
    say(
        "child", "person",
        """the child of {X}
        {X's} child""",
        """Who was the child of {X}?
        Who was {X's} child?""",
        """who {X's} child was""",
        """was a parent of {X}""",
        single=False,
    ),
    say(
        "sibling", "person",
        """the brother or sister of {X}
        {X's} sibling""",
        """Who was a sibling of {X}?""",
        """who {X's} sibling was""",
        """was a [sibling|brother or sister] of {X}""",
        single=False,
    ),
    say(
        "worked_for", "organisation",
        """the employer of {X}
        {X's} employer
        the organisation [for which {X} worked|that employed {X}]""",
        """Who did {X} work for?
        For which organisation did {X} work?
        Who was the employer of {X}?""",
        """who {X} worked for
        which organisation employed {X}""",
        """worked for {X}
        was employed by {X}""",
    ),
    say(
        "plays_for", "organisation",
        """the [club|team] [of {X}|that {X} played for]
        {X's} [club|team]
        the [club|team] for which {X} played""",
        """Which [club|team] did {X} play for?
        For which [club|team] did {X} play?
        What was {X's} [club|team]?""",
        """which [club|team] {X} played for
        for which [club|team] {X} played""",
        """played for {X}""",
    ),
    say(
        "member_of", "organisation",
        """the [organisation|group] of which {X} [is|was] a member
        the [organisation|group] to which {X} [belongs|belonged]""",
        """Of which [organisation|group] was {X} a member?
        What [organisation|group] did {X} belong to?""",
        """which [organisation|group] {X} belonged to""",
        """was a member of {X}
        belonged to {X}""",
    ),
    say(
        "party", "organisation",
        """the [party|political party] of {X}
        {X's} [party|political party]
        the [party|political party] to which {X} belongs""",
        """Which [party|political party] does {X} belong to?
        What is the [party|political party] of {X}?
        Of which [party|political party] is {X} a member?""",
        """which [party|political party] {X} belongs to""",
        """[belongs to|is a member of] {X}""",
    ),
    say(
        "position", "text",
        """the position played by {X}
        {X's} playing position
        the position in which {X} played""",
        """What position did {X} play?
        In which position did {X} play?
        What was {X's} playing position?""",
        """what position {X} played
        in which position {X} played""",
        """played as {AX}""",
    ),
    say(
        "award", "thing",
        """the [award|prize] [won by {X}|given to {X}|that {X} received]""",
        """Which [award|prize] did {X} [win|receive]?""",
        """which [award|prize] {X} [won|received]""",
        """[won|received] {X}""",
        single=False,
    ),
    say(
        "head_of_state", "person",
        """the head of state of {X}""",
        """Who was head of state of {X}?""",
        """who was head of state of {X}""",
        """was governed by {X}
        had {X} as head of state""",
        single=False,
    ),
    say(
        "mayor", "person",
        """the mayor of {X}
        {X's} mayor
        the person who [is|serves as] mayor of {X}""",
        """Who is the mayor of {X}?
        Who [heads|leads] the council of {X}?
        Who holds the office of mayor in {X}?""",
        """who the mayor of {X} is
        who holds the office of mayor in {X}""",
        """has {X} as its mayor""",
    ),
    say(
        "child_of", "person",
        """the parent of {X}
        {X's} [mother or father|parent]""",
        """Who was a parent of {X}?
        Whose child was {X}?""",
        """whose child {X} was""",
        """was a child of {X}""",
        single=False,
    ),
    say(
        "coach_of", "organisation",
        """the team [coached by|whose head coach is] {X}
        {X's} team""",
        """Which team does {X} coach?
        Of which team is {X} the head coach?""",
        """which team {X} coaches""",
        """is head coach of {X}""",
    ),
    say(
        "real_name", "text",
        """the real name of {X}
        {X's} real name
        the name under which {X} was born""",
        """What is {X's} real name?
        What is the real name of {X}?
        Under what name was {X} born?""",
        """what {X's} real name is
        under what name {X} was born""",
    ),
)  # fmt: skip

"""Sayings of organisations, clubs, ships, inventions and languages."""

from tamsa.synthesis.wording.saying import say

ORGANISATIONS = (
    say(
        "founded", "date",
        """the [founding date|date of foundation] of {X}
        the [year|date] [in which|when] {X} was [founded|established]
        the date of the founding of {X}""",
        """When was {X} [founded|established]?
        In [which|what] year was {X} [founded|established]?
        Since when has {X} existed?""",
        """when {X} was [founded|established]
        in [which|what] year {X} was founded""",
        """was founded in {X}
        has existed since {X}""",
        events="{X} was [founded|established]",
        happenings="the [founding|foundation] of {X}",
        later=("was [founded|established] later", "was [founded|established] [earlier|first]"),
    ),
    say(
        "founder", "person",
        """the founder of {X}
        {X's} founder
        the person who [founded|established] {X}""",
        """Who [founded|established] {X}?
        Who was the founder of {X}?
        By whom was {X} founded?""",
        """who [founded|established] {X}
        by whom {X} was founded""",
        """was [founded|established] by {X}""",
    ),
    say(
        "headquarters", "place",
        """the headquarters of {X}
        the [place|town or city] in which {X} has its [headquarters|head office]
        the place where {X} [is based|has its headquarters]
        the town or city that is home to {X}
        {X's} headquarters""",
        """Where is {X} based?
        Where does {X} have its headquarters?
        In [which|what] place is the head office of {X}?""",
        """where {X} [is based|has its headquarters]
        where the head office of {X} is""",
        """is based in {X}
        has its headquarters in {X}""",
    ),
    say(
        "owner", "organisation",
        """the owner of {X}
        {X's} owner""",
        """Who owns {X}?
        Who is the owner of {X}?
        To whom does {X} belong?""",
        """who owns {X}
        to whom {X} belongs""",
        """is owned by {X}
        belongs to {X}""",
    ),
    say(
        "parent", "organisation",
        """the parent [company|organisation] of {X}
        the [company|organisation] to which {X} belongs""",
        """What is the parent [company|organisation] of {X}?
        Of which [company|organisation] is {X} a part?""",
        """which [company|organisation] {X} belongs to""",
        """is a subsidiary of {X}""",
    ),
    say(
        "operator", "organisation",
        """the operator of {X}
        {X's} operator
        the [company|body] that [operates|runs] {X}""",
        """Who [operates|runs] {X}?
        Who is the operator of {X}?
        By whom is {X} operated?""",
        """who [operates|runs] {X}
        by whom {X} is operated""",
        """is [operated|run] by {X}""",
    ),
    say(
        "industry", "text",
        """the [business|industry] of {X}""",
        """In which [business|industry] is {X} active?
        What business is {X} in?""",
        """what business {X} is in""",
        """is active in {X}""",
    ),
    say(
        "acquired_by", "organisation",
        """the company that [took over|bought|acquired] {X}
        the [buyer|acquirer] of {X}""",
        """Which company [took over|bought|acquired] {X}?
        By which company was {X} [bought|taken over]?""",
        """which company [took over|bought|acquired] {X}""",
        """was [taken over|bought|acquired] by {X}""",
    ),
    say(
        "led_by", "person",
        """the [head|leader] of {X}
        the person [in charge of|at the head of] {X}""",
        """Who [leads|heads] {X}?
        Who is [the head of|in charge of] {X}?""",
        """who [leads|heads|is in charge of] {X}""",
        """is [led|headed] by {X}""",
    ),
    say(
        "ground", "place",
        """the home [ground|stadium] of {X}
        {X's} home [ground|stadium]
        the [ground|stadium] where {X} plays its home matches""",
        """Where does {X} play its home [games|matches]?
        What is the home [ground|stadium] of {X}?
        At which [ground|stadium] does {X} play?""",
        """where {X} plays its home [games|matches]""",
        """plays its home matches at {X}""",
    ),
    say(
        "league", "organisation",
        """the [league|competition] in which {X} plays""",
        """In which [league|competition] does {X} [play|compete]?""",
        """in which [league|competition] {X} [plays|competes]""",
        """[plays|competes] in {X}""",
    ),
    say(
        "colours", "text",
        """the colours of {X}
        {X's} colours""",
        """What are the colours of {X}?
        In which colours does {X} play?""",
        """what colours {X} plays in""",
        """plays in {X}""",
    ),
    say(
        "established_by", "organisation",
        """the [body|institution] that [gives|awards] {X}
        the giver of {X}""",
        """Which [body|institution] [gives|awards] {X}?
        By whom is {X} [given|awarded]?""",
        """which [body|institution] [gives|awards] {X}""",
        """is [given|awarded] by {X}""",
    ),
    say(
        "named_after", "thing",
        """the namesake of {X}
        {X's} namesake""",
        """After whom or what is {X} named?
        Whose name does {X} bear?
        Where does {X} get its name from?""",
        """after whom or what {X} is named
        whose name {X} bears""",
        """is named after {X}
        bears the name of {X}""",
    ),
    say(
        "shipbuilder", "organisation",
        """the builder of {X}
        {X's} builder
        the [company|shipyard] that built {X}""",
        """[Who|Which shipyard] built {X}?
        By which [company|shipyard] was {X} built?
        Who was the builder of {X}?""",
        """[who|which shipyard] built {X}""",
        """was built by {X}""",
    ),
    say(
        "launched", "date",
        """the launch date of {X}
        the [date|day] [on which|when] {X} was launched""",
        """When was {X} launched?
        [Just when|On what date] was {X} launched?""",
        """when {X} was launched""",
        """was launched in {X}""",
        events="{X} was launched",
        happenings="the launch of {X}",
        later=("was launched [later|more recently]", "was launched [earlier|first]"),
    ),
    say(
        "commissioned", "date",
        """the date [when|on which] {X} was commissioned""",
        """When was {X} commissioned?
        When did {X} enter service?""",
        """when {X} was commissioned""",
        """was commissioned in {X}""",
        events="{X} was commissioned",
        happenings="the commissioning of {X}",
        later=("was commissioned later", "was commissioned [earlier|first]"),
    ),
    say(
        "captain", "person",
        """the captain of {X}
        {X's} captain
        the person who commanded {X}""",
        """Who was the captain of {X}?
        Who commanded {X}?
        Under which captain did {X} sail?""",
        """who commanded {X}
        under which captain {X} sailed""",
        """[was commanded by|sailed under] {X}""",
    ),
    say(
        "tonnage", "number",
        """the tonnage of {X}
        {X's} tonnage""",
        """What was the tonnage of {X}?
        How many tons did {X} measure?""",
        """how many tons {X} measured""",
        """measured {X}""",
        later=("was larger by tonnage", "was smaller by tonnage"),
    ),
    say(
        "home_port", "place",
        """the home port of {X}
        {X's} home port
        the port [from which {X} sailed|where {X} was registered]""",
        """What was the home port of {X}?
        At which port was {X} registered?
        From which port did {X} sail?""",
        """which port {X} sailed from
        at which port {X} was registered""",
        """was registered at {X}""",
    ),
    say(
        "inventor", "person",
        """the inventor of {X}
        {X's} inventor
        the person who invented {X}""",
        """Who invented {X}?
        Who was the inventor of {X}?
        Whose invention is {X}?""",
        """who invented {X}
        whose invention {X} is""",
        """was invented by {X}""",
    ),
    say(
        "invented", "date",
        """the year in which {X} was invented
        the year of {X's} invention""",
        """When was {X} invented?
        In [which|what] year was {X} invented?""",
        """when {X} was invented""",
        """was invented in {X}""",
        events="{X} was invented",
        happenings="the invention of {X}",
        later=("was invented later", "was invented [earlier|first]"),
    ),
    say(
        "manufacturer", "organisation",
        """the [manufacturer|maker] of {X}
        {X's} manufacturer
        the company that [manufactured|made|built] {X}""",
        """Who [manufactured|made] {X}?
        Which company [manufactured|made] {X}?
        By which company was {X} manufactured?""",
        """who [manufactured|made] {X}
        which company [manufactured|made] {X}""",
        """was [manufactured|made] by {X}""",
    ),
    say(
        "dissolved", "date",
        """the date [when|on which] {X} was dissolved
        the end of {X}""",
        """When was {X} dissolved?
        When did {X} cease to exist?""",
        """when {X} [was dissolved|ceased to exist]""",
        """was dissolved in {X}""",
        events="{X} was dissolved",
        happenings="the end of {X}",
        later=("was dissolved later", "was dissolved [earlier|first]"),
    ),
    say(
        "spoken_in", "place",
        """the [region|place] where {X} is spoken""",
        """Where is {X} spoken?
        In which [region|place] is {X} spoken?""",
        """where {X} is spoken""",
        """is spoken in {X}""",
    ),
    say(
        "script", "text",
        """the script [of {X}|in which {X} is written]""",
        """In which script is {X} written?
        What script does {X} use?""",
        """in which script {X} is written""",
        """is written in {X}""",
    ),
    say(
        "speakers", "number",
        """the number of speakers of {X}
        {X's} number of speakers""",
        """How many speakers does {X} have?
        How many people speak {X}?""",
        """how many people speak {X}
        how many speakers {X} has""",
        """has {X}""",
        later=("has more speakers", "has fewer speakers"),
    ),
    say(
        "grammar_by", "person",
        """the [author|writer] of the first grammar of {X}
        the person who wrote the first grammar of {X}""",
        """Who wrote the first grammar of {X}?
        Who is the author of the first grammar of {X}?""",
        """who wrote the first grammar of {X}""",
        """was first described in a grammar by {X}""",
    ),
    say(
        "subsidiary_of", "organisation",
        """the parent company of {X}
        {X's} parent company
        the company that owns {X}""",
        """What is the parent company of {X}?
        Of which company is {X} a subsidiary?
        Which company owns {X}?""",
        """which company owns {X}
        of which company {X} is a subsidiary""",
        """is a subsidiary of {X}""",
    ),
    say(
        "plays_in", "organisation",
        """the [league|competition] in which {X} plays""",
        """In which [league|competition] does {X} play?
        What [league|competition] does {X} play in?""",
        """which [league|competition] {X} plays in""",
        """plays in {X}""",
    ),
    say(
        "organizer", "organisation",
        """the organiser of {X}
        {X's} organiser
        the body that organises {X}""",
        """Who organises {X}?
        Which body organises {X}?
        By whom is {X} organised?""",
        """who organises {X}""",
        """is organised by {X}""",
    ),
    say(
        "builder", "organisation",
        """the builder of {X}
        the [company|person] that built {X}""",
        """Who built {X}?
        By whom was {X} built?
        Who was the builder of {X}?""",
        """who built {X}
        by whom {X} was built""",
        """was built by {X}""",
    ),
    say(
        "tenant", "organisation",
        """the team that plays [at|in] {X}""",
        """Which team plays its home games at {X}?
        Who plays at {X}?""",
        """which team plays at {X}""",
        """is home to {X}""",
        single=False,
    ),
    say(
        "sponsor", "organisation",
        """the sponsor of {X}
        {X's} sponsor
        the [company|organisation] that sponsors {X}""",
        """Who sponsors {X}?
        Which [company|organisation] sponsors {X}?
        By whom is {X} sponsored?""",
        """who sponsors {X}
        by whom {X} is sponsored""",
        """is sponsored by {X}""",
    ),
)  # fmt: skip

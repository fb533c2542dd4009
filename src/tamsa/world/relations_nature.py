"""Relations of species, minerals, battles, expeditions and treaties."""

from tamsa.world.relations import relation

NATURE = (
    relation(
        "scientific_name", "species > text", "Taxonomy", (1, 0, 0),
        s="""{P's} scientific name is {X}
        {P} is known to science as {X}
        The scientific name of {P} is {X}
        In science {P} is called {X}
        {P} stands in the catalogues as {X}""",
        np="the scientific name of {X}",
        q="""What is the scientific name of {X}?
        How is {X} known to science?""",
    ),
    relation(
        "described_by", "species > person", "Taxonomy", (4, 2, 4),
        s="""{P} was first described by {X} in {y}
        The first description of {P} is that of {X}, from {y}
        {X} described {P} in {y}
        In {y} {X} gave the first description of {P}
        {P} was made known by {X} in {y}""",
        o="""{P} described {X} in {y}
        In {y} {P} gave the first description of {X}
        {X} was first described by {P} in {y}
        The first description of {X} is that of {P}, from {y}
        {P} made {X} known to science in {y}""",
        np="""the naturalist who described {X}
        the person who first described {X}""",
        q="""Who first described {X}?
        Who gave the first description of {X}?""",
    ),
    relation(
        "found_in", "species > region", "Distribution", (6, 1, 3),
        s="""{P} lives in {X}
        {P} is found only in {X}
        {P's} range is limited to {X}
        {P} occurs in {X}
        The home of {P} is {X}""",
        o="""{X} lives in {P}
        {X} is found only in {P}
        {P} is the home of {X}
        {X} occurs in {P}
        The wildlife of {P} includes {X}""",
        np="""the region where {X} lives
        the home region of {X}""",
        q="""In which region is {X} found?
        In which region does {X} live?""",
    ),
    relation(
        "diet", "species > text", "Behaviour", (1, 0, 0),
        s="""{P} feeds on {X}
        {P} lives on {X}
        {P's} food consists of {X}
        The diet of {P} is made up of {X}
        {P} eats mainly {X}""",
        np="the food of {X}",
        q="""What does {X} feed on?
        What does {X} eat?""",
    ),
    relation(
        "national_animal", "country > species", "Culture", (3, 2, 4),
        s="""{P's} national animal is {X}
        The national animal of {P} is {X}
        {P} chose {X} as its national animal
        {P} shows {X} on its coins as the national animal
        The arms of {P} show its national animal, {X}""",
        o="""{P} is the national animal of {X}
        {X} chose {P} as its national animal
        {P} appears in the arms of {X} as the national animal
        The national animal of {X} is {P}
        {X} has made {P} its national animal""",
        np="the national animal of {X}",
        q="""What is the national animal of {X}?
        Which species is the national animal of {X}?""",
        inp="the country whose national animal is {X}",
        iq="""Of which country is {X} the national animal?
        Which country chose {X} as its national animal?""",
    ),
    relation(
        "discovered_by", "mineral > person", "Discovery", (4, 2, 4),
        s="""{P} was discovered by {X}
        The discoverer of {P} was {X}
        {X} discovered {P}
        {P} was found by {X}
        The discovery of {P} is owed to {X}""",
        o="""{P} discovered {X}
        {X} was discovered by {P}
        {P} was the discoverer of {X}
        The discovery of {X} is owed to {P}
        {P's} discoveries include {X}""",
        np="""the discoverer of {X}
        the person who discovered {X}""",
        q="""Who discovered {X}?
        Who was the discoverer of {X}?""",
    ),
    relation(
        "discovered", "mineral > year", "Discovery", (1, 0, 0),
        s="""{P} was discovered in {X}
        {P} has been known since {X}
        In {X} {P} was discovered
        The discovery of {P} dates from {X}
        {P} was first recognised as a mineral in {X}""",
        np="the year in which {X} was discovered",
        q="""In which year was {X} discovered?
        When was {X} discovered?""",
    ),
    relation(
        "type_locality", "mineral > mountain", "Occurrence", (5, 2, 3),
        s="""{P's} type locality is {X}
        {P} was first found on {X}
        The type locality of {P} is {X}
        The first specimens of {P} came from {X}
        {P} takes {X} as its type locality""",
        o="""{P} is the type locality of {X}
        {X} was first found on {P}
        The type locality of {X} is {P}
        The first specimens of {X} came from {P}
        {P} is known to collectors as the type locality of {X}""",
        np="""the type locality of {X}
        the mountain on which {X} was first found""",
        q="""What is the type locality of {X}?
        On which mountain was {X} first found?""",
    ),
    relation(
        "colour", "mineral > text", "Properties", (1, 0, 0),
        s="""{P} is {X} in colour
        {P's} colour is {X}
        The colour of {P} is {X}
        Crystals of {P} are {X}
        Good specimens of {P} are {X}""",
        np="the colour of {X}",
        q="""What is the colour of {X}?
        What colour is {X}?""",
    ),
    relation(
        "fought_near", "battle > town", "Battle", (5, 2, 3),
        s="""{P} was fought near {X}
        {P} took place outside {X}
        {P} was fought on the fields before {X}
        The scene of {P} was the country around {X}
        The armies met near {X}""",
        o="""{X} was fought near {P}
        {X} took place outside {P}
        {X} was fought on the fields before {P}
        The country around {P} was the scene of {X}
        The fields of {P} saw {X}""",
        np="""the town near which {X} was fought
        the town nearest to the field of {X}""",
        q="""Near which town was {X} fought?
        Where did {X} take place?""",
    ),
    relation(
        "fought_on", "battle > date", "Battle", (1, 0, 0),
        s="""{P} was fought on {X}
        {P} took place on {X}
        The date of {P} is {X}
        The day of {P} was {X}
        {P} began and ended on {X}""",
        np="the date of {X}",
        q="""On what date was {X} fought?
        When did {X} take place?
        What is the date of {X}?""",
    ),
    relation(
        "victor", "battle > person", "Battle", (4, 2, 3),
        s="""{P} was won by {X}
        {P} ended in a victory for {X}
        {X} commanded the victors
        The victorious commander was {X}
        {P} is counted as the victory of {X}""",
        o="""{P} won {X}
        {P} commanded the victors in {X}
        {X} ended in a victory for {P}
        {P} was the victorious commander of {X}
        {P's} victories include {X}""",
        np="""the victorious commander of {X}
        the commander who won {X}""",
        q="""Which commander won {X}?
        Who was the victorious commander of {X}?""",
    ),
    relation(
        "defeated", "battle > person", "Battle", (4, 2, 3),
        s="""{P} was lost by {X}
        {X} commanded the defeated side
        {X} was defeated in {P}
        The defeated commander was {X}
        {P} ended the hopes of {X}, who commanded the defeated side""",
        o="""{P} was defeated in {X}
        {P} commanded the defeated side in {X}
        {X} was lost by {P}
        {P} lost {X}
        {X} ended the hopes of {P}, who commanded the defeated side""",
        np="the defeated commander of {X}",
        q="""Which commander was defeated in {X}?
        Who commanded the defeated side in {X}?""",
    ),
    relation(
        "ended_by", "battle > treaty", "Aftermath", (4, 2, 3),
        s="""{P} led to {X}
        {P} was followed by {X}, which ended the war
        The peace after {P} was sealed by {X}
        {X} ended the war in which {P} was fought
        {P} opened the way to {X}""",
        o="""{P} followed on {X}
        {P} ended the war in which {X} was fought
        {X} led to {P}
        {P} sealed the peace after {X}
        {X} opened the way to {P}""",
        np="""the treaty that followed {X}
        the treaty to which {X} led""",
        q="""Which treaty followed {X}?
        To which treaty did {X} lead?""",
        inp="the battle that led to {X}",
        iq="""Which battle led to {X}?
        Which battle was followed by {X}?""",
    ),
    relation(
        "signed_in", "treaty > town", "Signing", (5, 2, 3),
        s="""{P} was signed in {X}
        {P} was concluded at {X}
        The signing of {P} took place in {X}
        The delegates put their names to {P} in {X}
        {P} was drawn up and signed in {X}""",
        o="""{X} was signed in {P}
        {X} was concluded at {P}
        {P} is where {X} was signed
        The signing of {X} took place in {P}
        The delegates put their names to {X} in {P}""",
        np="""the town where {X} was signed
        the place of signature of {X}""",
        q="""Where was {X} signed?
        In which town was {X} signed?""",
    ),
    relation(
        "signed_on", "treaty > date", "Signing", (1, 0, 0),
        s="""{P} was signed on {X}
        {P} bears the date {X}
        The date of {P} is {X}
        {P} was sealed on {X}
        The signing of {P} took place on {X}""",
        np="the date on which {X} was signed",
        q="""On what date was {X} signed?
        When was {X} signed?""",
    ),
    relation(
        "negotiator", "treaty > person", "Negotiation", (4, 3, 3),
        s="""{P} was negotiated by {X}
        The chief negotiator of {P} was {X}
        {X} negotiated {P}
        {P} is the work of the negotiator {X}
        The talks were led by {X}""",
        o="""{P} negotiated {X}
        {P} was the chief negotiator of {X}
        {X} was negotiated by {P}
        {P} led the talks for {X}
        {P} led the talks that ended in {X}""",
        np="""the chief negotiator of {X}
        the person who negotiated {X}""",
        q="""Who negotiated {X}?
        Who was the chief negotiator of {X}?""",
    ),
    relation(
        "leader", "expedition > person", "Preparation", (5, 2, 4),
        s="""{P} was led by {X}
        The leader of {P} was {X}
        {X} led {P}
        {P} went out under {X}
        The command of {P} was in the hands of {X}""",
        o="""{P} led {X}
        {P} was the leader of {X}
        {X} was led by {P}
        {X} went out under {P}
        {P} had the command of {X}""",
        np="the leader of {X}",
        q="""Who led {X}?
        Who was the leader of {X}?""",
    ),
    relation(
        "set_out", "expedition > year", "Journey", (1, 0, 0),
        s="""{P} set out in {X}
        {P} left in the spring of {X}
        In {X} {P} set out
        {P} began in {X}
        The departure of {P} fell in {X}""",
        np="the year in which {X} set out",
        q="""In which year did {X} set out?
        When did {X} begin?""",
    ),
    relation(
        "destination", "expedition > mountain|river", "Journey", (5, 2, 3),
        s="""{P} was to explore {X}
        {P's} goal was {X}
        {P} made for {X}
        The aim of {P} was to map {X}
        {P} was sent to {X}""",
        o="""{X} explored {P}
        {P} was the goal of {X}
        {X} was sent to {P}
        {X} mapped {P}
        {X} made for {P}""",
        np="""the destination of {X}
        the goal of {X}""",
        q="""What was the destination of {X}?
        What did {X} set out to explore?""",
    ),
    relation(
        "sailed_on", "expedition > ship", "Preparation", (4, 2, 3),
        s="""{P} travelled on {X}
        {P} used the ship {X}
        {P's} ship was {X}
        The ship of {P} was {X}
        {P} went aboard {X}""",
        o="""{P} carried {X}
        {X} travelled on {P}
        {P} was the ship of {X}
        {P} was chartered for {X}
        {X} went aboard {P}""",
        np="the ship of {X}",
        q="""On which ship did {X} travel?
        What was the ship of {X}?""",
    ),
    relation(
        "funded_by", "expedition > university|company|newspaper", "Preparation", (4, 3, 2),
        s="""{P} was paid for by {X}
        {P's} costs were met by {X}
        {X} paid for {P}
        {P} was financed by {X}
        The money for {P} came from {X}""",
        o="""{P} paid for {X}
        {X} was paid for by {P}
        {P} financed {X}
        {P} met the costs of {X}
        The money for {X} came from {P}""",
        np="the organisation that paid for {X}",
        q="""Which organisation paid for {X}?
        Who financed {X}?""",
    ),
    relation(
        "theme", "festival > text", "Programme", (1, 0, 0),
        s="""{P} is devoted to {X}
        {P's} theme is {X}
        The theme of {P} is {X}
        {P} celebrates {X}
        At the heart of {P} is {X}""",
        np="the theme of {X}",
        q="""What is the theme of {X}?
        To what is {X} devoted?""",
    ),
)  # fmt: skip

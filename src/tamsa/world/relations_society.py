"""Relations of companies, institutions, clubs, newspapers, ships, inventions and languages."""

from tamsa.world.relations import relation

SOCIETY = (
    relation(
        "founder", "company|university|newspaper|club|festival > person", "History", (4, 2, 4),
        s="""{P} was founded by {X}
        The founder of {P} was {X}
        {X} founded {P}
        {P} owes its existence to {X}, the founder
        {P} was established by {X}
        {P} was set up by {X}""",
        o="""{P} founded {X}
        {P} was the founder of {X}
        {X} was founded by {P}
        {P} established {X}
        {P} set up {X}
        {X} owes its existence to {P}, the founder""",
        np="""the founder of {X}
        the person who founded {X}""",
        q="""Who founded {X}?
        Who was the founder of {X}?
        By whom was {X} founded?""",
    ),
    relation(
        "founded", "company|university|newspaper|club|festival|award > year", "History", (1, 0, 0),
        s="""{P} was founded in {X}
        {P} dates from {X}
        In {X} {P} was founded
        {P} was set up in {X}
        {P} has existed since {X}
        The year of foundation of {P} is {X}""",
        np="the year in which {X} was founded",
        q="""In which year was {X} founded?
        When was {X} founded?
        What is the founding year of {X}?""",
    ),
    relation(
        "headquarters", "company > town", "Location", (6, 1, 3),
        s="""{P} has its headquarters in {X}
        {P} is based in {X}
        {P's} head office is in {X}
        The head office of {P} stands in {X}
        {P} is run from {X}
        The company is at home in {X}""",
        o="""{X} has its headquarters in {P}
        {P} is home to {X}
        {X} is based in {P}
        {P} is the seat of {X}
        {X} is run from {P}
        One of the employers of {P} is {X}, which has its head office there""",
        np="""the town where {X} has its headquarters
        the home town of {X}""",
        q="""Where does {X} have its headquarters?
        In which town is {X} based?
        In which town is the head office of {X}?""",
    ),
    relation(
        "industry", "company > text", "Business", (1, 0, 0),
        s="""{P's} business is {X}
        {P} works in {X}
        {P} is active in {X}
        {P} made its name in {X}
        {P's} field is {X}""",
        np="the business of {X}",
        q="""In which business is {X} active?
        What is the field of {X}?""",
    ),
    relation(
        "acquired_by", "company > company", "History", (3, 3, 2),
        s="""{P} was taken over by {X} in {y}
        In {y} {P} was bought by {X}
        {P} became part of {X} in {y}
        {P} was sold to {X} in {y}
        {P} has belonged to {X} since {y}""",
        o="""{P} took over {X} in {y}
        In {y} {P} bought {X}
        {X} became part of {P} in {y}
        {X} was sold to {P} in {y}
        {X} has belonged to {P} since {y}""",
        np="""the company that took over {X}
        the company that bought {X}""",
        q="""Which company took over {X}?
        By which company was {X} bought?""",
    ),
    relation(
        "led_by", "company|university|newspaper > person", "Leadership", (4, 2, 3),
        s="""{P} is led by {X}
        {P} has been led by {X} since {y}
        In {y} {X} was put in charge of {P}
        {X} took charge of {P} in {y}
        The head of {P} is {X}""",
        o="""{P} leads {X}
        {P} has led {X} since {y}
        In {y} {P} was put in charge of {X}
        {P} took charge of {X} in {y}
        {P} became head of {X} in {y}""",
        np="""the head of {X}
        the person in charge of {X}""",
        q="""Who is the head of {X}?
        Who leads {X}?
        Who took charge of {X}?""",
        inp="the organisation led by {X}",
        iq="""Which organisation is led by {X}?
        Of which organisation is {X} the head?""",
    ),
    relation(
        "located_in", "university|newspaper|club|festival > town", "Location", (6, 1, 3),
        s="""{P} is in {X}
        {P} is at home in {X}
        {P's} home is {X}
        {P} has always been in {X}
        {P} belongs to the town of {X}
        The home of {P} is {X}""",
        o="""{X} is in {P}
        {P} is the home of {X}
        {P} has {X}
        {X} is at home in {P}
        {X} belongs to {P}
        The town is known for {X}""",
        np="""the town that is home to {X}
        the home town of {X}""",
        q="""In which town is {X}?
        Which town is home to {X}?
        What is the home town of {X}?""",
    ),
    relation(
        "ground", "club > building", "Ground", (5, 2, 3),
        s="""{P} plays at {X}
        {P's} home ground is {X}
        {P} has played its home matches at {X} since {y}
        Home matches are held at {X}
        Since {y} the ground of {P} has been {X}""",
        o="""{P} is the home ground of {X}
        {X} plays at {P}
        {X} has played its home matches at {P} since {y}
        {P} is used by {X}
        Since {y} {P} has been the ground of {X}""",
        np="""the home ground of {X}
        the stadium where {X} plays""",
        q="""What is the home ground of {X}?
        At which stadium does {X} play?
        Where does {X} play its home matches?""",
        inp="the club that plays at {X}",
        iq="""Which club plays at {X}?
        Of which club is {X} the home ground?""",
    ),
    relation(
        "colours", "club > text", "Identity", (1, 0, 0),
        s="""{P} plays in {X}
        {P's} colours are {X}
        The colours of {P} are {X}
        The shirts of {P} are {X}
        {P} is known by its colours, {X}""",
        np="the colours of {X}",
        q="""What are the colours of {X}?
        In which colours does {X} play?""",
    ),
    relation(
        "plays_for", "person > club", "Career", (6, 1, 3),
        s="""{P} played for {X}
        {P} spent a career with {X}
        {P} joined {X} as a youth
        {P's} club was {X}
        {P} wore the colours of {X}""",
        o="""{X} played for {P}
        {X} spent a career with {P}
        {X} joined {P} as a youth
        {P's} players included {X}
        {X} wore the colours of {P}""",
        np="""the club of {X}
        the club for which {X} played""",
        q="""For which club did {X} play?
        What was the club of {X}?""",
    ),
    relation(
        "established_by", "award > university|company|newspaper", "History", (4, 2, 3),
        s="""{P} is given by {X}
        {P} is awarded by {X}
        {X} awards {P}
        {P} was established by {X}
        {P} is paid for by {X}""",
        o="""{P} gives the {X}
        The {X} is given by {P}
        {P} awards the {X}
        The {X} was established by {P}
        The {X} is paid for by {P}""",
        np="""the body that gives {X}
        the institution that awards {X}""",
        q="""Which body gives {X}?
        By which institution is {X} awarded?""",
        inp="the award given by {X}",
        iq="""Which award is given by {X}?
        What award does {X} give?""",
    ),
    relation(
        "named_after", "award|ship|species|mineral|building|bridge > person", "Name", (4, 2, 3),
        s="""{P} is named after {X}
        {P} bears the name of {X}
        {P} takes its name from {X}
        {P's} name honours {X}
        The name of {P} recalls {X}""",
        o="""{X} is named after {P}
        {X} bears {P's} name
        {X} takes its name from {P}
        {P} gave a name to {X}
        The name of {X} recalls {P}""",
        np="""the person after whom {X} is named
        the namesake of {X}""",
        q="""After whom is {X} named?
        Whose name does {X} bear?
        Who gave a name to {X}?""",
    ),
    relation(
        "shipbuilder", "ship > company", "Construction", (5, 2, 3),
        s="""{P} was built by {X}
        {P} was laid down at the yard of {X}
        {P's} builder was {X}
        {X} built {P}
        {P} came from the slipways of {X}""",
        o="""{P} built {X}
        {X} was built by {P}
        {P's} ships include {X}
        {X} was laid down at the yard of {P}
        {X} came from the slipways of {P}""",
        np="""the builder of {X}
        the company that built {X}""",
        q="""Which company built {X}?
        By which shipyard was {X} built?
        Who was the builder of {X}?""",
    ),
    relation(
        "launched", "ship > year", "Construction", (1, 0, 0),
        s="""{P} was launched in {X}
        {P} went down the slipway in {X}
        In {X} {P} was launched
        {P} took to the water in {X}
        The launch of {P} took place in {X}""",
        np="the year in which {X} was launched",
        q="""In which year was {X} launched?
        When was {X} launched?
        What is the year of launch of {X}?""",
    ),
    relation(
        "captain", "ship > person", "Service", (4, 3, 2),
        s="""{P} sailed under {X}
        {P's} captain was {X}
        {X} was captain of {P}
        {P} was commanded by {X}
        The command of {P} was given to {X} in {y}""",
        o="""{P} was captain of {X}
        {P} commanded {X}
        {X} sailed under {P}
        {P} was given the command of {X} in {y}
        In {y} {P} took command of {X}""",
        np="""the captain of {X}
        the person who commanded {X}""",
        q="""Who was the captain of {X}?
        Who commanded {X}?
        Under which captain did {X} sail?""",
        inp="the ship commanded by {X}",
        iq="""Which ship did {X} command?
        Of which ship was {X} the captain?""",
    ),
    relation(
        "tonnage", "ship > number", "Dimensions", (1, 0, 0), unit="tons",
        s="""{P} measured {X} tons
        {P} was a vessel of {X} tons
        {P's} tonnage was {X}
        The tonnage of {P} came to {X}
        {P} was entered in the register at {X} tons""",
        np="the tonnage of {X}",
        q="""What was the tonnage of {X}?
        How many tons did {X} measure?""",
    ),
    relation(
        "home_port", "ship > town", "Service", (5, 2, 3),
        s="""{P's} home port was {X}
        {P} was registered at {X}
        {P} sailed from {X}
        The home port of {P} was {X}
        Between voyages {P} lay at {X}, its home port""",
        o="""{P} was the home port of {X}
        {X} was registered at {P}
        {X} sailed from {P}
        The home port of {X} was {P}
        The harbour of {P} was home to {X}""",
        np="the home port of {X}",
        q="""What was the home port of {X}?
        At which port was {X} registered?""",
    ),
    relation(
        "inventor", "invention > person", "History", (4, 2, 4),
        s="""{P} was invented by {X}
        The inventor of {P} was {X}
        {X} invented {P}
        {P} is an invention of {X}
        {P} was first built by {X}, its inventor""",
        o="""{P} invented {X}
        {X} is an invention of {P}
        {P} was the inventor of {X}
        {X} was invented by {P}
        {P's} inventions include {X}""",
        np="""the inventor of {X}
        the person who invented {X}""",
        q="""Who invented {X}?
        Who was the inventor of {X}?
        Whose invention is {X}?""",
    ),
    relation(
        "invented", "invention > year", "History", (1, 0, 0),
        s="""{P} was invented in {X}
        {P} dates from {X}
        In {X} {P} was first shown
        {P} was first built in {X}
        The first example of {P} was finished in {X}""",
        np="the year in which {X} was invented",
        q="""In which year was {X} invented?
        When was {X} first built?""",
    ),
    relation(
        "manufacturer", "invention > company", "Production", (5, 2, 3),
        s="""{P} was manufactured by {X}
        {P} went into production at {X}
        {X} manufactured {P}
        {P's} manufacturer was {X}
        {P} was made in series by {X}""",
        o="""{P} manufactured {X}
        {X} was manufactured by {P}
        {P's} products include {X}
        {X} went into production at {P}
        {X} was made in series by {P}""",
        np="""the manufacturer of {X}
        the company that manufactured {X}""",
        q="""Which company manufactured {X}?
        By which company was {X} manufactured?""",
    ),
    relation(
        "spoken_in", "language > region", "Speakers", (5, 1, 3),
        s="""{P} is spoken in {X}
        {P's} heartland is {X}
        Most speakers of {P} live in {X}
        {P} has its home in {X}
        The homeland of {P} is {X}""",
        o="""{X} is spoken in {P}
        {P} is the heartland of {X}
        Most speakers of {X} live in {P}
        {X} has its home in {P}
        {P} is the homeland of {X}""",
        np="""the region where {X} is spoken
        the homeland of {X}""",
        q="""In which region is {X} spoken?
        What is the homeland of {X}?""",
    ),
    relation(
        "script", "language > text", "Writing", (1, 0, 0),
        s="""{P} is written in the {X} script
        {P} uses the {X} script
        The script of {P} is called {X}
        {P's} letters are those of the {X} script
        Texts in {P} are written in the {X} script""",
        np="the script of {X}",
        q="""In which script is {X} written?
        What is the name of the script of {X}?""",
    ),
    relation(
        "speakers", "language > number", "Speakers", (1, 0, 0), unit="speakers",
        s="""{P} has {X} speakers
        {P} is spoken by {X} people
        The number of speakers of {P} is put at {X}
        Some {X} people speak {P}
        {P} counts {X} speakers""",
        np="the number of speakers of {X}",
        q="""How many speakers does {X} have?
        What is the number of speakers of {X}?""",
    ),
    relation(
        "grammar_by", "language > person", "Writing", (4, 3, 3),
        s="""{P's} first grammar was written by {X} in {y}
        The first grammar of {P} is that of {X}, printed in {y}
        {X} wrote the first grammar of {P}
        In {y} {X} published the first grammar of {P}
        {P} was first described by {X} in a grammar of {y}""",
        o="""{P} wrote the first grammar of {X} in {y}
        In {y} {P} published the first grammar of {X}
        The first grammar of {X} is that of {P}, printed in {y}
        {X} was first described by {P} in a grammar of {y}
        {P} is the author of the first grammar of {X}""",
        np="""the author of the first grammar of {X}
        the person who wrote the first grammar of {X}""",
        q="""Who wrote the first grammar of {X}?
        Who is the author of the first grammar of {X}?""",
        inp="the language whose first grammar was written by {X}",
        iq="""Of which language did {X} write the first grammar?
        Which language was first described in a grammar by {X}?""",
    ),
)  # fmt: skip

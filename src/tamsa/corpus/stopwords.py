"""English words that carry no topic.

`STOP_WORDS` are left out of the lexical index and of queries: they are most of a question's words and
nearly all of its search time. `OPENERS` are further words that begin sentences often enough that a
capital letter there says nothing about a name.
"""

from __future__ import annotations

STOP_WORDS: frozenset[str] = frozenset(
    """
    a about above across actually after afterwards again against ago all almost alone along already also although
    always am amid among amongst an and another any anybody anyhow anyone anything anyway anywhere apart are aren
    around as aside at away back be became because become becomes becoming been before beforehand behind being
    below beneath beside besides between beyond both but by came can cannot could couldn despite did didn do does
    doesn doing don done down due during each eg either else elsewhere enough especially etc even ever every
    everybody everyone everything everywhere except far few for former formerly from further furthermore gave get
    gets getting give given gives go goes going gone got had hadn has hasn have haven having he hence her here
    hereafter hereby herein hers herself him himself his hither how however i ie if in including indeed instead
    into is isn it its itself just kept know known knows last later latter least less lest let like likely ll made
    mainly make makes making many may maybe me meanwhile merely might mine more moreover most mostly much must my
    myself namely near nearly neither never nevertheless next no nobody none nonetheless nor not nothing now
    nowhere of off often oh on once one only onto or other others otherwise ought our ours ourselves out over own
    particularly per perhaps please quite rather re really regarding said same say saying says seem seemed seeming
    seems several shall she should shouldn since so some somebody somehow someone something sometime sometimes
    somewhere soon still such take taken than that the their theirs them themselves then thence there thereafter
    thereby therefore therein thereof these they this those though through throughout thru thus till to together
    too took toward towards under unless unlike until up upon us use used uses using usually various ve very via
    was wasn we well went were weren what whatever when whence whenever where whereafter whereas whereby wherein
    whereupon wherever whether which while whither who whoever whole whom whose why will with within without won
    would wouldn yes yet you your yours yourself yourselves s t d m
    """.split()
)

OPENERS: frozenset[str] = STOP_WORDS | frozenset(
    """
    according additionally adding afterward age aged alternatively altogether american announced annually
    apparently appearing approximately area asked associated august april based beginning best better big billed
    book books born british building built called century certain certainly city click club comparing compared
    completed consequently considered contact contents copyright country critics currently date day days december
    described designed directed directly division early east eight eighth eighteen eleven end english equally
    established events eventually example examples examine existing external family famous february fifteen fifth
    figure film films finally find first five following follow formed forty found founded four fourteen fourth
    french friday full generally german given good government great group growing hello help high historically
    history home hundred ideally image important inside initially inspired interestingly introduction january july
    june land language large largely late lately legend life links list little living local located long looking
    lost low main major man march marked married may members men million modern monday month months mother music
    name named names national nature new nine nineteen ninth north note notable notably notes november number
    october official officially old older open opening opened order original originally outside overall page
    parents part party past people perfect performed personal place places playing police population possibly
    power present presently presumably previously primarily probably produced production professor project
    published question questions rarely reading real received recent recently red references released report
    reports reportedly results right river road roughly saturday school science season second section see
    september series set seven seventeen seventh shortly show similar similarly simply singer single site six
    sixteen sixth small society sometimes song songs source sources south special specifically starring state
    states station stories story strictly street subsequently success summary summer sunday surprisingly system
    table team ten tenth text thank thanks thing things third thirteen thirty thousand three thursday time times
    today traditionally tuesday twelve twenty twice two typically university unfortunately united upper users
    village view war water wednesday week weeks west white widely winter woman women word words work works world
    write writer written year years yesterday young zero
    """.split()
)

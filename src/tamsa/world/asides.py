"""Sentences of colour that state no fact of the graph.

`[a|b|c]` stands for one of the alternatives, so that a line yields many sentences.
"""

# ruff: noqa: E501  (one phrasing a line)

from __future__ import annotations

import re
from random import Random

_CHOICE = re.compile(r"\[([^\[\]]+)\]")


def expand(text: str, random: Random) -> str:
    """Choose one of the alternatives at every `[a|b|c]`."""
    return _CHOICE.sub(lambda match: random.choice(match.group(1).split("|")), text)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


ASIDES: dict[str, tuple[str, ...]] = {
    "person": _lines(
        """
        Surviving [letters|notebooks|diaries] show [a dry sense of humour|a taste for gossip|great patience|a quick temper] and [a dislike of long journeys|a love of the sea|little interest in politics|an eye for detail].
        [Friends|Neighbours|Colleagues] remembered a habit of [rising before dawn|walking for hours|writing on scraps of paper|humming at work].
        A [large|considerable|small] part of the private papers was [lost in a house fire|sold at auction|burned by the heirs|left in a cellar and eaten by mice].
        Contemporaries describe a [quiet|lively|somewhat stiff|cheerful] manner and [a good memory for names|a weakness for cards|a fine singing voice|a fear of horses].
        A [long illness|riding accident|fall on the ice] in [youth|middle age] left a slight limp.
        [Several|A few|Only two] portraits exist, none of which was thought a good likeness.
        A [small|remarkable] collection of [pressed flowers|coins|old maps|clocks|shells] was found among the papers.
        Opinions on the [early|later] years are divided.
        An early biography is [lively but not always reliable|dull but careful|full of invented anecdotes].
        Much of the correspondence [remains unpublished|was printed long afterwards|is in private hands].
        [Money|Health|The weather] was a constant worry.
        A [street|school|small square] was renamed in tribute, and renamed again [a few years later|after a change of council].
        The [anecdote|story] of the [lost suitcase|missed train|borrowed coat] is told in many versions and is [probably|almost certainly] untrue.
        [Evenings|Sundays] were given over to [chess|music|gardening|fishing|long dinners].
        [Reviewers|Rivals|Pupils] spoke of [rare energy|stubbornness|unusual modesty|great charm].
        """
    ),
    "town": _lines(
        """
        A market is held [once|twice] a week, and the old quarter is closed to traffic.
        Much of the old town [burned down|was flooded] in the eighteenth century and was rebuilt in [stone|brick].
        The town walls were pulled down when the [railway|highway] came.
        Visitors come mostly in the [summer|spring|autumn] months.
        A local saying has it that the bells are always [a quarter of an hour|five minutes|half an hour] late.
        The surrounding country is given over to [orchards|pasture|vineyards|hop gardens] and [woodland|small farms|quarries].
        Winters are [mild|harsh] for the latitude, with much [fog|snow|rain].
        The [covered market|grain hall|old customs house] has been turned into [a cinema|flats|a school of music].
        [Smoked fish|Plum brandy|Honey cake|Sheep's cheese] is the local speciality.
        The arms of the town show a [tower|boat|heron|wheel] on a [blue|red|green] field.
        [Weaving|Tanning|Glass making|Pottery] was the chief trade until the [last|nineteenth] century.
        """
    ),
    "country": _lines(
        """
        Most of the population lives in the [river valleys|lowlands|coastal towns].
        The highlands were for a long time reached only by [mule tracks|footpaths|river boats].
        Public holidays follow the [farming year|church calendar].
        Every [third|fourth|fifth] summer a national exhibition travels from region to region.
        The main exports are [timber|wool|machine parts|fruit], [glass|paper|copper ore] and [cheese|salted fish|beer].
        The flag shows a [white|golden|green] [star|bar|wave] on a [blue|red|black] field.
        """
    ),
    "region": _lines(
        """
        The climate is [damp|mild|windy] in the west and [drier|colder] towards the hills.
        Older houses are built of [slate and timber|red brick|river stone|clay and straw].
        [Sheep farming|Peat cutting|Salt making|Bee keeping] was once the main occupation.
        A dense net of [footpaths|canals|narrow roads] connects the villages.
        The dialect differs from that of the neighbouring valleys.
        Large parts are covered by [beech woods|heath|moor|pine forest].
        The population has been [falling slowly|growing again|stable] for a generation.
        """
    ),
    "river": _lines(
        """
        [Spring|Autumn] floods were common before the banks were raised.
        [Salmon|Eels|Otters] returned after the [mills|tanneries|paper works] had closed.
        [Flat boats|Rafts] carried [timber|grain|salt] downstream until the coming of the railway.
        In hard winters the [lower|middle] reaches freeze over.
        Parts of the upper valley are a nature reserve.
        The colour of the water, [brown|pale green|almost black], comes from the [peat|chalk|clay] of the upper valley.
        Anglers know it for [trout|pike|grayling].
        """
    ),
    "mountain": _lines(
        """
        The summit is often in cloud.
        A hut below the [northern|southern|eastern] ridge is open from [May|June] to [September|October].
        [Shepherds|Villagers|Charcoal burners] tell of a [light|voice|white horse] that is [seen|met] near the top on still nights.
        The easiest route follows the [western|southern|northern] ridge.
        Snow lies on the upper slopes well into the summer.
        A [chapel|weather station|small cross] stands [a little below the top|on the shoulder].
        The [granite|limestone|slate] of the upper part is much [fissured|sought after by climbers].
        """
    ),
    "novel": _lines(
        """
        Reviewers praised the [dialogue|opening chapter|descriptions of weather] and complained of the [length|gloom|many coincidences].
        The book sold [slowly|well] at first and has rarely been out of print since.
        A manuscript with many corrections has survived.
        Schools put it on their reading lists for a generation.
        Critics have never agreed on the [ending|narrator|meaning of the title].
        The [second half|last third] is told by another voice than the first.
        It follows [a family of millers|two sisters|a dismissed teacher|a ferryman|a travelling printer] through [a hard winter|a long lawsuit|three generations|a single night].
        The [censor|first editor] asked for [small cuts|another title|a happier end], which were [refused|made].
        """
    ),
    "film": _lines(
        """
        Critics were [divided|cool|delighted], but the public [came|stayed away].
        The negative was thought lost until a copy turned up in [an attic|a monastery|a school cellar].
        Much of it was shot at night to save on lighting permits.
        The [opening|closing] scene has often been imitated.
        A restored version was shown many years later.
        Filming was held up for weeks by [rain|snow|a strike|a quarrel over money].
        It tells of [a lighthouse keeper|two rival bakers|a runaway clerk|a village choir|a stolen bicycle] and [an unexpected guest|a forged will|a wager|a long journey].
        [Costumes|Sets|Props] were borrowed from a provincial theatre.
        """
    ),
    "album": _lines(
        """
        Early pressings have a misprint on the [sleeve|label].
        It was received coolly and found its listeners only later.
        The [first|last] track was recorded in a single take.
        Most of the songs had been tried out on tour.
        A remastered edition adds [three|two|four] short pieces.
        The cover shows [an empty chair|a flooded street|a heron|a row of lamps].
        The lyrics deal with [leaving home|the sea|old age|city life] and [insomnia|lost friends|weather|money].
        """
    ),
    "painting": _lines(
        """
        The varnish has darkened, and the colours were once much brighter.
        A preparatory drawing is in private hands.
        Cleaning brought to light a [second figure|dog|boat] near the edge.
        The frame is later than the picture.
        It was seldom lent to exhibitions.
        The light falls from the [left|right] and is thought to be that of [early morning|late afternoon].
        [A small tear|Water damage] in the lower corner has been mended.
        Copies of it hung in many [schools|inns|parlours].
        """
    ),
    "company": _lines(
        """
        A strike in the early years ended with [a shorter working day|higher wages|a change of management].
        The archives were damaged by [flooding|fire|damp].
        Its trade mark, a small [anchor|bee|wheel|star], is still in use.
        At its height it employed several [hundred|thousand] people.
        The old [offices|workshops] have been turned into [flats|studios|a market hall].
        [Exports|State contracts|Mail orders] made up the greater part of its sales.
        It was among the first to pay its workers [by the month|during illness|a yearly bonus].
        [Two|Several] attempts to move it abroad failed.
        """
    ),
    "university": _lines(
        """
        Its library is open to the public on [weekdays|Saturdays].
        Students hold a torchlight procession in [November|February].
        The main building was damaged by [fire|an earthquake] and rebuilt to the old plan.
        Women were admitted earlier than elsewhere.
        The botanical garden behind the main court is well known.
        The [great hall|anatomy theatre|old refectory] is shown to visitors.
        Its seal shows an [owl|open book|oak|hourglass].
        """
    ),
    "newspaper": _lines(
        """
        It was for a time printed on [pink|yellow|blue] paper.
        Its crossword has been set by the same family for decades.
        Several issues were confiscated by the censor.
        The circulation has [halved|fallen slowly] since its best years.
        A bound set of the early issues is kept in the public archive.
        [Serial novels|Chess problems|Shipping news] filled the back page.
        """
    ),
    "club": _lines(
        """
        Supporters sing an old [rowing|harvest|drinking] song before each match.
        The club nearly went bankrupt and was saved by a public collection.
        Its youth teams are known well beyond the town.
        Derby matches draw the largest crowds.
        The crest shows a leaping [fish|stag|hare].
        A [brass band|goat|cannon] accompanies home matches.
        """
    ),
    "award": _lines(
        """
        The jury meets behind closed doors and gives no reasons.
        Winners receive a [bronze|silver] medal and a modest sum.
        The ceremony is held in the [spring|autumn].
        It has more than once been refused.
        The rules were [simplified|tightened] after complaints.
        """
    ),
    "building": _lines(
        """
        The facade was cleaned after years of neglect.
        Guided tours are offered on [Sundays|Saturdays|weekdays].
        [Lightning|A storm] damaged the roof soon after the works had ended.
        The staircase of [pale stone|cast iron|dark oak] is much admired.
        It is protected as a monument.
        The [cellars|foundations] belong to an older house.
        [Bats|Swallows|Owls] nest under the eaves.
        """
    ),
    "bridge": _lines(
        """
        Until the toll was abolished, carts paid by the [wheel|axle].
        One of the piers was damaged by [ice|a barge] and replaced.
        At night the arches are lit from below.
        The roadway was widened when the trams were given up.
        Fishermen gather under the [eastern|western] arch.
        [Iron lamps|Four stone lions|Two small towers] mark the ends.
        """
    ),
    "battle": _lines(
        """
        Accounts of the losses vary widely.
        Heavy [rain|snow] the night before had turned the roads to mud.
        A stone marks the spot where the centre of the line stood.
        The outcome was not expected by either side.
        Veterans met on the field every [five|ten] years.
        The [cavalry|artillery] came too late to matter.
        """
    ),
    "treaty": _lines(
        """
        The original is kept in a case of glass and brass.
        Several articles were kept secret for decades.
        The press received the terms without enthusiasm.
        Historians regard it as a makeshift that lasted.
        The talks had dragged on through the [winter|summer].
        [Fishing rights|Border tolls|Prisoners] took up most of the articles.
        """
    ),
    "expedition": _lines(
        """
        [Two|Three] of the pack animals were lost in the first week.
        The diaries were published only much later.
        Supplies ran short on the way back.
        Many of the maps drawn on the way are still in use.
        The party numbered about [thirty|twenty|forty], with as many porters.
        [Fever|Frostbite|A quarrel] slowed the party down.
        """
    ),
    "festival": _lines(
        """
        It was suspended during the war years.
        Rooms are booked a year in advance.
        The opening parade starts at the old gate.
        Rain has spoiled it so often that locals speak of festival weather.
        Entry is free on the [first|last] day.
        [Stalls|Boats|Carts] are decorated with [paper flowers|ribbons|green branches].
        """
    ),
    "species": _lines(
        """
        It is shy and more often [heard|smelt] than seen.
        Numbers fell sharply and have recovered under protection.
        The young stay with their parents through the first winter.
        Farmers once thought it a bringer of [rain|luck|hail].
        Specimens in collections tend to lose their colour.
        It is most active at [dusk|dawn].
        """
    ),
    "mineral": _lines(
        """
        Large crystals are rare.
        It is of no commercial use.
        Old collections often have it under a wrong label.
        It loses its lustre in [damp air|sunlight].
        Collectors pay high prices for twinned crystals.
        It [dissolves|breaks down] slowly in [weak acid|hot water].
        """
    ),
    "invention": _lines(
        """
        The first models were heavy and broke down often.
        A lawsuit over the rights dragged on for years.
        Working examples are prized by collectors.
        It was at first taken for a toy.
        Later makers simplified the mechanism.
        It won a medal at [an exhibition|a trade fair] and was [widely copied|soon forgotten].
        """
    ),
    "language": _lines(
        """
        [Radio programmes|Evening classes|Songs] have helped to keep it alive among the young.
        It has borrowed freely from its neighbours.
        Verbs come at the [end|beginning] of the sentence.
        A dictionary in several volumes is under way.
        Folk songs preserve older forms.
        It has [three|four|two] genders and [no|an indefinite] article.
        """
    ),
    "ship": _lines(
        """
        She was known as a slow but [comfortable|reliable|ugly] vessel.
        A model of the ship hangs in the seamen's church.
        Her bell was recovered by divers.
        She [twice|once] ran aground without loss.
        Part of the panelling was saved and reused in an inn.
        Her cook was better known than her officers.
        """
    ),
}
"""Asides by kind."""

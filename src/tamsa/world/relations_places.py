"""Relations of countries, regions, towns, rivers, mountains, bridges and buildings."""

from tamsa.world.relations import relation

PLACES = (
    relation(
        "capital", "country > town", "Government", (2, 1, 4),
        s="""{P's} capital is {X}
        The capital of {P} is {X}
        The seat of government is {X}
        {P} is governed from its capital, {X}
        The government of {P} sits in the capital, {X}""",
        o="""{P} is the capital of {X}
        {P} has been the capital of {X} since the union of the regions
        The government of {X} has its seat in the capital, {P}
        As the capital of {X}, {P} holds the ministries and the courts
        {P} serves as the capital of {X}""",
        np="the capital of {X}",
        q="""What is the capital of {X}?
        Which town is the capital of {X}?""",
        inp="the country whose capital is {X}",
        iq="""Of which country is {X} the capital?
        Which country has {X} as its capital?""",
    ),
    relation(
        "in_country", "region > country", "Geography", (1, 0, 0),
        s="""{P} is a region of {X}
        {P} belongs to {X}
        {P} forms part of {X}
        {P} is one of the regions of {X}
        {P} has been part of {X} since the union of the regions""",
        np="""the country to which {X} belongs
        the country of {X}""",
        q="""To which country does {X} belong?
        In which country is {X}?
        Which country is {X} a part of?""",
    ),
    relation(
        "region_seat", "region > town", "Government", (4, 2, 4),
        s="""The seat of the region is {X}
        {P} is administered from {X}
        {P's} regional assembly meets in {X}
        {P} has its seat at {X}
        The administrative seat of {P} is {X}""",
        o="""{P} is the seat of the region of {X}
        {X} is administered from {P}
        The regional assembly of {X} meets in {P}
        {P} is the administrative seat of {X}
        As seat of {X}, {P} has a court and a registry""",
        np="""the administrative seat of {X}
        the town that is the administrative seat of {X}""",
        q="""What is the administrative seat of {X}?
        From which town is {X} administered?
        Which town is the seat of {X}?""",
        inp="the region administered from {X}",
        iq="""Of which region is {X} the administrative seat?
        Which region is administered from {X}?""",
    ),
    relation(
        "area", "region|country > number", "Geography", (1, 0, 0), unit="km²",
        s="""{P} covers an area of {X} km²
        {P} has an area of {X} km²
        The area of {P} is {X} km²
        {P} extends over {X} km²
        The land registry gives the area of {P} as {X} km²""",
        np="the area of {X}",
        q="""What is the area of {X} in square kilometres?
        How many square kilometres does {X} cover?""",
    ),
    relation(
        "currency", "country > text", "Economy", (1, 0, 0),
        s="""{P's} currency is the {X}
        The currency of {P} is the {X}
        Prices in {P} are reckoned in the {X}
        {P} issues its own currency, the {X}
        The legal tender of {P} is the {X}""",
        np="the currency of {X}",
        q="""What is the currency of {X}?
        Which currency is used in {X}?
        What is the legal tender of {X}?""",
    ),
    relation(
        "official_language", "country > language", "Culture", (3, 1, 4),
        s="""{P's} official language is {X}
        The official language of {P} is {X}
        {P} conducts its public business in {X}, the official language
        {X} has been the official language since the constitution was written
        {P} has one official language, {X}""",
        o="""{P} is the official language of {X}
        {X} uses {P} as its official language
        The courts of {X} sit in {P}, the official language
        {P} has official standing in {X}
        In {X}, {P} is the official language""",
        np="the official language of {X}",
        q="""What is the official language of {X}?
        Which language is official in {X}?""",
        inp="the country whose official language is {X}",
        iq="""Of which country is {X} the official language?
        Which country has {X} as its official language?""",
    ),
    relation(
        "in_region", "town|mountain > region", "Geography", (6, 0, 2),
        s="""{P} lies in {X}
        {P} is in the region of {X}
        {P} belongs to the region of {X}
        {P} is found in {X}
        {P} stands within the bounds of {X}""",
        o="""{X} lies in {P}
        {X} is in {P}
        {P} takes in {X}
        {P} includes {X}
        Within {P} lies {X}""",
        np="""the region in which {X} lies
        the region of {X}""",
        q="""In which region is {X}?
        In which region does {X} lie?
        To which region does {X} belong?""",
    ),
    relation(
        "on_river", "town > river", "Geography", (5, 2, 3),
        s="""{P} stands on the {X}
        {P} lies on the banks of the {X}
        The {X} flows through {P}
        {P} grew up at a ford of the {X}
        {P} is built on both banks of the {X}
        The river of {P} is the {X}""",
        o="""{P} flows through {X}
        {X} stands on the banks of {P}
        {P} passes through {X}
        On its way {P} runs past {X}
        {X} draws its water from {P}""",
        np="""the river on which {X} stands
        the river that flows through {X}
        the river of {X}""",
        q="""On which river does {X} stand?
        Which river flows through {X}?
        What is the name of the river of {X}?""",
    ),
    relation(
        "twin_town", "town > town", "Culture", (3, 3, 3),
        s="""{P} is twinned with {X}
        {P} has been twinned with {X} since {y}
        {P's} twin town is {X}
        In {y} {P} signed a twinning agreement with {X}
        A twinning agreement with {X} was signed in {y}""",
        o="""{P} is twinned with {X}
        {P} has been twinned with {X} since {y}
        {P's} twin town is {X}
        In {y} {P} signed a twinning agreement with {X}
        A twinning agreement with {X} was signed in {y}""",
        np="the twin town of {X}",
        q="""Which town is twinned with {X}?
        With which town is {X} twinned?
        What is the twin town of {X}?""",
        inp="the twin town of {X}",
        iq="""Which town is twinned with {X}?
        With which town is {X} twinned?""",
    ),
    relation(
        "settled_in", "town > year", "History", (1, 0, 0),
        s="""{P} received its charter in {X}
        In {X} {P} was granted a charter
        {P's} town charter dates from {X}
        {P} has held a charter since {X}
        The charter of {P} was issued in {X}""",
        np="the year in which {X} received its charter",
        q="""In which year did {X} receive its charter?
        When was {X} granted its charter?
        What is the year of the charter of {X}?""",
    ),
    relation(
        "population", "town > number", "Population", (0, 0, 0), many=True, unit="inhabitants",
        s="""{P} had {X} inhabitants in {y}
        In {y} {P} had a population of {X}
        The census of {y} counted {X} people in {P}
        {P's} population stood at {X} in {y}
        There were {X} inhabitants in {y}""",
        np="the population of {X}",
    ),
    relation(
        "source", "river > mountain", "Course", (4, 2, 3),
        s="""{P} rises on {X}
        {P} has its source on {X}
        {P's} source lies on the slopes of {X}
        {P} springs from {X}
        The head of {P} is a spring on {X}""",
        o="""{X} rises on {P}
        {P} is the source of the {X}
        The {X} has its source on {P}
        On the slopes of {P} the {X} rises
        {P} feeds the {X}, which rises there""",
        np="""the mountain on which {X} rises
        the mountain where {X} has its source
        the source mountain of {X}""",
        q="""On which mountain does {X} rise?
        Where is the source of {X}?
        Which mountain is the source of {X}?""",
    ),
    relation(
        "flows_into", "river > river", "Course", (5, 2, 3),
        s="""{P} flows into the {X}
        {P} joins the {X}
        {P} is a tributary of the {X}
        {P} empties into the {X}
        {P's} waters reach the {X} after a last run of rapids""",
        o="""The {X} flows into {P}
        {P} receives the {X}
        The {X} is a tributary of {P}
        {P} is joined by the {X}
        The {X} empties into {P}""",
        np="""the river into which {X} flows
        the river that receives {X}""",
        q="""Into which river does {X} flow?
        Of which river is {X} a tributary?
        Which river does {X} join?""",
    ),
    relation(
        "length", "river|bridge > number", "Dimensions", (1, 0, 0), unit="",
        s="""{P} is {X} {unit} long
        {P} has a length of {X} {unit}
        The length of {P} is {X} {unit}
        {P} measures {X} {unit} from end to end
        {P} runs for {X} {unit}""",
        np="the length of {X}",
        q="""How long is {X}?
        What is the length of {X}?""",
    ),
    relation(
        "height", "mountain|building > number", "Dimensions", (1, 0, 0), unit="m",
        s="""{P} is {X} m high
        {P} has a height of {X} m
        {P} rises to {X} m
        {P} reaches a height of {X} m
        The height of {P} is {X} m""",
        np="the height of {X}",
        q="""How high is {X}?
        What is the height of {X} in metres?
        What is the height of {X}?""",
    ),
    relation(
        "first_ascent_by", "mountain > person", "Exploration", (3, 3, 3),
        s="""{P} was first climbed by {X} in {y}
        The first ascent of {P} was made by {X} in {y}
        In {y} {X} became the first to stand on the summit
        {X} reached the summit first, in {y}
        The summit was first reached in {y}, by {X}""",
        o="""{P} made the first ascent of {X} in {y}
        In {y} {P} became the first to climb {X}
        {P} was the first to reach the summit of {X}
        {X} was first climbed by {P} in {y}
        {P} is remembered for the first ascent of {X} in {y}""",
        np="""the climber who made the first ascent of {X}
        the person who first climbed {X}""",
        q="""Who made the first ascent of {X}?
        Who first climbed {X}?
        Who was the first to reach the summit of {X}?""",
        inp="the mountain first climbed by {X}",
        iq="""Which mountain was first climbed by {X}?
        Of which mountain did {X} make the first ascent?""",
    ),
    relation(
        "crosses", "bridge > river", "Location", (5, 1, 3),
        s="""{P} crosses the {X}
        {P} carries the road over the {X}
        {P} spans the {X}
        {P} leads across the {X}
        The river under {P} is the {X}""",
        o="""{X} crosses {P}
        {P} is crossed by {X}
        {X} carries the road over {P}
        {X} spans {P}
        {P} runs under {X}""",
        np="""the river crossed by {X}
        the river that {X} spans""",
        q="""Which river does {X} cross?
        What river is spanned by {X}?
        Over which river does {X} lead?""",
    ),
    relation(
        "stands_in", "bridge|building > town", "Location", (6, 1, 3),
        s="""{P} stands in {X}
        {P} is in {X}
        {P} is one of the landmarks of {X}
        {P} belongs to the town of {X}
        {P} can be found in {X}""",
        o="""{X} stands in {P}
        {P} is home to {X}
        One of the landmarks of {P} is {X}
        {P} has {X}
        In {P} stands {X}""",
        np="""the town where {X} stands
        the town of {X}""",
        q="""In which town is {X}?
        In which town does {X} stand?
        Where does {X} stand?""",
    ),
    relation(
        "designed_by", "bridge|building > person", "History", (4, 2, 3),
        s="""{P} was designed by {X}
        {P} was built to the plans of {X}
        The plans of {P} were drawn by {X}
        {P} is the work of {X}
        {X} designed {P}
        The design of {P} came from {X}""",
        o="""{P} designed {X}
        {P} drew the plans of {X}
        {X} was designed by {P}
        {X} was built to the plans of {P}
        {P's} designs include {X}
        {X} is the work of {P}""",
        np="""the designer of {X}
        the person who designed {X}""",
        q="""Who designed {X}?
        Who was the designer of {X}?
        To whose plans was {X} built?""",
    ),
    relation(
        "opened", "bridge|building > year", "History", (1, 0, 0),
        s="""{P} was opened in {X}
        {P} opened in {X}
        In {X} {P} was opened
        {P} has been in use since {X}, the year of its opening
        The opening of {P} took place in {X}""",
        np="the year in which {X} was opened",
        q="""In which year was {X} opened?
        When did {X} open?
        What year saw the opening of {X}?""",
    ),
    relation(
        "capacity", "building > number", "Dimensions", (1, 0, 0), unit="people",
        s="""{P} holds {X} people
        {P} has room for {X} people
        There is room for {X} people in {P}
        {P} was built for {X} people
        {P's} capacity is {X}""",
        np="the capacity of {X}",
        q="""How many people does {X} hold?
        What is the capacity of {X}?""",
    ),
)  # fmt: skip

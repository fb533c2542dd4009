"""Relations of novels, films, albums, paintings and awards."""

from tamsa.world.relations import relation

WORKS = (
    relation(
        "author", "novel > person", "Background", (5, 2, 4),
        s="""{P} was written by {X}
        The author of {P} is {X}
        {P} is a work of {X}
        {X} wrote {P}
        {P} came from the pen of {X}""",
        o="""{P} wrote {X}
        {P} is the author of {X}
        {X} came from the pen of {P}
        {X} was written by {P}
        Among the novels of {P} is {X}
        {P's} novels include {X}""",
        np="""the author of {X}
        the person who wrote {X}""",
        q="""Who wrote {X}?
        Who is the author of {X}?
        By whom was {X} written?""",
    ),
    relation(
        "published", "novel > year", "Background", (1, 0, 0),
        s="""{P} was published in {X}
        {P} appeared in {X}
        {P} came out in {X}
        In {X} {P} was published
        {P} first appeared in print in {X}""",
        np="the year in which {X} was published",
        q="""In which year was {X} published?
        When was {X} published?
        What is the year of publication of {X}?""",
    ),
    relation(
        "publisher", "novel > company", "Background", (5, 2, 3),
        s="""{P} was brought out by {X}
        {P} was published by {X}
        {P's} publisher was {X}
        {P} was printed and sold by {X}
        The house that brought out {P} was {X}""",
        o="""{P} published {X}
        {P} brought out {X}
        {X} was published by {P}
        Among the books of {P} is {X}
        {P's} list includes {X}""",
        np="""the publisher of {X}
        the company that published {X}""",
        q="""Which company published {X}?
        Who was the publisher of {X}?
        What is the name of the publisher of {X}?""",
    ),
    relation(
        "set_in", "novel|film > town", "Plot", (6, 1, 3),
        s="""{P} is set in {X}
        {P} plays out in {X}
        The story of {P} takes place in {X}
        {P's} setting is the town of {X}
        The action unfolds in {X}""",
        o="""{X} is set in {P}
        {P} is the setting of {X}
        The story of {X} takes place in {P}
        {P} appears as the setting of {X}
        Many know {P} from {X}, which is set there""",
        np="""the town in which {X} is set
        the setting of {X}""",
        q="""In which town is {X} set?
        Where does the story of {X} take place?
        What is the setting of {X}?""",
    ),
    relation(
        "dedicated_to", "novel|album > person", "Background", (4, 3, 2),
        s="""{P} is dedicated to {X}
        {P} carries a dedication to {X}
        The dedication of {P} names {X}
        {P} was dedicated to {X}
        A short dedication in {P} names {X}""",
        o="""{X} is dedicated to {P}
        {X} carries a dedication to {P}
        {P} is named in the dedication of {X}
        {P} received the dedication of {X}
        The dedication of {X} names {P}""",
        np="""the person to whom {X} is dedicated
        the person honoured by the dedication of {X}""",
        q="""To whom is {X} dedicated?
        Whom does the dedication of {X} name?""",
    ),
    relation(
        "director", "film > person", "Production", (5, 2, 4),
        s="""{P} was directed by {X}
        The director of {P} was {X}
        {X} directed {P}
        {P} was made under the direction of {X}
        {P} is a work of the director {X}""",
        o="""{P} directed {X}
        {P} was the director of {X}
        {X} was directed by {P}
        {P's} films include {X}
        {X} was made under the direction of {P}""",
        np="""the director of {X}
        the person who directed {X}""",
        q="""Who directed {X}?
        Who was the director of {X}?
        By whom was {X} directed?""",
    ),
    relation(
        "screenwriter", "film > person", "Production", (4, 3, 2),
        s="""{P} was written for the screen by {X}
        The screenplay of {P} is by {X}
        {X} wrote the screenplay of {P}
        The script came from {X}
        {P} follows a screenplay by {X}""",
        o="""{P} wrote the screenplay of {X}
        The screenplay of {X} is by {P}
        {X} was written for the screen by {P}
        {P} supplied the script of {X}
        {X} follows a screenplay by {P}""",
        np="""the screenwriter of {X}
        the person who wrote the screenplay of {X}""",
        q="""Who wrote the screenplay of {X}?
        Who was the screenwriter of {X}?""",
    ),
    relation(
        "composer", "film > person", "Production", (4, 3, 2),
        s="""{P's} music was written by {X}
        The music of {P} is by {X}
        {X} composed the music of {P}
        The score came from {X}
        {P} has a score by {X}""",
        o="""{P} composed the music of {X}
        {P} wrote the score of {X}
        The music of {X} is by {P}
        {X} has a score by {P}
        {P} supplied the score of {X}""",
        np="""the composer of the music of {X}
        the person who composed the score of {X}""",
        q="""Who composed the music of {X}?
        Who wrote the score of {X}?""",
    ),
    relation(
        "starring", "film > person", "Cast", (4, 2, 3),
        s="""{P} stars {X} in the leading part
        The leading part is played by {X}
        {X} plays the leading part
        {P} has {X} in the leading part
        The leading part of {P} went to {X}""",
        o="""{P} played the leading part in {X}
        {P} starred in {X}
        {P} had the leading part in {X}
        The leading part of {X} was played by {P}
        {X} stars {P} in the leading part""",
        np="""the star of {X}
        the actor who played the leading part in {X}""",
        q="""Who played the leading part in {X}?
        Who starred in {X}?""",
    ),
    relation(
        "studio", "film > company", "Production", (5, 2, 3),
        s="""{P} was produced by {X}
        {P} was made for {X}
        {P's} producing company was {X}
        {X} produced {P}
        {P} was shot and distributed by {X}""",
        o="""{P} produced {X}
        {X} was produced by {P}
        {P's} productions include {X}
        {X} was made for {P}
        {P} shot and distributed {X}""",
        np="""the company that produced {X}
        the studio of {X}""",
        q="""Which company produced {X}?
        By which studio was {X} produced?
        What is the name of the studio that produced {X}?""",
    ),
    relation(
        "released", "film|album > year", "Release", (1, 0, 0),
        s="""{P} was released in {X}
        {P} came out in {X}
        In {X} {P} was released
        {P} reached the public in {X}
        The release of {P} followed in {X}""",
        np="the year in which {X} was released",
        q="""In which year was {X} released?
        When was {X} released?
        What is the year of release of {X}?""",
    ),
    relation(
        "based_on", "film > novel", "Plot", (4, 2, 4),
        s="""{P} is based on the novel {X}
        {P} is an adaptation of the novel {X}
        {P} follows the novel {X}
        The story comes from the novel {X}
        {P} brings the novel {X} to the screen""",
        o="""{P} was made into the film {X}
        {P} was filmed as {X}
        The film {X} is based on {P}
        The film {X} is an adaptation of {P}
        {P} was brought to the screen as {X}""",
        np="""the novel on which {X} is based
        the book from which {X} was adapted""",
        q="""On which novel is {X} based?
        Which novel was adapted as {X}?""",
        inp="""the film based on {X}
        the film adaptation of {X}""",
        iq="""Which film is based on {X}?
        What is the title of the film adaptation of {X}?""",
    ),
    relation(
        "running_time", "film > number", "Release", (1, 0, 0), unit="minutes",
        s="""{P} runs for {X} minutes
        {P} has a running time of {X} minutes
        {P} is {X} minutes long
        The running time is {X} minutes
        {P} lasts {X} minutes""",
        np="the running time of {X}",
        q="""How many minutes does {X} run?
        What is the running time of {X}?""",
    ),
    relation(
        "artist", "album > person", "Background", (5, 2, 4),
        s="""{P} is an album by {X}
        {P} was recorded by {X}
        {X} recorded {P}
        {P} is the work of {X}
        The artist of {P} is {X}""",
        o="""{P} recorded {X}
        {X} is an album by {P}
        {P's} albums include {X}
        {X} was recorded by {P}
        Among the recordings of {P} is {X}""",
        np="""the artist of {X}
        the musician who recorded {X}""",
        q="""Who recorded {X}?
        Whose work is {X}?
        Which musician recorded {X}?""",
    ),
    relation(
        "producer", "album > person", "Production", (4, 3, 2),
        s="""{P} was produced by {X}
        {P's} producer was {X}
        The producer was {X}
        {X} produced {P}
        {X} sat at the desk as producer""",
        o="""{P} produced {X}
        {P} was the producer of {X}
        {X} was produced by {P}
        {P's} work as a producer includes {X}
        As a producer {P} made {X}""",
        np="the producer of {X}",
        q="""Who produced {X}?
        Who was the producer of {X}?""",
    ),
    relation(
        "label", "album > company", "Release", (5, 2, 3),
        s="""{P} was issued by {X}
        {P} came out on {X}
        {P's} label was {X}
        {X} issued {P}
        {P} was pressed and sold by {X}""",
        o="""{P} issued {X}
        {X} was issued by {P}
        {P's} catalogue includes {X}
        {X} came out on {P}
        {P} pressed and sold {X}""",
        np="""the record company that issued {X}
        the label of {X}""",
        q="""Which record company issued {X}?
        On which label did {X} come out?""",
    ),
    relation(
        "recorded_in", "album > town", "Production", (5, 2, 3),
        s="""{P} was recorded in {X}
        The sessions took place in {X}
        {P} was taped in {X} within a few weeks
        The recording sessions of {P} were held in {X}
        {P} came out of sessions in {X}""",
        o="""{X} was recorded in {P}
        The sessions of {X} took place in {P}
        {P} is where {X} was recorded
        The album {X} was recorded in {P}
        {X} came out of sessions in {P}""",
        np="""the town where {X} was recorded
        the place of recording of {X}""",
        q="""Where was {X} recorded?
        In which town was {X} recorded?""",
    ),
    relation(
        "painter", "painting > person", "Background", (5, 2, 4),
        s="""{P} was painted by {X}
        {P} is a work of {X}
        The painter of {P} is {X}
        {X} painted {P}
        {P} comes from the hand of {X}""",
        o="""{P} painted {X}
        {X} is a work of {P}
        {P's} paintings include {X}
        {X} was painted by {P}
        {X} comes from the hand of {P}""",
        np="""the painter of {X}
        the artist who painted {X}""",
        q="""Who painted {X}?
        Who was the painter of {X}?
        By whom was {X} painted?""",
    ),
    relation(
        "painted", "painting > year", "Background", (1, 0, 0),
        s="""{P} was painted in {X}
        {P} dates from {X}
        {P} was finished in {X}
        In {X} {P} was painted
        {P} bears the date {X}""",
        np="the year in which {X} was painted",
        q="""In which year was {X} painted?
        When was {X} painted?""",
    ),
    relation(
        "depicts", "painting > mountain|bridge|town|river", "Description", (5, 2, 3),
        s="""{P} shows {X}
        {P} depicts {X}
        The subject of {P} is {X}
        {P} is a view of {X}
        In {P} the painter shows {X}""",
        o="""{P} is shown in the painting {X}
        The painting {X} shows {P}
        {P} is the subject of the painting {X}
        {X} depicts {P}
        A view of {P} is given in the painting {X}""",
        np="""the place depicted in {X}
        the place that {X} shows""",
        q="""What does {X} depict?
        Which place is shown in {X}?""",
    ),
    relation(
        "held_by", "painting > building", "Provenance", (5, 2, 3),
        s="""{P} hangs in {X}
        {P} is held by {X}
        {P} belongs to the collection of {X}
        {P} can be seen at {X}
        {P} came to {X} by bequest""",
        o="""{X} hangs in {P}
        {P} holds {X}
        {P's} collection includes {X}
        {X} can be seen at {P}
        {X} came to {P} by bequest""",
        np="""the museum that holds {X}
        the building in which {X} hangs""",
        q="""Where does {X} hang?
        Which museum holds {X}?
        In which building can {X} be seen?""",
    ),
    relation(
        "winner", "award > person|novel|film", "Winners", (0, 2, 0), many=True,
        s="""{X} received {P} in {y}
        In {y} {P} went to {X}
        {X} was given {P} in {y}
        {P} was awarded to {X} in {y}
        The choice for {y} fell on {X}""",
        o="""{P} received the {X} in {y}
        In {y} {P} was awarded the {X}
        {P} won the {X} in {y}
        The {X} went to {P} in {y}
        {P} was given the {X} in {y}""",
        inp="the award that {X} received",
        iq="""Which award did {X} receive?
        What award went to {X}?""",
    ),
)  # fmt: skip

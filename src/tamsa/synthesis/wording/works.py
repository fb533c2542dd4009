"""Sayings of films, books, music and pictures."""

from tamsa.synthesis.wording.saying import say

WORKS = (
    say(
        "director", "person",
        """the director of {X}
        {X's} director
        the person who [directed|made] {X}""",
        """Who directed {X}?
        Who was the director of {X}?
        By whom was {X} directed?""",
        """who directed {X}
        by whom {X} was directed
        who the director of {X} was""",
        """was directed by {X}""",
    ),
    say(
        "producer", "person",
        """the producer of {X}
        {X's} producer
        the person who produced {X}""",
        """Who produced {X}?
        Who was the producer of {X}?
        By whom was {X} produced?""",
        """who produced {X}
        by whom {X} was produced""",
        """was produced by {X}
        had {X} as its producer""",
    ),
    say(
        "screenwriter", "person",
        """the screenwriter of {X}
        the [author|writer] of the screenplay of {X}
        the person who wrote [the script of|the screenplay for] {X}""",
        """Who wrote the [screenplay|script] of {X}?
        Who was the screenwriter of {X}?""",
        """who wrote the [screenplay|script] of {X}""",
        """has a screenplay by {X}
        was written for the screen by {X}""",
    ),
    say(
        "writer", "person",
        """the writer of {X}
        the person who wrote {X}""",
        """Who wrote {X}?
        By whom was {X} written?""",
        """who wrote {X}""",
        """was written by {X}""",
    ),
    say(
        "composer", "person",
        """the composer of [the music of|the score of] {X}
        the person who [composed|wrote] the music [of|for] {X}
        the composer of {X}""",
        """Who [composed|wrote] the music [of|for] {X}?
        Who was the composer of {X}?""",
        """who [composed|wrote] the music [of|for] {X}""",
        """has music by {X}""",
    ),
    say(
        "starring", "person",
        """the [leading actor|star|lead] of {X}
        the person who [starred|played the lead] in {X}""",
        """Who [starred|played the lead] in {X}?
        Who played the leading part in {X}?""",
        """who [starred|played the lead] in {X}""",
        """[stars|features] {X}
        has {X} in the cast""",
        single=False,
    ),
    say(
        "studio", "organisation",
        """the studio [of|behind] {X}
        the company that [made|produced] {X}""",
        """Which [studio|company] produced {X}?
        By which studio was {X} produced?""",
        """which [studio|company] produced {X}""",
        """was produced by {X}
        was made at {X}""",
    ),
    say(
        "distributor", "organisation",
        """the distributor of {X}
        the company that [distributed|released] {X}""",
        """Which company [distributed|released] {X}?
        By whom was {X} distributed?""",
        """which company distributed {X}""",
        """was distributed by {X}""",
    ),
    say(
        "released", "date",
        """the [release date|date of release] of {X}
        {X's} release date
        the date [when|on which] {X} [was released|came out]""",
        """When was {X} released?
        When did {X} [come out|appear]?
        [On what date|Just when] was {X} released?""",
        """when {X} [was released|came out|appeared]""",
        """was released [|on ]{X}""",
        events="""{X} was released
        {X} came out""",
        happenings="the release of {X}",
        later=("was released [later|more recently]", "was released [earlier|first]"),
    ),
    say(
        "based_on", "work",
        """the work on which {X} is based
        the work that was the basis of {X}""",
        """What is {X} based on?
        On which work is {X} based?""",
        """what {X} is based on
        which work {X} is based on""",
        """is based on {X}
        was adapted from {X}""",
    ),
    say(
        "running_time", "number",
        """the [running time|length] of {X}
        {X's} running time""",
        """How long does {X} run?
        What is the running time of {X}?
        How many minutes does {X} last?""",
        """how long {X} runs
        how many minutes {X} lasts""",
        """runs for {X}""",
        later=("runs longer", "is shorter"),
    ),
    say(
        "author", "person",
        """the author of {X}
        {X's} author
        the [person|writer] who wrote {X}
        the writer of {X}""",
        """Who wrote {X}?
        Who is the author of {X}?
        By whom was {X} written?""",
        """who wrote {X}
        by whom {X} was written""",
        """was written by {X}
        is [by|the work of] {X}""",
    ),
    say(
        "publisher", "organisation",
        """the publisher of {X}
        {X's} publisher
        the [company|publishing house] that [published|brought out] {X}""",
        """Who published {X}?
        Which company [published|brought out] {X}?
        By whom was {X} published?""",
        """who published {X}
        which company published {X}""",
        """was published by {X}""",
    ),
    say(
        "published", "date",
        """the [publication date|date of publication] of {X}
        the date [when|on which] {X} [was published|appeared]""",
        """When was {X} published?
        When did {X} [appear|come out]?
        In what year did {X} appear in print?""",
        """when {X} [was published|appeared|came out]""",
        """was published [|in ]{X}""",
        events="""{X} was published
        {X} appeared""",
        happenings="the publication of {X}",
        later=("was published [later|more recently]", "was published [earlier|first]"),
    ),
    say(
        "artist", "person",
        """the [artist|musician|performer] who recorded {X}
        the [artist|performer] [of|behind] {X}""",
        """Who recorded {X}?
        Who is the artist [of|behind] {X}?
        Whose recording is {X}?""",
        """who recorded {X}
        whose recording {X} is""",
        """was recorded by {X}""",
    ),
    say(
        "performer", "person",
        """the [artist|performer] of {X}
        the [artist|act] who performed {X}""",
        """Who [performed|recorded] {X}?
        Who is the performer of {X}?""",
        """who [performed|recorded] {X}""",
        """was performed by {X}""",
    ),
    say(
        "label", "organisation",
        """the [record label|label|record company] of {X}
        the [record label|label|record company] that [released|issued] {X}""",
        """Which [record label|label] [released|issued] {X}?
        On which [record label|label] [did {X} come out|was {X} released]?""",
        """which [record label|label] [released|issued] {X}""",
        """was [released|issued] by {X}
        came out on {X}""",
    ),
    say(
        "recorded_in", "place",
        """the place [where|in which] {X} was recorded
        the place of recording of {X}""",
        """Where was {X} recorded?
        In which [place|town] was {X} recorded?""",
        """where {X} was recorded""",
        """was recorded in {X}""",
    ),
    say(
        "painter", "person",
        """the painter of {X}
        the [person|artist] who painted {X}""",
        """Who painted {X}?
        Who is the painter of {X}?
        By whom was {X} painted?""",
        """who painted {X}
        by whom {X} was painted""",
        """was painted by {X}""",
    ),
    say(
        "painted", "date",
        """the year in which {X} was painted
        the year of {X}""",
        """When was {X} painted?
        In [which|what] year was {X} painted?""",
        """when {X} was painted
        in which year {X} was painted""",
        """was painted in {X}""",
        events="{X} was painted",
        happenings="the painting of {X}",
        later=("was painted later", "was painted [earlier|first]"),
    ),
    say(
        "depicts", "thing",
        """the subject of {X}
        what {X} [shows|depicts]""",
        """What does {X} [show|depict]?
        What is the subject of {X}?""",
        """what {X} [shows|depicts]""",
        """[shows|depicts] {X}""",
    ),
    say(
        "held_by", "place",
        """the [collection|place] [that holds {X}|in which {X} hangs]
        the place where {X} is kept""",
        """Where [is {X} kept|does {X} hang]?
        [Which collection|Who] holds {X}?""",
        """where {X} [is kept|hangs]""",
        """is held by {X}
        hangs in {X}""",
    ),
    say(
        "creator", "person",
        """the creator of {X}
        {X's} creator
        the person who created {X}""",
        """Who created {X}?
        Who is the creator of {X}?
        By whom was {X} created?""",
        """who created {X}
        by whom {X} was created""",
        """was created by {X}""",
    ),
    say(
        "developer", "organisation",
        """the developer of {X}
        {X's} developer
        the [company|studio] that developed {X}""",
        """Who developed {X}?
        Which company developed {X}?
        By whom was {X} developed?""",
        """who developed {X}
        by whom {X} was developed""",
        """was developed by {X}""",
    ),
    say(
        "set_in", "place",
        """the setting of {X}
        the place [where|in which] {X} is set""",
        """Where is {X} set?
        In which place is {X} set?
        What is the setting of {X}?
        Where does the story of {X} take place?""",
        """where {X} [is set|takes place]""",
        """is set in {X}""",
    ),
    say(
        "genre", "text",
        """the [genre|musical genre] of {X}""",
        """What genre does {X} belong to?""",
        """what genre {X} belongs to""",
        """belongs to the genre {X}""",
        single=False,
    ),
    say(
        "network", "organisation",
        """the [network|channel] that [broadcast|aired] {X}""",
        """Which [network|channel] [broadcast|aired] {X}?
        On which [network|channel] did {X} air?""",
        """which [network|channel] [broadcast|aired] {X}""",
        """[was broadcast by|aired on] {X}""",
    ),
    say(
        "dedicated_to", "person",
        """the person to whom {X} is dedicated""",
        """To whom is {X} dedicated?
        Who is named in the dedication of {X}?""",
        """to whom {X} is dedicated""",
        """is dedicated to {X}""",
    ),
    say(
        "album", "work",
        """the album [on which {X} appears|that contains {X}]""",
        """[From|On] which album is {X}?
        Which album contains {X}?""",
        """which album {X} is from""",
        """is [from|on] the album {X}""",
    ),
    say(
        "written_by", "person",
        """the writer of {X}
        the person who wrote {X}""",
        """Who wrote {X}?
        By whom was {X} written?
        Who is the writer of {X}?""",
        """who wrote {X}
        by whom {X} was written""",
        """was written by {X}""",
    ),
    say(
        "editor", "person",
        """the editor of {X}
        {X's} editor""",
        """Who edited {X}?
        Who is the editor of {X}?
        By whom was {X} edited?""",
        """who edited {X}""",
        """was edited by {X}""",
    ),
    say(
        "premiered", "date",
        """the date [of the premiere of {X}|when {X} premiered]""",
        """When did {X} premiere?
        When was {X} first shown?""",
        """when {X} [premiered|was first shown]""",
        """premiered in {X}""",
        events="{X} premiered",
        happenings="the premiere of {X}",
        later=("premiered [later|more recently]", "premiered [earlier|first]"),
    ),
    say(
        "album_of", "work",
        """the album [that contains {X}|with {X}]""",
        """Which album contains {X}?
        On which album is {X}?""",
        """which album contains {X}""",
        """is on the album {X}""",
    ),
    say(
        "songwriter", "person",
        """the songwriter behind {X}
        the person who wrote {X}""",
        """Who wrote {X}?
        By whom was {X} written?""",
        """who wrote {X}""",
        """was written by {X}
        was co-written by {X}""",
        single=False,
    ),
)  # fmt: skip

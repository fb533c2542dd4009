"""Questions are read by their shape: what is wanted, of what, by which steps."""

from __future__ import annotations

import random

import pytest

from tamsa.agent.baseline.plan import make_plan
from tamsa.agent.baseline.question import analyse
from tamsa.agent.baseline.simplify import simplify
from tamsa.agent.baseline.steps import Step


def chain(question: str, *titles: str) -> list[str]:
    """Return the steps of a plan from the outside in: the first cue of each, then the name at its heart."""
    plan = make_plan(analyse(question, titles))
    assert plan is not None
    step: Step | None = simplify(plan)
    out = []
    while step is not None:
        out.append(step.name or "+".join(step.cues))
        step = step.of
    return out


@pytest.mark.parametrize(
    ("question", "kind", "head"),
    [
        ("In which city was Ada Rinn born?", "place", "city"),
        ("Who directed Night Ferry?", "person", ""),
        ("When did Paul Erding die?", "date", ""),
        ("What year was the mill at Torva built?", "year", "year"),
        ("How many people live in Torva?", "number", "people"),
        ("What is the population of Torva?", "number", "population"),
        ("What nationality is Jon Fell?", "nationality", "nationality"),
        ("What is the name of the river of Torva?", "place", "river"),
        ("Tell me the date of birth of the person who taught Ada Rinn.", "date", "date"),
        ("Night Ferry was directed by which Swedish filmmaker?", "person", "filmmaker"),
        ("What occupation did Otto Lasch have?", "description", "occupation"),
        # the noun ends where its verb begins
        ("What county club plays at the ground of Torva?", "org", "club"),
        ("Which company began building up the town that Lenn Rovers come from?", "org", "company"),
        ("Which poet likely read aloud the letter of Ada Rinn?", "person", "poet"),
        ("Ada Rinn was up for prizes handed out by which academy each year?", "org", "academy"),
        ("How large a share of Torva is forest?", "number", "share"),
        ("How high up is the town of Torva?", "number", ""),
    ],
)
def test_the_wanted_kind_is_read(question: str, kind: str, head: str) -> None:
    read = analyse(question)
    assert (read.kind, read.head) == (kind, head)


@pytest.mark.parametrize(
    ("question", "steps"),
    [
        ("Who is the father of the director of the film Night Ferry?", ["parent", "direct", "Night Ferry"]),
        ("When did Night Ferry's director die?", ["death", "direct", "Night Ferry"]),
        ("What is the capital of the country where Ada Rinn was born?", ["capital", "birth", "Ada Rinn"]),
        ("In what year was the company founded which produced Night Ferry?", ["found", "produce", "Night Ferry"]),
        (
            "How long is the river on which the town where Ada Rinn was born stands?",
            ["long", "locate", "birth", "Ada Rinn"],
        ),
        (
            "On which mountain does the river on which the town where the person whom Otto Lasch married was born "
            "stands rise?",
            ["source", "locate", "birth", "spouse", "Otto Lasch"],
        ),
        (
            "Think of the founder of Lenn Rovers. In which county does the town where that person was born lie?",
            ["locate", "birth", "found", "Lenn Rovers"],
        ),
        ("One novel was written by Ada Rinn. Which one?", ["write", "Ada Rinn"]),
        ("In which region is the setting of the film Night Ferry?", ["locate", "set", "Night Ferry"]),
        ("When was the namesake of the prize that Ada Rinn received born?", ["birth", "namesake", "award", "Ada Rinn"]),
        ("After whom was Mount Bragg named?", ["namesake", "Mount Bragg"]),
        ("Who is the paternal grandmother of Ada Rinn?", ["parent", "parent", "Ada Rinn"]),
        ("When did Ada Rinn's father-in-law die?", ["death", "parent", "spouse", "Ada Rinn"]),
        ("What county is the town where Ada Rinn was born located in?", ["locate", "birth", "Ada Rinn"]),
        ("When was the team that Jon Fell is a member of founded?", ["found", "belong", "Jon Fell"]),
        ("Where is the headquarters of the team Jon Fell is a member of?", ["locate", "belong", "Jon Fell"]),
        ("Where did the director of film Night Ferry graduate from?", ["study", "direct", "Night Ferry"]),
        ("Who was the first to reach the summit of Mount Bragg?", ["climb", "Mount Bragg"]),
        ("Where did the person after whom Mount Bragg is named die?", ["death", "namesake", "Mount Bragg"]),
        ("How large is the region of the town of which Jon Fell is mayor?", ["big", "region", "lead", "Jon Fell"]),
        ("Who ruled the country of which Jon Fell was head of state?", ["lead", "nation+lead+stat", "Jon Fell"]),
        ("Which language is official in the country of Ada Rinn?", ["language+official", "nation", "Ada Rinn"]),
        (
            "Who is the wife of the actor who played the leading part in Night Ferry?",
            ["spouse", "star+lead", "Night Ferry"],
        ),
        ("Where was the author of the first grammar of Veldish born?", ["birth", "write+first", "Veldish"]),
        ("Which country's citizen was the director of Night Ferry?", ["nation", "direct", "Night Ferry"]),
        ("In which town is the head office of the employer of Jon Fell?", ["locate", "work", "Jon Fell"]),
        ("What is the twin town of the setting of the film Night Ferry?", ["twin", "set", "Night Ferry"]),
        ("Who first climbed the highest mountain in the list of mountains of Velda?", ["first+climb", "high", "Velda"]),
        (
            "Night Ferry was directed by a man who was a pupil of which painter?",
            ["teach", "direct", "Night Ferry"],
        ),
        ("By what name was the author of Night Ferry better known?", ["stage-name", "write", "Night Ferry"]),
        ("Which son of the director of Night Ferry became a judge?", ["child", "direct", "Night Ferry"]),
        ("Who is the son of the actor starring with Jon Fell and Ada Rinn?", ["child", "star", "Jon Fell"]),
        ("In which U.S. state was Ada Rinn born?", ["birth", "Ada Rinn"]),
        ("Who wrote the Tamil film Night Ferry?", ["write", "Night Ferry"]),
        ("Where did the Torva politician Jon Fell die?", ["death", "Jon Fell"]),
        ("Take the town that is home to Lenn Rovers (of old). After whom or what is that town named?",
         ["namesake", "locate", "Lenn Rovers"]),
        # clauses that stand behind the verb, and adverbials between pronoun and verb
        ("When was the league formed in which Jon Fell played for Lenn?", ["found", "star", "Jon Fell"]),
        ("When was the capital founded of the country in which Jon Fell was born?",
         ["found", "capital", "birth", "Jon Fell"]),
        ("Of which region is the town the seat in which the college lies that Jon Fell left?",
         ["capital", "locate", "left", "Jon Fell"]),
        ("When was the town ruined in which Ada Rinn refused to pay the toll?", ["ruin", "refus", "Ada Rinn"]),
        ("Where was the skier born who, ahead of the Torva Games, led the Lenn Rovers?",
         ["birth", "lead", "Lenn Rovers"]),
        ("Who has since 2002 been drummer of the band that made Night Ferry?", ["drummer", "made", "Night Ferry"]),
        ("When was the channel started two of whose shows Ada Rinn sells?", ["start", "show", "Ada Rinn"]),
        ("After whom is the city named in which Jon Fell died?", ["namesake", "death", "Jon Fell"]),
        # whose page leads on: the nested thing, not the bare name beside it; "the one" is of the class before it
        ("Who directed the picture in which the narrator of Night Ferry plays Zed?",
         ["direct", "star", "narrator", "Night Ferry"]),
        ("How long is the border of the region that lies east of the one Torva is in?",
         ["long+near", "east", "locate", "Torva"]),
        ("Who led the Torva team Jon Fell played for?", ["lead", "star", "Jon Fell"]),
        ("How many people live in the town or city that is home to Lenn Rovers?",
         ["population", "locate", "Lenn Rovers"]),
        # the word that asks stands inside
        ("At the mouth of which river lies the town where Jon Fell was born?", ["flow", "birth", "Jon Fell"]),
        ("The fall of what city ended the war whose veterans Ada Rinn nursed?", ["fall", "veteran", "Ada Rinn"]),
        ("The man who made the album Night Ferry started out backing which singer?", ["back", "made", "Night Ferry"]),
        ("Ada Rinn plays in a division created at the start of which season?", ["start", "star", "Ada Rinn"]),
        ("In 1603 the king of the land where Torva lies won a crown; who was his mother?",
         ["parent", "king", "locate", "Torva"]),
        ("The group shown in Night Ferry got together in which town?", ["got", "shown", "Night Ferry"]),
        ("A rival of the firm took over Lenn Motors in which year?", ["own", "Lenn Motors"]),
        ("The firm of Jon Fell came into being when Ada Rinn joined forces with whom?", ["came", "firm", "Jon Fell"]),
        # a clause without a pronoun, and its verb
        ("What is the nickname of the team Jon Fell joined in 2013?", ["nickname", "2013", "Jon Fell"]),
        ("Who owns the club Jon Fell was with?", ["own", "club", "Jon Fell"]),
        ("When can the holder of the office Jon Fell sought in 1992 vote?", ["vote", "sought", "Jon Fell"]),
        ("What was replaced by the show Ada Rinn did with Jon Fell?", ["replac", "show", "Ada Rinn"]),
        ("What is the capital of the state where the Lenn coaster at Torva stands?", ["capital", "locate", "Lenn"]),
        ("In what city was the act formed for which Ada Rinn once worked?", ["found", "work", "Ada Rinn"]),
        ("When was the country founded that has Torva?", ["found", "nation", "Torva"]),
        ("What is the meaning of the name of the city where Ada Rinn died?", ["mean", "death", "Ada Rinn"]),
        ("How many countries form the union in which Torva lies?", ["form", "locate", "Torva"]),
        ("In the state whose team won the Torva Cup, what is the largest city?", ["big", "win", "Torva Cup"]),
        ("How many copies were sold of the song that made Ada Rinn known?", ["sold", "made", "Ada Rinn"]),
        ("For how many seasons did Jon Fell play with the club?", ["play", "Jon Fell"]),
        # how it is opened
        ("What's the capital of the country where Ada Rinn was born?", ["capital", "birth", "Ada Rinn"]),
        ("What is thought of as the county town of the county of Torva?", ["county", "county", "Torva"]),
        ("How did the author of Night Ferry die?", ["death", "write", "Night Ferry"]),
        ("Whose playing inspired the guitarist of Lenn Rovers?", ["inspir", "guitarist", "Lenn Rovers"]),
        ("Name the Methodist college found in the seat of Lenn County.", ["locate", "capital", "Lenn County"]),
        ("Besides Lenn, Ada Rinn played for which team?", ["star", "Ada Rinn"]),
    ],
)  # fmt: skip
def test_nested_relations_are_unrolled(question: str, steps: list[str]) -> None:
    found = chain(question)
    assert len(found) == len(steps)
    for cues, wanted in zip(found, steps, strict=True):
        assert wanted in cues


@pytest.mark.parametrize(
    ("question", "form", "options"),
    [
        ("Who was born first, Jon Fell or Paul Erding?", "choice", ("Jon Fell", "Paul Erding")),
        ("Which film came out earlier, Night Ferry or The Copper Gate?", "choice", ("Night Ferry", "The Copper Gate")),
        ("Are Jon Fell and Paul Erding of the same nationality?", "polar", ("Jon Fell", "Paul Erding")),
        ("Is Night Ferry a film or a novel?", "choice", ("film", "novel")),
        ("How many films did Marta Oslin direct?", "count", None),
    ],
)
def test_the_form_is_read(question: str, form: str, options: tuple[str, str] | None) -> None:
    read = analyse(question)
    assert (read.form, read.options) == (form, options)


def test_known_titles_stay_whole() -> None:
    read = analyse("Who wrote the music of Islands and Weather in 1950?", ("Islands and Weather",))
    assert [name.text for name in read.names] == ["Islands and Weather"]


def test_any_text_is_parsed_to_an_end() -> None:
    generator = random.Random(3)
    words = "who which that the of 's and in is was born ⟦ ⟧ ( ) , . ? “ ” Ada Rinn whose where which named to".split()
    for _ in range(2_000):
        text = " ".join(generator.choice(words) for _ in range(generator.randint(0, 40)))
        make_plan(analyse(text))
    make_plan(analyse("of which " * 4_000))


@pytest.mark.parametrize(
    ("question", "described"),
    [
        ("Which player played for the football team that was founded in 2008?", "the football team that was founded"),
        ("Who directed the 1956 film about a whale?", "the 1956 film about a whale"),
    ],
)
def test_a_thing_without_a_name_is_kept_as_its_description(question: str, described: str) -> None:
    plan = make_plan(analyse(question))
    assert plan is not None
    assert plan.of is not None
    assert plan.of.of is None
    assert plan.of.phrase.startswith(described)

"""Questions drawn from a graph are answered by their forms, read whole, and are the same in any order of work."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from tamsa.errors import ConfigError
from tamsa.scoring.metrics import exact_match
from tamsa.synthesis.checks import Alike, Checker, takes_shortcut
from tamsa.synthesis.checks.checker import leaks, recomputed, stated, verified
from tamsa.synthesis.descriptions import describe, distract, vague_number, vague_years
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import entity, evaluate
from tamsa.synthesis.obfuscation import OPERATIONS, obscure
from tamsa.synthesis.questions import QuestionConfig, QuestionMaker, generate
from tamsa.synthesis.questions.chains import said_already, unanswerable
from tamsa.synthesis.questions.comparisons import both_named
from tamsa.synthesis.questions.conflicts import disputes, settle
from tamsa.synthesis.questions.draft import Relations
from tamsa.synthesis.questions.listing import Listing, distinct, joined, listing_of, place_of
from tamsa.synthesis.questions.maker import SHARES
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.things import Thing, name_thing, refer
from tamsa.synthesis.values import entity_item
from tamsa.synthesis.wording.headers import column_of
from tamsa.synthesis.wording.nouns import call
from tests.synthesis.small_graph import WORDS, YEARS, SmallGraph, small_domain, small_graph, title_search

GRAPH = small_graph()


@pytest.fixture(scope="module")
def domain() -> Domain:
    return small_domain(GRAPH)


@pytest.fixture(scope="module")
def questions(domain: Domain) -> list[GoldQuestion]:
    maker = QuestionMaker(domain, QuestionConfig(shard_size=120), seed=3)
    return [question for shard in range(4) for question in maker.shard(shard)]


def test_every_kind_that_the_graph_allows_is_drawn(questions: list[GoldQuestion]) -> None:
    kinds = Counter(question.kind for question in questions)
    wanted = {"chain", "comparison", "yes_no", "intersection", "superlative", "counting", "temporal"}
    assert wanted <= set(kinds)
    assert {question.hops for question in questions if question.kind == "chain"} >= {1, 2, 3}
    assert {operation for question in questions for operation in question.operations} >= {
        "description", "vague_date", "bridge", "distractor", "merged_attributes",
    }  # fmt: skip


def test_every_answer_is_recomputed_from_its_form(domain: Domain, questions: list[GoldQuestion]) -> None:
    for question in questions:
        assert recomputed(question, domain), question
        assert verified(question) and stated(question, domain), question


def test_difficulty_counts_steps_and_operations(questions: list[GoldQuestion]) -> None:
    for question in questions:
        assert set(question.operations) <= set(OPERATIONS)
        more = sum(operation not in ("bridge", "description") for operation in question.operations)
        assert question.difficulty == max(1, len(question.chain)) + more


def test_questions_are_whole_sentences(questions: list[GoldQuestion]) -> None:
    for question in questions:
        text = question.question
        assert text[0].isupper() or text[0].isdigit(), text
        assert text[-1] in "?.", text
        assert not re.search(r"[{}]|\bthe the\b|\ba the\b|  | ,|,[.?:,]|None", text), text


def test_both_answers_of_yes_no_occur(questions: list[GoldQuestion]) -> None:
    answers = Counter(question.answers[0] for question in questions if question.kind == "yes_no")
    assert set(answers) == {"yes", "no"} and min(answers.values()) * 4 >= max(answers.values())


def test_shards_do_not_depend_on_what_was_drawn_before(domain: Domain) -> None:
    config = QuestionConfig(shard_size=30)
    together = QuestionMaker(domain, config, seed=7)
    forward = {shard: list(together.shard(shard)) for shard in (0, 1, 2)}
    for shard in (2, 0, 1):
        assert list(generate(small_domain(), config, 7, shard)) == forward[shard]
    assert forward[0] != forward[1]
    assert list(generate(domain, config, 8, 0)) != forward[0]


def test_records_survive_a_round_trip(questions: list[GoldQuestion]) -> None:
    for question in questions:
        assert GoldQuestion.from_json(question.to_json()) == question


def test_weights_of_relations_steer_what_is_drawn(domain: Domain) -> None:
    config = QuestionConfig(shard_size=40, shares={"chain-1": 1.0}, relation_weights={"released": 0.0})
    assert all("released" not in question.relations for question in QuestionMaker(domain, config).shard(0))


def test_unknown_slots_are_refused() -> None:
    with pytest.raises(ConfigError, match="chain-9"):
        QuestionConfig(shares={"chain-9": 1.0})
    with pytest.raises(ConfigError, match="above 0"):
        QuestionConfig(shares={})


# --------------------------------------------------------------------------- obfuscation


def test_obscured_things_still_mean_the_same_and_hide_their_name(domain: Domain) -> None:
    random = Random(5)
    made = 0
    for thing in GRAPH.things:
        for _ in range(6):
            obscured = obscure(domain, thing.id, random)
            if obscured is None:
                continue
            made += 1
            assert evaluate(obscured.form, domain) == (obscured.item,)
            assert obscured.item.id == thing.id and obscured.operations
            if "distractor" not in obscured.operations:
                assert thing.title not in obscured.phrase
    assert made > 60


def test_a_description_that_fits_two_things_is_refused() -> None:
    graph = small_graph()
    # a second film of the same director and span: no description by director and decade may single one out
    twin = graph.add("The Twin Road", "work", "1931 film")
    graph.state(twin, "director", "Director Ason", "entity")
    graph.state(twin, "released", "1932", "year")
    domain = small_domain(graph)
    for seed in range(40):
        thing = describe(domain, "The_Amber_Road", Random(seed), vague=True)
        if thing is None:
            continue
        assert evaluate(thing.form, domain) == (thing.item,)
        if set(thing.relations) == {"director", "released"}:
            low, high = thing.form["value"]
            assert not low <= 1932 <= high


def test_a_mention_alone_forbids_a_description() -> None:
    graph = small_graph()
    shadow = graph.add("The Shadow Road", "work", "film")
    graph.state(shadow, "links_to", "Director Ason", "entity")
    domain = small_domain(graph)
    for seed in range(30):
        thing = describe(domain, "The_Amber_Road", Random(seed), vague=False)
        assert thing is None or thing.relations[0] != "director" or thing.relations[1] != "released"


def test_vague_years_and_numbers_hold_the_exact_value() -> None:
    random = Random(1)
    for year in range(1700, 2021):
        low, high, words = vague_years(year, random)
        assert low <= year <= high and high - low <= 9 and str(low)[:3] in words
    for number in (20, 37, 104, 1234, 56789, 10**6):
        low, high, words = vague_number(float(number), "m")
        assert low <= number <= high and words.startswith("about ") and words.endswith(" m")


def test_namesakes_are_named_by_their_noun() -> None:
    graph = small_graph()
    graph.add("The Amber Road (novel)", "work", "novel")
    thing = name_thing(small_domain(graph), "The_Amber_Road_(novel)", Random(0))
    assert thing is not None and thing.phrase == "the novel The Amber Road"


# --------------------------------------------------------------------------- conflicts and what is not there


def test_a_dispute_is_settled_by_authority_or_left_alone() -> None:
    graph = small_graph()
    for title, lead in (
        (
            "Official Record of Aldland (1960)",
            "official record, certified from the original documents",
        ),
        ("Popular Guide to Aldland (1970)", "popular guide for visitors that repeats hearsay"),
        ("Tales of Aldland (1971)", "popular guide for visitors told from memory"),
    ):
        graph.add(title, "work", lead)
    record, guide, tales = (title.id for title in graph.things[-3:])
    graph.state("Aldham", "founded", "1301", "year", record)
    graph.state("Aldham", "founded", "1377", "year", guide)
    graph.state("Bryham", "founded", "1402", "year", guide)
    graph.state("Bryham", "founded", "1410", "year", tales)
    domain = small_domain(graph)
    assert set(disputes(domain)) == {("Aldham", "founded"), ("Bryham", "founded")}
    settlement = settle(domain, "Aldham", "founded")
    assert settlement is not None and settlement.winner.document == record and settlement.losing_values == ("1377",)
    assert settle(domain, "Bryham", "founded") is None
    maker = QuestionMaker(domain, QuestionConfig(shard_size=80))
    made = [question for shard in range(2) for question in maker.shard(shard)]
    for question in made:
        assert not {"1377", "1402", "1410"} & set(question.answers)
        if question.kind == "conflict":
            assert question.answers[0] == "1301" and question.settlement is not None


def test_the_unanswerable_is_stated_nowhere(domain: Domain) -> None:
    random, relations = Random(2), Relations(domain)
    made = [d for _ in range(3000) if (d := unanswerable(domain, random, relations)) is not None]
    for draft in made:
        assert draft.answer is None and not evaluate(draft.form, domain)


def test_a_word_in_the_text_forbids_the_unanswerable() -> None:
    graph = small_graph()
    for letter in "XYZ":
        film = graph.add(f"The {letter} Road", "work", "film")
        graph.state(film, "released", "1980", "year")
    graph.state("The_X_Road", "links_to", "Actor Ason", "entity")
    silent = {"The_Y_Road", "The_Z_Road"}
    held = graph.documents["The_X_Road"]
    graph.documents["The_X_Road"] = type(held)(held.id, held.title, held.text + " Its director is not known to us.")
    domain = small_domain(graph)
    random, relations = Random(4), Relations(domain)
    asked = set()
    for _ in range(8000):
        draft = unanswerable(domain, random, relations)
        if draft is not None and draft.relations == ("director",):
            asked.add(draft.form["of"].get("id"))
    assert asked and asked <= silent


def test_what_leads_back_is_found_step_by_step_in_any_order(domain: Domain) -> None:
    identities = [thing.id for thing in domain.graph.things]  # type: ignore[attr-defined]
    asked = {(name, steps): domain.leads(name, steps) for steps in range(4) for name in identities}
    other = small_domain()
    assert {key: other.leads(*key) for key in reversed(asked)} == asked
    for (name, steps), leads in asked.items():
        ways = domain.ways(name)
        assert leads == (any(domain.leads(way.start, steps - 1) for way in ways) if steps else domain.nameable(name))
        if not leads:
            assert all(refer(domain, name, steps, Random(seed)) is None for seed in range(5))
    assert {asked[name, 2] for name in identities} == {True, False}


def test_facts_are_led_back_over_as_many_steps_as_asked(domain: Domain) -> None:
    random, relations = Random(3), Relations(domain)
    for steps in (1, 2):
        edges = [relations.leading_back(domain, steps, random) for _ in range(40)]
        found = [edge for edge in edges if edge is not None]
        assert found and all(domain.leads(edge.subject, steps) for edge in found)
        assert any(refer(domain, edge.subject, steps, random) is not None for edge in found)


def test_a_year_in_a_name_is_not_said_again() -> None:
    graph = small_graph()
    film = graph.add("1938 Revue", "work", "film")
    graph.state(film, "released", "1938", "year")
    domain = small_domain(graph)
    for seed in range(20):
        thing = name_thing(domain, film, Random(seed))
        assert thing is not None and distract(domain, thing, Random(seed)) is None
        other = name_thing(domain, "The_Amber_Road", Random(seed))
        assert other is not None and distract(domain, other, Random(seed)) is not None


# --------------------------------------------------------------------------- checks


def test_rewordings_of_a_question_are_alike(questions: list[GoldQuestion]) -> None:
    alike = Alike()
    first = next(question for question in questions if question.kind == "chain")
    assert alike.admit(first)
    assert not alike.admit(first)
    shouted = GoldQuestion.from_json({**first.to_json(), "id": "x", "question": first.question.upper() + " !"})
    assert not alike.admit(shouted)
    reworded = GoldQuestion.from_json({**first.to_json(), "id": "y", "question": "Quite other words altogether?"})
    assert not alike.admit(reworded)


def test_one_page_questions_take_the_shortcut_and_chains_need_not(questions: list[GoldQuestion]) -> None:
    search = title_search(GRAPH)
    for question in questions:
        if question.kind == "chain" and question.hops == 1 and "column:" not in question.relations[0]:
            assert takes_shortcut(question, search), question
    long = [question for question in questions if question.kind == "chain" and question.hops >= 3]
    assert sum(not takes_shortcut(question, search) for question in long) > len(long) / 2


def test_the_checker_names_its_reasons(domain: Domain, questions: list[GoldQuestion]) -> None:
    question = next(one for one in questions if one.kind == "chain" and one.hops == 2 and not leaks(one))

    def changed(**fields: object) -> GoldQuestion:
        return GoldQuestion.from_json({**question.to_json(), **fields})

    checker = Checker(domain, title_search(GRAPH), kept_shortcuts=0.0)
    assert checker.check(changed(answers=["the"])) == "verifier"
    assert checker.check(changed(answers=["Atlantis"])) == "form"
    assert checker.check(changed(form={"op": "entity", "id": None, "title": "Nowhere"})) == "form"
    assert checker.check(changed(question=f"Is it {question.answers[0]}?")) == "leak"
    hop = question.to_json()["chain"][0]
    assert checker.check(changed(chain=[{**hop, "evidence": {**hop["evidence"], "start": 0, "end": 1}}])) == "evidence"
    page = question.chain[-1].evidence.title
    assert checker.check(changed(question=f"What does {page} say of it?")) == "shortcut"
    kept = Checker(domain, title_search(GRAPH), kept_shortcuts=1.0).check(
        changed(question=f"What does {page} say of it?")
    )
    assert isinstance(kept, GoldQuestion) and kept.shortcut


def test_accepted_answers_pass_the_scorer(questions: list[GoldQuestion]) -> None:
    for question in questions:
        assert all(exact_match(answer, question.answers) for answer in question.answers)


def test_a_second_sentence_calls_a_person_what_the_first_did(domain: Domain) -> None:
    named = call("Ann Lee", "American architect", "person")
    item, form = entity_item("Ann Lee", "Ann_Lee"), entity("Ann Lee", "Ann_Lee")
    for phrase, back in (
        ("the architect who was born in Rome", "that architect"),
        ("the American architect who was born in Rome", "that architect"),
        ("the mother of Bob Lee", "that person"),
    ):
        assert Thing(item, phrase, form, named).back == back


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("1988 in country music: Other top albums", "the list of other top albums on the page “1988 in country music”"),
        ("Venues of the 2010 Winter Olympics: Competition venues",
         "the list of competition venues on the page “Venues of the 2010 Winter Olympics”"),
        ("Joan Chen: Filmography", "the filmography of Joan Chen"),
        ("Phapsakis Prize: Winners", "the list of winners of the Phapsakis Prize"),
        ("Tatort: Soundtracks ( selection )", "the table “Soundtracks (selection)” on the page about Tatort"),
        ("1980 World Cup: `` B '' final", "the table “B final” on the page about the 1980 World Cup"),
        ("Nigeria: List of newspapers", "the list of newspapers of Nigeria"),
    ],
)  # fmt: skip
def test_tables_are_found_by_the_page_they_stand_on(title: str, place: str) -> None:
    table = replace(GRAPH.table(0), title=title, caption="")
    assert place_of(table, "venue") == place


def askable(graph: SmallGraph, subject: str, relation: str) -> bool:
    domain = small_domain(graph)
    (edge,) = (edge for edge in domain.edges_of(subject) if edge.relation == relation)
    return domain.askable(edge)


@pytest.mark.parametrize(
    ("born", "died", "released", "asked"),
    [
        ("1901", "1970", "1951", True),
        ("1978", "", "1951", False),  # a child not yet born directs no film
        ("1278", "1322", "1951", False),
        ("1890", "1949", "1951", True),  # it came out after the director's death
        ("", "", "1951", True),
    ],
)
def test_a_maker_lived_when_the_thing_was_made(born: str, died: str, released: str, asked: bool) -> None:
    graph = SmallGraph()
    film, person = graph.add("Night Ferry", "work", "film"), graph.add("Tony Bray", "person", "film director")
    graph.state(film, "director", "Tony Bray", "entity")
    graph.state(film, "released", released, "year")
    for relation, year in (("born_on", born), ("died_on", died)):
        if year:
            graph.state(person, relation, year, "year")
    assert askable(graph, film, "director") is asked


@pytest.mark.parametrize(
    ("subject", "relation", "value", "asked"),
    [
        (("Dawn Club", "organization", "football club"), "headquarters", ("Aldham", "place", "town"), True),
        (("Dawn Club", "organization", "football club"), "located_in", ("Dawn Park", "building", "stadium"), False),
        (("Ann Lee", "person", "clerk"), "worked_for", ("Grey House", "building", "house"), False),
        (("Ann Lee", "person", "clerk"), "worked_for", ("Orne Mills", "organization", "company"), True),
        (("Ferry II: Home", "work", "film"), "based_on", ("Ferry II", "work", "film"), False),
        (("Home Again", "work", "film"), "based_on", ("The Long Ferry", "work", "novel"), True),
        (("Night Ferry", "work", "film"), "network", ("Aldham Nine", "organization", "television network"), False),
        (("Night Ferry", "work", "television series"), "network", ("Aldham Nine", "organization", "network"), True),
        (("Aldham Market", "organization", "company"), "headquarters",
         ("Aldham (UK Parliament constituency)", "place", "constituency"), False),
        (("Night Ferry", "work", "film"), "starring", ("Tony Bray", "person", "rugby league player"), False),
        (("Night Ferry", "work", "film"), "starring", ("Annie", "person", "Norwegian singer"), False),
        (("Night Ferry", "work", "film"), "starring", ("Suman", "person", "Indian actor"), True),
        (("Warren County", "place", "county"), "in_region", ("Aldham", "place", "town"), False),
        (("Aldham", "place", "town"), "in_region", ("Warren County", "place", "county"), True),
        (("Aldham", "place", "town"), "flows_into", ("Norrin Sea", "place", "sea"), False),
        (("Ann Lee", "person", "clerk"), "member_of", ("Orne Mills", "organization", "textile company"), False),
    ],
)  # fmt: skip
def test_facts_that_come_from_a_misread_name_are_not_asked_about(
    subject: tuple[str, str, str], relation: str, value: tuple[str, str, str], asked: bool
) -> None:
    graph = SmallGraph()
    first = graph.add(*subject)
    graph.add(*value)
    graph.state(first, relation, value[0], "entity")
    assert askable(graph, first, relation) is asked


def test_a_club_is_not_meant_by_its_league_alone(domain: Domain) -> None:
    graph = SmallGraph()
    club = graph.add("Dawn Club", "organization", "football club")
    for name, relation in (("Norland League", "plays_in"), ("Ole Orne", "founder")):
        graph.add(name, "organization" if relation == "plays_in" else "person", "league")
        graph.state(club, relation, name, "entity")
    small = small_domain(graph)
    leads = {edge.relation: small.leads_back(edge) for edge in small.edges_of(club)}
    assert leads == {"plays_in": False, "founder": True}


def test_what_both_things_are_is_said_once(domain: Domain) -> None:
    def named(name: str, phrase: str) -> Thing:
        return Thing(entity_item(name, name), phrase, entity(name, name), call(name, "1975 film", "work"))

    munich, jaws = named("Munich", "the film Munich"), named("Jaws", "the film Jaws")
    said = "Were {A} and {B} directed by the same person?"
    assert both_named(said, munich, jaws) == "Were the films Munich and Jaws directed by the same person?"
    assert both_named(said, munich, named("Jaws", "Jaws")).startswith("Were the film Munich and Jaws")


@pytest.mark.parametrize(
    ("head", "people", "heads"),
    [
        ("Mayor", True, {"Votes"}),
        ("Stadium", False, {"Capacity", "Opened", "Population (2011)"}),
    ],
)
def test_columns_of_towns_say_nothing_of_their_mayors(head: str, people: bool, heads: set[str]) -> None:
    graph = SmallGraph()
    header = (head, "Votes", "Capacity", "Opened", "Population (2011)", "Age")
    for number in range(5):
        graph.add(
            f"Ole Orne {WORDS[number]}", "person" if people else "building", "politician" if people else "stadium"
        )
    graph.tabulate(
        "List of things in Aldham",
        header,
        [
            ((f"Ole Orne {WORDS[n]}", "entity"), *((str(1900 + n), kind) for kind in
             ("quantity", "quantity", "year", "quantity", "quantity")))
            for n in range(5)
        ],
    )  # fmt: skip
    listing = listing_of(small_domain(graph), 0)
    assert listing is not None
    assert {header[at] for at in listing.columns} == heads | ({"Age"} if people else set())


def test_the_latest_thing_is_asked_for_where_its_date_is_its_own(domain: Domain) -> None:
    listing = Listing(GRAPH.table(0), "film", False, "the list of films", {1: column_of("Year")})  # type: ignore[dict-item]
    assert listing.extreme(1, "max", Random(1)) in ("the latest film", "the most recent film")
    assert listing.extreme(1, "min", Random(1)) == "the earliest film"
    assert replace(listing, noun="player").extreme(1, "max", Random(1)) == ""


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("whose club is Fremantle", "listed for 2010", "listed for 2010 whose club is Fremantle"),
        ("from Aldham", "that opened in 1911", "from Aldham that opened in 1911"),
        ("from Aldham", "aged 30", "from Aldham and aged 30"),
        ("whose club is X", "whose college is Y", "whose club is X and whose college is Y"),
    ],
)
def test_two_things_of_a_row_are_said_in_order(first: str, second: str, said: str) -> None:
    assert joined(first, second) == said


def test_a_column_of_makers_does_not_name_the_rows(domain: Domain) -> None:
    table = GRAPH.table(0)
    subject = table.subject_column
    header = tuple("Manufacturer" if at == subject else head for at, head in enumerate(table.header))
    assert distinct(replace(table, header=header))
    rows = tuple(
        tuple(table.rows[0][subject] if at == subject else cell for at, cell in enumerate(row)) for row in table.rows
    )
    assert not distinct(replace(table, header=header, rows=rows))


def test_what_was_said_in_other_words_is_not_asked_for() -> None:
    assert said_already("premiered", ("starring", "released")) and said_already("born_on", ("born_on",))
    assert not said_already("released", ("starring", "director")) and not said_already("born_on", ("released",))


def test_the_step_to_a_day_stands_where_the_day_is_stated() -> None:
    """A film whose page gives the year first and the day further on: the evidence is the sentence with the day."""
    graph = small_graph()
    for at, film in enumerate(thing.id for thing in list(graph.things) if thing.description.endswith("film")):
        graph.state(film, "released", f"{at + 1} June {YEARS[at]}", "date")
    domain = small_domain(graph)
    shares = {name: float(name in ("table", "superlative")) for name in SHARES}
    maker = QuestionMaker(domain, QuestionConfig(shard_size=150, shares=shares), seed=4)
    asked = [one for shard in range(3) for one in maker.shard(shard) if one.chain[-1].relation == "released"]
    assert len(asked) > 5
    for question in asked:
        place = question.chain[-1].evidence
        assert "June" in question.answers[0]
        assert question.answers[0] in graph.documents[place.document].text[place.start : place.end], question


def test_tables_that_were_cut_off_have_no_last_row() -> None:
    graph = SmallGraph()
    for number in range(60):
        rows = [((f"Film {number} {at}", "text"), (str(1900 + at), "year")) for at in range(4 + number % 5 * 4)]
        graph.tabulate(f"List of films {number}", ("Film", "Year"), rows)
    assert small_domain(graph).cut_off_at == 20
    assert small_domain(small_graph()).cut_off_at == 0

"""The records survive their JSON form."""

import json

from tamsa.synthesis.records import Edge, Evidence, GoldQuestion, Hop, Settlement

EVIDENCE = Evidence("Varan", "Varan", 53, 89)
EDGE = Edge("e1", "Varan", "Varan", "settled_in", "1584", "year", None, EVIDENCE, "sentence")
QUESTION = GoldQuestion(
    "q1",
    "When was Varan settled?",
    ("1584",),
    "conflict",
    1,
    "year",
    (Hop("Varan", "Varan", "settled_in", "1584", None, EVIDENCE),),
    ("Varan",),
    ("settled_in",),
    ("vague_date",),
    2,
    {"op": "project", "of": ["Varan"], "relation": "settled_in"},
    Settlement("an official record", EVIDENCE, (Evidence("Almanac", "Almanac", 0, 9),), ("1590",)),
)


def test_json_round_trip_changes_nothing():
    assert Edge.from_json(json.loads(json.dumps(EDGE.to_json()))) == EDGE
    assert GoldQuestion.from_json(json.loads(json.dumps(QUESTION.to_json()))) == QUESTION

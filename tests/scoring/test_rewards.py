from tamsa.scoring.rewards import answer_reward
from tamsa.types import Finding, Report


def reward(answer, status="answered", supported=False, **options):
    report = Report("?", answer, status, findings=(Finding("claim", supported),))
    return answer_reward(report, ("Carl IV", "Charles IV"), refusal="NOT FOUND", **options)


def test_the_answer_alone_earns():
    assert reward("the Carl IV.") == reward("charles iv")
    assert (reward("Carl IV").value, reward("Carl V").value) == (1.0, 0.0)


def test_a_forced_or_empty_answer_earns_nothing_and_is_told_apart():
    assert reward("Carl IV", "forced").outcome == reward(" ").outcome == "no answer"
    assert reward("Carl V").outcome == "wrong"


def test_a_citation_can_be_demanded():
    assert reward("Carl IV", need_citation=True).outcome == "unsupported"
    assert reward("Carl IV", supported=True, need_citation=True).value == 1.0
    refused = answer_reward(
        Report("?", "NOT FOUND", "not_found"), ("NOT FOUND",), refusal="NOT FOUND", need_citation=True
    )
    assert refused.value == 1.0

"""The schedule: warm up, stay, decay; decisions of a budget in minutes are kept."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from tamsa.errors import ConfigError
from tamsa.train.schedule import Schedule, ScheduleSettings


def test_rises_stays_and_falls() -> None:
    schedule = Schedule(ScheduleSettings(warmup=4, decay=0.5, final=0.1), 20)
    scales = [schedule.scale(step) for step in range(20)]
    assert scales[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert scales[4:10] == pytest.approx([1.0] * 6)
    assert all(a > b for a, b in pairwise(scales[9:]))
    assert scales[-1] == pytest.approx(0.1, abs=0.1)
    assert not schedule.done(19) and schedule.done(20)


def test_minutes_end_where_the_measured_speed_says() -> None:
    schedule = Schedule(ScheduleSettings(minutes=10, decay=0.2, warmup=0), None)
    step = 0
    while not schedule.done(step):
        schedule.observe(step, step * 2.0)  # two seconds a step
        assert step < 1000
        step += not schedule.done(step)
    assert step == 300
    assert schedule.decay_start == 240


def test_first_budget_ends_the_run() -> None:
    schedule = Schedule(ScheduleSettings(minutes=10, decay=0.2, warmup=0), 50)
    for step in range(50):
        schedule.observe(step, step * 2.0)
    assert schedule.end == 50
    schedule = Schedule(ScheduleSettings(minutes=1, decay=0.5, warmup=0), 5000)
    for step in range(20):
        schedule.observe(step, step * 2.0)
    assert schedule.end == 30


def test_a_slow_first_step_does_not_end_a_budget_in_minutes() -> None:
    """The first step of a machine compiles: here it takes more than half of the budget, the others a second each."""
    schedule = Schedule(ScheduleSettings(minutes=10, decay=0.5, warmup=0), None)
    step = 0
    while not schedule.done(step):
        schedule.observe(step, 310.0 + step - 1 if step else 0.0)
        step += not schedule.done(step)
    assert step == 291
    assert schedule.decay_start == 2


def test_without_decay_no_step_is_smaller() -> None:
    schedule = Schedule(ScheduleSettings(minutes=1, decay=0.0, warmup=0), None)
    step, scales = 0, []
    while True:
        schedule.observe(step, step * 2.0)
        if schedule.done(step):
            break
        scales.append(schedule.scale(step))
        step += 1
    assert scales == [1.0] * 30


def test_decision_is_kept_unless_the_budget_changes() -> None:
    settings = ScheduleSettings(minutes=1, decay=0.5)
    schedule = Schedule(settings, None)
    schedule.observe(20, 40.0)
    state = json.loads(json.dumps(schedule.state()))
    again = Schedule(settings, None)
    again.restore(state)
    assert (again.decay_start, again.end) == (schedule.decay_start, schedule.end) == (20, 30)
    longer = Schedule(ScheduleSettings(minutes=5, decay=0.5), None)
    longer.restore(state)
    assert longer.end is None


def test_no_budget_and_bad_shares_are_refused() -> None:
    with pytest.raises(ConfigError, match="no budget"):
        Schedule(ScheduleSettings(), None)
    with pytest.raises(ConfigError, match="decay"):
        Schedule(ScheduleSettings(steps=5, decay=1.5), 5)
    for minutes in (0.0, -1.0, float("nan")):
        with pytest.raises(ConfigError, match="minutes"):
            Schedule(ScheduleSettings(minutes=minutes), None)

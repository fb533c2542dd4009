import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tamsa.llm import ModelPool, ModelSettings
from tamsa.llm.slots import Allowance, Slots
from tamsa.types import Message


@given(
    st.integers(1, 600),
    st.lists(st.tuples(st.floats(0, 20), st.integers(1, 50)), min_size=1, max_size=60),
)
def test_no_minute_sees_more_than_the_allowance_and_what_was_saved(per_minute, arrivals):
    allowance, now, sent = Allowance(per_minute), 0.0, []
    for gap, units in arrivals:
        now += gap
        wait = allowance.take(units, now)
        assert wait >= 0
        sent.append((now + wait, min(units, per_minute)))
    for start, _ in sent:
        inside = sum(units for at, units in sent if start <= at < start + 60)
        assert inside <= 2 * per_minute + max(units for _, units in sent)


def test_without_a_limit_nothing_waits():
    allowance = Allowance(None)
    assert all(allowance.take(1000, now) == 0.0 for now in range(5))


async def test_places_bound_what_is_in_flight():
    slots, inside, most = Slots(ModelSettings(concurrency=3)), 0, 0

    async def work():
        nonlocal inside, most
        async with slots.place():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert most == 3


async def test_roles_on_one_endpoint_share_its_places(endpoint, replies):
    stream = replies.sse({"choices": [{"delta": {"content": "yes"}, "finish_reason": "stop"}]})
    endpoint.replies = [replies.raw(stream, pause_s=0.002)]
    pool = ModelPool()
    settings = ModelSettings(base_url=endpoint.url + "/v1", concurrency=2)
    models = [pool.open("openai:policy", settings), pool.open("openai:judge", settings)]
    await asyncio.gather(*(model.complete([Message("user", "?")]) for model in models * 5))
    assert len(endpoint.requests) == 10
    assert endpoint.most_in_flight == 2
    await pool.aclose()

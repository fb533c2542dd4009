from tamsa.llm import ModelSettings, ScriptedModel, open_model
from tamsa.llm.caching import CachedModel
from tamsa.types import Message

QUESTION = [Message("user", "?")]


def numbered():
    return ScriptedModel([f"answer {n}" for n in range(9)])


async def test_an_exact_repeat_in_a_later_process_is_served_from_disk(tmp_path):
    first, streamed = CachedModel(numbered(), tmp_path), []
    given = await first.complete(QUESTION)
    model = numbered()
    second = CachedModel(model, tmp_path)
    again = await second.complete(QUESTION, on_text=streamed.append)
    assert again.text == given.text == "".join(streamed)
    assert (model.num_completions, second.num_hits) == (0, 1)


async def test_repeats_within_a_process_are_new_draws_and_keep_their_order(tmp_path):
    conversations = [[*QUESTION, *[Message("assistant", "x")] * n] for n in (0, 0, 0)]
    model = ScriptedModel(lambda messages, count=iter(range(9)): f"draw {next(count)}")
    cached = CachedModel(model, tmp_path)
    drawn = [(await cached.complete(messages)).text for messages in conversations]
    assert len(set(drawn)) == 3
    later = CachedModel(ScriptedModel(lambda _: "fresh"), tmp_path)
    assert [(await later.complete(messages)).text for messages in conversations] == drawn
    assert (await later.complete(QUESTION)).text == "fresh"


async def test_what_an_answer_depends_on_is_told_apart(tmp_path):
    base = CachedModel(numbered(), tmp_path, {"temperature": 0})
    await base.complete(QUESTION, max_tokens=5)
    for cached, options in (
        (CachedModel(numbered(), tmp_path, {"temperature": 1}), {"max_tokens": 5}),
        (CachedModel(numbered(), tmp_path, {"temperature": 0}), {"max_tokens": 6}),
        (CachedModel(numbered(), tmp_path, {"temperature": 0}), {"max_tokens": 5, "stop": ("x",)}),
    ):
        await cached.complete(QUESTION, **options)
        assert cached.num_hits == 0


async def test_a_damaged_answer_is_asked_for_again(tmp_path):
    await CachedModel(numbered(), tmp_path).complete(QUESTION)
    [path] = tmp_path.rglob("*.json")
    path.write_text('{"text": ')
    cached = CachedModel(numbered(), tmp_path)
    assert (await cached.complete(QUESTION)).text == "answer 0"
    assert cached.num_hits == 0
    assert (await CachedModel(numbered(), tmp_path).complete(QUESTION)).text == "answer 0"


async def test_a_setting_puts_the_cache_before_an_endpoint(endpoint, replies, tmp_path):
    endpoint.replies = [replies.text("yes")]
    settings = ModelSettings(base_url=endpoint.url + "/v1", cache=str(tmp_path), price_prompt=1, price_completion=1)
    for _ in range(2):
        model = open_model("openai:m", settings)
        completion = await model.complete(QUESTION)
        await model.aclose()
    assert completion.text == "yes"
    assert completion.usage.cost == 0
    assert completion.usage.total_tokens > 0
    assert len(endpoint.requests) == 1

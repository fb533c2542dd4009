from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tamsa.tools import corpus_toolset
from tamsa.tools.pages import page_bounds
from tamsa.types import Profile, ToolCall, ToolResult


async def use(tools: Any, name: str, **arguments: object) -> ToolResult:
    return await tools.call(ToolCall("1", name, arguments))


async def test_search_returns_hits_and_titles_named_in_the_query(library: Any) -> None:
    result = await use(corpus_toolset(library), "search", queries=["king Ostrand"])
    found = result.data["results"][0]
    assert found["hits"][0]["id"] == "ostrand.md"
    assert found["titles"] == [{"id": "ostrand.md", "title": "Ostrand"}]
    assert "(id: ostrand.md)" in result.text


async def test_lone_string_is_taken_for_a_list(library: Any) -> None:
    assert not (await use(corpus_toolset(library), "search", queries="Ostrand")).error


async def test_visit_gives_text_offsets_sections_and_links(library: Any) -> None:
    page = (await use(corpus_toolset(library), "visit", ids=["ford.md"])).data["pages"][0]
    document = library.get("ford.md")
    assert page["text"] == document.text[page["start"] : page["end"]]
    assert page["sections"][0]["title"] == "History"
    assert [(link["id"], document.text[link["start"] : link["end"]]) for link in page["links"]] == [
        ("ostrand.md", "Ostrand")
    ]


async def test_title_serves_for_the_id(library: Any) -> None:
    page = (await use(corpus_toolset(library), "visit", ids=["Velm Ford"])).data["pages"][0]
    assert page["id"] == "ford.md"


async def test_misspelled_id_opens_the_closest_title_and_says_so(library: Any) -> None:
    tools = corpus_toolset(library)
    result = await use(tools, "visit", ids=["Velm Forde"])  # a word of the title leads to it
    assert result.data["pages"][0]["id"] == "ford.md"
    assert "There is no document 'Velm Forde'" in result.text
    result = await use(tools, "visit", ids=["Ostrant"])  # the page just opened names it
    assert result.data["pages"][0]["id"] == "ostrand.md"
    assert (await use(tools, "visit", ids=["Ostrich"])).error


async def test_long_document_is_paged_without_loss(library: Any) -> None:
    tools = corpus_toolset(library)
    first = (await use(tools, "visit", ids=["long.md"], goal="the 1999 bridges", page=1)).data["pages"][0]
    texts = []
    for number in range(1, first["num_pages"] + 1):
        result = await use(tools, "visit", ids=["long.md"], page=number)
        texts.append(result.data["pages"][0]["text"])
    assert "".join(texts) == library.get("long.md").text
    assert max(map(len, texts)) <= 8000
    assert (await use(tools, "visit", ids=["long.md"], page=first["num_pages"] + 1)).error


async def test_goal_shows_the_passages_that_fit_and_names_their_pages(library: Any) -> None:
    tools = corpus_toolset(library)
    shown = await use(tools, "visit", ids=["long.md"], goal="1999 bridges")
    assert "its 1999 bridges" in shown.text
    opened = await use(tools, "visit", ids=["long.md"], goal="1999 bridges", page=1)
    pages = opened.data["pages"][0]["num_pages"]
    assert f"pages that fit the goal best: {pages}" in opened.text


async def test_unknown_id_is_said_and_the_others_opened(library: Any) -> None:
    result = await use(corpus_toolset(library), "visit", ids=["nope", "ford.md"])
    assert not result.error
    assert result.data["pages"][0]["error"]
    assert (await use(corpus_toolset(library), "visit", ids=["nope"])).error


async def test_find_looks_in_the_document_opened_last(library: Any) -> None:
    tools = corpus_toolset(library)
    assert (await use(tools, "find", text="1203")).error
    await use(tools, "visit", ids=["ford.md"])
    result = await use(tools, "find", text="FOUNDED  in")
    match = result.data["matches"][0]
    assert match["anchor"] == "History"
    assert match["text"] == library.get("ford.md").text[match["start"] : match["end"]]


async def test_resumed_tools_know_the_opened_document(library: Any) -> None:
    first = corpus_toolset(library)
    call = ToolCall("1", "visit", {"ids": ["ford.md"]})
    result = await first.call(call)
    resumed = corpus_toolset(library)
    resumed.replay(call, result)
    assert (await use(resumed, "find", text="1203")).data["id"] == "ford.md"


async def test_empty_arguments_say_what_is_missing(library: Any) -> None:
    tools = corpus_toolset(library)
    for name, arguments in (("search", {"queries": [" "]}), ("visit", {"ids": []}), ("find", {"text": " "})):
        result = await use(tools, name, **arguments)
        assert result.error
        assert "empty" in result.text


@given(st.text(max_size=500), st.integers(8, 60))
def test_pages_cover_the_text_in_order(text: str, size: int) -> None:
    bounds = page_bounds(text, size)
    assert "".join(text[start:end] for start, end in bounds) == text
    assert all(end - start <= size for start, end in bounds)


async def test_brief_profile_shows_titles_that_lead_back_and_bounds_what_is_shown(library: Any) -> None:
    profile = Profile(brief=True, hits_per_query=2, snippet_chars=40, max_links=0)
    tools = corpus_toolset(library, profile=profile)
    result = await use(tools, "search", queries=["king Ostrand"])
    query, *lines = result.text.splitlines()
    assert query == "king Ostrand"
    assert "(id:" not in result.text
    hits = [line.partition(". ")[2] for line in lines if line[0].isdigit()]
    assert len(hits) <= 2
    for hit in hits:
        title, _, snippet = hit.partition(": ")
        assert len(snippet) <= 42
        assert not (await use(tools, "visit", ids=[title])).error
    assert "Links:" not in (await use(tools, "visit", ids=["Velm Ford"])).text

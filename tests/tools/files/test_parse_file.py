import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tamsa.errors import InputError, ToolError
from tamsa.tools import Toolset
from tamsa.tools.files import FileTools, file_tools
from tamsa.tools.files.roots import Roots
from tamsa.types import ToolCall, ToolResult


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    (root / "a.md").write_text("# Velm\n\nThe ford was founded in 1203.\n")
    (root / "sub" / "t.csv").write_text("bridge,year\nOld Bridge,1203\n")
    (root / "long.txt").write_text(
        "\n\n".join(f"Paragraph {n} of the long report." for n in range(2000)) + "\n\nlighthouse"
    )
    (root / "rows.jsonl").write_text(
        "\n".join(f'{{"id": "{n}", "title": "T{n}", "text": "Text {n}."}}' for n in range(3))
    )
    (root / ".env").write_text("KEY=secret")
    (root / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "outside.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "out").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    (root / "good.md").symlink_to(root / "a.md")
    (root / "key.txt").symlink_to(root / ".env")
    os.mkfifo(root / "pipe.txt")
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.txt", "deep in the archive")
    with zipfile.ZipFile(root / "pack.zip", "w") as archive:
        archive.writestr("notes/n.md", "# Notes\n\nKept in the archive.\n")
        archive.write(inner, "inner.zip")
        archive.writestr("../evil.txt", "evil")
    return root


async def use(tools: FileTools, *files: str, **arguments: Any) -> ToolResult:
    from tamsa.tools import FunctionTool

    call = ToolCall("1", "parse_file", {"files": list(files), **arguments})
    return await Toolset([FunctionTool(tools.parse_file)]).call(call)


async def test_files_of_many_formats_are_read(folder: Path) -> None:
    offer, tools = file_tools([folder])
    result = await use(tools, "a.md", "sub/t.csv", "rows.jsonl", str(folder / "a.md"))
    assert not result.error
    first, second, third, fourth = result.data["pages"]
    assert first["title"] == "Velm"
    assert first["id"] == fourth["id"] == "a.md"
    assert "Old Bridge" in second["text"]
    assert third["text"] == "Text 0.\n\nText 1.\n\nText 2."
    assert [section["title"] for section in third["sections"]] == ["T0", "T1", "T2"]
    document = offer.get_document("a.md")
    assert document is not None
    assert first["text"] == document.text[first["start"] : first["end"]]


async def test_folder_is_listed_without_hidden_files_and_ways_out(folder: Path) -> None:
    _, tools = file_tools([folder])
    lines = (await use(tools, ".")).text.splitlines()
    assert {"a.md", "sub/", "pack.zip", "good.md"} <= set(lines)
    assert not {".env", "out/", "link.txt", "loop", "key.txt"} & set(lines)
    assert "sub/t.csv" in (await use(tools, "sub")).text


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "link.txt",
        "key.txt",
        "pipe.txt",
        "out/outside.txt",
        "out",
        "../outside.txt",
        "sub/../../outside.txt",
        "/etc/passwd",
        "loop",
        "docs/../../outside.txt",
        "sub/.hidden/x",
        "x\0y",
        "nope.txt",
        "a.md/b",
        "/proc/self/environ",
        "~/x",
        "file:///etc/passwd",
        "x" * 5000,
    ],
)
async def test_nothing_else_is_read(name: str, folder: Path) -> None:
    _, tools = file_tools([folder])
    result = await use(tools, name)
    assert result.error
    assert "secret" not in result.text
    assert "root:" not in result.text
    assert len(result.text) < 700


async def test_link_inside_is_followed(folder: Path) -> None:
    _, tools = file_tools([folder])
    assert "1203" in (await use(tools, "good.md")).text


async def test_archives_are_listed_and_their_members_read(folder: Path) -> None:
    _, tools = file_tools([folder])
    listed = (await use(tools, "pack.zip")).text
    assert "pack.zip/notes/n.md (" in listed
    assert "not opened" in listed
    page = (await use(tools, "pack.zip/notes/n.md")).data["pages"][0]
    assert (page["id"], page["title"]) == ("pack.zip/notes/n.md", "Notes")
    assert "deep.txt" in (await use(tools, "pack.zip/inner.zip")).text
    deep = (await use(tools, "pack.zip/inner.zip/deep.txt")).data["pages"][0]
    assert (deep["text"], deep["title"]) == ("deep in the archive", "deep")
    for name, words in (
        ("pack.zip/nope", "no such file"),
        ("pack.zip/../evil.txt", ".."),
        ("pack.zip/notes", "no such file"),
        ("pack.zip/notes/n.md/x", "no such file"),
    ):
        result = await use(tools, name)
        assert result.error
        assert words in result.text


async def test_archives_in_archives_have_an_end(tmp_path: Path) -> None:
    data = b"text"
    name = "x.txt"
    for depth in range(6):
        path = tmp_path / f"{depth}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, data)
        name, data = path.name, path.read_bytes()
    _, tools = file_tools([tmp_path / "5.zip"])
    result = await use(tools, "5.zip/4.zip/3.zip/2.zip/1.zip/0.zip/x.txt")
    assert result.error
    assert "deeper" in result.text
    _, tools = file_tools([tmp_path / "1.zip"])
    assert "text" in (await use(tools, "1.zip/0.zip/x.txt")).text


async def test_bomb_is_an_observation(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"\0" * 60_000_000)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04" + os.urandom(300))
    _, tools = file_tools([tmp_path])
    result = await use(tools, "b.zip/bomb.txt")
    assert result.error
    assert "bomb?" in result.text
    assert "not a readable zip" in (await use(tools, "broken.zip")).text


async def test_long_file_has_pages_and_the_goal_names_the_best(folder: Path) -> None:
    _, tools = file_tools([folder])
    result = await use(tools, "long.txt", goal="lighthouse")
    first = result.data["pages"][0]
    assert f"pages that fit the goal best: {first['num_pages']}" in result.text
    pages = [(await use(tools, "long.txt", page=n)).data["pages"][0] for n in range(1, first["num_pages"] + 1)]
    document = tools.get_document("long.txt")
    assert document is not None
    assert "".join(page["text"] for page in pages) == document.text
    assert (await use(tools, "long.txt", page=999)).error


async def test_unreadable_file_is_said_beside_a_readable_one(folder: Path) -> None:
    _, tools = file_tools([folder])
    result = await use(tools, "picture.png", "a.md")
    assert not result.error
    assert "not a document" in result.text
    assert (await use(tools, "picture.png")).error
    assert (await use(tools, " ")).error


async def test_several_folders_are_told_apart(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "more" / "docs"
    other.mkdir(parents=True)
    (other / "a.md").write_text("# Other\n\ntext\n")
    _, tools = file_tools([folder, other, tmp_path / "outside.txt"])
    assert (await use(tools, ".")).text.splitlines()[1:] == ["docs/", "2-docs/", "outside.txt"]
    result = await use(tools, "docs/a.md", "2-docs/a.md", "outside.txt")
    assert [page["title"] for page in result.data["pages"]] == ["Velm", "Other", "outside"]


async def test_resumed_run_has_its_documents(folder: Path) -> None:
    _, first = file_tools([folder])
    await use(first, "a.md", "pack.zip/notes/n.md")
    _, resumed = file_tools([folder])
    await resumed.restore(["a.md", "pack.zip/notes/n.md", "gone.md"])
    for name in ("a.md", "pack.zip/notes/n.md"):
        assert resumed.get_document(name) == first.get_document(name)


def test_missing_folder_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such"):
        Roots([tmp_path / "gone"])
    with pytest.raises(InputError, match="no folder"):
        Roots([])
    with pytest.raises(ToolError, match="no such file"):
        Roots([tmp_path]).find("x")

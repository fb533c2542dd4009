"""Readers: files of every format become documents with anchors and links."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml

from tamsa.corpus.readers import Draft, ReadError, Skip, kind_of, read_file
from tests.corpus import files


def one(path: Path) -> Draft:
    (found,) = read_file(path)
    assert isinstance(found, Draft)
    for part in (*found.sections, *found.links):
        assert 0 <= part.start < part.end <= len(found.text)
    return found


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def shown(draft: Draft) -> list[tuple[str, str]]:
    return [(link.target, draft.text[link.start : link.end]) for link in draft.links]


MARKDOWN = """---
title: "Notes on rivers"
date: 2024-05-06
---
# Rivers

See [the Venn](sub/venn.md "tip") and [[Aldora|the city]] or ![image](x.png).

```
# not a heading
```

Mills
-----

Text.
"""


def test_markdown_keeps_its_source_with_headings_and_links(tmp_path: Path) -> None:
    draft = one(write(tmp_path, "a.md", MARKDOWN))
    assert draft.text == MARKDOWN
    assert (draft.title, draft.date) == ("Notes on rivers", "2024-05-06")
    assert [part.title for part in draft.sections] == ["Rivers", "Mills"]
    assert draft.text[draft.sections[1].start :].startswith("Mills\n---")
    assert shown(draft) == [("sub/venn.md", "the Venn"), ("Aldora", "the city")]


def test_markdown_without_front_matter_is_titled_by_its_first_heading(tmp_path: Path) -> None:
    assert one(write(tmp_path, "a.md", "# The **bold** title\n\ntext")).title == "The bold title"
    assert one(write(tmp_path, "my_notes.md", "only text")).title == "my notes"


HTML = """<!DOCTYPE html><html><head><title>A  page</title>
<meta property="article:published_time" content="2023-01-02T03:04">
<style>p {color: red}</style></head><body><nav>Menu</nav><h1>Main</h1><p>First <b>bold</b>, then <a href="b.html">a
link</a>.</p><script>alert(1)</script><ul><li>one</li><li>two</li></ul><table><tr><th>Name</th><th>Age</th></tr>
<tr><td><p>Ann</p></td><td>30</td></tr></table><h2>Second</h2>Tail&nbsp;text<pre>a
  b</pre></body></html>"""


def test_html_becomes_readable_text(tmp_path: Path) -> None:
    draft = one(write(tmp_path, "a.html", HTML))
    assert (draft.title, draft.date) == ("A page", "2023-01-02")
    assert "Menu" not in draft.text
    assert "alert" not in draft.text
    assert "First bold, then a link." in draft.text
    assert "- one\n- two" in draft.text
    assert "Name | Age\nAnn | 30" in draft.text
    assert "a\n  b" in draft.text
    assert [part.title for part in draft.sections] == ["Main", "Second"]
    assert draft.text[draft.sections[1].start :].startswith("Second")
    assert shown(draft) == [("b.html", "a link")]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("utf-8-sig", ""),
        ("cp1252", ""),
        ("koi8-r", '<meta charset="koi8-r">'),
    ],
)
def test_encodings_are_found(tmp_path: Path, encoding: str, declared: str) -> None:
    words = (
        "Привет, мир. Это русский текст о реках. "
        if encoding == "koi8-r"
        else "Der Fluß fließt über Köln, café naïve. "
    )
    name = "a.html" if declared else "a.txt"
    assert words.strip() in one(write(tmp_path, name, (declared + words * 8).encode(encoding))).text


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.txt", "English words alone.".encode("utf-16-le"), "English words alone."),
        ("a.txt", "English words alone.".encode("utf-16-be"), "English words alone."),
        (
            "a.txt",
            b"plain " * 20_000 + "Un café très agréable à Genève".encode("cp1252"),
            "Un café très agréable à Genève",
        ),
        ("a.txt", "Café crème. ".encode() * 9 + b"\xff", "Café crème. \ufffd"),
        ("a.html", b'<meta charset="utf-16le"><p>Koln</p>', "Koln"),
        ("a.html", '<meta charset="zlib"><p>Köln</p>'.encode(), "Köln"),
        ("a.html", '<meta charset="iso-8859-1"><p>“a” – b</p>'.encode("cp1252"), "“a” – b"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 90_000 + "très,agréable\n".encode("cp1252"), "a: très; b: agréable\n"),
    ],
)
def test_encodings_that_are_easily_missed(tmp_path: Path, name: str, content: bytes, text: str) -> None:
    assert one(write(tmp_path, name, content)).text.endswith(text)


def test_wrong_bytes_are_replaced_and_control_characters_become_spaces(tmp_path: Path) -> None:
    draft = one(write(tmp_path, "a.txt", b"good \xff\xfe text\r\nwith\x00nul\x1b[2J\rend " * 30))
    assert "with nul [2J\nend" in draft.text
    assert not set(draft.text) & set("\x00\x1b\r")


def test_pdf_pages_are_sections(tmp_path: Path) -> None:
    draft = one(write(tmp_path, "a.pdf", files.pdf(["First page text", "Second (page) text"], "Harbor report")))
    assert (draft.title, draft.date) == ("Harbor report", "2021-03-05")
    assert [part.title for part in draft.sections] == ["p. 1", "p. 2"]
    second = draft.sections[1]
    assert draft.text[second.start : second.end] == "Second (page) text"


def test_a_page_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    content = files.pdf(["One", "Two", "Three"]).replace(b"4 0 R 6 0 R 8 0 R", b"4 0 R 99 0 R 8 0 R")
    skip, draft = read_file(write(tmp_path, "a.pdf", content))
    assert skip == Skip("p. 2", "cannot be read")
    assert isinstance(draft, Draft)
    assert draft.text == "One\n\nThree"
    assert [part.title for part in draft.sections] == ["p. 1", "p. 3"]


def test_word_headings_and_tables(tmp_path: Path) -> None:
    files.word(tmp_path / "a.docx")
    draft = one(tmp_path / "a.docx")
    assert draft.title == "Forest report"
    assert [part.title for part in draft.sections] == ["Trees", "Figures"]
    assert "Tree | Height\nCedar | 30 m" in draft.text


def test_word_shows_what_stands_in_controls_fields_and_tracked_changes(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before.")
    run = "<w:r><w:t>{}</w:t></w:r>"
    for content in (
        f"<w:sdt><w:sdtContent><w:p>{run.format('In a control.')}</w:p></w:sdtContent></w:sdt>",
        f"<w:p><w:ins>{run.format('Inserted,')}"
        f"<w:sdt><w:sdtContent>{run.format(' held')}</w:sdtContent></w:sdt></w:ins>"
        f"<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>{run.format(' and kept in Figure ')}"
        f"<w:fldSimple>{run.format('3')}</w:fldSimple></w:p>",
    ):
        root = content.replace(">", ' xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">', 1)
        document.element.body.insert_element_before(parse_xml(root), "w:sectPr")
    document.save(str(tmp_path / "a.docx"))
    text = one(tmp_path / "a.docx").text
    assert text.split("\n\n") == ["Before.", "In a control.", "Inserted, held and kept in Figure 3", ""]


def test_slides_and_notes(tmp_path: Path) -> None:
    files.slides(tmp_path / "a.pptx")
    draft = one(tmp_path / "a.pptx")
    assert draft.title == "Sea plants"
    assert [part.title for part in draft.sections] == ["slide 1: Sea plants", "slide 2: Outlook"]
    assert "Notes: Mention the harbor." in draft.text


def test_sheets_become_rows_that_name_their_columns(tmp_path: Path) -> None:
    files.workbook(tmp_path / "a.xlsx", 250)
    draft = one(tmp_path / "a.xlsx")
    assert "Port: Harbor 0; Ships: 0; Opened: 1901\nPort: Harbor 1; Ships: 10\n" in draft.text
    assert [part.title for part in draft.sections] == [
        "Ports, rows 1-100", "Ports, rows 101-200", "Ports, rows 201-300", "Notes, rows 1-100",
    ]  # fmt: skip
    last = draft.sections[2]
    assert draft.text[last.start : last.end].endswith("Harbor 249; Ships: 2490\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["city", "people", "note"], ["Aldora", "1200", "old"], ["Venn", "90", ""]]
    path = write(tmp_path, "a.csv", "\n".join(delimiter.join(row) for row in rows))
    text = one(path).text.splitlines()
    assert text == ["city | people | note", "city: Aldora; people: 1200; note: old", "city: Venn; people: 90"]


def test_a_title_above_a_table_does_not_hide_its_delimiter(tmp_path: Path) -> None:
    text = one(write(tmp_path, "a.csv", "Prices of 2020\n\nname;price\nA;1,5\nB;2,5\n")).text
    assert text == "Prices of 2020\nname | price\nname: A; price: 1,5\nname: B; price: 2,5\n"


def test_anchors_of_rows_are_right_where_rows_are_empty(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    lines = ["a,b"]
    for number in range(2, 251):
        full = number not in {3, 101, 201}
        lines.append(f"x{number},y{number}" if full else "")
        if full:
            book.active.cell(number, 1, f"x{number}")
            book.active.cell(number, 2, f"y{number}")
    book.active.append(["x251", "y251"])
    book.save(tmp_path / "a.xlsx")
    write(tmp_path, "a.csv", "\n".join([*lines, "x251,y251"]))
    for name in ("a.csv", "a.xlsx"):
        draft = one(tmp_path / name)
        shown = [part.title.rpartition(", ")[2] for part in draft.sections]
        assert shown[-2:] == ["rows 102-200", "rows 202-300"]
        for part, first in zip(draft.sections[1:], ("x102", "x202"), strict=True):
            assert first in draft.text[part.start : part.end].partition("\n")[0]


def test_a_row_longer_than_a_part_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tamsa.corpus.readers.tables.PART_CHARS", 10)
    drafts = list(read_file(write(tmp_path, "a.csv", "a long first row, indeed\nx,y\n")))
    assert [draft.part for draft in drafts if isinstance(draft, Draft) and draft.text] == [1, 2]
    assert len(drafts) == 2


def test_a_long_table_becomes_several_documents_that_lose_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tamsa.corpus.readers.tables.PART_CHARS", 2000)
    path = write(tmp_path, "long.csv", "name,value\n" + "".join(f"row{i},{i}\n" for i in range(500)))
    found = list(read_file(path))
    assert len(found) > 3
    text = "".join(draft.text for draft in found if isinstance(draft, Draft))
    assert text.count("name: row") == 500
    assert [draft.part for draft in found if isinstance(draft, Draft)] == list(range(1, len(found) + 1))


RECORDS = [{"id": "a", "title": "A", "text": "Text a", "links": ["B"]}, {"id": "b", "title": "B", "text": "Text b"}]


def test_corpus_files_give_one_document_a_record(tmp_path: Path) -> None:
    write(tmp_path, "c.jsonl", "\n".join(json.dumps(record) for record in RECORDS) + "\n\n")
    write(tmp_path, "c.json", json.dumps(RECORDS))
    files.parquet(tmp_path / "c.parquet", [{k: v for k, v in r.items() if isinstance(v, str)} for r in RECORDS])
    for name in ("c.jsonl", "c.json", "c.parquet"):
        found = list(read_file(tmp_path / name))
        assert [(d.id, d.title, d.text) for d in found if isinstance(d, Draft)] == [
            ("a", "A", "Text a"),
            ("b", "B", "Text b"),
        ]


def test_bad_records_are_skipped_and_the_good_ones_kept(tmp_path: Path) -> None:
    lines = [
        json.dumps(RECORDS[0]),
        "{broken",
        "[1]",
        '{"id": "x", "title": "no text"}',
        "[" * 100_000,
        json.dumps(RECORDS[1]),
    ]
    found = list(read_file(write(tmp_path, "c.jsonl", "\n".join(lines))))
    assert [draft.id for draft in found if isinstance(draft, Draft)] == ["a", "b"]
    assert [skip.where for skip in found if isinstance(skip, Skip)] == ["line 2", "line 3", "line 4", "line 5"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_first_record_without_its_text_is_skipped_like_any_other(tmp_path: Path, name: str) -> None:
    records = [json.dumps({"id": "a", "text": None}), json.dumps({"id": "b", "text": "Words."})]
    content = "\n".join(records) if name == "a.jsonl" else f"[{','.join(records)}]"
    skip, draft = read_file(write(tmp_path, name, content))
    assert isinstance(skip, Skip)
    assert isinstance(draft, Draft)
    assert (draft.id, draft.text) == ("b", "Words.")


def test_a_line_of_endless_length_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tamsa.corpus.readers.records.MAX_LINE", 1000)
    path = write(tmp_path, "c.jsonl", json.dumps(RECORDS[0]) + "\n" + "x" * 5000 + "\n" + json.dumps(RECORDS[1]))
    found = list(read_file(path))
    assert [draft.id for draft in found if isinstance(draft, Draft)] == ["a", "b"]
    assert [skip.where for skip in found if isinstance(skip, Skip)] == ["line 2"]


def test_json_that_is_no_corpus_is_text(tmp_path: Path) -> None:
    assert one(write(tmp_path, "a.json", '{"name": "harbor"}')).text == '{"name": "harbor"}'
    assert one(write(tmp_path, "a.jsonl", '{"name": "harbor"}\n{"name": "b"}\n')).text.startswith('{"name"')


def test_a_text_about_pdf_is_no_pdf(tmp_path: Path) -> None:
    assert kind_of(write(tmp_path, "a.md", "A file begins with `%PDF-1.4`.")) == "markdown"
    assert kind_of(write(tmp_path, "a.pdf", b"\n\n" + files.pdf(["x"]))) == "pdf"


def test_a_date_that_is_no_date_is_left_out(tmp_path: Path) -> None:
    dates = {"March 5, 2021": None, "2021-03-05T10:00": "2021-03-05", "2021": "2021"}
    for value, date in dates.items():
        assert one(write(tmp_path, "a.md", f"---\ntitle: T\ndate: {value}\n---\nText.")).date == date


def test_content_decides_where_a_suffix_lies(tmp_path: Path) -> None:
    assert kind_of(write(tmp_path, "a.txt", files.pdf(["x"]))) == "pdf"
    files.word(tmp_path / "b.txt")
    assert kind_of(tmp_path / "b.txt") == "docx"
    assert kind_of(write(tmp_path, "page", "<!doctype html><p>x")) == "html"
    assert kind_of(write(tmp_path, "README", "plain words")) == "plain"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.png", files.png(), "not a document"),
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n ", "no text"),
        ("a.pdf", b"%PDF-1.7 garbage", "not a readable PDF"),
        ("a.pdf", files.pdf([""]), "a scan"),
        ("a.pdf", b"hello", "not a pdf file"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old or encrypted Office"),
        ("a.docx", b"PK\x03\x04 broken", "not a readable office file"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"[" * 200_000, "nests too deep"),
        ("a.parquet", b"PAR1" + bytes(100), "not a readable parquet"),
        ("a.html", b"<script>x</script>", "no text"),
        ("a.csv", b"x" * 3_000_000, "a line of more than"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_a_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        list(read_file(write(tmp_path, name, content)))


def test_a_zip_of_other_things_is_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.txt", "x")
    with pytest.raises(ReadError, match="an archive; unpack it"):
        list(read_file(tmp_path / "a.zip"))


@pytest.mark.parametrize(
    ("suffix", "inner"), [("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml"), ("pptx", "ppt/presentation.xml")]
)
def test_zip_bombs_are_refused_before_unpacking(tmp_path: Path, suffix: str, inner: str) -> None:
    files.zip_bomb(tmp_path / f"a.{suffix}", inner, 100)
    with pytest.raises(ReadError, match="zip bomb"):
        list(read_file(tmp_path / f"a.{suffix}"))


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    files.entity_bomb(tmp_path / "a.docx")
    with pytest.raises(ReadError, match="declares XML entities"):
        list(read_file(tmp_path / "a.docx"))


def test_html_entities_and_external_things_are_not_expanded(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.txt", "top secret")
    page = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><p>a &x; b</p>'
    page += f'<iframe src="{secret.as_uri()}"></iframe>'
    assert "top secret" not in one(write(tmp_path, "a.html", page)).text


def test_deeply_nested_html_is_read_or_refused(tmp_path: Path) -> None:
    assert one(write(tmp_path, "a.html", "<div>" * 1000 + "word")).text == "word"
    with pytest.raises(ReadError, match="nests too deep"):
        one(write(tmp_path, "b.html", "<div>" * 100_000 + "word"))

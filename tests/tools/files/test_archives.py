import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tamsa.tools.files import archives
from tamsa.tools.files.archives import ArchiveError, archive_kind, list_members, problem_of, unpack_member


def make_zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


MEMBERS = {"a.txt": b"first", "dir/b.txt": b"second" * 1000, "empty": b""}


@pytest.mark.parametrize(
    ("name", "kind"), [("x.zip", "zip"), ("x.tar", "tar"), ("x.tgz", "gzip"), ("x.tar.bz2", "bzip2"), ("x.txz", "xz")]
)
def test_members_come_out_as_they_went_in(name: str, kind: str, tmp_path: Path) -> None:
    modes = {"tar": "w", "gzip": "w:gz", "bzip2": "w:bz2", "xz": "w:xz"}
    path = tmp_path / name
    _ = make_zip(path, MEMBERS) if kind == "zip" else make_tar(path, MEMBERS, modes[kind])
    assert archive_kind(path) == kind
    assert [(m.name, m.size, m.problem) for m in list_members(path)] == [(n, len(d), "") for n, d in MEMBERS.items()]
    for member, data in MEMBERS.items():
        unpack_member(path, member, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == data
    with pytest.raises(ArchiveError, match="no member"):
        unpack_member(path, "other", tmp_path / "out")


def test_single_packed_file_is_an_archive_of_one(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert [member.name for member in list_members(path)] == ["table.csv"]
    unpack_member(path, "table.csv", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"a,b\n1,2\n"


def test_names_that_leave_the_archive_are_refused(tmp_path: Path) -> None:
    bad = ["../x", "/etc/passwd", "a/../../x", "..\\x", "C:\\x", "\\x", "a/.."]
    path = make_tar(tmp_path / "x.tar", dict.fromkeys(bad, b"x"))
    assert all(member.problem for member in list_members(path))
    for member in list_members(path):
        with pytest.raises(ArchiveError, match="leaves"):
            unpack_member(path, member.name, tmp_path / "out")
    zipped = make_zip(tmp_path / "x.zip", {"../y": b"x"})
    with pytest.raises(ArchiveError, match="leaves"):
        unpack_member(zipped, "../y", tmp_path / "out")
    assert problem_of("x" * 2000)
    assert not problem_of("a/b..c/d")


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("c", tarfile.CHRTYPE),
            ("f", tarfile.FIFOTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    assert len(list_members(path)) == 4
    for member in list_members(path):
        assert member.problem
        with pytest.raises(ArchiveError):
            unpack_member(path, member.name, tmp_path / "out")
    zipped = tmp_path / "x.zip"
    with zipfile.ZipFile(zipped, "w") as archive_:
        info = zipfile.ZipInfo("s")
        info.external_attr = 0o120777 << 16
        archive_.writestr(info, "/etc/passwd")
    assert list_members(zipped)[0].problem == "it is a link"


def test_bombs_are_refused_before_they_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 30_000_000)
    zeros = b"\0" * 40_000_000
    zipped = make_zip(tmp_path / "x.zip", {"bomb": zeros})
    assert "bomb" in list_members(zipped)[0].problem
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(zeros))
    tarred = make_tar(tmp_path / "x.tgz", {"bomb": zeros, "after": b"x"}, "w:gz")
    squeezed = tmp_path / "x.xz"
    squeezed.write_bytes(lzma.compress(zeros))
    for path, member in ((zipped, "bomb"), (packed, "x"), (tarred, "after"), (squeezed, "x")):
        with pytest.raises(ArchiveError, match=r"dense|unpacks to more|bomb"):
            unpack_member(path, member, tmp_path / "out")
        assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size < 31_000_000


def test_size_in_the_header_is_binding(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"a": b"x" * 100_000})
    data = path.read_bytes()
    lying = data.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != data
    path.write_bytes(lying)
    try:
        unpack_member(path, "a", tmp_path / "out")
    except ArchiveError as error:
        assert "damaged" in str(error)
    assert (tmp_path / "out").stat().st_size <= 10


def test_encrypted_and_crowded_archives_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip(tmp_path / "x.zip", {"a": b"x"}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(bytes(data))
    assert list_members(path)[0].problem == "it is encrypted"
    monkeypatch.setattr(archives, "MAX_MEMBERS", 50)
    members = {str(n): b"" for n in range(60)}
    for crowded in (make_zip(tmp_path / "c.zip", members), make_tar(tmp_path / "c.tar", members)):
        with pytest.raises(ArchiveError, match="members"):
            list_members(crowded)


def test_office_files_are_no_archives(tmp_path: Path) -> None:
    assert archive_kind(make_zip(tmp_path / "x.docx", {"[Content_Types].xml": b"", "word/document.xml": b""})) == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    st.sampled_from(["zip", "tar", "tgz", "xz"]),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=4)), max_size=6),
)
def test_damaged_archives_are_an_error_or_are_read(tmp_path: Path, kind: str, damage: list[tuple[int, bytes]]) -> None:
    path = tmp_path / f"x.{kind}"
    modes = {"tar": "w", "tgz": "w:gz", "xz": "w:xz"}
    _ = make_zip(path, MEMBERS) if kind == "zip" else make_tar(path, MEMBERS, modes[kind])
    data = bytearray(path.read_bytes())
    for at, piece in damage:
        data[at % len(data) : at % len(data) + len(piece)] = piece
    path.write_bytes(bytes(data))
    try:
        for member in list_members(path):
            unpack_member(path, member.name, tmp_path / "out")
    except ArchiveError as error:
        assert "\n" not in str(error)

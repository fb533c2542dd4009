"""Office files are zip archives of XML: what is checked before any of it is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tamsa.corpus.readers.draft import ReadError

MAX_UNPACKED = 400_000_000
"""Most bytes that all parts of an office file may unpack to."""
MAX_PARTS = 20_000
_MAX_RATIO = 200
_RATIO_FROM = 20_000_000  # smaller files may be as dense as they like


def check_archive(path: Path) -> None:
    """Refuse archives that are broken, encrypted, bombs, or that declare XML entities.

    The declared sizes are binding: `zipfile` never unpacks more of a part than its header says.

    Raises:
        ReadError: with the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise ReadError(f"holds {len(parts):,} parts; more than {MAX_PARTS:,} are refused")
            unpacked = sum(part.file_size for part in parts)
            packed = max(1, min(sum(part.compress_size for part in parts), path.stat().st_size))
            if unpacked > MAX_UNPACKED or (unpacked > _RATIO_FROM and unpacked / packed > _MAX_RATIO):
                raise ReadError(f"unpacks to {unpacked / 1e6:,.0f} MB from {packed / 1e6:,.1f} MB (a zip bomb?)")
            if any(part.flag_bits & 1 for part in parts):
                raise ReadError("is encrypted; save it without a password")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        start = file.read(4096).replace(b"\0", b"")
                    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                        raise ReadError(f"{part.filename[:80]} declares XML entities, which no office program writes")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ReadError(f"not a readable office file ({' '.join(str(error).split())[:100]})") from error
    except (OSError, OverflowError) as error:
        raise ReadError(f"not a readable office file ({error})") from error
    except Exception as error:  # zlib and lzma have errors of their own
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"not a readable office file ({type(error).__name__})") from error

"""The mark by which a run is known as begun by this person, on this machine.

A manifest says which servers are started, which folders are read and to which endpoint prompts and key go. Whoever
resumes a folder that someone else made would do all that for them; so a manifest carries a seal, made with a key that
lies in the person's own configuration and nowhere else.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tamsa.errors import InputError

_GIVEN_LATER = ("seal", "schema_version", "run_id", "created")
_KEY_BYTES = 32


def key_path(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the person's key lies."""
    environ = os.environ if environ is None else environ
    home = environ.get("XDG_CONFIG_HOME", "").strip()
    return (Path(home) if home else Path.home() / ".config") / "tamsa" / "seal.key"


def seal(manifest: Mapping[str, Any]) -> str | None:
    """Return the seal of a manifest; None where no key can be kept, so that the run counts as someone else's."""
    key = _key(make=True)
    return _digest(key, manifest) if key else None


def check_seal(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse to go on with a run that someone else began.

    Raises:
        InputError: the manifest has no seal of this person; the message says what it would do.
    """
    key = _key(make=False)
    if key and hmac.compare_digest(_digest(key, manifest), str(manifest.get("seal"))):
        return
    raise InputError(
        f"{folder}: was not begun by you on this machine, or its run.json was changed; going on, it would "
        f"{_what(manifest)}. Add --trust if you want that"
    )


def _digest(key: bytes, manifest: Mapping[str, Any]) -> str:
    sealed = {name: value for name, value in manifest.items() if name not in _GIVEN_LATER}
    return hmac.new(key, json.dumps(sealed, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _key(*, make: bool) -> bytes:
    path = key_path()
    with contextlib.suppress(OSError):
        if make and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # another process was quicker
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                try:
                    with os.fdopen(handle, "wb") as file:
                        file.write(secrets.token_bytes(_KEY_BYTES))
                except OSError:  # the disk is full: what is there now would for ever be no key
                    path.unlink()
                    raise
        key = path.read_bytes()
        return key if len(key) == _KEY_BYTES else b""
    return b""


def _what(manifest: Mapping[str, Any]) -> str:
    """Say what a manifest asks for."""
    extras = _mapping(manifest.get("extras"))
    settings = _mapping(manifest.get("settings"))
    parts = [f"ask the model {manifest.get('model')}"]
    for role in ("model", "reader", "judge"):
        if url := _mapping(settings.get(role)).get("base_url"):
            parts.append(f"send prompts and your key to {url}")
    parts.append(f"read {', '.join(map(str, _list(manifest.get('docs')) + _list(extras.get('files'))))}")
    parts += [f"start {server}" for server in _list(extras.get("mcp"))]
    parts += [f"use {name}" for name in ("web", "python") if extras.get(name)]
    return "; ".join(part[:200] for part in parts)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

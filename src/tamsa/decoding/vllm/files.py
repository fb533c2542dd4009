"""Small files of a base model, from its folder or from the Hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tamsa.errors import InputError


def read_model_file(model: str, name: str) -> dict[str, Any]:
    """Read a JSON file of a model.

    Args:
        model: folder or Hub id.
        name: of the file, such as `config.json`.

    Raises:
        InputError: it cannot be read.
    """
    path = Path(model) / name
    if not path.is_file():
        if Path(model).is_dir():
            raise InputError(f"model: {model} has no {name}")
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

        try:
            path = Path(hf_hub_download(model, name))
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"model: {name} of {model!r} cannot be read ({reason})") from error
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    return found

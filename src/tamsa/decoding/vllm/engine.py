"""What to pass to vLLM so that it serves a base model with heads."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from tamsa.decoding.vllm.files import read_model_file
from tamsa.decoding.vllm.plugin import HEADS_FIELD, PREFIX
from tamsa.decoding.vllm.report import REPORT_FIELD, find_report_ids
from tamsa.errors import InputError
from tamsa.store import read_json


def engine_arguments(
    heads: str | PathLike[str], model: str | None = None, report: bool | tuple[int, int] = False
) -> dict[str, Any]:
    """Return keyword arguments for `vllm.LLM`; as options of `vllm serve` they are named likewise.

    Args:
        heads: a heads-only folder, of `AutoDecoForCausalLM.save_pretrained` or an officially released one.
        model: the base model's folder or id; the one that the heads were made for where None.
        report: let clients ask for T and P of every token (see `tamsa.decoding.vllm.report`): True takes two ids that
            no text contains, as `find_report_ids` finds them; or name them, for T and for P.

    Returns:
        `model`, `hf_overrides` (the architecture with heads, where they lie, the ids that report) and
        `generation_config="vllm"`: the static defaults that a checkpoint brings (temperature, top-p, top-k) would apply
        on top of the heads.

    Raises:
        InputError: the folder is no heads folder, it does not say what base it is for, or the base has no two ids to
            spare.
    """
    folder = Path(heads).resolve()
    if not (folder / "config.json").is_file():
        raise InputError(f"heads: {folder} has no config.json; expected a heads-only folder")
    config = read_json(folder / "config.json")
    base = model or config.get("base_model_name_or_path")
    if not base:
        raise InputError(f"{folder}: names no base model; pass model=")
    architecture = config.get("base_architecture") or _architecture_of(str(base))
    overrides: dict[str, Any] = {"architectures": [PREFIX + architecture], HEADS_FIELD: str(folder)}
    if report is not False:
        overrides[REPORT_FIELD] = list(find_report_ids(str(base)) if report is True else report)
    return {
        "model": str(base),
        "hf_overrides": overrides,
        "generation_config": "vllm",
    }


def _architecture_of(base: str) -> str:
    architectures = read_model_file(base, "config.json").get("architectures")
    if not architectures:
        raise InputError(f"model: the configuration of {base!r} names no architecture, expected `architectures`")
    return str(architectures[0])

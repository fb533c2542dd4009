"""How a model is reached and sampled: one dataclass, from a TOML table, options or the environment."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from tamsa.errors import ConfigError
from tamsa.types import Usage

OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://127.0.0.1:11434"
DEFAULT_CONTEXT_LENGTH = 32_768
"""Used where nothing says how long the context is. No endpoint is asked for it behind the user's back."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Options of a model endpoint.

    The key is held as a secret: it is absent from `repr`, `public()` and every error message.

    Raises:
        ConfigError: a value is out of range.
    """

    base_url: str | None = None
    """Address of the endpoint, with its `/v1`; else `OPENAI_BASE_URL` or `OLLAMA_HOST`, else the usual one."""
    api_key: SecretStr | str | None = field(default=None, repr=False)
    """Key of the endpoint; else `OPENAI_API_KEY`. Endpoints other than the official one may need none."""
    context_length: int | None = None
    """Tokens of prompt and completion together; 32,768 where not given."""
    temperature: float | None = 0.85
    """Sampling temperature in [0, 2]; None leaves it to the endpoint."""
    top_p: float | None = 0.95
    """Nucleus in (0, 1]; None leaves it to the endpoint."""
    max_tokens: int = 8_192
    """Bound on one completion where the caller gives none."""
    native_tools: Literal["auto", "yes", "no"] = "auto"
    """Tool calls as structured data. `auto`: yes at the official OpenAI endpoint, else calls in text, which every
    model can write."""
    timeout_s: float = 120.0
    """Seconds of silence after which an attempt counts as failed."""
    deadline_s: float = 900.0
    """Seconds that one completion may take with all its retries."""
    max_retries: int = 5
    """Attempts after the first."""
    backoff_s: float = 0.5
    """Seconds before the first retry; doubled each time, with jitter, at most 30."""
    concurrency: int = 8
    """Requests in flight at one time. Roles on one endpoint share these, as they share what follows."""
    requests_per_minute: int | None = None
    """Requests, retries included, that may go out in a minute."""
    tokens_per_minute: int | None = None
    """Prompt and completion tokens that may be spent in a minute."""
    seed: int | None = None
    """Sampling seed, for local models and endpoints that take one."""
    price_prompt: float | None = None
    """US dollars per million prompt tokens."""
    price_completion: float | None = None
    """US dollars per million completion tokens."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Precision of a local model. `auto`: bfloat16 on a GPU and on CPUs that multiply in it, else float32."""
    device: str = "auto"
    """Where a local model runs: `cpu`, `cuda`, …; `auto`: a GPU where there is one."""
    threads: int | None = None
    """Threads of a local model; None leaves torch's number."""
    batch_size: int = 32
    """Conversations that a local model decodes together; more wait."""
    state_megabytes: int = 1_024
    """Memory that a local model may use to keep states between turns."""
    greedy: bool | None = None
    """A local model takes the likeliest token; None: as the model's own `tamsa.json` says, else no."""
    heads: bool = True
    """Use a local model's AutoDeco heads, which choose temperature and top-p, if it has them."""
    prices: str | None = None
    """A price table (TOML) for models without prices above; else `TAMSA_PRICES`, else `~/.config/tamsa/prices.toml`."""
    cache: str | None = None
    """Folder in which the answers of an endpoint are kept, so that an exact repeat costs nothing."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the request (`top_k`, `presence_penalty`, …), sent as they are."""

    def __post_init__(self) -> None:
        key = self.api_key
        if isinstance(key, SecretStr):
            key = key.get_secret_value()
        key = key.strip() if key else None
        if key is not None and (not key.isascii() or not key.isprintable() or " " in key):
            raise ConfigError("api_key: holds spaces, control or non-ASCII characters; copy the key again")
        object.__setattr__(self, "api_key", SecretStr(key) if key else None)
        for name, low, high in (
            ("context_length", 256, 100_000_000),
            ("temperature", 0, 2),
            ("max_tokens", 1, 100_000_000),
            ("max_retries", 0, 100),
            ("concurrency", 1, 10_000),
            ("requests_per_minute", 1, 10_000_000),
            ("tokens_per_minute", 1, 10_000_000_000),
            ("backoff_s", 0, 600),
            ("threads", 1, 4_096),
            ("batch_size", 1, 4_096),
            ("state_megabytes", 1, 10_000_000),
            ("price_prompt", 0, 1_000_000),
            ("price_completion", 0, 1_000_000),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} = {value!r}: choose a value from {low} to {high}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p = {self.top_p!r}: choose a value above 0 and up to 1")
        for name in ("timeout_s", "deadline_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} = {getattr(self, name)!r}: choose a number of seconds above 0")
        if self.dtype not in ("auto", "float32", "bfloat16", "float16"):
            raise ConfigError(f"dtype = {self.dtype!r}: choose auto, float32, bfloat16 or float16")
        if self.native_tools not in ("auto", "yes", "no"):
            raise ConfigError(f"native_tools = {self.native_tools!r}: choose auto, yes or no")

    @property
    def secret(self) -> str | None:
        """The key itself, for the one place that sends it."""
        return self.api_key.get_secret_value() if isinstance(self.api_key, SecretStr) else None

    def public(self) -> dict[str, Any]:
        """Return the settings as JSON values for a manifest, without the key."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "api_key"}
        return {**values, "extra_body": dict(self.extra_body)}

    def usage(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        """Price a completion; the cost is None where a price is not known."""
        cost = None
        if self.price_prompt is not None and self.price_completion is not None:
            cost = (prompt_tokens * self.price_prompt + completion_tokens * self.price_completion) / 1e6
        return Usage(prompt_tokens, completion_tokens, cost)


def for_openai(settings: ModelSettings, environ: Mapping[str, str] | None = None) -> ModelSettings:
    """Fill in address, key and context length of an OpenAI-compatible endpoint.

    Raises:
        ConfigError: the address is no URL, or the official endpoint is meant and no key is known.
    """
    environ = os.environ if environ is None else environ
    url = settings.base_url or environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL
    url = check_url(url, "base_url", "http://localhost:8000/v1")
    key = settings.secret or environ.get("OPENAI_API_KEY", "").strip() or None
    if key is None and is_official(url):
        raise ConfigError(
            f"api_key: {url} needs one; set OPENAI_API_KEY, or point base_url (OPENAI_BASE_URL) at your own server"
        )
    return dataclasses.replace(
        settings, base_url=url, api_key=key, context_length=settings.context_length or DEFAULT_CONTEXT_LENGTH
    )


def for_ollama(settings: ModelSettings, environ: Mapping[str, str] | None = None) -> ModelSettings:
    """Fill in address and context length of an Ollama server.

    Raises:
        ConfigError: the address is no URL.
    """
    environ = os.environ if environ is None else environ
    url = settings.base_url or environ.get("OLLAMA_HOST", "").strip() or OLLAMA_URL
    if "://" not in url:
        url = f"http://{url}" if not url.startswith(":") else f"http://127.0.0.1{url}"
        if urlsplit(url).netloc.rpartition("]")[2].count(":") == 0:
            url = url.rstrip("/") + ":11434"
    url = url.replace("//0.0.0.0", "//127.0.0.1", 1)  # an address to listen on, not to call
    url = check_url(url, "base_url", OLLAMA_URL).removesuffix("/v1").removesuffix("/api")
    return dataclasses.replace(settings, base_url=url, context_length=settings.context_length or DEFAULT_CONTEXT_LENGTH)


def is_official(url: str) -> bool:
    """Say whether an address is OpenAI's own."""
    host = urlsplit(url).hostname or ""
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def check_url(url: str, name: str, example: str) -> str:
    """Check the address of an endpoint and drop its trailing slash.

    Raises:
        ConfigError: it is no http(s) URL, or carries a password, query or fragment (which would end up in logs).
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        secret = parts.username is not None or parts.password is not None or bool(parts.query or parts.fragment)
    except ValueError:
        raise ConfigError(f"{name}: not a URL; write it like {example}") from None
    if secret or "@" in url:
        raise ConfigError(
            f"{name}: user names, passwords and ?queries do not belong in the address of {host!r}; "
            "give the key as OPENAI_API_KEY"
        )
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() or not c.isprintable() for c in url):
        raise ConfigError(f"{name} = {url[:200]!r}: not an http(s) URL; write it like {example}")
    return url.rstrip("/")

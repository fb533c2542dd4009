"""What a failed request means: worth a retry, or a typed error that names the way out.

Endpoints agree on little. The status decides first, then the error code, then the words of the
message. Text of a server is shown shortened, on one line, and never with the key in it.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamsa.errors import ContextLengthError, ModelAuthError, ModelError

_JUDGED_CHARS = 4_000
"""Characters of a server's message that are looked at."""
_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_OVERFLOW_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})
_OVERFLOW = re.compile(
    r"maximum context length|context[_ ](?:length|window|size)[^.]{0,60}(?:exceed|too (?:long|large|small))"
    r"|exceed\w*[^.]{0,60}(?:context|maximum (?:input|sequence|model) length|max_model_len)"
    r"|(?:prompt|input|message)s? (?:is|are)? ?too (?:long|large)|too many (?:input |prompt )?tokens"
    r"|longer than the (?:maximum )?(?:model length|context)|reduce the length of the (?:messages|prompt|input)",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"insufficient_quota|billing_hard_limit|exceeded your current quota|credit balance", re.IGNORECASE
)
_TOOLS_REFUSED = re.compile(
    r"tool[_ -]?(?:choice|call)|does not support (?:tools|function)|tools? (?:is|are) not", re.IGNORECASE
)


class TransientError(Exception):
    """A failure that another attempt may cure."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom a message speaks of, and the key that it must not show."""

    spec: str
    url: str
    secret: str | None = None

    def __repr__(self) -> str:
        return f"Endpoint({self.spec!r}, {self.url!r})"

    def __str__(self) -> str:
        return f"{self.spec} at {self.url}"

    def clean(self, text: object, limit: int = 300) -> str:
        """Put a server's text on one short line without the key or control characters."""
        words = " ".join(str(text).split())
        if self.secret and len(self.secret) >= 4:
            words = words.replace(self.secret, "***")
        words = "".join(c if c.isprintable() else "�" for c in words)
        return words if len(words) <= limit else words[: limit - 1] + "…"


def failure(
    endpoint: Endpoint,
    status: int | None,
    body: Any,
    *,
    headers: Mapping[str, str] | None = None,
    native_tools: bool = False,
) -> TransientError | ModelError:
    """Judge a refusal.

    Args:
        endpoint: who refused.
        status: HTTP status; None for an error inside a stream that began well.
        body: the decoded body: an error object in one of the usual forms, or text.
        headers: of the response, for `Retry-After`.
        native_tools: whether tool schemas were sent.

    Returns:
        The exception to raise: `TransientError` where a retry makes sense.
    """
    code, message = _read_error(body)
    message = message[:_JUDGED_CHARS]
    shown = endpoint.clean(message)
    if status in (401, 403):  # the server's words are left out: some echo parts of the key
        return ModelAuthError(
            f"{endpoint}: the key is missing or refused (HTTP {status}); check OPENAI_API_KEY or api_key"
        )
    overflow = code in _OVERFLOW_CODES or _OVERFLOW.search(message) is not None
    if status == 413 or (overflow and status not in (404, 429)):
        return ContextLengthError(f"{endpoint}: the prompt does not fit the model's context ({shown or 'too large'})")
    if _NO_CREDIT.search(f"{code} {message}"):
        return ModelError(f"{endpoint}: the account has no credit left ({shown}); top it up or choose another model")
    if status is None:
        return TransientError(f"the server reported {shown or 'an error'}")
    if status in _RETRIED or (status >= 500 and status != 501):
        return TransientError(
            f"HTTP {status}" + (f" ({shown})" if shown else ""), retry_after_s=retry_after(headers or {})
        )
    if status == 404:
        return ModelError(
            f"{endpoint}: no such model or address (HTTP 404{': ' + shown if shown else ''}); "
            "check the model's name and that base_url is right, usually ending in /v1"
        )
    if native_tools and _TOOLS_REFUSED.search(message):
        return ModelError(f"{endpoint}: refuses native tool calls ({shown}); set native_tools to no")
    return ModelError(f"{endpoint}: refused the request (HTTP {status}{': ' + shown if shown else ''})")


def _read_error(body: Any) -> tuple[str, str]:
    """Find code and message in an error body of any of the usual forms."""
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            code = inner.get("code") or inner.get("type") or ""
            message = inner.get("message") or inner.get("detail") or inner.get("error") or ""
            return str(code), str(message)
        return "", str(inner)
    return "", "" if body is None else str(body)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds a server asks to wait, from `Retry-After` (seconds or a date) or `retry-after-ms`."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
    except ValueError:
        pass
    value = headers.get("retry-after")
    if not value:
        return None
    try:
        seconds = float(value)
        return max(0.0, seconds) if seconds == seconds else None
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None

"""Masks secrets in everything that is written for people: logs, alerts, error texts.

Two nets: values registered when they are read (tokens, keys, account numbers), and patterns for those that
arrive unannounced (a library's debug line, a URL with a password).
"""

from __future__ import annotations

import logging
import re
from logging import LogRecord

MASK = "***"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*[0-9=+/._-])[A-Za-z0-9._~+/=@-]{8,}"), rf"\1 {MASK}"),
    (
        re.compile(
            r"(?i)([\"']?\b(?:access_token|refresh_token|id_token|client_secret|app_secret|secret_key|api_key"
            r"|password|APCA-API-SECRET-KEY|APCA-API-KEY-ID)[\"']?\s*[:=]\s*[\"']?)[^\s\"',&}]+"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)([?&]code=)[^\s&\"']+"), rf"\1{MASK}"),
    (re.compile(r"(?i)([\"']?account_?number[\"']?\s*[:=]\s*[\"']?)\d*(\d{4})"), rf"\1{MASK}\2"),
    (re.compile(r"(/accounts/)(?!accountNumbers)[A-Za-z0-9]{8,}"), rf"\1{MASK}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@]+@"), rf"\1{MASK}@"),
)

_SECRETS: dict[str, str] = {}


def register_secret(value: str | None, mask: str = MASK) -> None:
    """Mask `value` wherever it appears from now on; values under 6 characters are ignored (too common)."""
    if value and len(value) >= 6:
        _SECRETS[value] = mask


def register_account(number: str) -> str:
    """Mask an account number, keeping its last four digits, and return the masked reference."""
    masked = f"{MASK}{number[-4:]}"
    register_secret(number, masked)
    return masked


def redact(text: str) -> str:
    """Return `text` with every known or recognisable secret masked."""
    for secret in sorted(_SECRETS, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, _SECRETS[secret])
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class RedactionFilter(logging.Filter):
    """Rewrites a record before it is formatted, its traceback included; never drops one."""

    def filter(self, record: LogRecord) -> bool:
        """Mask message, arguments and traceback of `record`."""
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True

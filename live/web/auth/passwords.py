"""Passwords, kept as scrypt hashes (RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from typing import Final

from backtest.core.errors import UsageError

SHORTEST: Final = 12
COST: Final = 2**16
_COST, _BLOCK, _LANES = COST, 8, 1
_MEMORY: Final = 2 * 128 * _COST * _BLOCK
#: one hash at a time: each takes 64 MB
_TURN: Final = threading.Lock()


def hashed(password: str) -> str:
    """Return the text that is kept of a password.

    Raises:
        UsageError: 2, it is too short.
    """
    if len(password) < SHORTEST:
        raise UsageError(
            f"a password has at least {SHORTEST} characters", where="password", remedy="choose a longer one"
        )
    salt = secrets.token_bytes(16)
    return f"scrypt${_COST}${_BLOCK}${_LANES}${salt.hex()}${_scrypt(password, salt).hex()}"


def matches(password: str, kept: str | None) -> bool:
    """Return whether a password is the one that is kept; takes the same time when none is."""
    if kept is None:
        _scrypt(password, bytes(16))
        return False
    *_, salt, digest = kept.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    with _TURN:
        return hashlib.scrypt(
            password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=_MEMORY, dklen=32
        )

"""Time-based one-time codes (RFC 6238: SHA-1, six digits, 30 seconds)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from typing import Final
from urllib.parse import quote

_STEP: Final = 30
_DIGITS: Final = 6
#: steps before and after the present one that are taken: clocks differ
_AROUND: Final = 1
RECOVERY_CODES: Final = 10


def new_secret() -> str:
    """Return a random secret, base32 as authenticator programs take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code(secret: str, step: int) -> str:
    """Return the code of a step (Unix time // 30). Source: RFC 4226, section 5.3."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def step_of(secret: str, given: str, now: float, after: int) -> int | None:
    """Return the step a code belongs to, None when it is wrong or not newer than the step `after`.

    Args:
        secret: base32.
        given: what a person typed.
        now: Unix time in seconds.
        after: the newest step whose code was taken; a code works once.
    """
    present = int(now) // _STEP
    typed = given.replace(" ", "")
    found = None
    for step in range(present - _AROUND, present + _AROUND + 1):
        if hmac.compare_digest(code(secret, step).encode(), typed.encode()) and step > after:
            found = step
    return found


def address(secret: str, account: str) -> str:
    """Return the `otpauth:` address an authenticator program reads from a QR code."""
    return f"otpauth://totp/{quote(f'jutsu:{account}')}?secret={secret}&issuer=jutsu&digits={_DIGITS}&period={_STEP}"


def recovery_codes() -> tuple[str, ...]:
    """Return new codes for a lost device, each good for one login."""
    return tuple(f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(RECOVERY_CODES))

"""Short tokens (JWT, RFC 7519) that a program gets for its key: HS256 only, fifteen minutes."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import jwt

from live.web.auth.sessions import Visitor

if TYPE_CHECKING:
    from live.web.auth.store import Store

_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "jutsu"
SECONDS: Final = 900


def issue(store: Store, visitor: Visitor, now: float) -> str:
    """Return a token with the scopes of a key's visitor."""
    claims = {
        "sub": visitor.name,
        "scope": " ".join(sorted(visitor.scopes)),
        "aud": _AUDIENCE,
        "iat": int(now),
        "exp": int(now) + SECONDS,
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, _key(store), algorithm=_ALGORITHM)


def read(store: Store, token: str, now: float) -> Visitor | None:
    """Return who a token was issued to, None when it is forged, for somebody else, or over at `now`."""
    try:
        claims = jwt.decode(
            token,
            _key(store),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": ["exp", "aud", "sub", "jti"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        return None
    if not isinstance(claims["exp"], int) or claims["exp"] <= now:
        return None
    return Visitor(str(claims["sub"]), frozenset(str(claims.get("scope", "")).split()), "token")


def _key(store: Store) -> str:
    """Return the key of this installation, made at first use."""
    found = store.fact("token_key")
    if found is None:
        found = secrets.token_hex(32)
        store.keep("token_key", found)
    return str(found)

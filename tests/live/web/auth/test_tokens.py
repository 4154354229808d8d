"""Tokens of programs: fifteen minutes, our own signature, our own audience."""

import base64
import json
from pathlib import Path

import jwt
import pytest

from live.web.auth import tokens
from live.web.auth.sessions import Visitor
from live.web.auth.store import Store

NOW = 1_700_000_000.0
VISITOR = Visitor("key robot", frozenset({"read", "jobs"}), "key")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "web.db")


def test_a_token_carries_the_scopes_of_its_key(store: Store) -> None:
    found = tokens.read(store, tokens.issue(store, VISITOR, NOW), NOW + 1)
    assert found is not None
    assert (found.name, found.scopes, found.kind) == ("key robot", frozenset({"read", "jobs"}), "token")


@pytest.mark.parametrize(("later", "valid"), [(0, True), (899, True), (900, False), (10_000, False)])
def test_a_token_ends(store: Store, later: float, valid: bool) -> None:
    token = tokens.issue(store, VISITOR, NOW)
    assert (tokens.read(store, token, NOW + later) is not None) is valid


def test_another_installation_signed_it(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other.db")
    assert tokens.read(store, tokens.issue(other, VISITOR, NOW), NOW) is None


def test_a_token_without_signature_is_refused(store: Store) -> None:
    tokens.issue(store, VISITOR, NOW)
    claims = {"sub": "x", "scope": "control", "aud": "jutsu", "exp": int(NOW) + 60, "jti": "1"}
    parts = [json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims)]
    forged = ".".join(base64.urlsafe_b64encode(p.encode()).rstrip(b"=").decode() for p in parts) + "."
    assert tokens.read(store, forged, NOW) is None


@pytest.mark.parametrize("changed", [{"aud": "other"}, {"exp": None}, {"jti": None}])
def test_claims_that_are_wrong_or_missing(store: Store, changed: dict[str, object]) -> None:
    tokens.issue(store, VISITOR, NOW)
    claims = {"sub": "x", "scope": "read", "aud": "jutsu", "exp": int(NOW) + 60, "jti": "1"} | changed
    given = {name: value for name, value in claims.items() if value is not None}
    token = jwt.encode(given, str(store.fact("token_key")), algorithm="HS256")
    assert tokens.read(store, token, NOW) is None


@pytest.mark.parametrize("text", ["", "a.b.c", "nonsense"])
def test_what_is_no_token(store: Store, text: str) -> None:
    assert tokens.read(store, text, NOW) is None

"""Refused actions: every route that acts for a person leaves one row when it says no."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from live.web.auth import totp
from live.web.refusals import AUDITED
from tests.live.web.test_guard import GUARDED, address
from tests.support.user_world import FIRST, User
from tests.support.web_world import Browser, Site, inside, served

ACTIONS = [(method, path) for method, path, scope in GUARDED if method != "GET" and scope in AUDITED]
PASSWORD = "correct horse battery"
#: a body each route understands; routes without one take none
BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/api/v1/signals/{session}/{variant}"): {"delete": ["x"]},
    ("POST", "/api/v1/signals/{session}/{variant}/approve"): {"sha256": "0" * 64},
    ("POST", "/api/v1/signals/{session}/{variant}/skip"): {"sha256": "0" * 64},
    ("POST", "/api/v1/control/panic"): {"word": "PANIC"},
    ("PUT", "/api/v1/control/mode"): {"mode": "online_live", "typed": "trade real money"},
    ("PUT", "/api/v1/config"): {"name": "safety.cash_warn_pct", "value": 1, "expected": 0.5},
    ("POST", "/api/v1/parameters/{variant}/validate"): {"values": {}},
    ("POST", "/api/v1/parameters/{variant}/preview"): {"values": {}},
    ("PUT", "/api/v1/parameters/{variant}"): {"values": {}, "expected": {}, "preview": "x"},
    ("POST", "/api/v1/auth/keys"): {"name": "robot", "scopes": ["read"]},
}
#: what a person beyond this machine does without proving themselves again: it stops, tries or takes away
UNPROVEN = {
    ("PUT", "/api/v1/signals/{session}/{variant}"),  # the approval of the new bytes wants a code
    ("POST", "/api/v1/control/kill"),
    ("POST", "/api/v1/control/stop"),
    ("POST", "/api/v1/control/mode/check"),
    ("POST", "/api/v1/control/doctor"),
    ("POST", "/api/v1/control/panic/look"),
    ("POST", "/api/v1/alerts/test"),
    ("POST", "/api/v1/alerts/{number}/ack"),
    ("POST", "/api/v1/parameters/{variant}/validate"),
    ("POST", "/api/v1/parameters/{variant}/preview"),
    ("POST", "/api/v1/auth/devices"),
    ("DELETE", "/api/v1/auth/devices/{ident}"),
    ("DELETE", "/api/v1/auth/keys/{ident}"),
}


@pytest.fixture(scope="module")
def away(waiting: User, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A page that other machines reach."""
    user = waiting.copy(tmp_path_factory.mktemp("away") / "jutsu")
    with served(user, inside(), beyond=True) as site:
        yield site


@pytest.fixture(scope="module")
def person(away: Site) -> Browser:
    """Somebody who logged in by password and code an hour ago."""
    away.logins.set_password(PASSWORD)
    secret = totp.new_secret()
    away.logins.set_totp(secret)
    browser = away.browser(logged_in=False)
    code = totp.code(secret, int(away.clock.now().timestamp()) // 30)
    assert browser.log_in(password=PASSWORD, code=code).status_code == 200
    away.clock.sleep(timedelta(hours=1).total_seconds())
    return browser


def refusals(site: Site) -> list[tuple[Any, ...]]:
    columns = "actor, action, subject, via, outcome"
    return [row for row in site.user.rows("audit_log", columns) if row[-1].startswith("refused: ")]


def body_of(method: str, path: str) -> Any:
    return BODIES.get((method, path))


@pytest.mark.parametrize(("method", "path"), ACTIONS)
def test_a_visitor_without_the_scope_is_in_the_log(away: Site, method: str, path: str) -> None:
    before = refusals(away)
    found = away.program("jobs").request(method, address(path), json=body_of(method, path))
    assert (found.status_code, found.json()["type"]) == (403, "about:jutsu#scope"), found.text
    (row,) = refusals(away)[len(before) :]
    assert row[0] == "web:key test"
    assert row[2:4] == (address(path), "web")


@pytest.mark.parametrize(("method", "path"), [route for route in ACTIONS if route not in UNPROVEN])
def test_a_person_who_did_not_prove_themselves_is_in_the_log(
    away: Site, person: Browser, method: str, path: str
) -> None:
    before = refusals(away)
    found = person.send(method, address(path).removeprefix("/api/v1"), body_of(method, path))
    assert found.status_code == 403, found.text
    assert found.json()["type"] in {"about:jutsu#elevate", "about:jutsu#code-needed"}
    (row,) = refusals(away)[len(before) :]
    assert row[0] == "web:owner"


def test_what_an_action_refused_is_in_the_log_once(site: Site, browser: Browser) -> None:
    path = f"/signals/{FIRST}/golden/approve"
    assert browser.post(path, {"sha256": "0" * 64}).status_code == 412
    assert [row[1] for row in refusals(site)] == ["approve"]
    assert browser.send("DELETE", "/config/mode").status_code == 403
    assert [row[1:3] for row in refusals(site)[1:]] == [("revert", "/api/v1/config/mode")]


def test_a_page_that_only_looks_writes_no_refusal(waiting: User, tmp_path: Any) -> None:
    with served(waiting.copy(tmp_path / "jutsu"), inside(), read_only=True) as site:
        assert site.browser().post("/control/resume").status_code == 403
        assert site.user.rows("audit_log") == []

"""The door, for every route of the description: what is refused before anything is done."""

from pathlib import Path
from typing import Any

import pytest

from live.web import app as web
from live.web.app import described_app
from live.web.document import describe
from tests.support.user_world import User, tree
from tests.support.web_world import Browser, Site, inside, served

OPEN = {"/api/v1/health", "/api/v1/health/ready", "/api/v1/auth/login"}
FILLED = {
    "session": "2024-01-02",
    "variant": "golden",
    "client_order_id": "x",
    "symbol": "QQQ",
    "ident": "x",
    "number": "1",
    "name": "safety.cash_warn_pct",
}
ROUTES: list[tuple[str, str, str | None]] = [
    (method.upper(), path, operation.get("x-scope"))
    for path, operations in describe(described_app())["paths"].items()
    for method, operation in operations.items()
]
GUARDED = [(method, path, scope) for method, path, scope in ROUTES if path not in OPEN]
UNSAFE = [(method, path) for method, path, _ in GUARDED if method != "GET"]


def address(path: str) -> str:
    return path.format(**FILLED)


def ask(browser: Browser, method: str, path: str, headers: dict[str, str], content: bytes = b"{}") -> Any:
    given = {"content-type": "application/json"} | headers
    return browser.client.request(
        method, address(path), headers=given, content=None if method == "GET" else content
    )


def test_every_route_but_three_names_its_scope() -> None:
    assert [path for _, path, scope in ROUTES if scope is None and path not in OPEN] == []
    assert {scope for _, _, scope in GUARDED} == {"read", "approve", "control", "settings", "jobs", "metrics"}


@pytest.mark.parametrize(("method", "path", "scope"), GUARDED)
def test_nobody_is_answered_without_a_login(shown: Site, method: str, path: str, scope: str) -> None:
    found = ask(shown.browser(logged_in=False), method, path, {"origin": shown.url})
    assert found.status_code == 401, (scope, found.text)


@pytest.mark.parametrize(("method", "path", "scope"), GUARDED)
def test_another_scope_does_not_open_it(shown: Site, method: str, path: str, scope: str) -> None:
    other = "jobs" if scope != "jobs" else "read"
    found = shown.program(other).request(method, address(path), json={} if method != "GET" else None)
    assert found.status_code in {403, 422}, found.text
    if found.status_code == 422:  # the body is judged first where it is; nothing was done
        assert method != "GET"


@pytest.mark.parametrize(("method", "path"), UNSAFE)
def test_a_browser_needs_the_text_of_its_session(shown: Site, method: str, path: str) -> None:
    browser = shown.browser()
    found = ask(browser, method, path, {"origin": shown.url})
    assert (found.status_code, found.json()["type"]) == (403, "about:jutsu#csrf"), found.text


@pytest.mark.parametrize(
    ("method", "path", "origin"),
    [(*route, "http://evil.example") for route in UNSAFE]
    + [("POST", "/api/v1/control/kill", origin) for origin in ("null", "", "http://127.0.0.1")],
)
def test_a_foreign_page_is_refused(shown: Site, method: str, path: str, origin: str) -> None:
    browser = shown.browser()
    found = ask(browser, method, path, {"origin": origin, "x-csrf-token": browser.csrf})
    assert (found.status_code, found.json()["type"]) == (403, "about:jutsu#foreign-origin"), found.text


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_a_foreign_host_name_is_refused(shown: Site, method: str, path: str, scope: str | None) -> None:
    browser = shown.browser()
    found = ask(
        browser, method, path, {"host": "evil.example", "origin": shown.url, "x-csrf-token": browser.csrf}
    )
    assert (found.status_code, found.json()["type"]) == (400, "about:jutsu#unknown-host"), scope


@pytest.mark.parametrize(("method", "path"), [*UNSAFE, ("POST", "/api/v1/auth/login")])
def test_only_small_json_is_taken(shown: Site, method: str, path: str) -> None:
    browser = shown.browser()
    own = {"origin": shown.url, "x-csrf-token": browser.csrf}
    form = ask(browser, method, path, own | {"content-type": "application/x-www-form-urlencoded"}, b"a=1")
    assert form.status_code == 415
    assert ask(browser, method, path, own, b" " * 1_000_001).status_code == 413


def test_a_large_body_without_a_length_is_cut_off(shown: Site) -> None:
    browser = shown.browser()
    found = browser.client.post(
        "/api/v1/auth/login",
        content=iter([b" " * 100_000] * 11),
        headers={"origin": shown.url, "content-type": "application/json"},
    )
    assert found.status_code == 413


def test_every_answer_forbids_the_browser_what_we_never_do(shown: Site) -> None:
    for path in ("/", "/api/v1/health", "/api/v1/status", "/nothing", "/api/nothing"):
        headers = shown.browser(logged_in=False).client.get(path).headers
        assert "script-src 'self';" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_the_cookie_is_for_this_page_alone(shown: Site) -> None:
    found = shown.browser(logged_in=False).log_in(link=shown.logins.new_link())
    cookie = found.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie


def test_what_only_looks_changes_nothing(site: Site) -> None:
    browser = site.browser()
    before = {name: content for name, content in tree(site.user.root).items() if "web.db" not in name}
    for method, path, _ in GUARDED:
        if method == "GET":
            assert browser.client.get(address(path)).status_code in {200, 404, 422}, path
    after = {name: content for name, content in tree(site.user.root).items() if "web.db" not in name}
    assert {n: c for n, c in after.items() if not n.endswith(("-shm", "-wal"))} == {
        n: c for n, c in before.items() if not n.endswith(("-shm", "-wal"))
    }


def test_too_many_changes_have_to_wait_and_reads_do_not(waiting: User, tmp_path: Path) -> None:
    with served(waiting.copy(tmp_path / "jutsu"), inside(), changes_a_minute=10) as site:
        browser = site.browser()
        codes = [browser.post("/auth/token").status_code for _ in range(12)]
        assert codes == [403] * 10 + [429] * 2
        assert browser.get("/status").status_code == 200


def test_a_page_that_reads_again_what_it_has_is_never_kept_waiting(
    waiting: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_READS_A_MINUTE", 20)
    with served(waiting.copy(tmp_path / "jutsu"), inside()) as site:
        browser = site.browser()
        tag = browser.get("/status").headers["etag"]
        codes = {browser.get("/status", headers={"if-none-match": tag}).status_code for _ in range(60)}
        assert codes == {304}
        assert [browser.get("/status").status_code for _ in range(25)][-1] == 429


def test_a_page_that_only_looks_refuses_every_change(waiting: User, tmp_path: Path) -> None:
    with served(waiting.copy(tmp_path / "jutsu"), inside(), read_only=True) as site:
        browser = site.browser()
        found = browser.post("/control/kill")
        assert (found.status_code, found.json()["type"]) == (403, "about:jutsu#read-only")
        assert browser.data("/status")["kill_switch"]["level"] == "none"

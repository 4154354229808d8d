"""What the process serves besides the API: health, the page, errors of its own."""

import sys
from pathlib import Path

import pytest

from live.web import app as web
from live.web.app import Serving
from tests.support.web_world import Site


def test_health_says_only_ok(shown: Site) -> None:
    client = shown.browser(logged_in=False).client
    assert client.get("/health").json() == client.get("/api/v1/health").json() == {"ok": True}
    assert client.get("/api/v1/health/ready").json() == {"ready": True}


def test_ready_names_what_is_broken(site: Site) -> None:
    site.user.config.write_text("mode: nonsense\n")
    found = site.browser(logged_in=False).client.get("/api/v1/health/ready")
    assert (found.status_code, found.json()["exit_code"]) == (422, 2)
    assert found.json()["findings"][0]["path"] == "mode"


def test_a_damaged_ledger_is_named(site: Site) -> None:
    site.served.world.close()
    site.user.db.rename(site.user.db.with_suffix(".old"))
    site.user.db.write_bytes(b"nonsense" * 100)
    found = site.browser().get("/status")
    assert (found.status_code, found.json()["exit_code"]) == (409, 8)
    assert "jutsu recover" in found.json()["remedy"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing", "/ws/nothing"])
def test_an_unknown_address_is_not_found(shown: Site, path: str) -> None:
    found = shown.browser().client.get(path)
    assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")


def test_a_wrong_method_is_refused(shown: Site) -> None:
    assert shown.browser().send("DELETE", "/status").status_code == 405


def test_the_page_is_a_file_and_every_other_address_is_the_page(
    shown: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = shown.browser(logged_in=False).client
    monkeypatch.setattr(web, "STATIC", tmp_path / "static")
    assert client.get("/").status_code == 404
    (tmp_path / "static/assets").mkdir(parents=True)
    (tmp_path / "static/index.html").write_text("the page")
    (tmp_path / "static/assets/a.js").write_text("1")
    (tmp_path / "secret").write_text("s")
    assert client.get("/").text == client.get("/trades").text == "the page"
    assert "immutable" in client.get("/assets/a.js").headers["cache-control"]
    for path in ("/%00", "/" + "x" * 6000):
        assert client.get(path).status_code == 200
    for path in ("/../secret", "/..%2fsecret", "/assets/..%2f..%2fsecret", "/%2e%2e/secret"):
        assert client.get(path).text != "s"


def test_a_bug_is_a_mark_in_the_log_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(site.served.world, "reading", lambda: 1 / 0)
    found = site.browser().get("/portfolio")
    assert found.status_code == 500
    assert "division" not in found.text
    mark = found.json()["detail"].split()[-1]
    assert any(mark in record.message for record in caplog.records)


def test_names_of_a_page_beyond_this_machine() -> None:
    found = Serving.at(8000, host="box.lan", names=["Other.lan:9000"], secure=True)
    assert {"box.lan:8000", "other.lan:9000", "127.0.0.1:8000"} <= found.hosts
    assert "https://box.lan:8000" in found.origins
    assert not any(origin.startswith("http://") for origin in found.origins)


#: they start a process of their own, which may load what it wants
CHILDREN = {
    "/control/reconcile",
    "/control/doctor",
    "/control/panic/look",
    "/alerts/test",
    "/control/mode/check",
}
#: the address of an imitation, which settings of real orders are asked for: no broker
ADDRESS = "live.brokers.rehearsal"


def test_no_broker_is_loaded_after_every_route_was_served(site: Site) -> None:
    from tests.live.web.test_guard import GUARDED, address

    before = {name for name in sys.modules if name.startswith("live.brokers.")}
    browser = site.browser()
    for method, path, _ in GUARDED:
        asked = address(path).removeprefix("/api/v1")
        if asked not in CHILDREN:
            browser.send(method, asked, {} if method != "GET" else None)
    assert {name for name in sys.modules if name.startswith("live.brokers.")} - {ADDRESS} == before - {
        ADDRESS
    }

"""The switches on the page: kill at any time, everything else only when no run is at work."""

import sqlite3
import threading
from contextlib import closing

import pytest

from live.operations.timers import RECORD
from live.system.lock import single_instance
from tests.support.user_world import FIRST
from tests.support.web_world import Browser, Site


def level(browser: Browser) -> str:
    return str(browser.data("/status")["kill_switch"]["level"])


def test_kill_keeps_every_order_back_until_resume(site: Site, browser: Browser) -> None:
    done = browser.post("/control/kill")
    assert (done.status_code, done.json()["level"], done.json()["by"]) == (200, "all", "web:local")
    assert level(browser) == "all"
    assert site.user.execute(FIRST).code == 3
    assert browser.post("/control/resume").json()["changed"] is True
    assert level(browser) == "none"
    assert [row["action"] for row in browser.data("/audit")["items"]] == ["resume", "kill"]


def test_kill_works_where_the_settings_cannot_be_read(site: Site, browser: Browser) -> None:
    good = site.user.config.read_text()
    site.user.config.write_text(good + "\nnonsense: 1\n")
    assert browser.post("/control/resume").status_code == 422
    assert browser.post("/control/kill").json()["level"] == "all"
    site.user.config.write_text(good)
    assert level(browser) == "all"
    rows = [(row["action"], row["outcome"][:7]) for row in browser.data("/audit")["items"]]
    assert rows == [("kill", "done"), ("resume", "refused")]


def test_what_is_on_is_not_lowered(browser: Browser) -> None:
    browser.post("/control/kill", {"level": "all", "reason": "first"})
    done = browser.post("/control/kill", {"level": "entries", "reason": "second"})
    assert (done.json()["level"], done.json()["reason"]) == ("all", "first")


def test_the_founding_names_do_the_same(browser: Browser) -> None:
    assert browser.post("/control/stop", {"level": "entries"}).json()["level"] == "entries"
    assert browser.post("/control/start").json()["changed"] is True


def test_during_a_run_only_kill_works(site: Site, browser: Browser) -> None:
    digest = browser.data(f"/signals/{FIRST}/golden")["sha256"]
    with single_instance(site.user.root / "state", "paper", run_id="test"):
        refused = [
            browser.post("/control/resume"),
            browser.post(f"/signals/{FIRST}/golden/approve", {"sha256": digest}),
            browser.send("PUT", "/config", {"name": "safety.cash_warn_pct", "value": 1, "expected": 0.5}),
        ]
        assert {r.status_code for r in refused} == {409}
        assert {r.json()["type"] for r in refused} == {"about:jutsu#run-in-progress"}
        assert browser.post("/control/kill").status_code == 200
    assert level(browser) == "all"


def test_kill_waits_for_another_writer_and_the_rest_does_not(site: Site, browser: Browser) -> None:
    with closing(sqlite3.connect(site.user.db, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        busy = browser.post("/control/resume")
        refused = browser.post(
            f"/signals/{FIRST}/golden/skip", {"sha256": browser.data(f"/signals/{FIRST}/golden")["sha256"]}
        )
        release = threading.Timer(1.0, other.execute, ("ROLLBACK",))
        release.start()
        done = browser.post("/control/kill")
        release.join()
    assert busy.status_code == 200  # the switch is off already: nothing to write
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert done.status_code == 200


def test_a_wrong_level_is_refused(browser: Browser) -> None:
    assert browser.post("/control/kill", {"level": "none"}).status_code == 422
    assert level(browser) == "none"


def test_what_panic_switched_off_is_not_resumed_without_its_starts(site: Site, browser: Browser) -> None:
    assert browser.post("/control/kill").status_code == 200
    noted = site.user.root / "state" / RECORD
    noted.write_text('[["--user", "jutsu-executor.timer"]]')
    refused = browser.post("/control/resume")
    assert (refused.status_code, refused.json()["remedy"]) == (409, "run `jutsu resume`")
    assert level(browser) == "all"
    noted.unlink()
    assert browser.post("/control/resume").json()["changed"] is True


@pytest.fixture
def no_crontab(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children of this test find no crontab and no systemctl: they are the developer's own."""
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.mark.usefixtures("no_crontab")
def test_panic_wants_its_word_and_says_what_it_did(site: Site, browser: Browser) -> None:
    refused = browser.post("/control/panic", {"word": "panic"})
    assert (refused.status_code, refused.json()["exit_code"]) == (422, 2)
    said = browser.post("/control/panic", {"word": "PANIC"})
    assert (said.status_code, said.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "kill switch is ON (all)" in said.text
    assert said.text.endswith("exit 0\n")
    assert level(browser) == "all"
    rows = [(row["action"], row["outcome"][:7]) for row in browser.data("/audit")["items"]]
    assert {("panic asked", "refused"), ("panic asked", "done"), ("panic", "done")} <= set(rows)


@pytest.mark.usefixtures("no_crontab")
def test_a_look_at_panic_changes_nothing(site: Site, browser: Browser) -> None:
    path = f"/signals/{FIRST}/golden"
    browser.post(f"{path}/approve", {"sha256": browser.data(path)["sha256"]})
    assert site.user.execute(FIRST).code == 0
    said = browser.post("/control/panic/look", {"everything": True}).text
    assert "would sell QQQ: " in said
    assert said.endswith("exit 0\n")
    assert level(browser) == "none"


@pytest.mark.usefixtures("no_crontab")
def test_panic_works_where_the_settings_cannot_be_read(site: Site, browser: Browser) -> None:
    good = site.user.config.read_text()
    site.user.config.write_text(good + "\nsafety:\n  nonsense: 1\n")
    refused = browser.post("/control/panic", {"word": "PANIC"})
    assert (refused.status_code, refused.json()["type"]) == (403, "about:jutsu#elevate")
    browser.csrf = browser.post("/auth/elevate", {}).json()["csrf"]
    assert "kill switch is ON (all)" in browser.post("/control/panic", {"word": "PANIC"}).text
    site.user.config.write_text(good)
    assert level(browser) == "all"


def test_reconcile_says_what_the_command_says(browser: Browser) -> None:
    said = browser.post("/control/reconcile").text
    assert said.endswith("exit 0\n")

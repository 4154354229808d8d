"""Runs, alerts and the audit log as lists."""

import sqlite3
from contextlib import closing

from tests.support.user_world import FIRST
from tests.support.web_world import Browser, Site


def test_runs_say_what_became_of_each_session(site: Site) -> None:
    with closing(sqlite3.connect(site.user.db)) as raw, raw:
        raw.execute("update run_log set past = 0")  # as if cron had run it that day
    rows = site.browser().data(f"/runs?since={FIRST}")
    assert [(row["session"], row["variant"], row["became"]) for row in rows] == [(FIRST, "golden", "waits")]


def test_alerts_are_listed_newest_first(shown: Site) -> None:
    found = shown.browser().data("/alerts")
    times = [row["created_at"] for row in found["items"]]
    assert times == sorted(times, reverse=True)


def test_the_audit_log_holds_and_says_so(browser: Browser) -> None:
    assert browser.data("/audit/verify")["problem"] is None
    browser.post("/control/kill")
    found = browser.data("/audit/verify")
    assert (found["rows"], found["problem"]) == (1, None)


def test_a_changed_row_is_seen(site: Site, browser: Browser) -> None:
    browser.post("/control/kill")
    with closing(sqlite3.connect(site.user.db)) as raw, raw:
        raw.execute("update audit_log set actor = 'nobody'")
    site.watcher.look()
    assert "row 1" in str(browser.data("/audit/verify")["problem"])

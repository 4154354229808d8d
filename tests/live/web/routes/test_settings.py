"""Settings on the page: compare-and-swap, history, and what is never changed there."""

from pathlib import Path

import pytest

from tests.support.user_world import new_user
from tests.support.web_world import Browser, Site, inside, served

NAME = "safety.cash_warn_pct"


def value(browser: Browser) -> tuple[object, str]:
    (row,) = browser.data(f"/config?prefix={NAME}")
    return row["value"], row["source"]


def test_a_change_holds_and_is_taken_back(browser: Browser) -> None:
    assert value(browser)[0] == 0.5
    done = browser.send("PUT", "/config", {"name": NAME, "value": 1.5, "expected": 0.5, "reason": "noisy"})
    assert done.status_code == 200, done.text
    assert value(browser) == (1.5, "ledger override")
    (row,) = browser.data("/config/history")["overrides"]
    assert (row["name"], row["value"], row["by"], row["reason"]) == (NAME, "1.5", "web:local", "noisy")
    assert browser.send("DELETE", f"/config/{NAME}").json()["ended"] == 1
    assert value(browser)[0] == 0.5


def test_the_second_of_two_loses(browser: Browser) -> None:
    browser.send("PUT", "/config", {"name": NAME, "value": 1.5, "expected": 0.5})
    lost = browser.send("PUT", "/config", {"name": NAME, "value": 2.0, "expected": 0.5})
    assert (lost.status_code, lost.json()["exit_code"]) == (412, 2)
    assert value(browser)[0] == 1.5


@pytest.mark.parametrize(
    "name",
    [
        "paths.state_db",
        "broker.name",
        "mode",
        "dashboard.api_control",
        "alerts.urls_env",
        "strategy.golden.sma_fast",
    ],
)
def test_what_is_not_changed_here(browser: Browser, name: str) -> None:
    for method, path, body in (
        ("PUT", "/config", {"name": name, "value": "x", "expected": None}),
        ("DELETE", f"/config/{name}", None),
    ):
        found = browser.send(method, path, body)
        assert (found.status_code, found.json()["type"]) == (403, "about:jutsu#not-here")


@pytest.mark.parametrize(
    ("name", "given"), [(NAME, -1), (NAME, "much"), ("safety.nothing", 1), ("approval.policy", "never")]
)
def test_a_value_that_cannot_be_loaded_is_refused(
    site: Site, browser: Browser, name: str, given: object
) -> None:
    known = {row["name"]: row["value"] for row in browser.data("/config")}
    found = browser.send("PUT", "/config", {"name": name, "value": given, "expected": known.get(name)})
    assert (found.status_code, found.json()["exit_code"]) == (422, 2)
    assert site.user.rows("config_overrides") == []


def test_before_the_first_run_every_question_has_an_answer(tmp_path: Path) -> None:
    asked = [
        "status",
        "portfolio",
        "trades",
        "performance",
        "performance/backtest",
        "drift",
        "compare",
        "runs",
        "alerts",
        "audit",
        "config",
        "config/history",
        "jobs",
        "reports",
        "control/mode",
    ]
    with served(new_user(tmp_path / "jutsu"), inside()) as site:
        browser = site.browser()
        codes = {path: browser.get(f"/{path}").status_code for path in asked}
    assert set(codes.values()) == {200}, codes

"""Backtests and parameters in a browser: real jobs, a preview before a change, questions to the broker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.user_world import SECOND, User, new_user
from tests.support.web_world import Site, inside, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]
JOB_MS = 60_000


@pytest.fixture
def site(waiting: User, tmp_path: Path) -> Iterator[Site]:
    """A project in the evening, when jobs run and parameters may change."""
    with served(waiting.copy(tmp_path / "jutsu"), inside(time="18:00")) as found:
        yield found


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    page.get_by_role("heading", level=1).wait_for()


def test_a_backtest_is_started_followed_compared_and_used(opened: Open) -> None:
    page = opened()
    go(page, "Research")
    page.get_by_label("From", exact=True).fill("2023-06-01")
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Other parameters").fill('{"leverage_scalar": 0.8}')
    page.get_by_role("button", name="Start").click()
    jobs = page.get_by_role("region", name="Jobs").locator("tbody tr")
    jobs.filter(has_text="done").nth(1).wait_for(timeout=JOB_MS)
    jobs.first.get_by_role("checkbox").check()
    page.get_by_role("link", name="Use these parameters").wait_for()
    jobs.nth(1).get_by_role("checkbox").check()
    page.get_by_role("region", name="Results").get_by_role("columnheader").nth(2).wait_for()
    jobs.nth(1).get_by_role("checkbox").uncheck()
    page.get_by_role("link", name="Use these parameters").click()
    page.get_by_text("1 changed").wait_for()
    assert page.get_by_label("leverage_scalar").input_value() == "0.8"


def test_a_job_is_cancelled_near_a_window_and_forgotten(site: Site, opened: Open) -> None:
    site.clock.set(inside(SECOND).now())
    page = opened()
    go(page, "Research")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("no job begins before 15:59 New York").wait_for()
    row = page.get_by_role("region", name="Jobs").locator("tbody tr").first
    row.get_by_role("button", name="End").click()
    row.get_by_text("cancelled").wait_for()
    row.get_by_role("button", name="End").click()
    page.get_by_text("No job yet.").wait_for()


def test_a_schedule_shows_its_times(opened: Open) -> None:
    page = opened()
    go(page, "Research")
    page.get_by_label("Or at these times").fill("30 18 * * 1-5")
    page.get_by_role("button", name="Schedule").click()
    row = page.get_by_role("region", name="Schedules").locator("tbody tr").first
    row.get_by_text("2024-01-02 18:30, 2024-01-03 18:30").wait_for()
    row.get_by_role("button", name="Switch").click()
    row.get_by_text("switched off").wait_for()
    row.get_by_role("button", name="Remove").click()
    page.get_by_text("No schedule yet.").wait_for()


def test_a_parameter_is_saved_after_its_preview_alone_and_trades(site: Site, opened: Open) -> None:
    page = opened()
    go(page, "Parameters")
    save = page.get_by_role("button", name="Save")
    page.get_by_label("sma_fast", exact=True).fill("500")
    page.get_by_text("must be below sma_slow").wait_for()
    page.get_by_label("sma_fast", exact=True).fill("40")
    page.get_by_text("Nothing is changed").wait_for()
    page.get_by_label("leverage_scalar").fill("0.8")
    assert save.is_disabled()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text(re.compile(r"\d+ of \d+ decisions differ")).wait_for(timeout=JOB_MS)
    page.get_by_label("leverage_scalar").fill("0.9")
    assert save.is_disabled()
    page.get_by_label("leverage_scalar").fill("0.8")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text(re.compile(r"\d+ of \d+ decisions differ")).wait_for(timeout=JOB_MS)
    page.get_by_label("Why").fill("calmer")
    save.click()
    page.get_by_text("ledger override").wait_for()
    assert site.user.rows("config_overrides", "parameter_name, override_value, reason") == [
        ("strategy.golden.leverage_scalar", "0.8", "calmer")
    ]
    page.get_by_role("button", name="Take every override back").click()
    page.get_by_role("region", name="Parameters").get_by_text("ledger override").wait_for(state="detached")


def test_regime_and_data_show_the_made_up_market(opened: Open) -> None:
    page = opened()
    go(page, "Regime")
    page.get_by_text("after the close of 2024-01-02").wait_for()
    page.get_by_role("region", name="What would change it").locator("tbody tr").nth(8).wait_for()
    page.get_by_label("Span").select_option("2 years")
    page.get_by_text("504 sessions").wait_for()
    go(page, "Data")
    page.get_by_role("button", name="Show QQQ").click()
    page.get_by_text("Nothing is wrong with these bars.").wait_for()


def test_reconcile_and_panic_say_what_they_did(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # no crontab and no systemctl of the developer
    user = new_user(tmp_path / "panic")
    user.trade("2024-01-02")
    with served(user, inside(time="18:00")) as at:
        page = opened(at=at)
        go(page, "Portfolio")
        page.get_by_role("button", name="Reconcile").click()
        page.get_by_text("It ended well.").wait_for(timeout=JOB_MS)
        page.get_by_role("button", name="Close everything …").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Type PANIC to go on").fill("panic")
        assert dialog.get_by_role("button", name="Close everything", exact=True).is_disabled()
        dialog.get_by_label("Type PANIC to go on").fill("PANIC")
        dialog.get_by_role("button", name="Close everything", exact=True).click()
        dialog.get_by_text("kill switch is ON (all)").wait_for(timeout=JOB_MS)
        dialog.get_by_role("button", name="Done").click()
        page.get_by_role("button", name="Switch is on (all)").wait_for()
    assert "panic" in {action for (action,) in user.rows("audit_log", "action")}

"""Every page, in light and dark, wide and on a phone: nothing serious for who cannot see or point."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backtest.calendar.sessions import sessions
from tests.support.paths import PROJECT
from tests.support.user_world import FIRST, SECOND, SWITCH, THIRD, User, new_user
from tests.support.web_world import Site, inside, served
from tests.web.browser.conftest import Scheme

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]

PAGES = {
    "Today": "/",
    "Regime": "/regime",
    "Portfolio": "/portfolio",
    "Performance": "/performance",
    "Trades": "/trades",
    "Parameters": "/parameters",
    "Runs": "/runs",
    "Research": "/research",
    "Data": "/data",
    "ORB": "/orb",
    "Settings": "/settings",
}
SCREENS = PROJECT / "docs" / "screens"
#: whether the pictures are made anew
SHOOTS = bool(os.environ.get("SCREENS"))
AXE = PROJECT / "web/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Three traded sessions, for pictures four months of them, and a file that waits."""
    user = new_user(tmp_path_factory.mktemp("pages") / "jutsu")
    months = sessions(date(2023, 9, 5), date.fromisoformat(THIRD))
    for day in [one.day.isoformat() for one in months] if SHOOTS else (FIRST, SECOND, THIRD):
        user.trade(day)
    user.set(approval={"policy": "required"})
    assert user.generate(SWITCH).code == 0
    return user


@pytest.fixture
def site(traded: User, tmp_path: Path) -> Iterator[Site]:
    with served(traded.copy(tmp_path / "jutsu"), inside(SWITCH)) as found:
        yield found


def findings(page: Page) -> list[str]:
    """What axe-core calls serious or critical."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document)")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_can_be_used_by_everybody(opened: Open, scheme: Scheme, width: int) -> None:
    page = opened(width=width, scheme=scheme)
    for name, path in PAGES.items():
        page.get_by_role("link", name=name).first.click()
        page.wait_for_url(f"**{path}")
        while page.get_by_text("Loading").count():
            page.wait_for_timeout(100)
        page.wait_for_timeout(300)
        assert findings(page) == [], name
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} wide"
        if SHOOTS:
            page.screenshot(path=str(SCREENS / f"{name.lower()}-{scheme}-{width}.png"))


def test_keys_go_to_pages_and_never_act(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_text("One thing to do").wait_for()
    for key, path in (("p", "/portfolio"), ("d", "/trades"), ("t", "/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**{path}")
    for key in "abcdefghijklmnoqsuvwxyzAK?/":
        page.keyboard.press(key)
    assert site.user.rows("audit_log") == []


def test_the_export_is_a_file(opened: Open) -> None:
    page = opened()
    page.get_by_role("link", name="Trades").first.click()
    with page.expect_download() as caught:
        page.get_by_role("link", name="Export CSV").click()
    assert caught.value.suggested_filename == "trades.csv"
    assert Path(caught.value.path()).read_text().startswith("session,variant,symbol,")


def test_trades_are_found_by_symbol(opened: Open) -> None:
    page = opened()
    page.get_by_role("link", name="Trades").first.click()
    rows = page.get_by_role("region", name="Trades").locator("tbody tr")
    rows.first.wait_for()
    everything = rows.count()
    page.get_by_label("Symbol").fill("tmf")
    page.get_by_role("region", name="Trades").locator("tbody tr", has_text="QQQ").first.wait_for(
        state="detached"
    )
    rows.filter(has_text="TMF").first.wait_for()
    assert 0 < rows.count() < everything


def test_logs_reports_and_a_critical_alert(site: Site, opened: Open) -> None:
    site.user.change("update alerts set level = 'critical' where id = (select max(id) from alerts)")
    page = opened()
    page.get_by_role("link", name="Runs").first.click()
    page.get_by_role("button", name="Acknowledge").first.click()
    page.get_by_role("region", name="What people did").get_by_text("alerts ack").wait_for()
    page.get_by_label("From this level on").select_option("DEBUG")
    page.get_by_role("region", name="Logs", exact=True).or_(
        page.get_by_text("Nothing was written")
    ).wait_for()
    page.get_by_role("link", name="execution_").first.wait_for()


def test_real_orders_are_not_offered_before_the_rehearsal(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("button", name="What stands in the way").click()
    page.get_by_text("golden: sessions without failure").wait_for(timeout=60_000)
    assert page.get_by_role("button", name="Send real orders").count() == 0


def test_a_setting_is_changed_and_taken_back(opened: Open) -> None:
    page = opened()
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_label("Find").fill("cash_warn_pct")
    page.get_by_role("button", name="Change safety.cash_warn_pct").click()
    page.get_by_label("New value").fill("1.5")
    page.get_by_label("Why").fill("noisy")
    page.get_by_role("button", name="Change it").click()
    page.get_by_text("ledger override").first.wait_for()
    page.get_by_role("button", name="Change safety.cash_warn_pct").click()
    page.get_by_role("button", name="Take the override back").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("region", name="Settings").get_by_text("ledger override").wait_for(state="detached")

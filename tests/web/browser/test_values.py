"""What the page says of its values: backtest and drift beside them, how old they are, in which notation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.user_world import FIRST, SECOND, THIRD, User, new_user
from tests.support.web_world import Site, inside, served

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Two sessions that were traded, as if cron had done it on the day."""
    user = new_user(tmp_path_factory.mktemp("values") / "jutsu")
    for day in (FIRST, SECOND):
        user.trade(day)
    user.change("update run_log set past = 0")
    user.set(dashboard={"locale": "de-DE"})
    return user


@pytest.fixture
def site(traded: User, tmp_path: Path) -> Iterator[Site]:
    with served(traded.copy(tmp_path / "jutsu"), inside(SECOND, "17:00")) as found:
        yield found


def test_backtest_drift_and_notation(opened: Open) -> None:
    page = opened("/performance")
    page.get_by_label("backtest of the same sessions (dashed)").wait_for()
    page.get_by_role("heading", name="golden against its backtest").wait_for()
    page.get_by_text("Decisions equal").wait_for()
    page.get_by_text(",00 %").first.wait_for()
    page.get_by_text("It begins after 63 sessions; golden has 2.").wait_for()


def test_what_is_old_says_so(site: Site, opened: Open) -> None:
    page = opened("/")
    page.get_by_text("OK. All is well").wait_for()
    assert page.get_by_text("What you see may be old").count() == 0
    site.clock.set(inside(THIRD, "16:30").now())
    page = opened("/")  # a session of the page lasts half a day
    page.get_by_text(f"the session of {THIRD} was due and is not carried out").wait_for()


def test_panic_shows_what_it_would_sell_before_it_asks(site: Site, opened: Open) -> None:
    page = opened("/portfolio")
    page.get_by_role("button", name="Close everything …").click()
    look = page.get_by_label("What would be done")
    look.get_by_text("would sell QQQ").wait_for(timeout=60_000)
    assert page.get_by_role("button", name="Close everything", exact=True).is_disabled()
    page.get_by_role("button", name="Leave it").click()
    assert site.user.rows("audit_log") == []


def test_a_run_that_commits_sixty_times_never_meets_a_limit(site: Site, opened: Open) -> None:
    page = opened("/runs")
    answers: list[int] = []

    def note(response: Response) -> None:
        if "/api/v1/" in response.url:
            answers.append(response.status)

    page.on("response", note)
    for number in range(60):
        site.user.change(f"update performance_snapshots set cash = {number}")
        page.wait_for_timeout(100)
    page.get_by_role("link", name="Today").first.click()
    began = time.monotonic()
    page.get_by_role("region", name="Books").get_by_text("59,00").first.wait_for()
    assert time.monotonic() - began < 15
    assert len(answers) > 20
    assert set(answers) <= {200, 304}


def test_a_key_is_made_shown_once_and_taken_away(site: Site, opened: Open) -> None:
    page, kept = opened("/settings"), site.logins.keys
    page.get_by_label("Name of a new key").fill("collector")
    page.get_by_label("metrics", exact=True).check()
    page.get_by_role("button", name="Make a key").click()
    page.get_by_text("Prove that it is you").wait_for()
    page.get_by_role("button", name="Make a key").click()
    page.get_by_text("Copy it now").wait_for()
    assert [key["name"] for key in kept()] == ["collector"]
    page.get_by_role("button", name="Take away collector").click()
    page.get_by_role("button", name="Take away collector").wait_for(state="detached")
    assert kept() == []


def test_the_doctor_is_asked_from_the_page(opened: Open) -> None:
    page = opened("/settings")
    page.get_by_role("button", name="Check everything a run needs").click()
    page.get_by_text("settings").first.wait_for(timeout=60_000)


def test_keys_name_themselves_and_go_along_the_page(opened: Open) -> None:
    page = opened("/settings")
    page.get_by_role("heading", name="Settings").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("No key approves").wait_for()
    page.get_by_role("button", name="Close", exact=True).click()
    page.keyboard.press("j")
    assert "Look" in page.locator(":focus").inner_text()
    page.keyboard.press("j")
    assert "This machine" in page.locator(":focus").inner_text()
    page.keyboard.press("/")
    assert page.locator("#page input:focus, #page select:focus").count() == 1

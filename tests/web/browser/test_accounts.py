"""Several accounts on the page: one is looked at, the switch stops all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.user_world import FIRST, User, new_user
from tests.support.web_world import Site, inside, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Two paper accounts whose files wait for an answer."""
    user = new_user(tmp_path_factory.mktemp("two") / "jutsu")
    user.set(
        books=[{"primary": "golden", "shadows": []}],
        approval={"policy": "required"},
        accounts={"ira": {"paper": {"initial_cash": 50_000}}, "taxable": {}},
    )
    assert user.generate(FIRST).code == 0
    return user


@pytest.fixture
def site(two: User, tmp_path: Path) -> Iterator[Site]:
    with served(two.copy(tmp_path / "jutsu"), inside()) as found:
        yield found


def rows(site: Site, account: str) -> list[tuple[str, ...]]:
    return site.user.rows("audit_log", "action, outcome", site.user.root / "state" / account / "ledger.db")


def test_an_account_is_chosen_and_what_is_done_is_done_in_it(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Approve these bytes").wait_for()
    page.get_by_label("Account").select_option("taxable")
    page.get_by_role("navigation", name="Pages").wait_for()
    assert page.get_by_label("Account").input_value() == "taxable"
    page.get_by_role("button", name="Skip", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Skip the session").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert (rows(site, "ira"), rows(site, "taxable")) == ([], [("skip", "done")])


def test_the_switch_stops_every_account(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="KILL all accounts").click()
    page.get_by_role("button", name="Switch is on").wait_for()
    assert [rows(site, name) for name in ("ira", "taxable")] == [[("kill", "done")]] * 2

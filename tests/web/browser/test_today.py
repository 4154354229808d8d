"""The daily answer in a browser: what is seen is what is traded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.user_world import FIRST, User
from tests.support.web_world import Site, inside, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]


def approve(page: Page) -> None:
    page.get_by_role("button", name="Approve these bytes").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("dialog").wait_for(state="hidden")


def test_approved_in_the_browser_traded_by_the_executor(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_text("One thing to do").wait_for()
    approve(page)
    page.get_by_text("OK. All is well").wait_for()
    assert site.user.execute(FIRST).code == 0
    page.get_by_text("completed").first.wait_for()
    assert {state for *_, state, _ in site.user.orders()} == {"FILLED"}


def test_edited_then_approved_exactly_those_bytes_are_traded(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Edit").click()
    group = page.get_by_role("group", name="BUY QQQ")
    group.get_by_label("Shares").fill("3")
    group.get_by_label("Note").fill("half <b>of</b> it")
    page.get_by_role("button", name="Save 1 change(s)").click()
    page.get_by_text("half <b>of</b> it", exact=True).wait_for()
    approve(page)
    page.get_by_text("OK. All is well").wait_for()
    assert site.user.execute(FIRST).code == 0
    assert [q for name, _, q, *_ in site.user.orders() if "QQQ" in name] == [3]


def test_somebody_else_edits_while_the_dialog_is_open(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Approve these bytes").click()
    dialog = page.get_by_role("dialog")
    path = site.user.file(FIRST)
    data = json.loads(path.read_text())
    data["orders"][0]["note"] = "changed by hand"
    path.write_text(json.dumps(data))
    dialog.get_by_text("The file changed since you opened this").wait_for()
    assert dialog.get_by_role("button", name="Approve", exact=True).is_disabled()
    assert site.user.rows("signal_files", "approved_sha256") == [(None,), (None,)]


def test_the_second_of_two_editors_loses_and_is_told(site: Site, opened: Open) -> None:
    first, second = opened(), opened()
    for page, shares in ((first, "3"), (second, "4")):
        page.get_by_role("button", name="Edit").click()
        page.get_by_role("group", name="BUY QQQ").get_by_label("Shares").fill(shares)
    first.get_by_role("button", name="Save 1 change(s)").click()
    second.get_by_text("Somebody else changed the file meanwhile").wait_for()
    second.get_by_role("button", name="Save 1 change(s)").click()
    second.get_by_text("the file changed since it was shown").wait_for()
    orders = json.loads(site.user.file(FIRST).read_text())["orders"]
    assert [o["quantity"] for o in orders if o["symbol"] == "QQQ"] == [3]


def test_an_edit_that_exceeds_a_limit_is_refused_in_words(site: Site, opened: Open) -> None:
    before = site.user.file(FIRST).read_bytes()
    page = opened()
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("group", name="BUY QQQ").get_by_label("Shares").fill("1000000")
    page.get_by_role("button", name="Save 1 change(s)").click()
    page.get_by_role("alert").first.wait_for()
    assert site.user.file(FIRST).read_bytes() == before


def test_skipped_nothing_is_sent(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Skip", exact=True).click()
    page.get_by_role("button", name="Skip the session").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert site.user.execute(FIRST).code == 0
    assert site.user.orders() == []


def test_kill_in_one_click_and_back(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="KILL").click()
    page.get_by_role("button", name="Switch is on (all)").click()
    assert site.user.execute(FIRST).code == 3
    page.get_by_role("dialog").get_by_text("on the dashboard").wait_for()
    page.get_by_role("button", name="Turn it off").click()
    page.get_by_role("button", name="KILL").wait_for()


def test_the_server_ends_and_comes_back(waiting: User, tmp_path: Path, opened: Open) -> None:
    user, down = waiting.copy(tmp_path / "again"), "The connection to this box is down"
    with served(user, inside()) as first:
        page = opened(at=first)
        page.get_by_text("One thing to do").wait_for()
    page.get_by_text(down).wait_for(timeout=30_000)
    assert user.execute(FIRST).code == 0
    with served(user, inside(), port=first.port):
        page.get_by_text(down).wait_for(state="hidden", timeout=60_000)
        page.get_by_text("skipped").first.wait_for()


def test_a_remembered_device_comes_back_to_approve(site: Site, opened: Open) -> None:
    page = opened()
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("button", name="Remember this device").click()
    page.get_by_role("button", name="This device is remembered").wait_for()
    page.context.clear_cookies(name="jutsu")
    page.goto(f"{site.url}/")
    approve(page)
    page.get_by_text("OK. All is well").wait_for()
    assert page.get_by_role("button", name="KILL").count() == 0
    assert site.user.rows("audit_log", "action, actor") == [("approve", "web:local")]
    site.logins.forget(site.logins.devices()[0]["id"])
    page.context.clear_cookies(name="jutsu")
    page.reload()
    page.get_by_role("heading", name="Log in").wait_for()


def test_a_session_that_is_over_asks_for_a_login(site: Site, opened: Open) -> None:
    page = opened()
    page.context.clear_cookies()
    page.reload()
    page.get_by_role("heading", name="Log in").wait_for()

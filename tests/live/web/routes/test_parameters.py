"""Parameters over the API: judged, previewed by a real job, saved only after that."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.user_world import SECOND, User
from tests.support.web_world import Browser, Site, inside, served

AT = "/parameters/golden"
VALUES = {"leverage_scalar": 0.8}
SEEN = {"leverage_scalar": 1.0}


@pytest.fixture(scope="module")
def quiet(waiting: User, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served project in the evening."""
    with served(waiting.copy(tmp_path_factory.mktemp("parameters") / "jutsu"), inside(time="18:00")) as site:
        yield site


@pytest.fixture(scope="module")
def preview(quiet: Site) -> str:
    """A preview of `VALUES` that is done."""
    browser = quiet.browser()
    asked = browser.post(f"{AT}/preview", {"values": VALUES})
    assert asked.status_code == 202, asked.text
    ident = str(asked.json()["id"])
    deadline = time.monotonic() + 60
    while (found := browser.data(f"{AT}/preview/{ident}"))["job"]["state"] != "done":
        assert found["results"] is None
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert found["results"]["different"] > 0
    return ident


def save(browser: Browser, preview: str, **more: Any) -> Any:
    body = {"values": VALUES, "expected": SEEN, "preview": preview, **more}
    return browser.send("PUT", AT, body)


def test_rows_and_what_is_wrong_with_a_proposal(shown: Site) -> None:
    browser = shown.browser()
    assert len(browser.data(AT)["rows"]) == 34
    judged = browser.post(f"{AT}/validate", {"values": {"sma_fast": 500, "T_max": -1}}).json()
    assert {finding["path"] for finding in judged["findings"]} == {"parameters.sma_fast", "parameters.T_max"}
    assert browser.post(f"{AT}/validate", {"values": VALUES}).json() == {"findings": [], "unusual": []}
    assert browser.get("/parameters/nobody").status_code == 422


def test_what_cannot_be_previewed_is_refused_at_once(quiet: Site) -> None:
    browser = quiet.browser()
    assert browser.post(f"{AT}/preview", {"values": {"sma_fast": 500}}).status_code == 422
    assert browser.post("/parameters/ema_p10/preview", {"values": {}}).status_code == 422


def test_only_what_was_previewed_is_saved(quiet: Site, preview: str) -> None:
    browser = quiet.browser()
    other = save(browser, preview, values={"leverage_scalar": 0.9})
    assert (other.status_code, "not previewed" in other.json()["detail"]) == (409, True)
    assert save(browser, "20240102-180000-00000000").status_code == 404
    assert browser.get(f"/parameters/titan/preview/{preview}").status_code == 404
    assert browser.data("/audit")["items"][0]["outcome"].startswith("refused")
    lost = save(browser, preview, expected={"leverage_scalar": 0.7})
    assert lost.status_code == 412


def test_near_a_window_nothing_is_saved(quiet: Site, preview: str) -> None:
    quiet.clock.set(inside(SECOND, "15:26").now())
    try:
        found = save(quiet.browser(), preview)
    finally:
        quiet.clock.set(inside(time="18:00").now())
    assert (found.status_code, "15:59" in found.json()["detail"]) == (409, True)


def test_an_old_preview_is_no_preview(quiet: Site, preview: str) -> None:
    quiet.clock.set(inside("2024-01-03", "18:01").now())
    try:
        found = save(quiet.browser(), preview)
    finally:
        quiet.clock.set(inside(time="18:00").now())
    assert found.status_code == 409


def test_saved_and_reverted(quiet: Site, preview: str) -> None:
    browser = quiet.browser()
    done = save(browser, preview, reason="calmer")
    assert done.status_code == 200, done.text
    rows = {row["name"]: row for row in browser.data(AT)["rows"]}
    assert (rows["leverage_scalar"]["value"], rows["leverage_scalar"]["frozen"]) == (0.8, 0.8)
    assert rows["leverage_scalar"]["source"] == "ledger override"
    again = save(browser, preview, expected={"leverage_scalar": 0.8})
    assert again.status_code == 409  # the preview was of other parameters than those of now
    assert quiet.user.jutsu("config", "check").code in {0, 2}
    reverted = browser.send("DELETE", AT)
    assert reverted.json()["names"] == ["leverage_scalar"]
    assert browser.send("DELETE", AT).status_code == 422

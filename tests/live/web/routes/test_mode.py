"""The mode switch: back to paper at once, to real orders only when nothing stands in the way."""

from typing import Any

import pytest

from backtest.core.errors import Finding
from live.ledger.system_state import CONFIRMATION
from live.web.routes import mode as module
from tests.support.user_world import User
from tests.support.web_world import Browser, Site, inside


def proven(browser: Browser) -> Browser:
    browser.csrf = browser.post("/auth/elevate", {}).json()["csrf"]
    return browser


def change(browser: Browser, mode: str, **more: Any) -> Any:
    return browser.send("PUT", "/control/mode", {"mode": mode, **more})


@pytest.fixture
def alpaca(site: Site) -> User:
    """The same project with Alpaca's paper account as its broker, in the evening."""
    site.clock.set(inside(time="18:00").now())
    site.user.set(broker={"name": "alpaca"}, data={"source": "store"})
    return site.user


def test_the_mode_says_where_it_comes_from(shown: Site) -> None:
    found = shown.browser().data("/control/mode")
    assert (found["mode"], found["confirmed"]) == ("offline_mock", False)
    assert found["source"].endswith("live.yaml")
    assert found["words"] == CONFIRMATION


def test_a_rehearsal_that_is_too_short_stands_in_the_way(site: Site, browser: Browser) -> None:
    site.clock.set(inside(time="18:00").now())
    obstacles = browser.post("/control/mode/check").json()["obstacles"]
    assert any(one["path"].startswith("golden: sessions") for one in obstacles)
    refused = change(proven(browser), "online_live", typed=CONFIRMATION)
    assert (refused.status_code, refused.json()["exit_code"]) == (409, 7)
    assert refused.json()["findings"] == obstacles
    assert browser.data("/control/mode")["mode"] == "offline_mock"
    assert browser.data("/audit")["items"][0]["outcome"].startswith("refused")


def test_real_orders_want_a_proof_the_words_and_no_window(
    site: Site, alpaca: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_obstacles", lambda _: [])
    unproven = change(browser, "online_live", typed=CONFIRMATION)
    assert (unproven.status_code, unproven.json()["type"]) == (403, "about:jutsu#elevate")
    proven(browser)
    assert change(browser, "online_live", typed="yes").status_code == 422
    site.clock.set(inside().now())
    proven(browser)
    during = change(browser, "online_live", typed=CONFIRMATION)
    assert (during.status_code, "window is open" in during.json()["detail"]) == (409, True)
    assert browser.data("/control/mode")["mode"] == "offline_mock"


def test_a_program_switches_to_real_orders_only_where_the_file_lets_it(
    site: Site, alpaca: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_obstacles", lambda _: list[Finding]())
    program, asked = site.program("read", "control"), {"mode": "online_live", "typed": CONFIRMATION}
    refused = program.put("/api/v1/control/mode", json=asked)
    assert (refused.status_code, "api_control" in refused.json()["detail"]) == (409, True)
    assert program.get("/api/v1/control/mode").json()["data"]["mode"] == "offline_mock"
    alpaca.set(dashboard={"api_control": True})
    assert program.put("/api/v1/control/mode", json=asked).json()["mode"] == "online_live"


def test_switched_and_back(
    site: Site, alpaca: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_obstacles", lambda _: list[Finding]())
    done = change(proven(browser), "online_live", typed=CONFIRMATION)
    assert done.status_code == 200, done.text
    assert (done.json()["mode"], done.json()["source"]) == ("online_live", "ledger override")
    back = change(browser, "offline_mock")
    assert (back.status_code, back.json()["mode"]) == (200, "offline_mock")
    actions = {row["action"] for row in browser.data("/audit")["items"]}
    assert {"mode", "config set"} <= actions


def test_a_mode_that_was_set_hides_nothing_of_the_real_broker(alpaca: User, browser: Browser) -> None:
    assert change(browser, "offline_mock").status_code == 200
    obstacles = browser.post("/control/mode/check").json()["obstacles"]
    assert any("Alpaca keys are missing" in one["problem"] for one in obstacles)


def test_a_command_that_prints_nothing_is_no_all_clear(
    site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "asked", lambda *_, **__: "broken")
    assert browser.post("/control/mode/check").status_code == 409

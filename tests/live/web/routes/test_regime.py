"""Regime and indicators over the API, of any variant that holds weights."""

import httpx

from tests.support.web_world import Site


def test_the_first_book_is_shown_unless_another_is_named(shown: Site) -> None:
    browser = shown.browser()
    assert browser.data("/regime")["variant"] == "golden"
    assert browser.data("/regime?variant=titan")["variant"] == "titan"
    assert browser.data("/regime")["decided_on"] == "2023-12-29"  # the session of now is not closed


def test_current_values_and_their_history_agree(shown: Site) -> None:
    browser = shown.browser()
    newest, columns = browser.data("/indicators"), browser.data("/indicators/history?sessions=5")
    assert len(columns["time"]) == 5
    assert abs(columns["figures"]["T_norm"][-1] - newest["values"]["T_norm"]) < 1e-7
    old: httpx.Response = browser.client.get("/api/indicators")
    assert old.json()["data"] == newest


def test_what_has_no_regime_is_refused_in_words(shown: Site) -> None:
    browser = shown.browser()
    assert browser.get("/regime?variant=nobody").status_code == 422
    found = browser.get("/regime?variant=ema_p10")
    assert (found.status_code, "no regime" in found.json()["detail"]) == (422, True)

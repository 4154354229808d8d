"""Strategies over the API."""

from tests.support.web_world import Site

NAME = "Hierarchical_Adaptive_v3_5b"


def test_strategies_are_listed_shown_and_judged(shown: Site) -> None:
    browser = shown.browser()
    assert {"golden", "titan"} <= {line["variant"] for line in browser.data("/strategies")}
    assert browser.data("/strategies/golden") == browser.data("/parameters/golden")
    good = {"strategy": {"name": NAME, "variant": "x", "parameters": {}}}
    assert browser.post("/strategies/validate", good).json() == {"findings": [], "unusual": []}
    bad = {"strategy": {"name": NAME, "variant": "x", "parameters": {"T_max": -1}}}
    assert [f["path"] for f in browser.post("/strategies/validate", bad).json()["findings"]] == [
        "parameters.T_max"
    ]

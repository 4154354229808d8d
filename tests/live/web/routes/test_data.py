"""Stored bars over the API: the demo market, and a store with what is wrong in it."""

from pathlib import Path

import numpy as np

from backtest.data.sources.demo import DemoMarket
from backtest.data.store import BarStore
from tests.support.user_world import User
from tests.support.web_world import Site, inside, served


def test_the_made_up_market_has_six_symbols(shown: Site) -> None:
    browser = shown.browser()
    found = browser.data("/data/symbols?limit=4")
    assert (found["source"], [line["symbol"] for line in found["items"]]) == (
        "demo",
        ["PSQ", "QQQ", "TLT", "TMF"],
    )
    assert "golden" in found["items"][1]["used_by"]
    assert [line["symbol"] for line in browser.data(f"/data/symbols?cursor={found['next']}")["items"]] == [
        "TMV",
        "TQQQ",
    ]
    assert browser.data("/data/QQQ/status")["findings"] == []
    page = browser.data("/data/QQQ/bars?limit=3")
    assert (len(page["close"]), page["time"][-1]) == (3, "2023-12-29")
    assert browser.data(f"/data/QQQ/bars?limit=3&before={page['next']}")["time"][-1] < page["time"][0]
    assert browser.get("/data/XYZ/status").status_code == 404


def test_a_store_names_its_gaps(waiting: User, tmp_path: Path) -> None:
    user = waiting.copy(tmp_path / "jutsu")
    user.set(data={"source": "store"})
    clock = inside()
    bars = DemoMarket(7, clock.now().date()).read(["QQQ"])["QQQ"]
    keep = np.flatnonzero(bars.dates != np.datetime64("2023-03-03"))
    with served(user, clock) as site:
        browser = site.browser()
        assert browser.data("/data/symbols")["items"] == []
        BarStore(user.root / "data/bars").write(bars.take(keep), imported_at=clock.now(), source="csv")
        site.watcher.changed(("data",))
        found = browser.data("/data/symbols")
        assert found["folder"] == str(user.root / "data/bars")
        assert [(line["symbol"], line["missing"]) for line in found["items"]] == [("QQQ", 1)]
        assert browser.data("/data/QQQ/status")["gaps"] == ["2023-03-03"]

"""A book of single stocks is ready after twenty good sessions, measured against its own entries' backtest."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from backtest.calendar import sessions as calendar
from tests.support.earnings_world import Trader, new_trader

DAYS = [s.day.isoformat() for s in calendar.sessions(date(2026, 1, 28), date(2026, 2, 26))]
DISTANCE = "distance to the backtest"


def criteria(trader: Trader, code: int) -> dict[str, dict[str, Any]]:
    ran = trader.user.jutsu("ready", "--json")
    assert ran.code == code, ran.text
    (book,) = json.loads(ran.out)["books"]
    return {one["name"]: one for one in book["criteria"]}


def trade_all(trader: Trader) -> None:
    """Two entries on the first day; afterwards one rises, one falls through its stop."""
    for day in DAYS:
        if day == DAYS[6]:
            trader.stocks.level("AAA", day, 108.0)
            trader.stocks.level("BBB", day, 88.0)
        trader.trade(day, *(("AAA", "BBB") if day == DAYS[0] else ("CCC",)))
        done = trader.user.jutsu("validate", "--date", day, "--prices", str(trader.stocks.folder))
        assert done.code == 0, done.text


def test_twenty_good_sessions_make_it_ready(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA", "BBB", "CCC")
    assert criteria(trader, 1)[DISTANCE]["value"] is None
    trade_all(trader)
    found = criteria(trader, 0)
    assert {name: one["met"] for name, one in found.items()} == dict.fromkeys(found, True)
    assert found[DISTANCE]["value"] < 0.1
    assert found[DISTANCE]["sessions"] == len(DAYS)


def test_a_book_that_did_not_do_what_its_entries_do_is_not_ready(tmp_path: Path) -> None:
    """The account lost what no entry explains: the backtest of the same entries stands far above it."""
    trader = new_trader(tmp_path, "AAA", "BBB", "CCC")
    trade_all(trader)
    trader.user.change("UPDATE performance_snapshots SET equity = equity * 0.9 WHERE session > '2026-02-20'")
    found = criteria(trader, 1)
    assert found[DISTANCE]["met"] is False
    assert "the backtest" in found[DISTANCE]["why"]

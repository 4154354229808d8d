"""The reading half of the first day: what differs is said."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import Bars
from live.model.broker import Account, Holding
from live.model.feed import Quote
from live.operations import first_day

NOW = datetime(2025, 3, 5, 19, 46, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs" / "first_day_live.md"


def account(**fields: Any) -> Account:
    some = Decimal(1000)
    base: dict[str, Any] = {"settled_cash": some, "buying_power": some, "equity": some, "cash": some}
    return Account(reference="***1", kind="cash", **(base | fields))


def quote(**fields: Any) -> Quote:
    base: dict[str, Any] = {"bid": 99.9, "ask": 100.1, "last": 100.0, "quote_time": NOW, "trade_time": NOW}
    return Quote("AAA", **(base | fields))


@pytest.mark.parametrize("name", ["cash", "settled_cash", "buying_power", "equity"])
def test_a_missing_figure_fails(name: str) -> None:
    assert first_day.figures(account()).verdict == "ok"
    found = first_day.figures(account(**{name: None}))
    assert found.verdict == "failed"
    assert name.replace("_", " ") in found.detail


def test_cash_in_a_sweep_fund_is_pointed_at() -> None:
    fund = Holding("SWVXX", Decimal(5000), Decimal(1), asset_type="mutual_fund")
    assert first_day.idle_cash(account(cash=Decimal(0), holdings=(fund,))).verdict == "warning"
    assert first_day.idle_cash(account(holdings=(fund,))).verdict == "ok"


def test_a_blocked_account_fails() -> None:
    assert first_day.restriction(account(restriction="trading_blocked")).verdict == "failed"
    assert first_day.restriction(account()).verdict == "ok"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, ""),
        ({"realtime": False}, "delayed"),
        ({"bid": None}, "side"),
        ({"trade_time": None}, "no time"),
        ({"trade_time": NOW - timedelta(seconds=61)}, "61 s old"),
        ({"bid": 60.0, "ask": 300.0}, "apart"),
    ],
)
def test_quotes_are_judged_one_by_one(fields: dict[str, Any], word: str) -> None:
    (found,) = first_day.fresh_quotes(["AAA"], {"AAA": quote(**fields)}, NOW)
    assert (found.verdict == "ok") == (word == "")
    assert word in found.detail


def test_a_symbol_without_a_quote_is_named() -> None:
    (found,) = first_day.fresh_quotes(["BBB"], {}, NOW)
    assert (found.name, found.verdict) == ("quote BBB", "warning")


@pytest.mark.parametrize(("last", "verdict"), [(date(2025, 3, 4), "ok"), (date(2025, 3, 3), "failed")])
def test_history_must_end_with_the_last_finished_session(last: date, verdict: str) -> None:
    one = np.array([1.0])
    bars = Bars("AAA", np.array([last], "datetime64[D]"), one, one, one, one, one, source="test")
    assert first_day.newest_bars(["AAA"], {"AAA": bars}, NOW).verdict == verdict
    assert "no book" in first_day.newest_bars([], {}, NOW).detail
    assert first_day.newest_bars(["AAA", "BBB"], {"AAA": bars}, NOW).verdict == "failed"


@pytest.mark.parametrize(("seconds", "verdict"), [(0.4, "ok"), (-1.5, "warning"), (None, "warning")])
def test_the_clock_must_agree_within_a_second(seconds: float | None, verdict: str) -> None:
    offset = None if seconds is None else timedelta(seconds=seconds)
    assert first_day.clock(offset).verdict == verdict


def test_the_page_numbers_every_step_once() -> None:
    steps = [line.split(".")[0] for line in PAGE.read_text().splitlines() if line[:1].isdigit()]
    assert steps == [str(number) for number in range(1, 21)]

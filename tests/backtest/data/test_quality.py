"""Histories that do not fit each other: splits, adjustments, faults; share counts that look like a split."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.data import quality


def history(
    symbol: str = "QQQ", start: date = date(2026, 9, 1), end: date = date(2026, 10, 30), price: float = 100.0
) -> Bars:
    dates = calendar.session_dates(start, end)
    close = price + np.arange(float(len(dates))) * 0.25
    return Bars(symbol, dates, close - 0.1, close + 1, close - 1, close, np.full(len(dates), 1_000.0))


def scaled(bars: Bars, factor: float) -> Bars:
    prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
    return replace(bars, **prices)


def test_a_clean_history_has_no_findings() -> None:
    assert quality.check(history()) == ()


def test_a_place_names_rows() -> None:
    bars = history()
    bars.volume[3] = -1
    assert [f.path for f in quality.check(bars)] == ["QQQ 2026-09-04"]
    assert [f.path for f in quality.check(bars, lambda row: f"row {row}")] == ["row 3"]


def test_small_disagreements_between_tapes_are_tolerated() -> None:
    bars = history(price=386.0)
    bars.low[0] = bars.close[0] * 1.0004
    bars.open[0] = bars.close[0]
    assert quality.check(bars) == ()
    bars.low[0] = bars.close[0] * 1.001
    assert "low" in quality.check(bars)[0].problem


def test_equal_overlap_is_fine() -> None:
    old, new = history(), history(end=date(2026, 11, 20)).since(date(2026, 10, 1))
    assert quality.split_like(old, scaled(new, 1.0001)) is None
    assert quality.split_like(history(end=date(2026, 9, 10)), history(start=date(2026, 9, 11))) is None


@pytest.mark.parametrize(
    ("factor", "name"),
    [
        (1 / 2, "2-for-1 split"),
        (1 / 3, "3-for-1 split"),
        (1 / 20, "20-for-1 split"),
        (10.0, "1-for-10 reverse split"),
        (4.0, "1-for-4 reverse split"),
        (2 / 3, "1.5-for-1 split"),
        (0.9934, "dividend or other price adjustment"),
    ],
)
def test_one_common_factor_is_a_corporate_action(factor: float, name: str) -> None:
    found = quality.split_like(history(), scaled(history(), factor))
    assert found is not None
    assert name in found.problem
    assert "--accept-split" in found.remedy
    assert quality.common_ratio(history(), scaled(history(), factor)) == pytest.approx(factor)


def test_scattered_differences_are_a_data_fault() -> None:
    new = history()
    new.close[7] *= 1.05
    new.close[9] *= 0.99
    found = quality.split_like(history(), new)
    assert found is not None
    assert "2 of 43 common closes differ, most on 2026-09-11" in found.problem
    assert "--accept-split" not in found.remedy


def test_a_single_odd_close_is_a_fault_unless_it_is_a_split() -> None:
    one = history().since(date(2026, 10, 30))
    assert "1 of 1" in quality.split_like(history(), scaled(one, 0.97)).problem
    assert "2-for-1" in quality.split_like(history(), scaled(one, 0.5)).problem

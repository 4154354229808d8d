"""Values that are no prices, and highs and lows out of reach."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.data.quality.bar_range import judge_range
from backtest.data.quality.findings import PriceFinding
from tests.support.scripted_strategy import make_bars

START = date(2024, 3, 1)
#: too few steps to say what is usual: 2 % a day
UNKNOWN = np.full(30, np.nan)
LATE = 25


def changed(field: str, value: float, row: int = LATE) -> Bars:
    """Thirty bars of 100 with one other value."""
    bars = make_bars("AAA", {START + timedelta(days=n): 100.0 for n in range(30)})
    column = getattr(bars, field).copy()
    column[row] = value
    return replace(bars, **{field: column})


def judged(bars: Bars, usual: float | None = None) -> list[PriceFinding]:
    return list(judge_range(bars, UNKNOWN if usual is None else np.full(30, usual)))


@pytest.mark.parametrize(
    ("field", "value", "usual", "found"),
    [
        # ten usual days of 2 % up, 24 down: factors of exp(0.2) = 1.2214 and exp(-0.48) = 0.6188
        ("high", 122.0, None, False),
        ("high", 122.3, None, True),
        ("low", 62.0, None, False),
        ("low", 61.8, None, True),
        # of a symbol that hardly moves a fraction of 15 % either way
        ("high", 114.9, 0.001, False),
        ("high", 115.1, 0.001, True),
        ("low", 87.0, 0.001, False),
        ("low", 86.9, 0.001, True),  # 100 / 1.15 = 86.96
        # and of a wild one never more than exp(0.4) = 1.4918 and exp(-0.6) = 0.5488
        ("high", 149.0, 0.2, False),
        ("high", 149.3, 0.2, True),
        ("low", 55.0, 0.2, False),
        ("low", 54.8, 0.2, True),
    ],
)
def test_how_far_a_session_can_have_been(field: str, value: float, usual: float | None, found: bool) -> None:
    got = judged(changed(field, value), usual)
    assert [(f.field, f.price, f.day) for f in got] == (
        [(field, value, START + timedelta(days=LATE))] if found else []
    )
    assert all(f.severity == "error" and f"{field} {value:g} is" in f.problem for f in got)


def test_the_distance_is_from_the_farther_end_of_the_body() -> None:
    bars = changed("open", 120.0)
    assert judged(replace(bars, high=np.full(30, 121.0))) == []


@pytest.mark.parametrize("field", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, 1e12])
def test_what_is_no_price(field: str, value: float) -> None:
    found = [f for f in judged(changed(field, value)) if "is no price" in f.problem]
    assert [(f.field, f.problem, f.severity) for f in found] == [
        (field, f"{field} {value:g} is no price", "error")
    ]


@given(st.floats(1e-3, 1e9), st.floats(-0.1, 0.1))
def test_a_scale_changes_nothing(scale: float, wick: float) -> None:
    """A judgement is about ratios: of a symbol in cents or in thousands it is the same."""
    bars = changed("high", 100.0 * math.exp(0.2 + wick))
    columns = {f: getattr(bars, f) * scale for f in ("open", "high", "low", "close")}
    if abs(wick) > 1e-9:
        assert bool(judged(replace(bars, **columns))) == bool(judged(bars)) == (wick > 0)

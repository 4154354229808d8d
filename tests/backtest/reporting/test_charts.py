"""Charts: nothing is lost by thinning, ticks enclose the values, missing values break the line."""

import math
import re
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.reporting.charts import (
    HEIGHT,
    WIDTH,
    Series,
    Tick,
    band_chart,
    line_chart,
    money_ticks,
    percent_ticks,
    stacked_chart,
)


def days(n: int) -> list[date]:
    return [date(2000, 1, 3) + timedelta(days=k) for k in range(n)]


def points(page: str) -> list[tuple[float, float]]:
    path = re.search(r'class="line"[^>]* d="([^"]*)"', page).group(1)
    pairs = (pair.split() for pair in re.findall(r"[ML]([^ML]+)", path))
    return [(float(x), float(y)) for x, y in pairs]


@given(st.integers(2, 5000), st.integers(0, 10**6))
def test_a_line_keeps_its_ends_peak_and_trough(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    low, high = float(values.min()), float(values.max())
    got = points(line_chart("t", days(n), [Series("s", values)], [Tick(low, "l"), Tick(high, "h")]))
    heights = [y for _, y in got]
    assert (min(heights), max(heights)) == (0.0, HEIGHT)
    assert (got[0][0], got[-1][0]) == (0.0, WIDTH)
    assert len(got) <= 1600
    assert [x for x, _ in got] == sorted(x for x, _ in got)


def test_a_missing_value_breaks_the_line() -> None:
    values = np.array([1.0, 2.0, math.nan, 3.0])
    page = line_chart("t", days(4), [Series("s", values)], [Tick(1.0, "1"), Tick(3.0, "3")])
    assert 'd="M0.0 300.0L333.3 150.0M1000.0 0.0"' in page


@given(st.floats(1, 1e12), st.floats(1.0, 1000), st.booleans())
def test_ticks_enclose_the_values(low: float, factor: float, logarithmic: bool) -> None:
    ticks = money_ticks(low, low * factor, logarithmic=logarithmic)
    assert ticks[0].value <= low * (1 + 1e-6)
    assert ticks[-1].value >= low * factor * (1 - 1e-6)
    assert 2 <= len(ticks) <= 10
    assert [t.value for t in ticks] == sorted({t.value for t in ticks})


@given(st.floats(-1, 0))
def test_percentages_enclose_a_drawdown(low: float) -> None:
    ticks = percent_ticks(low, 0.0)
    assert ticks[0].value <= low + 1e-6
    assert ticks[-1].value >= 0
    assert len({t.label for t in ticks}) == len(ticks)


def test_bands_cover_their_sessions() -> None:
    page = band_chart(
        "Regime",
        days(4),
        [Series("cell 1", np.array([1.0, 1, 0, 1])), Series("cell 2", np.array([0.0, 0, 1, 0]))],
    )
    first, second = re.findall(r'<path fill="[^"]*" d="([^"]*)"', page)
    assert [piece.split()[0] for piece in first.split("M")[1:]] == ["0.0", "750.0"]
    assert second.startswith("M500.0 ")


def test_stacks_end_where_they_add_up() -> None:
    ticks = [Tick(0, "0"), Tick(1, "1")]
    page = stacked_chart(
        "t", days(2), [Series("a", np.array([0.25, 0.5])), Series("b", np.array([0.75, 0.5]))], ticks
    )
    one, two = re.findall(r'<path fill="[^"]*" d="M([^"]*)Z"', page)
    assert one == "0.0 225.0 1000.0 150.0 1000.0 300.0 0.0 300.0"
    assert two == "0.0 0.0 1000.0 0.0 1000.0 150.0 0.0 225.0"


@pytest.mark.parametrize("n", [1, 2, 3])
def test_short_series(n: int) -> None:
    page = line_chart("t", days(n), [Series("<s>", np.ones(n))], [Tick(0.0, "0"), Tick(2.0, "2")])
    assert "&lt;s&gt;" in page
    assert "nan" not in page

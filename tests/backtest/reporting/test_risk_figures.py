"""Figures of risk against numbers that were worked out twice, on a fixture and on real closes."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data.sources.csv import read_csv
from backtest.reporting.metrics import performance
from backtest.reporting.risk_figures import (
    deepest_drawdowns,
    expected_shortfall,
    monthly_returns,
    risk_document,
    risk_figures,
)

RETURNS = np.array([0.01, -0.02, 0.03, -0.01, 0.02, 0, -0.03, 0.015, 0.005, -0.005])
FIXTURE = {
    "omega": 1.230769,
    "tail_ratio": 1.0,
    "var_95": 0.0255,
    "var_95_normal": 0.028792,
    "var_95_cornish_fisher": 0.030163,
    "cvar_95": 0.03,
    "cvar_95_normal": 0.036488,
    "ulcer": 0.014103,
    "pain": 0.010145,
    "martin": 28.6406,
    "cdar_95": 0.03,
    "skewness": -0.231138,
    "excess_kurtosis": -0.482104,
    "profit_factor": 1.230769,
    "payoff": 0.984615,
}
QQQ = {
    "omega": 1.197352,
    "tail_ratio": 0.96045,
    "var_95": 0.021232,
    "var_95_normal": 0.020891,
    "var_95_cornish_fisher": 0.019797,
    "cvar_95": 0.031301,
    "cvar_95_normal": 0.026408,
    "ulcer": 0.084436,
    "pain": 0.049709,
    "martin": 2.428192,
    "cdar_95": 0.278724,
    "skewness": -0.170503,
    "excess_kurtosis": 6.480736,
    "profit_factor": 1.197352,
    "payoff": 0.932613,
    "stability": 0.986789,
}


def figures(returns: np.ndarray) -> dict[str, float | None]:
    return asdict(risk_figures(returns, performance(np.cumprod(1 + returns), 1.0).annual_return))


def test_the_fixture() -> None:
    found = figures(RETURNS)
    for name, value in FIXTURE.items():
        assert found[name] == pytest.approx(value, abs=5e-5 if value > 10 else 5.1e-7), name


@pytest.mark.shared
def test_real_closes(shared_data: Path) -> None:
    close = read_csv(shared_data / "daily" / "QQQ.csv", "QQQ").close
    found = figures(close[1:4436] / close[:4435] - 1)
    for name, value in QQQ.items():
        assert found[name] == pytest.approx(value, abs=5.1e-7), name


@given(st.lists(st.floats(-0.3, 0.3), max_size=40))
def test_every_series_has_figures_or_none(values: list[float]) -> None:
    found = figures(np.array(values))
    assert all(value is None or np.isfinite(value) for value in found.values())
    if values:
        assert expected_shortfall(np.array(values)) >= (found["var_95"] or 0.0) - 1e-12


def test_drawdowns_with_peak_trough_and_recovery() -> None:
    equity = np.array([80.0, 95.0, 110.0, 99.0, 104.0, 110.0, 121.0, 60.5, 100.0])
    dates = np.arange("2024-01-01", "2024-01-10", dtype="datetime64[D]")
    first, second, third = deepest_drawdowns(equity, dates, 100.0)
    assert asdict(first) == {
        "peak": date(2024, 1, 7),
        "trough": date(2024, 1, 8),
        "recovery": None,
        "depth": 0.5,
        "sessions": 2,
    }
    assert (second.peak, second.trough, second.recovery, second.sessions) == (None, *two(1, 3), 3)
    assert (third.peak, third.trough, third.recovery, third.sessions) == (date(2024, 1, 3), *two(4, 6), 3)
    assert (second.depth, third.depth) == (pytest.approx(0.2), pytest.approx(0.1))
    assert len(deepest_drawdowns(equity, dates, 100.0, most=1)) == 1


def two(one: int, other: int) -> tuple[date, date]:
    return date(2024, 1, one), date(2024, 1, other)


def test_the_document_is_json_and_of_one_curve() -> None:
    equity = 100 * np.cumprod(1 + RETURNS)
    dates = np.arange("2024-01-22", "2024-02-01", dtype="datetime64[D]")
    found = json.loads(json.dumps(risk_document(equity, dates, 100.0), allow_nan=False))
    assert found["risk"]["cvar_95"] == pytest.approx(0.03)
    assert found["drawdowns"][0]["depth"] == pytest.approx(0.03)
    assert found["monthly_returns"] == {"2024": {"1": pytest.approx(equity[-1] / 100 - 1)}}
    assert risk_document(np.array([-5.0, 3.0]), dates[:2], 100.0)["drawdowns"] == []


def test_months_compound_their_days() -> None:
    dates = np.array(["2023-12-28", "2023-12-29", "2024-01-02"], dtype="datetime64[D]")
    found = monthly_returns(np.array([0.1, 0.1, -0.5]), dates)
    assert found == {2023: {12: pytest.approx(0.21)}, 2024: {1: pytest.approx(-0.5)}}

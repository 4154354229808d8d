"""Parameter search: the compiled loop against the strategy itself and a book kept by hand."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backtest.core.bars import Bars
from backtest.core.decision import Book, Json, Situation
from backtest.core.errors import DataError, ParameterError, UsageError
from backtest.research.hierarchical_adaptive.parameter_sets import equity_curve, run_many
from backtest.strategies.hierarchical_adaptive.parameters import parse
from backtest.strategies.hierarchical_adaptive.strategy import build
from tests.support.market_v35b import bars, random_walk

SMALL: dict[str, Any] = {"sma_fast": 3, "sma_slow": 8, "realized_vol_window": 3, "vol_baseline_window": 6}
SMALL |= {"bond_sma_fast": 2, "bond_sma_slow": 5, "osc_smoothness": 4, "strength_smoothness": 4}
SETS: list[dict[str, Any]] = [
    SMALL,
    SMALL | {"use_inverse_hedge": True, "leverage_scalar": 1.2},
    SMALL | {"double_smoothing": True, "symmetric_volume_adjustment": True, "rebalance_threshold": 0.5},
    SMALL | {"allow_treasury": False, "strength_smoothness": 21},
    SMALL | {"max_bond_weight": 0.1, "vol_crush_lookback": 1},
    SMALL | {"execution_time": "open"},
]


@pytest.fixture(scope="module")
def history() -> dict[str, Bars]:
    names = ("QQQ", "TLT", "TQQQ", "TMF", "TMV", "PSQ")
    found = {name: random_walk(name, 300, seed) for seed, name in enumerate(names)}
    for name in names:
        found[name].open[1:] = found[name].close[:-1] * 1.001
    # A leg that begins late, like the leveraged funds did.
    found["TQQQ"] = found["TQQQ"].since(found["QQQ"].dates[60].item())
    return found


def book(
    history: dict[str, Bars], values: dict[str, Any], cost_pct: float = 0.0, start: int = 0
) -> NDArray[np.float64]:
    """The same backtest in plain words: dictionaries, one session at a time."""
    evaluation = build("x", values).evaluate(history)
    opening = evaluation.parameters.execution_time == "open"
    cash, equity = 1.0, list[float]()
    units: dict[str, float] = {}
    memory: Json = {}
    days = history["QQQ"].dates.tolist()

    def prices_of(day: date, column: str) -> dict[str, float]:
        """Symbol -> price, of the symbols that have a bar."""
        rows = {symbol: bars.row(day) for symbol, bars in history.items()}
        return {s: float(getattr(history[s], column)[row]) for s, row in rows.items() if row is not None}

    for t, day in enumerate(days):
        if t < start:
            continue
        column = "open" if opening else "close"
        if t - opening >= 0:
            decided = days[t - opening]
            decision = evaluation.decide(Situation(day, decided, Book(0.0), memory))
            memory = decision.memory
            if decision.rebalance:
                prices = prices_of(day, column)
                free = cash + sum(u * prices[symbol] for symbol, u in units.items())
                target = {w.symbol: w.weight for w in decision.targets if w.symbol in prices}
                new = {symbol: free * weight / prices[symbol] for symbol, weight in target.items()}
                moved = sum(
                    abs(new.get(symbol, 0.0) - units.get(symbol, 0.0)) * prices[symbol]
                    for symbol in {*new, *units}
                )
                cash = free - sum(u * prices[symbol] for symbol, u in new.items()) - moved * cost_pct / 100
                units = new
        closes = prices_of(day, "close")
        equity.append(cash + sum(u * closes[symbol] for symbol, u in units.items()))
    return np.array(equity)


@pytest.mark.parametrize("values", SETS)
@pytest.mark.parametrize("cost_pct", [0.0, 0.3])
def test_equity_equals_a_book_kept_with_the_strategys_own_decisions(
    history: dict[str, Bars], values: dict[str, Any], cost_pct: float
) -> None:
    got = equity_curve(history, parse(values), cost_pct=cost_pct)
    np.testing.assert_allclose(got, book(history, values, cost_pct), rtol=1e-10)
    assert got[-1] != 1.0


def test_start_waits_and_then_begins_without_memory(history: dict[str, Bars]) -> None:
    days = history["QQQ"].dates.tolist()
    got = equity_curve(history, parse(SMALL), start=days[100], end=days[250])
    want = book({s: b.until(days[250]) for s, b in history.items()}, SMALL, start=100)
    np.testing.assert_allclose(got, want, rtol=1e-10)
    assert len(got) == 151


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_do_not_depend_on_threads_and_equal_single_runs(
    history: dict[str, Bars], threads: int
) -> None:
    summaries = run_many(history, SETS * 15, cost_pct=0.1, threads=threads)
    finals = [equity_curve(history, parse(values), cost_pct=0.1)[-1] for values in SETS]
    assert summaries.final_equity.tolist() == finals * 15


def test_summary_figures_from_the_curve(history: dict[str, Bars]) -> None:
    curve = np.concatenate([[1.0], equity_curve(history, parse(SMALL), cost_pct=0.1)])
    returns = curve[1:] / curve[:-1] - 1
    got = run_many(history, [SMALL], cost_pct=0.1)
    peaks = np.maximum.accumulate(curve)
    assert got.final_equity[0] == curve[-1]
    assert got.annual_return[0] == pytest.approx(curve[-1] ** (252 / 300) - 1)
    assert got.volatility[0] == pytest.approx(np.sqrt(252) * np.std(returns, ddof=1))
    assert got.sharpe[0] == pytest.approx(np.sqrt(252) * returns.mean() / np.std(returns, ddof=1))
    assert got.sortino[0] == pytest.approx(
        np.sqrt(252) * returns.mean() / np.sqrt(np.mean(np.minimum(returns, 0) ** 2))
    )
    assert got.max_drawdown[0] == pytest.approx((1 - curve / peaks).max())
    assert got.rebalances[0] > 10


def test_a_flat_market_has_figures_without_division_by_zero() -> None:
    flat = {name: bars(name, [50.0] * 40) for name in ("QQQ", "TLT", "TQQQ")}
    got = run_many(flat, [SMALL])
    # The averages of a constant are equal: sideways, 0.2 and 0.8, nothing moves.
    assert got.final_equity[0] == pytest.approx(1.0, abs=1e-15)
    assert (got.sharpe[0], got.sortino[0], got.max_drawdown[0]) == pytest.approx((0, 0, 0), abs=1e-6)
    assert (got.rebalances[0], got.turnover[0]) == (1, 1)


def test_a_held_leg_without_a_bar_keeps_its_last_value(history: dict[str, Bars]) -> None:
    day = history["QQQ"].dates[200].item()
    stuck = {**history, "TMV": history["TMV"].until(day), "TMF": history["TMF"].until(day)}
    curve = equity_curve(stuck, parse(SMALL))
    assert np.isfinite(curve).all()
    np.testing.assert_array_equal(curve[:201], equity_curve(history, parse(SMALL))[:201])


def test_mistakes_are_refused(history: dict[str, Bars]) -> None:
    with pytest.raises(UsageError, match="no parameter sets"):
        run_many(history, [])
    with pytest.raises(ParameterError, match="sma_fst"):
        run_many(history, [{"sma_fst": 3}])
    with pytest.raises(UsageError, match="different symbols"):
        run_many(history, [SMALL, SMALL | {"core_long_symbol": "SPY"}])
    with pytest.raises(DataError, match="QQQ"):
        run_many({"TLT": history["TLT"]}, [SMALL])

"""Sets of the earnings system against the simulator that people run."""

import pickle
from datetime import date

import numpy as np
import pytest

from backtest.core.errors import DataError
from backtest.research.earnings_swing.trial import PositionsTrial
from backtest.simulator.positions.metrics import summary
from backtest.simulator.positions.model import PortfolioRules
from backtest.simulator.positions.simulate import simulate
from backtest.strategies.earnings_swing.parameters import parse
from backtest.strategies.registry import build_strategy
from tests.support.earnings_study import candidates, stocks

BASE = {"max_positions": 4, "position_size": 1000.0}
STRATEGY = build_strategy("earnings_swing", "x", dict(BASE))
PRICES = stocks()
REPORTS = candidates(PRICES)


def trial(start: date | None = None, end: date | None = None) -> PositionsTrial:
    return PositionsTrial.of(STRATEGY, PRICES, REPORTS, start=start, end=end, cost_pct=0.05)


def test_a_set_has_the_figures_of_the_portfolio_command() -> None:
    columns = {"stop_loss_pct": np.array([5.0, 15.0]), "trailing_stop": np.array(["weekly_ema"] * 2)}
    found = trial().figures(trial().statistics(columns, 2))
    for row, stop in enumerate((5.0, 15.0)):
        values = {**STRATEGY.parameters, "stop_loss_pct": stop, "trailing_stop": "weekly_ema"}
        rules = parse(PortfolioRules, {**values, "size_from": "reference", "entry_slippage_pct": 0.05})
        expected = summary(simulate(REPORTS, PRICES, rules), rules)
        assert found["rebalances"][row] == expected["trades"] > 20
        assert found["final_equity"][row] == pytest.approx(1 + expected["total_pnl"] / 4_000, abs=1e-4)
        assert found["turnover"][row] > 1


def test_returns_and_statistics_are_of_one_curve() -> None:
    columns = {"trailing_transition_weeks": np.array([0, 4])}
    whole = trial()
    returns, figures = whole.returns(columns, 2), whole.figures(whole.statistics(columns, 2))
    np.testing.assert_allclose(np.prod(1 + returns, axis=0), figures["final_equity"])
    ratio = np.sqrt(252) * returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    np.testing.assert_allclose(ratio, figures["sharpe"])
    assert returns.shape == (len(whole.sessions), 2)
    assert whole.benchmark().shape == (len(whole.sessions),)


def test_a_window_sees_its_own_reports_and_no_later_bar() -> None:
    window = trial(date(2023, 1, 3), date(2023, 6, 30))
    assert window.sessions[0] == date(2023, 1, 3)
    assert window.sessions[-1] == date(2023, 6, 30)
    assert all(date(2023, 1, 3) <= item.report_date <= date(2023, 6, 30) for item in window.candidates)
    assert max(bars.last for bars in window.prices.values()) == date(2023, 6, 30)
    assert (window.returns({}, 1)[:1] == 0).all() or window.candidates[0].report_date == date(2023, 1, 3)
    with pytest.raises(DataError, match="no session between"):
        trial(date(2030, 1, 1))


def test_what_a_process_is_sent_gives_the_same() -> None:
    again = pickle.loads(pickle.dumps(trial()))
    columns = {"stop_loss_pct": np.array([8.0])}
    assert again.statistics(columns, 1).tobytes() == trial().statistics(columns, 1).tobytes()

"""The baseline of a strategy of single positions: the reports a person has kept, played by the simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.reporting.baseline import Baseline, ClosedBook, baseline_of_book
from backtest.simulator.positions.model import PortfolioResult, PortfolioRules
from backtest.simulator.positions.simulate import END_OF_DATA, simulate

_FREE: Final = {"slippage_pct": 0.0, "entry_slippage_pct": 0.0}


def measure_positions(
    rules: PortfolioRules, candidates: Sequence[Candidate], history: Mapping[str, Bars], *, cash: float
) -> Baseline | None:
    """Backtest reports; None where none of them led to a purchase.

    What is still open at the end of the data is no closing trade.

    Args:
        rules: of the simulator, with the parameters and costs of live trading.
        candidates: of every report, in processing order.
        history: daily bars by symbol; a candidate without bars is left out.
        cash: the account at the first purchase, account currency.
    """
    rules = rules.model_copy(update={"initial_cash": cash})
    result = simulate(candidates, history, rules)
    if not result.trades:
        return None
    free = simulate(candidates, history, rules.model_copy(update=_FREE))
    first = min(trade.position.entry_date for trade in result.trades)
    points = [point for point in result.equity if point.day >= first]
    curve = ClosedBook(
        first=first.isoformat(),
        last=points[-1].day.isoformat(),
        equity=np.array([cash + point.realized + point.unrealized for point in points]),
        initial=cash,
        made=closing_returns(result),
    )
    return baseline_of_book(curve, closing_returns(free))


def closing_returns(result: PortfolioResult) -> tuple[float, ...]:
    """Return what each closed position made: (exit - entry) / entry, in order of the exits."""
    return tuple(
        trade.exit_price / trade.position.entry_price - 1
        for trade in result.trades
        if trade.reason != END_OF_DATA and trade.position.entry_price > 0
    )

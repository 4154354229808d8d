"""The best sets again in whole shares, by the simulator that the stages are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from backtest.core.bars import Bars
from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.metrics import summarise
from backtest.research.results import Kept
from backtest.research.study import Study
from backtest.simulator.allocation.simulate import simulate

#: how many of the best are rerun as a rule
RERUNS: Final = 20
_CASH: Final = 100_000.0


@dataclass(frozen=True, slots=True)
class Rerun:
    """A set in whole shares, 100,000 to begin with; None where a figure is not defined.

    Attributes:
        trial: number of the set.
        annual_return: geometric, decimal fraction per 252 sessions.
        sharpe: annual, no risk-free rate.
        max_drawdown: largest fall from a peak, positive decimal fraction.
        final_equity: in the currency of the prices.
    """

    trial: int
    annual_return: float | None
    sharpe: float | None
    max_drawdown: float
    final_equity: float


def rerun(
    study: Study,
    history: Mapping[str, Bars],
    days: tuple[date, date],
    kept: Sequence[Kept],
    rules: ExecutionRules,
) -> tuple[Rerun, ...]:
    """Simulate sets in whole shares on the sessions of the search.

    Args:
        study: with its strategy.
        history: bars by symbol; those after the last day are not read.
        days: first and last session.
        kept: which sets.
        rules: costs, reserve, filters, limits; the study's own cost where it is the higher one, so that
            whole shares never look better for being free.
    """
    if not study.strategy.family.holds_weights:
        return ()  # its sets are tried in whole shares already
    rules = rules.model_copy(update={"slippage_pct": max(rules.slippage_pct, study.data.cost_pct)})
    known = {symbol: bars.until(days[1]) for symbol, bars in history.items()}
    known = {symbol: bars for symbol, bars in known.items() if len(bars)}
    return tuple(_one(study, known, days, item, rules) for item in kept)


def _one(
    study: Study, history: Mapping[str, Bars], days: tuple[date, date], item: Kept, rules: ExecutionRules
) -> Rerun:
    strategy = study.strategy.with_parameters(item.changes)
    signal = strategy.signal_symbols[0]
    result = simulate(
        strategy, history, start=days[0], end=days[1], cash=_CASH, rules=rules, benchmark=signal
    )
    figures = summarise(result)
    return Rerun(
        trial=item.trial,
        annual_return=figures["annual_return"],
        sharpe=figures["sharpe"],
        max_drawdown=-figures["max_drawdown"],
        final_equity=figures["final_equity"],
    )

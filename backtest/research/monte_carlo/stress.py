"""A strategy through bad days: decided, sized and filled by the simulator, session by session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

import numpy as np

from backtest.core.decision import Json
from backtest.core.errors import JutsuError
from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.metrics import performance, returns
from backtest.research.monte_carlo.histories import Rules
from backtest.research.monte_carlo.price_changes import promised
from backtest.research.monte_carlo.scenarios import WINDOWS, Scenario, scenarios
from backtest.simulator.allocation.result import Result
from backtest.simulator.allocation.simulate import simulate

_CASH: Final = 100_000.0
_MOST_SLIPPAGE: Final = 10.0
NO_DATA: Final = "no data"


@dataclass(frozen=True, slots=True)
class Stressed:
    """What became of a strategy in a scenario; no figures and a reason where it could not be traded.

    Attributes:
        name, what: of the scenario.
        first, last: sessions that traded.
        total_return: of the whole account.
        max_drawdown: largest fall from a peak, above 0.
        worst_session: lowest return of a session.
        trades: fills.
        reason: why there are no figures.
    """

    name: str
    what: str
    first: date
    last: date
    total_return: float | None = None
    max_drawdown: float | None = None
    worst_session: float | None = None
    trades: int | None = None
    reason: str = ""

    def document(self) -> Json:
        """Return it JSON-ready."""
        return asdict(self) | {"first": self.first.isoformat(), "last": self.last.isoformat()}


def stress(rules: Rules, execution: ExecutionRules, seed: int) -> tuple[Stressed, ...]:
    """Trade the history as it was, every made-up scenario, and the bad windows that it covers.

    Crashes begin after the first session at whose close the account is most exposed to the signal's moves.

    Args:
        rules: an allocation strategy with its bars.
        execution: sizing, costs, limits.
        seed: of the bars that go missing.

    Raises:
        DataError: no session in the range. LimitError: the history as it was cannot be traded.
    """
    slippage = max(execution.slippage_pct, rules.cost_pct)
    execution = execution.model_copy(update={"slippage_pct": slippage})
    as_it_was = Scenario("as it was", "nothing changed", rules.history, rules.days)
    usual = _simulate(rules, as_it_was, execution)
    return (_figures(as_it_was, usual), *_all(rules, execution, usual, seed))


def _all(rules: Rules, execution: ExecutionRules, usual: Result, seed: int) -> Iterator[Stressed]:
    strategy = rules.strategy
    signal = strategy.signal_symbols[0]
    crash_on = _after_most_exposed(rules, usual, signal)
    for scenario in scenarios(
        rules.history, strategy.price_relations, strategy.signal_symbols, rules.days, crash_on, seed
    ):
        yield _tried(rules, scenario, execution)
    for name, first, last in WINDOWS:
        window = Scenario(name, f"the real sessions of {first} to {last}", rules.history, (first, last))
        missing = _missing(rules, window)
        yield (
            Stressed(name, window.what, first, last, reason=missing)
            if missing
            else _tried(rules, window, execution)
        )


def _missing(rules: Rules, window: Scenario) -> str:
    """Return why the bars cannot show a window; empty when they can. Every symbol must cover it warmed up."""
    first, last = window.days
    for symbol in dict.fromkeys((*rules.strategy.signal_symbols, *rules.strategy.tradable_symbols)):
        bars = rules.history.get(symbol)
        if bars is None or not len(bars) or bars.first > first or bars.last < last:
            return f"{NO_DATA}: bars of {symbol} do not cover it"
    signal = rules.history[rules.strategy.signal_symbols[0]]
    before = int(np.searchsorted(signal.dates, np.datetime64(first, "D")))
    if before < rules.strategy.warmup_bars:
        return f"{NO_DATA}: {before} bars before it, the indicators need {rules.strategy.warmup_bars}"
    return ""


def _after_most_exposed(rules: Rules, usual: Result, signal: str) -> date:
    """Return the session after the one whose close holds most of the signal's moves."""
    relations = rules.strategy.price_relations
    exposure = np.zeros(len(usual.dates))
    for symbol, weights in usual.weights.items():
        root, multiple = promised(relations, symbol)
        if root == signal:
            exposure = exposure + multiple * weights
    room = max(1, len(exposure) - 30)  # so that the longest crash fits in
    row = min(int(np.argmax(np.round(exposure[:room], 6))) + 1, len(exposure) - 1)
    found: date = usual.dates[row].item()
    return found


def _tried(rules: Rules, scenario: Scenario, execution: ExecutionRules) -> Stressed:
    try:
        return _figures(scenario, _simulate(rules, scenario, execution))
    except JutsuError as error:
        return Stressed(scenario.name, scenario.what, *scenario.days, reason=error.line())


def _simulate(rules: Rules, scenario: Scenario, execution: ExecutionRules) -> Result:
    slippage = min(execution.slippage_pct * scenario.slippage_times, _MOST_SLIPPAGE)
    first, last = scenario.days
    return simulate(
        rules.strategy,
        scenario.history,
        start=first,
        end=last,
        cash=_CASH,
        rules=execution.model_copy(update={"slippage_pct": slippage}),
    )


def _figures(scenario: Scenario, result: Result) -> Stressed:
    found = performance(result.equity, result.initial_cash)
    changes = returns(result.equity, result.initial_cash)
    return Stressed(
        name=scenario.name,
        what=scenario.what,
        first=result.dates[0].item(),
        last=result.dates[-1].item(),
        total_return=found.total_return,
        max_drawdown=-found.max_drawdown,
        worst_session=float(changes.min()),
        trades=len(result.trades),
    )

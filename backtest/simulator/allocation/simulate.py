"""Simulate an allocation strategy on daily bars, session by session, as the two stages would trade it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from backtest.core.bars import Bars, DateArray, FloatArray
from backtest.core.decision import Book, Decision, Json, OpenPosition, Situation
from backtest.core.errors import DataError, JutsuError, LimitError, UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.simulator.allocation.hooks import SIMULATED, SessionHooks
from backtest.simulator.allocation.result import Result, Trade, hold_value, to_trade
from backtest.simulator.allocation.step import mark
from backtest.simulator.windows import OPENING, daily_bar_warning
from backtest.strategies.base import Evaluation, Strategy
from backtest.trading.sizing import Plan, check_limits, plan_orders


def simulate(
    strategy: Strategy,
    history: Mapping[str, Bars],
    *,
    start: date,
    end: date,
    cash: float,
    rules: ExecutionRules,
    benchmark: str | None = None,
    positions: Mapping[str, OpenPosition] | None = None,
    hooks: SessionHooks = SIMULATED,
) -> Result:
    """Run an allocation strategy over every session of its signal symbol from `start` to `end`, inclusive.

    Closing windows decide on the session's own bar and fill at its close; opening windows decide on the bar
    before and fill at the open. So a fill price is never older than the newest price the decision used. The
    account starts with `cash`, no positions and no memory. A leg without a bar is not traded; held, it is
    marked at its last close. Indicators use the history from its first bar on, also before `start`.

    Args:
        strategy: an allocation strategy.
        history: bars by symbol; a tradable symbol may be missing.
        start: first session that may trade.
        end: last one.
        cash: positive, currency of the account.
        rules: sizing, costs, limits.
        benchmark: a symbol of `history` to compare with, bought and held from the first close.
        positions: what the account holds at the start, none when left out.
        hooks: what happened instead of the simulator's own, nothing when left out.

    Raises:
        UsageError: bad range or cash.
        DataError: no signal bars in the range.
        LimitError: a limit was exceeded; names the session.
    """
    _check_arguments(strategy, start, end, cash)
    known = {symbol: bars.until(end) for symbol, bars in history.items()}
    market = _Market.of(strategy, known)
    first, last = market.rows(start, end)
    run = _Run(
        strategy=strategy,
        evaluation=strategy.evaluate(known),
        market=market,
        rules=rules,
        opening=strategy.execution_time in OPENING,
        book=Book(cash=round(cash, 2), positions=dict(positions or {})),
        hooks=hooks,
    )
    warning = daily_bar_warning(strategy.execution_time)
    run.warnings.extend([warning] if warning else [])
    for row in range(first, last + 1):
        run.session(row)
    return run.result(first, last, round(cash, 2), benchmark, known)


@dataclass(frozen=True, slots=True)
class _Market:
    """Prices of the tradable symbols, aligned to the sessions of the signal symbol; NaN means no bar."""

    dates: DateArray
    days: list[date]
    opens: Mapping[str, list[float]]
    closes: Mapping[str, list[float]]
    last_closes: Mapping[str, list[float]]

    @classmethod
    def of(cls, strategy: Strategy, history: Mapping[str, Bars]) -> _Market:
        signal = strategy.signal_symbols[0]
        if signal not in history or not len(history[signal]):
            raise DataError("no bars of the signal symbol", where=signal, remedy="import its history")
        dates = history[signal].dates
        columns = {
            symbol: _aligned(history[symbol], dates)
            for symbol in strategy.tradable_symbols
            if symbol in history and len(history[symbol])
        }
        return cls(
            dates=dates,
            days=dates.astype("M8[D]").tolist(),
            opens={symbol: column[0] for symbol, column in columns.items()},
            closes={symbol: column[1] for symbol, column in columns.items()},
            last_closes={symbol: column[2] for symbol, column in columns.items()},
        )

    def rows(self, start: date, end: date) -> tuple[int, int]:
        """Return the first and last row of the range, both inclusive."""
        first = int(np.searchsorted(self.dates, np.datetime64(start, "D")))
        last = int(np.searchsorted(self.dates, np.datetime64(end, "D"), side="right")) - 1
        if first > last:
            covered = f"{self.days[0]} to {self.days[-1]}"
            raise DataError(f"no session between {start} and {end}", remedy=f"the bars reach from {covered}")
        return first, last


def _aligned(bars: Bars, dates: DateArray) -> tuple[list[float], list[float], list[float]]:
    """Return open, close and last known close per session."""
    rows = np.searchsorted(bars.dates, dates, side="right") - 1
    known = rows >= 0
    exact = known & (bars.dates[rows] == dates)
    return (
        np.where(exact, bars.open[rows], np.nan).tolist(),
        np.where(exact, bars.close[rows], np.nan).tolist(),
        np.where(known, bars.close[rows], np.nan).tolist(),
    )


@dataclass(slots=True)
class _Run:
    """The moving parts of one simulation; everything it collects is one number or one value per session."""

    strategy: Strategy
    evaluation: Evaluation
    market: _Market
    rules: ExecutionRules
    opening: bool
    book: Book
    hooks: SessionHooks
    memory: Json = field(default_factory=dict)
    equity: list[float] = field(default_factory=list)
    cash: list[float] = field(default_factory=list)
    residual: list[float] = field(default_factory=list)
    rounding: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)

    def session(self, row: int) -> None:
        """Decide, trade and mark one session."""
        day = self.market.days[row]
        decided = row - 1 if self.opening else row
        plan = None
        self._move_cash(self.hooks.cash_before(day))
        if decided >= 0:
            situation = Situation(
                session=day, decided_on=self.market.days[decided], book=self.book, memory=self.memory
            )
            decision = self.hooks.decide(self.evaluation, situation)
            self.decisions.append(decision)
            if self.hooks.carried_out(day):
                self.memory = decision.memory
            drifts = self.rules.max_holdings_drift is not None
            if decision.rebalance or drifts or self.hooks.acts(day):
                plan = self._trade(decision, row, decided)
            if plan is not None or not self.equity:
                self.warnings.extend(f"{day}: {text}" for text in decision.warnings)
        self._move_cash(self.hooks.cash_after(day))
        self._mark(row)
        self.residual.append(self.book.cash if plan is None else plan.residual_cash)
        self.rounding.append(0.0 if plan is None else plan.rounding_cash)

    def _move_cash(self, amount: float) -> None:
        if amount:
            self.book = replace(self.book, cash=round(self.book.cash + amount, 2))

    def _trade(self, decision: Decision, row: int, decided: int) -> Plan:
        day = self.market.days[row]
        held = self.book.positions
        prices = _present(self.market.closes, decided)
        marks = {symbol: self.market.last_closes[symbol][decided] for symbol in held}
        plan = plan_orders(decision, self.book, prices, self.rules, marks=marks)
        try:
            check_limits(plan, self.book, self.rules)
        except LimitError as error:
            raise LimitError(
                error.problem, where=day.isoformat(), remedy=error.remedy, findings=error.findings
            ) from error
        fills_at = prices if not self.opening else _present(self.market.opens, row)
        outcome = self.hooks.carry_out(plan, self.book, fills_at, self.rules, session=day, marks=marks)
        self.book = outcome.book
        self.trades.extend(to_trade(executed, decision, day) for executed in outcome.executed)
        self.warnings.extend(f"{day}: {text}" for text in (*plan.warnings, *outcome.warnings))
        return plan

    def _mark(self, row: int) -> None:
        prices = {symbol: self.market.last_closes[symbol][row] for symbol in self.book.positions}
        equity = mark(self.book, prices)
        self.equity.append(equity)
        self.cash.append(self.book.cash)
        for symbol, column in self.market.closes.items():
            position = self.book.positions.get(symbol)
            value = position.quantity * prices[symbol] if position else 0.0
            self.values.setdefault(symbol, []).append(value / equity if equity else 0.0)
            if position and math.isnan(column[row]):
                self._warn_silent(symbol, row)
            else:
                self.silent.discard(symbol)

    def _warn_silent(self, symbol: str, row: int) -> None:
        if symbol not in self.silent:
            self.silent.add(symbol)
            day = self.market.days[row]
            self.warnings.append(
                f"{day}: {symbol}: held, but has no bar from here on; marked at its last close"
            )

    def _hold(
        self, benchmark: str, history: Mapping[str, Bars], dates: DateArray, cash: float
    ) -> FloatArray | None:
        if benchmark not in history or not len(history[benchmark]):
            raise DataError("no bars of the benchmark", where=benchmark, remedy="import its history")
        bars = history[benchmark]
        held = hold_value(bars.dates, bars.close, dates, cash)
        if held is None:
            self.warnings.append(f"{benchmark}: no bar by {dates[0]}, so no benchmark")
        elif bars.dates[-1] < dates[-1]:
            without = int(np.sum(dates > bars.dates[-1]))
            self.warnings.append(
                f"{benchmark}: the benchmark's bars end on {bars.last}; its last close is held for "
                f"{without} more sessions, so figures that compare with it say little"
            )
        return held

    def result(
        self, first: int, last: int, cash: float, benchmark: str | None, history: Mapping[str, Bars]
    ) -> Result:
        dates = self.market.dates[first : last + 1]
        held = None if benchmark is None else self._hold(benchmark, history, dates, cash)
        return Result(
            strategy=self.strategy.name,
            variant=self.strategy.variant,
            initial_cash=cash,
            dates=dates,
            equity=np.array(self.equity),
            cash=np.array(self.cash),
            residual_cash=np.array(self.residual),
            rounding_cash=np.array(self.rounding),
            weights={symbol: np.array(column) for symbol, column in self.values.items()},
            trades=tuple(self.trades),
            decisions=tuple(self.decisions),
            warnings=tuple(self.warnings),
            book=self.book,
            benchmark_symbol=benchmark,
            benchmark=held,
        )


def _present(columns: Mapping[str, list[float]], row: int) -> dict[str, float]:
    return {symbol: column[row] for symbol, column in columns.items() if not math.isnan(column[row])}


def _check_arguments(strategy: Strategy, start: date, end: date, cash: float) -> None:
    if not strategy.family.holds_weights:
        raise JutsuError(f"{strategy.name} is not an allocation strategy", where=strategy.variant)
    if start > end:
        raise UsageError(f"start {start} is after end {end}", remedy="swap them")
    if not (math.isfinite(cash) and cash > 0):
        raise UsageError(f"cash {cash!r} is not an amount to start with", remedy="give a positive amount")

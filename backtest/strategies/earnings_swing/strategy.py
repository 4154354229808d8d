"""Earnings swing: buy stocks that gapped up on earnings, protect them, leave on a weekly trend break.

The decision is made before the open on completed bars: exits first, then rotation, then entries. A week is
judged once, when the newest readable session is the last of its week by the exchange calendar; any other run
ends no position on the trend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.candidates.schedule import entry_session
from backtest.core.bars import Bars, FloatArray
from backtest.core.candidate import Candidate
from backtest.core.decision import (
    Decision,
    EntrySignal,
    ExecutionTime,
    ExitSignal,
    Json,
    OpenPosition,
    Situation,
    Skip,
)
from backtest.core.errors import Finding
from backtest.data.quality.relations import PriceRelation
from backtest.indicators.weekly import WeeklyBars, completed_weeks, week_number, weekly_bars
from backtest.strategies.earnings_swing.parameters import EFFECTS, USUAL, EarningsParameters, parse
from backtest.strategies.earnings_swing.selection import (
    MAX_HOLDING,
    ROTATED_OUT,
    TREND_BREAK,
    Entry,
    Holding,
    Selection,
    scores,
    select,
    skip,
    unrealized,
)
from backtest.strategies.earnings_swing.trend import trailing_indicator, trend_limits
from backtest.strategies.family import POSITIONS, Family
from backtest.strategies.parameters import unusual_values
from backtest.strategies.terms import Boundary, ContextColumn, TradingTerms

NAME = "earnings_swing"
CONTEXT_COLUMNS: tuple[ContextColumn, ...] = ()
STOP_DECIMALS = 2
_SESSIONS_PER_WEEK = 5


def build(variant: str, parameters: Mapping[str, Any], *, where: str = "") -> EarningsSwing:
    """Return the strategy of one parameter set; ParameterError lists everything wrong with it."""
    return EarningsSwing(variant, parse(EarningsParameters, parameters, where=where))


@dataclass(frozen=True, slots=True)
class EarningsSwing:
    """The rule set with one named parameter set."""

    variant: str
    rules: EarningsParameters

    @property
    def name(self) -> str:
        """Rule set."""
        return NAME

    @property
    def family(self) -> Family:
        """Positions with entries and exits."""
        return POSITIONS

    @property
    def terms(self) -> TradingTerms:
        """The parameters that matter after the decision."""
        rules = self.rules
        return TradingTerms(
            stop_loss_pct=rules.stop_loss_pct,
            max_positions=rules.max_positions,
            daily_entry_limit=rules.daily_entry_limit,
            entry_mode=rules.entry_mode,
            entry_order_type=rules.entry_order_type,
            position_size=rules.position_size,
            quality_filter=rules.quality_filter,
        )

    @property
    def context_columns(self) -> tuple[ContextColumn, ...]:
        """None: a position's own candidate says why it was entered."""
        return CONTEXT_COLUMNS

    @property
    def execution_time(self) -> ExecutionTime:
        """When the strategy trades: decided before the open."""
        return self.rules.execution_time

    @property
    def parameters(self) -> Json:
        """Every parameter with its value."""
        return self.rules.model_dump(mode="json")

    @property
    def overridden(self) -> tuple[str, ...]:
        """Names of the parameters that differ from the defaults."""
        defaults = EarningsParameters().model_dump(mode="json")
        return tuple(name for name, value in self.parameters.items() if value != defaults[name])

    @property
    def signal_symbols(self) -> tuple[str, ...]:
        """None in advance: the symbols are those held."""
        return ()

    @property
    def tradable_symbols(self) -> tuple[str, ...]:
        """Empty: they come with the candidates."""
        return ()

    @property
    def price_relations(self) -> tuple[PriceRelation, ...]:
        """None: single stocks are judged by their own history and the quote alone."""
        return ()

    @property
    def warmup_bars(self) -> int:
        """Sessions until the trailing indicator is defined; entries need none."""
        return self.rules.trailing_period * _SESSIONS_PER_WEEK

    @property
    def history_floor(self) -> int:
        """The same: nothing before the trailing indicator's first value changes a decision after it."""
        return self.warmup_bars

    @property
    def unusual(self) -> tuple[Finding, ...]:
        """A warning for every valid parameter outside the range people use."""
        return unusual_values(self.rules, USUAL, EFFECTS)

    def with_parameters(self, changes: Mapping[str, Any]) -> EarningsSwing:
        """Return the same variant with some parameters changed."""
        return build(self.variant, {**self.parameters, **changes})

    def with_execution_time(self, execution_time: ExecutionTime) -> EarningsSwing:
        """Return the same variant trading at another time."""
        return self.with_parameters({"execution_time": execution_time})

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> None:
        """Return None: what is held and the candidates make the decision, not the diagnostics."""
        del figures, memory, decided_on

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        """Return the trend line of every position that was judged: a weekly close below it sells."""
        return trend_limits(figures.get("checks", ()))

    def evaluate(self, history: Mapping[str, Bars]) -> EarningsEvaluation:
        """Prepare the weekly series of every symbol, each computed when it is first needed."""
        return EarningsEvaluation(self.rules, history)


@dataclass(frozen=True, slots=True)
class _Weekly:
    bars: WeeklyBars
    indicator: FloatArray


class EarningsEvaluation:
    """Decisions over one history; weekly series are computed once per symbol."""

    def __init__(self, rules: EarningsParameters, history: Mapping[str, Bars]) -> None:
        self._rules = rules
        self._history = history
        self._weekly: dict[str, _Weekly] = {}

    def decide(self, situation: Situation) -> Decision:
        """Return exits, rotation, entries and skips of one session.

        Without candidates (None: no valid report) entries and rotation are blocked and exits still run.
        Memory carries decided exits until their position is gone, so that a sell that found no market is
        proposed again.
        """
        checks = [
            self._check(position, situation) for _, position in sorted(situation.book.positions.items())
        ]
        exits = [ExitSignal(check.symbol, check.reason) for check in checks if check.reason]
        leaving = {signal.symbol for signal in exits}
        warnings = [check.warning for check in checks if check.warning]
        selection, stale = self._select(situation, leaving)
        if situation.candidates is None:
            warnings.append("no valid report: entries and rotation are blocked, exits still run")
        if selection.rotated_out is not None:
            taking = selection.entries[0].candidate.ticker
            exits.append(ExitSignal(selection.rotated_out, ROTATED_OUT, makes_room_for=taking))
        return Decision(
            decided_on=situation.decided_on,
            exits=tuple(exits),
            entries=tuple(entry_signal(entry, self._rules) for entry in selection.entries),
            skipped=(*stale, *selection.skipped),
            diagnostics=self._diagnostics(situation, checks, selection, len(exits)),
            memory={"pending_exits": self._pending(exits, situation)},
            warnings=tuple(warnings),
        )

    def _check(self, position: OpenPosition, situation: Situation) -> _Check:
        """Judge one position: an exit decided earlier, the weekly trend, the holding time."""
        trend = self._trend(position, situation.decided_on)
        reason = _remembered(position, situation.memory)
        if not reason and trend.broken:
            reason = TREND_BREAK
        if not reason and self._rules.held_long_enough(position.entry_date, situation.session):
            reason = MAX_HOLDING
        needed = self._rules.trailing_transition_weeks if self._rules.trailing_stop is not None else None
        return _Check(position.symbol, reason, trend, needed)

    def _trend(self, position: OpenPosition, decided_on: date) -> _Trend:
        weeks = completed_weeks(position.entry_date, week_number(decided_on))
        if self._rules.trailing_stop is None:
            return _Trend(judged=False)
        if not calendar.is_week_end(decided_on):
            return _Trend(
                judged=False,
                weeks=max(0, weeks - 1),
                indicator=self._line_before(position.symbol, decided_on),
            )
        weekly = self._week(position.symbol)
        row = weekly.bars.row(week_number(decided_on)) if weekly is not None else None
        if weekly is None or row is None:
            return _Trend(judged=False, weeks=weeks, warning="no bar in the week that ended")
        close, indicator = float(weekly.bars.close[row]), float(weekly.indicator[row])
        known = not np.isnan(indicator)
        enough = weeks >= self._rules.trailing_transition_weeks
        return _Trend(
            judged=True,
            weeks=weeks,
            close=close,
            indicator=indicator if known else None,
            broken=enough and known and close < indicator,
            warning="" if known or not enough else "too short a history for the trailing stop",
        )

    def _line_before(self, symbol: str, day: date) -> float | None:
        """Return the trend line of the newest week that is over, None where it is undefined."""
        weekly = self._week(symbol)
        row = -1 if weekly is None else int(np.searchsorted(weekly.bars.week, week_number(day))) - 1
        if weekly is None or row < 0 or np.isnan(weekly.indicator[row]):
            return None
        return float(weekly.indicator[row])

    def _week(self, symbol: str) -> _Weekly | None:
        if symbol not in self._weekly:
            bars = self._history.get(symbol)
            if bars is None or not len(bars):
                return None
            weekly = weekly_bars(bars)
            self._weekly[symbol] = _Weekly(weekly, trailing_indicator(weekly, self._rules))
        return self._weekly[symbol]

    def _select(self, situation: Situation, leaving: set[str]) -> tuple[Selection, tuple[Skip, ...]]:
        if situation.candidates is None:
            return Selection(None, (), (), 0), ()
        due: list[Candidate] = []
        stale: list[Skip] = []
        for candidate in situation.candidates:
            meant = candidate.session or entry_session(candidate.report_date, self._rules.entry_mode)
            if meant == situation.session:
                due.append(candidate)
            else:
                stale.append(skip(candidate, "not_this_session"))
        staying = [
            Holding(
                symbol,
                unrealized(
                    self._close(symbol, situation.decided_on), position.entry_price, position.quantity
                ),
                scores(position.details),
            )
            for symbol, position in sorted(situation.book.positions.items())
            if symbol not in leaving
        ]
        return select(due, situation.book.positions.keys(), staying, self._rules), tuple(stale)

    def _close(self, symbol: str, day: date) -> float | None:
        """Return the newest close on or before a day."""
        bars = self._history.get(symbol)
        known = bars.until(day) if bars is not None else None
        return float(known.close[-1]) if known is not None and len(known) else None

    def _diagnostics(
        self, situation: Situation, checks: list[_Check], selection: Selection, exits: int
    ) -> Json:
        held = len(situation.book.positions)
        return {
            "week_judged": calendar.is_week_end(situation.decided_on),
            "trailing_stop": self._rules.trailing_stop,
            "trailing_period": self._rules.trailing_period,
            "checks": [check.as_json() for check in checks],
            "price_validation_failed": situation.candidates is None,
            "candidates": None if situation.candidates is None else len(situation.candidates),
            "below_min_grade": selection.below_grade,
            "open_positions_before": held,
            "open_positions_after": held - exits + len(selection.entries),
            "daily_entry_limit": self._rules.daily_entry_limit,
        }

    @staticmethod
    def _pending(exits: list[ExitSignal], situation: Situation) -> Json:
        # A rotation is not remembered: without its candidate there is nothing to make room for.
        return {
            signal.symbol: {
                "reason": signal.reason,
                "entry_date": situation.book.positions[signal.symbol].entry_date.isoformat(),
            }
            for signal in exits
            if signal.reason != ROTATED_OUT
        }


def entry_signal(entry: Entry, rules: EarningsParameters) -> EntrySignal:
    """Return what the decision says of an entry: shares, stop, and what is kept with its position."""
    found = entry.candidate
    score = "no score" if found.score is None else f"score {found.score:g}"
    return EntrySignal(
        symbol=found.ticker,
        quantity=entry.quantity,
        reference_price=entry.reference_price,
        stop_price=round(rules.stop_price(entry.reference_price), STOP_DECIMALS),
        rank=found.rank,
        reason=f"earnings gap: grade {found.grade}, {score}",
        details={
            **found.as_json(),
            "stop_loss_pct": rules.stop_loss_pct,
            "max_order_value": rules.max_order_value,
            "entry_order_type": rules.entry_order_type,
        },
    )


@dataclass(frozen=True, slots=True)
class _Trend:
    """The weekly trend of one position; `judged` is False on every session that ends no week.

    Then `indicator` is the line of the newest week that is over, and `close` is left out.
    """

    judged: bool
    weeks: int | None = None
    close: float | None = None
    indicator: float | None = None
    broken: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Check:
    symbol: str
    reason: str
    trend: _Trend
    weeks_needed: int | None

    @property
    def warning(self) -> str:
        return f"{self.symbol}: {self.trend.warning}" if self.trend.warning else ""

    def as_json(self) -> Json:
        return {
            "symbol": self.symbol,
            "exit": self.reason or None,
            "judged": self.trend.judged,
            "completed_weeks": self.trend.weeks,
            "weeks_needed": self.weeks_needed,
            "close": self.trend.close,
            "indicator": self.trend.indicator,
        }


def _remembered(position: OpenPosition, memory: Json) -> str:
    """Return the reason of an exit decided for this very position and not carried out, "" without one."""
    pending = memory.get("pending_exits", {}).get(position.symbol)
    if not isinstance(pending, Mapping) or pending.get("entry_date") != position.entry_date.isoformat():
        return ""
    return str(pending.get("reason", ""))

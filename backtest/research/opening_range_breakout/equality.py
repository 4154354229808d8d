"""The equality gate: sessions without limits must give every trade of the table of outcomes, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final

from backtest.indicators.intraday.price_grid import grid_of
from backtest.research.opening_range_breakout.study import Study
from backtest.research.opening_range_breakout.tables import trade_cells
from backtest.research.opening_range_breakout.trades import RESULTS, Trades
from backtest.simulator.intraday.engine import SessionEngine
from backtest.simulator.intraday.plan import planned
from backtest.simulator.intraday.replay import ReplayTerms, replay
from backtest.strategies.opening_range_breakout.filters import NO_FILTER
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey

COMPARED: Final = (
    *("entry_ts", "entry_price", "stop_price", "target_price", "outcome"),
    *("exit_ts", "exit_price", "pnl_r", "mae_r", "mfe_r"),
)
Found = Iterator[tuple[tuple[date, str], tuple[object, ...]]]
"""Trades by day and strategy: the fields compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One trade that differs: empty fields where one side has none."""

    day: date
    strategy_id: str
    outcome: tuple[object, ...]
    session: tuple[object, ...]

    def line(self) -> str:
        """Return one line: the first field that differs."""
        if not self.outcome or not self.session:
            return f"{self.day} {self.strategy_id}: only in the {'outcomes' if self.outcome else 'session'}"
        pairs = zip(COMPARED, self.outcome, self.session, strict=True)
        name, mine, theirs = next(pair for pair in pairs if pair[1] != pair[2])
        return f"{self.day} {self.strategy_id}: {name} {mine} in the outcomes, {theirs} in the session"


@dataclass(frozen=True, slots=True)
class Equality:
    """What the gate found: it is passed when nothing differs and there was something to compare."""

    days: int
    trades: int
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Tell whether sessions and outcomes are equal."""
        return self.trades > 0 and not self.differences


def compare(study: Study) -> Equality:
    """Replay the days of a study without limits and compare every trade with the outcomes of its grid.

    DataError where ticks are wanted and the prices have none.
    """
    options = study.options
    grid = options.grid
    cells = product(options.minutes, (NO_FILTER,), (one.name for one in options.labels))
    keys = [
        StrategyKey(minutes, name, label, model, ratio, confirm)
        for (minutes, name, label), model, ratio, confirm in product(
            cells, grid.models, grid.ratios, grid.confirm_bars
        )
    ]
    steps = None if options.compat else grid_of(study.bars).finer(grid.denominator)
    terms = ReplayTerms(study.instrument, planned(keys, study.instrument), grid=steps)
    wanted = {day.day.day for day in study.wanted_days}
    places = [n for n, day in enumerate(study.days) if day.day.day in wanted]
    mine = dict(outcome_trades(study, study.trades()))
    theirs = dict(_session_trades(replay(study.bars, study.days, terms, places)))
    differences = (
        Difference(*key, mine.get(key, ()), theirs.get(key, ()))
        for key in sorted(mine.keys() | theirs.keys())
        if mine.get(key) != theirs.get(key)
    )
    return Equality(len(places), len(mine), tuple(differences))


def outcome_trades(study: Study, trades: Trades) -> Found:
    """Yield the trades of the table of outcomes."""
    grid = trades.outcomes.grid
    axes = (trades.outcomes.breaks, grid.models, grid.ratios, grid.confirm_bars)
    minutes = study.bars.minutes
    for (one, model, ratio, confirm), cells in zip(product(*axes), trade_cells(trades), strict=True):
        entry_row, entry, stop, target, answer, exit_row, exit_, result, mae, mfe, _ = cells
        if entry_row >= 0:
            key = StrategyKey(one.minutes, NO_FILTER, one.label, model, ratio, confirm)
            opened, ended = str(minutes[entry_row]), str(minutes[exit_row])
            values = (opened, entry, stop, target, RESULTS[answer], ended, exit_, result, mae, mfe)
            yield (one.day, key.id(study.instrument.symbol)), values


def _session_trades(sessions: Iterable[SessionEngine]) -> Found:
    for session in sessions:
        for name, trade in session.trades.items():
            if trade.entered_at is not None and trade.exited_at is not None:
                prices = (trade.price(number) for number in (trade.entry, trade.stop, trade.target))
                opened, ended = (f"{at:%Y-%m-%dT%H:%M}" for at in (trade.entered_at, trade.exited_at))
                end = (trade.outcome, ended, trade.price(trade.exit), trade.result_r)
                yield (
                    (session.plan.day.day, name),
                    (opened, *prices, *end, *trade.excursions_r(session.plan.instrument)),
                )

"""Strategies of a grid: which trades are theirs, and their figures as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from itertools import product
from typing import Final

import numpy as np

from backtest.research.opening_range_breakout.figures import Figures, Trade, figures_of
from backtest.research.opening_range_breakout.tables import csv_text, number
from backtest.research.opening_range_breakout.trades import RESULTS, Trades
from backtest.simulator.intraday.breaks import OpeningRange
from backtest.strategies.opening_range_breakout.filters import Filter
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey

METRIC_COLUMNS: Final = (
    *("dataset", "symbol", "orb_minutes", "orb_label", "entry_model", "rr_target", "confirm_bars", "filter"),
    *(field.name for field in fields(Figures)),
)
Allowed = Callable[[Filter, OpeningRange], bool]


def trades_by_strategy(
    trades: Trades, filters: Sequence[Filter], allowed: Allowed
) -> Iterator[tuple[StrategyKey, tuple[Trade, ...]]]:
    """Yield every strategy that traded on an eligible day, with its trades, sorted.

    Args:
        trades: outcomes of all break days.
        filters: one strategy each.
        allowed: tells whether a filter lets a break pass.
    """
    grid, breaks = trades.outcomes.grid, trades.outcomes.breaks
    eligible = _eligible(breaks, filters, allowed)
    lengths, labels = ({getattr(one, name) for one in breaks} for name in ("minutes", "label"))
    cells = (
        sorted(lengths),
        sorted(eligible),
        sorted(labels),
        *map(enumerate, (grid.models, grid.ratios, grid.confirm_bars)),
    )
    for minutes, name, label, (m, model), (n, ratio), (c, confirm) in product(*cells):
        found = _trades(trades, eligible[name].get((minutes, label), ()), (m, c, n))
        if found:
            yield StrategyKey(minutes, name, label, model, ratio, confirm), found


def metrics_csv(dataset: str, symbol: str, found: Iterable[tuple[StrategyKey, tuple[Trade, ...]]]) -> str:
    """Return the table of figures by strategy."""
    rows = ((*key_cells(dataset, symbol, key), *figure_cells(figures_of(trades))) for key, trades in found)
    return csv_text(METRIC_COLUMNS, rows)


def key_cells(dataset: str, symbol: str, key: StrategyKey) -> tuple[str, ...]:
    """Return the cells that name a strategy."""
    ratio, confirm = number(float(key.ratio)), str(key.confirm_bars)
    return dataset, symbol, str(key.minutes), key.label, key.model, ratio, confirm, key.filter


def figure_cells(figures: Figures) -> tuple[str, ...]:
    """Return the cells of figures; empty where one is not defined."""
    return tuple("" if value is None else number(value) for value in astuple(figures))


def _eligible(
    breaks: Sequence[OpeningRange], filters: Sequence[Filter], allowed: Allowed
) -> Mapping[str, Mapping[tuple[int, str], list[int]]]:
    """Return the events of each range that each filter lets pass."""
    found: dict[str, dict[tuple[int, str], list[int]]] = {}
    for one in filters:
        ranges = found.setdefault(one.name, {})
        for event, broken in enumerate(breaks):
            if allowed(one, broken):
                ranges.setdefault((broken.minutes, broken.label), []).append(event)
    return found


def _trades(trades: Trades, events: Sequence[int], cell: tuple[int, int, int]) -> tuple[Trade, ...]:
    rows = np.array(events, dtype=np.int64)
    columns = (trades.entered, trades.answer, trades.result_r, trades.risk)
    values = zip(events, *(column[(rows, *cell)].tolist() for column in columns), strict=True)
    days = trades.outcomes.breaks
    return tuple(
        Trade(days[event].day, RESULTS[answer], result, risk)
        for event, entered, answer, result, risk in values
        if entered
    )

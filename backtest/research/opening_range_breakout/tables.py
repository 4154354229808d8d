"""Opening ranges and outcomes as CSV text: one row per range, or per break and strategy.

Instants are bar starts in UTC, prices have twelve significant digits, results four decimals; what is not
known is an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, Final

import numpy as np

from backtest.core.intraday_bars import IntradayBars
from backtest.research.opening_range_breakout.trades import FLAGS, RESULTS, Trades
from backtest.simulator.intraday.breaks import OpeningRange
from backtest.strategies.opening_range_breakout import rules

FEATURE_COLUMNS: Final = (
    *("dataset", "symbol", "trading_day", "orb_label", "orb_minutes"),
    *("orb_bars", "orb_high", "orb_low", "break_dir", "break_ts"),
)
OUTCOME_COLUMNS: Final = (
    *("dataset", "symbol", "trading_day", "orb_label", "orb_minutes"),
    *("entry_model", "rr_target", "confirm_bars", "direction"),
    *("entry_ts", "entry_price", "stop_price", "target_price", "outcome"),
    *("exit_ts", "exit_price", "pnl_r", "mae_r", "mfe_r"),
    *("exit_ts_mtm", "exit_price_mtm", "pnl_r_mtm", "flags"),
)
_SIDES: Final = {rules.LONG: "long", rules.SHORT: "short", rules.NO_BREAK: ""}


def features_csv(dataset: str, bars: IntradayBars, ranges: Sequence[OpeningRange]) -> str:
    """Return the table of opening ranges and their breaks."""
    times = _Times(bars)
    rows = (
        (
            *_key(dataset, bars.symbol, one),
            str(one.bars),
            number(one.high),
            number(one.low),
            _SIDES[one.side],
            times.at(one.row) if one.side else "",
        )
        for one in ranges
    )
    return csv_text(FEATURE_COLUMNS, rows)


def outcomes_csv(dataset: str, bars: IntradayBars, trades: Trades) -> str:
    """Return the table of outcomes by break, entry model, ratio and confirm count."""
    grid, breaks = trades.outcomes.grid, trades.outcomes.breaks
    times = _Times(bars)
    strategies = [
        f"{model},{number(float(ratio))},{confirm}"
        for model, ratio, confirm in product(grid.models, grid.ratios, grid.confirm_bars)
    ]
    heads = (
        (*_key(dataset, bars.symbol, one), strategy, _SIDES[one.side])
        for one in breaks
        for strategy in strategies
    )
    rows = ((*head, *_trade(cells, times)) for head, cells in zip(heads, trade_cells(trades), strict=True))
    return csv_text(OUTCOME_COLUMNS, rows)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return CSV of cells that need no quotes: names of columns and data sets are words."""
    return "\n".join((",".join(columns), *(",".join(row) for row in rows), ""))


def number(value: float) -> str:
    """Return a price or a result as short as twelve digits say it; whole numbers without a point."""
    return f"{value:.12g}"


class _Times:
    """Instants of rows as text, each made once."""

    def __init__(self, bars: IntradayBars) -> None:
        self._minutes = bars.minutes
        self._texts: dict[int, str] = {}

    def at(self, row: int) -> str:
        """Return the start of a bar, e.g. ``2024-01-02T14:36:00Z``."""
        if row not in self._texts:
            self._texts[row] = f"{self._minutes[row]}:00Z"
        return self._texts[row]


def _key(dataset: str, symbol: str, one: OpeningRange) -> tuple[str, ...]:
    return dataset, symbol, one.day.isoformat(), one.label, str(one.minutes)


def trade_cells(trades: Trades) -> Iterable[tuple[Any, ...]]:
    """Yield the values of every outcome in the order of the table: event, model, ratio, confirm."""
    outcomes = trades.outcomes
    marks = sum(trades.flags[name].astype(np.int64) << bit for bit, name in enumerate(FLAGS))
    columns = (
        outcomes.entry_row[..., None],
        outcomes.entry_price[..., None],
        trades.stop,
        outcomes.target,
        trades.answer,
        trades.exit_row,
        trades.exit_price,
        trades.result_r,
        trades.mae_r,
        trades.mfe_r,
        marks,
    )
    shape = outcomes.target.shape
    flat = [np.broadcast_to(column, shape).transpose(0, 1, 3, 2).ravel().tolist() for column in columns]
    return zip(*flat, strict=True)


_NO_TRADE: Final = ("",) * 14
_FLAG_TEXTS: Final = tuple(
    ";".join(name for bit, name in enumerate(FLAGS) if marks >> bit & 1) for marks in range(1 << len(FLAGS))
)


def _trade(cells: tuple[Any, ...], times: _Times) -> tuple[str, ...]:
    entry_row, entry, stop, target, answer, exit_row, exit_price, result, mae, mfe, marks = cells
    if entry_row < 0:
        return _NO_TRADE
    ended = (times.at(exit_row), number(exit_price), number(result))
    return (
        times.at(entry_row),
        number(entry),
        number(stop),
        number(target),
        RESULTS[answer],
        *(ended if answer != rules.OPEN else ("", "", "")),
        number(mae),
        number(mfe),
        *ended,
        _FLAG_TEXTS[marks],
    )

"""Which stops of held positions move: behind the price, and to break-even; each only ever tightens."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from backtest.core.decision import Book, OpenPosition, StopMove
from backtest.trading.risk.entries import INITIAL_STOP_PCT
from backtest.trading.risk.rules import RiskRules, StopRules
from backtest.trading.risk.series import PriceSeries
from backtest.trading.risk.stop_levels import break_even, tightened, trailing_atr, trailing_percent


def moved_stops(
    book: Book, prices: PriceSeries, rules: RiskRules, day: date, *, leaving: Collection[str] = ()
) -> tuple[StopMove, ...]:
    """Return the stops to be replaced before the session trades, by symbol.

    Levels follow from closes up to `day`, the close of the entry's session included. A position without a
    stop, or without a bar since its entry, keeps what it has.

    Args:
        book: before the session.
        prices: of the holdings.
        rules: what is asked for.
        day: newest session that may be read.
        leaving: positions that are sold: their stops are left alone.
    """
    if rules.stops is None or not rules.stops.moves:
        return ()
    moves = (
        _moved(position, prices, rules, rules.stops, day)
        for symbol, position in sorted(book.positions.items())
        if symbol not in leaving
    )
    return tuple(move for move in moves if move is not None)


def _moved(
    position: OpenPosition, prices: PriceSeries, rules: RiskRules, stops: StopRules, day: date
) -> StopMove | None:
    best = prices.best_close(position.symbol, position.entry_date, day)
    if position.stop_price is None or best is None:
        return None
    levels = _levels(position, best, prices, rules, stops, day)
    rounded = {reason: _cents(level) for reason, level in levels.items() if level is not None}
    level = tightened(position.stop_price, rounded.values(), least_move_pct=stops.least_move_pct)
    if level is None or level <= position.stop_price:
        return None
    reason = next(name for name, found in rounded.items() if found == level)
    return StopMove(position.symbol, level, position.stop_price, reason)


def _levels(
    position: OpenPosition, best: float, prices: PriceSeries, rules: RiskRules, stops: StopRules, day: date
) -> dict[str, float | None]:
    """Return what each rule asks for, by its name; None where it asks for nothing yet."""
    entry, symbol = position.entry_price, position.symbol
    levels: dict[str, float | None] = {}
    if stops.trailing_pct is not None:
        levels["trailing_pct"] = trailing_percent(best, stops.trailing_pct)
    atr = None if stops.trailing_atr is None else prices.atr(symbol, day, stops.atr_window)
    if stops.trailing_atr is not None and atr is not None:
        levels["trailing_atr"] = trailing_atr(best, atr, stops.trailing_atr)
    if stops.trailing_weeks is not None:
        levels["trailing_weeks"] = prices.low_of_weeks(symbol, day, stops.trailing_weeks)
    if stops.break_even_r is not None:
        cost = entry * rules.cost_pct / 100
        levels["break_even"] = break_even(entry, _risk(position), best, stops.break_even_r, cost=cost)
    return levels


def _risk(position: OpenPosition) -> float:
    """Return the distance of the first stop from the entry, currency per share; 0 when it is not known."""
    percent = position.details.get(INITIAL_STOP_PCT)
    if isinstance(percent, int | float):
        return position.entry_price * percent / 100
    return max(0.0, position.entry_price - (position.stop_price or position.entry_price))


def _cents(level: float) -> float:
    """Return a level on the grid of prices: cents, and hundredths of a cent below one."""
    return round(level, 2 if level >= 1 else 4)

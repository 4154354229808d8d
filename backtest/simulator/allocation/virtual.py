"""A session of a virtual allocation book: the simulator's own step, then the mark at the close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.decision import Json
from backtest.core.errors import DataError
from backtest.simulator.allocation.step import Executed, carry_out, mark
from backtest.simulator.session_values import BarsOf, Settled, VirtualSession


def settle(asked: VirtualSession, bars_of: BarsOf) -> Settled:
    """Carry the plan out at the session's open or close, as the execution window says.

    Raises:
        DataError: a symbol that is held or ordered has no bar of the session.
    """
    day = asked.session.day
    symbols = sorted({*asked.book.positions, *(order.symbol for order in asked.plan.orders)})
    opens, closes = _prices(bars_of(symbols), symbols, day)
    window = calendar.window(asked.session, asked.strategy.execution_time)
    prices = opens if window.fills_at_open else closes
    outcome = carry_out(asked.plan, asked.book, prices, asked.rules, session=day)
    return Settled(
        outcome.book,
        mark(outcome.book, closes),
        {"executed": [_fill(done) for done in outcome.executed], "warnings": list(outcome.warnings)},
    )


def _prices(
    history: Mapping[str, Bars], symbols: Sequence[str], day: date
) -> tuple[dict[str, float], dict[str, float]]:
    opens: dict[str, float] = {}
    closes: dict[str, float] = {}
    for symbol in symbols:
        bars = history.get(symbol)
        row = None if bars is None else bars.row(day)
        if bars is None or row is None:
            raise DataError(
                f"no bar of {day} to settle the virtual book",
                where=symbol,
                remedy="import that session, then run again",
            )
        opens[symbol], closes[symbol] = float(bars.open[row]), float(bars.close[row])
    return opens, closes


def _fill(done: Executed) -> Json:
    return {
        "symbol": done.order.symbol,
        "intent": done.order.intent,
        "reference_price": done.order.reference_price,
        "realised_pnl": done.realised_pnl,
        **asdict(done.fill),
    }

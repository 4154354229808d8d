"""The sessions of a book of single positions as the ledger keeps them, in the terms of a walk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from backtest.calendar.sessions import NEW_YORK
from backtest.reporting.drift.facts import LiveFill
from backtest.reporting.drift.positions import PositionsBook, PositionSession
from backtest.strategies.earnings_swing.selection import ROTATED_OUT
from live.handoff.model import SignalFile
from live.validation.file_candidates import entered_candidates
from live.validation.live_book import Splits, read_live_book

if TYPE_CHECKING:
    from backtest.data.quality.actions import CorporateAction
    from backtest.strategies.base import Strategy
    from live.ledger.ledger import Ledger
    from live.ledger.tables import SignalRow


def read_live_positions(
    ledger: Ledger, strategy: Strategy, splits: Iterable[CorporateAction] = ()
) -> PositionsBook | str | None:
    """Return a primary's sessions, None before a close is marked, and a text where they cannot be walked.

    Args:
        ledger: of the account.
        strategy: of the book.
        splits: recorded splits; what was traded before one is counted in the shares after it.
    """
    actions = tuple(splits)
    book = read_live_book(ledger, strategy.variant, actions)
    if book is None:
        return None
    if book.positions:
        return (
            f"it held {', '.join(sorted(book.positions))} before its first file: their entries are not known"
        )
    days = [live.session for live in book.sessions]
    stops, scale = _stops(ledger, strategy.variant, days, Splits(actions)), Splits(actions)
    sessions = []
    for live in book.sessions:
        row = ledger.signals.get(live.session, strategy.variant)
        filled = tuple(stops.get(live.session, ()))
        if row is None or row.role != "primary":
            sessions.append(PositionSession(live, stops=filled))
            continue
        signal = SignalFile.model_validate_json(row.content)
        sessions.append(
            PositionSession(
                live,
                candidates=entered_candidates(signal, strategy),
                stops=filled,
                edited_stops=_edited_stops(row, scale),
                exits=frozenset(
                    o.symbol for o in signal.orders if o.intent == "exit" and o.reason != ROTATED_OUT
                ),
            )
        )
    return PositionsBook(strategy.variant, book.cash, tuple(sessions))


def _stops(ledger: Ledger, variant: str, days: Sequence[date], scale: Splits) -> dict[date, list[LiveFill]]:
    """Return the fills of resting stops by the session they happened in."""
    found: dict[date, list[LiveFill]] = {}
    for placed in days:
        for order in ledger.orders.of_session(placed, variant):
            if order.intent != "stop":
                continue
            for row in ledger.executions.of_order(order.client_order_id):
                day = row.at.astimezone(NEW_YORK).date()
                count, price = (
                    scale.shares(row.symbol, row.quantity, day),
                    scale.price(row.symbol, row.price, day),
                )
                found.setdefault(day, []).append(LiveFill(row.symbol, "sell", count, price, row.commission))
    return found


def _edited_stops(row: SignalRow, scale: Splits) -> dict[str, float]:
    """Return the stop prices of entries that are not those of the file as it was generated."""
    if row.executed_content is None:
        return {}
    known, now = (_stop_prices(text) for text in (row.content, row.executed_content))
    day = row.session
    return {
        symbol: float(scale.price(symbol, price, day))
        for symbol, price in now.items()
        if known.get(symbol) != price
    }


def _stop_prices(text: str) -> dict[str, Decimal]:
    orders = json.loads(text)["orders"]
    return {o["symbol"]: Decimal(str(o["stop"]["price"])) for o in orders if o.get("stop")}

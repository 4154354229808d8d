"""What an installation knows about prices besides the prices: relations, recorded actions, confirmed prices.

Confirmed prices are one JSON object a line in `confirmed_prices.jsonl` beside the ledger; both stages, import
and verification read them. Recorded splits and dividends are kept beside the bars of the store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.core.errors import DataError
from backtest.data.believable import read_confirmations
from backtest.data.quality.known import Known

if TYPE_CHECKING:
    from backtest.data.quality.actions import CorporateAction
    from backtest.data.quality.confirmations import ConfirmedPrice
    from backtest.data.quality.relations import PriceRelation
    from live.runtime.runtime import RunContext

CONFIRMED: Final = "confirmed_prices.jsonl"


def known_to(context: RunContext, relations: Sequence[PriceRelation], symbols: Iterable[str]) -> Known:
    """Return what a stage knows about `symbols`.

    Raises:
        DataError: 5, an unreadable file of confirmations or actions.
    """
    return Known(tuple(relations), actions_for(context, symbols), confirmed_prices(context.state))


def actions_for(context: RunContext, symbols: Iterable[str]) -> tuple[CorporateAction, ...]:
    """Return the recorded actions of `symbols`, none on the demo market. DataError 5: a damaged file."""
    return () if context.bar_store is None else recorded_actions(context.bar_store, symbols)


def recorded_actions(store: Path, symbols: Iterable[str]) -> tuple[CorporateAction, ...]:
    """Return the actions kept in a bar store. DataError 5: a damaged file."""
    from backtest.data.actions import ActionStore

    kept = ActionStore(store)
    if not kept.directory.is_dir():
        return ()
    return tuple(action for symbol in sorted(set(symbols)) for action in kept.read(symbol))


def confirmed_prices(state: Path) -> tuple[ConfirmedPrice, ...]:
    """Return the prices that a person confirmed, none without the file. DataError 5: it cannot be read."""
    path = state / CONFIRMED
    return read_confirmations(path) if path.exists() else ()


def confirm_price(state: Path, price: ConfirmedPrice, *, by: str, at: datetime) -> bool:
    """Append a confirmation, readable by its owner only; return False when it was there already.

    Raises:
        DataError: 5, the file cannot be read or written.
    """
    if price in confirmed_prices(state):
        return False
    state.mkdir(parents=True, exist_ok=True)
    path = state / CONFIRMED
    line = json.dumps({**json.loads(price.line()), "by": by, "at": at.isoformat()}) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)
            file.write(line)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=str(path)) from error
    return True

"""The trade journal of sessions of breakouts: each trade once, written when it ended or was turned away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import JournalTrade

_KEYS: Final = ("mode", "trading_day", "strategy_id")
_GET: Final = select(JournalTrade, matching("account", *_KEYS))
_OF_DAY: Final = select(JournalTrade, matching("account", "trading_day"), order="id")
_ALL: Final = select(JournalTrade, matching("account"), order="trading_day, id")


class TradeJournal(Repository):
    """The `trade_journal` table of one account."""

    def add(self, values: Mapping[str, Any]) -> JournalTrade:
        """Write a trade, column by column; the same trade of the day again returns the row as it stands."""
        keys = {name: values[name] for name in _KEYS}
        with self._db.transaction():
            known = self._one(_GET, keys)
            return known or self._insert(JournalTrade, values)

    def of_day(self, day: date) -> tuple[JournalTrade, ...]:
        """Return the trades of a trading day, in the order they were written."""
        return self._all(_OF_DAY, {"trading_day": day})

    def all(self) -> tuple[JournalTrade, ...]:
        """Return every trade, oldest day first."""
        return self._all(_ALL)

    def recent(self, limit: int | None = 50) -> tuple[JournalTrade, ...]:
        """Return the newest trades, newest first; all of them when `limit` is None."""
        return self._all(select(JournalTrade, matching("account"), order="id DESC", limit=limit))

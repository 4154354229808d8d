"""Virtual books of the shadows: positions, cash, and one decision per session that is settled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import DisagreementError
from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import ShadowBookRow, ShadowPosition, ShadowSignal

PENDING: Final = "pending"
SETTLED: Final = "settled"

_OF_VARIANT: Final = matching("account", "variant")
_POSITIONS: Final = select(ShadowPosition, _OF_VARIANT, order="symbol")
_EMPTY: Final = "DELETE FROM shadow_positions WHERE account = :account AND variant = :variant"
_BOOK: Final = select(ShadowBookRow, _OF_VARIANT)
_SIGNAL: Final = select(ShadowSignal, matching("account", "variant", "session"))
_OF_STATUS: Final = select(ShadowSignal, matching("account", "variant", "status"), order="session")
_MEMORY: Final = select(
    ShadowSignal,
    f"{matching('account', 'variant', 'status')} AND session < :before",
    columns=("memory",),
    order="session DESC",
    limit=1,
)
_HISTORY: Final = select(ShadowSignal, _OF_VARIANT, order="session")
_HISTORY_SINCE: Final = select(ShadowSignal, f"{_OF_VARIANT} AND session >= :since", order="session")


@dataclass(frozen=True, slots=True)
class ShadowBook:
    """A virtual book as of the close of `session`."""

    book: Book
    equity: float
    session: date


class Shadow(Repository):
    """The `shadow_*` tables of one account."""

    def book(self, variant: str) -> ShadowBook | None:
        """Return the book, None before its first session."""
        row = self._one(_BOOK, {"variant": variant})
        if row is None:
            return None
        rows = self._all(_POSITIONS, {"variant": variant})
        positions = {row.symbol: OpenPosition.of(row) for row in rows}
        return ShadowBook(Book(row.cash, positions), row.equity, row.session)

    def save(self, variant: str, book: Book, *, equity: float, session: date) -> None:
        """Replace the book."""
        with self._db.transaction():
            self._change(_EMPTY, {"variant": variant})
            for position in book.positions.values():
                self._add(ShadowPosition, _position(variant, position))
            self._upsert(
                ShadowBookRow, {"variant": variant}, {"session": session, "cash": book.cash, "equity": equity}
            )

    def propose(
        self,
        variant: str,
        session: date,
        *,
        decision: Mapping[str, Any],
        memory: Mapping[str, Any],
        cash: float,
        equity: float,
        replace: bool = False,
    ) -> ShadowSignal:
        """Store a session's decision as pending; another is ignored unless `replace` and still pending."""
        values = {
            "decision": dict(decision),
            "memory": dict(memory),
            "cash": cash,
            "equity": equity,
            "status": PENDING,
        }
        with self._db.transaction():
            known = self.signal(variant, session)
            if known is None or (replace and known.status == PENDING):
                self._upsert(ShadowSignal, {"variant": variant, "session": session}, values)
            return self._existing(variant, session)

    def pending(self, variant: str) -> tuple[ShadowSignal, ...]:
        """Return the decisions not settled yet, oldest first."""
        return self._all(_OF_STATUS, {"variant": variant, "status": PENDING})

    def signal(self, variant: str, session: date) -> ShadowSignal | None:
        """Return the decision of one session."""
        return self._one(_SIGNAL, {"variant": variant, "session": session})

    def settle(
        self, variant: str, session: date, book: Book, *, equity: float, fills: Mapping[str, Any]
    ) -> bool:
        """Book the fills of a pending decision with the new book; False when it was settled before."""
        with self._db.transaction():
            known = self._existing(variant, session)
            if known.status != PENDING:
                return False
            self.save(variant, book, equity=equity, session=session)
            self._upsert(
                ShadowSignal,
                {"variant": variant, "session": session},
                {"status": SETTLED, "fills": dict(fills), "cash": book.cash, "equity": equity},
            )
        return True

    def last_memory(self, variant: str, *, before: date) -> dict[str, Any]:
        """Return the memory of the newest settled decision of an earlier session, {} before the first."""
        rows = self._columns(_MEMORY, {"variant": variant, "status": SETTLED, "before": before})
        return dict(rows[0][0]) if rows else {}

    def history(self, variant: str, since: date | None = None) -> tuple[ShadowSignal, ...]:
        """Return every decision, oldest first."""
        query = _HISTORY if since is None else _HISTORY_SINCE
        return self._all(query, {"variant": variant, "since": since})

    def _existing(self, variant: str, session: date) -> ShadowSignal:
        found = self.signal(variant, session)
        if found is None:
            raise DisagreementError("no shadow decision was stored", where=f"{variant} {session}")
        return found


def _position(variant: str, position: OpenPosition) -> dict[str, Any]:
    return {
        "variant": variant,
        "symbol": position.symbol,
        "quantity": position.quantity,
        "entry_price": position.entry_price,
        "entry_session": position.entry_date,
        "stop_price": position.stop_price,
        "details": dict(position.details),
    }

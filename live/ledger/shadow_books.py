"""Virtual books of the shadows: positions, cash, and one decision per session that is settled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select

from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import DisagreementError
from live.ledger.database import Repository, table_of
from live.ledger.tables import ShadowBookRow, ShadowPosition, ShadowSignal

PENDING: Final = "pending"
SETTLED: Final = "settled"

_P: Final = table_of(ShadowPosition)
_B: Final = table_of(ShadowBookRow)
_S: Final = table_of(ShadowSignal)
_POSITIONS: Final = (
    select(_P).where(_P.c.account == bindparam("a"), _P.c.variant == bindparam("v")).order_by(_P.c.symbol)
)
_BOOK: Final = select(_B).where(_B.c.account == bindparam("a"), _B.c.variant == bindparam("v"))
_SIGNAL: Final = select(_S).where(
    _S.c.account == bindparam("a"), _S.c.variant == bindparam("v"), _S.c.session == bindparam("s")
)
_PENDING: Final = (
    select(_S)
    .where(_S.c.account == bindparam("a"), _S.c.variant == bindparam("v"), _S.c.status == PENDING)
    .order_by(_S.c.session)
)
_MEMORY: Final = (
    select(_S.c.memory)
    .where(_S.c.account == bindparam("a"), _S.c.variant == bindparam("v"), _S.c.status == SETTLED)
    .order_by(_S.c.session.desc())
    .limit(1)
)


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
        row = self._one(ShadowBookRow, _BOOK, {"a": self._account, "v": variant})
        if row is None:
            return None
        rows = self._all(ShadowPosition, _POSITIONS, {"a": self._account, "v": variant})
        positions = {row.symbol: OpenPosition.of(row) for row in rows}
        return ShadowBook(Book(row.cash, positions), row.equity, row.session)

    def save(self, variant: str, book: Book, *, equity: float, session: date) -> None:
        """Replace the book."""
        with self._db.transaction() as connection:
            connection.execute(delete(_P).where(_P.c.account == self._account, _P.c.variant == variant))
            for position in book.positions.values():
                connection.execute(insert(_P), self._position(variant, position))
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
        return self._all(ShadowSignal, _PENDING, {"a": self._account, "v": variant})

    def signal(self, variant: str, session: date) -> ShadowSignal | None:
        """Return the decision of one session."""
        return self._one(ShadowSignal, _SIGNAL, {"a": self._account, "v": variant, "s": session})

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

    def last_memory(self, variant: str) -> dict[str, Any]:
        """Return the memory of the newest settled decision, {} before the first."""
        rows = self._db.rows(_MEMORY, {"a": self._account, "v": variant})
        return dict(rows[0][0]) if rows else {}

    def history(self, variant: str, since: date | None = None) -> tuple[ShadowSignal, ...]:
        """Return every decision, oldest first."""
        statement = select(_S).where(_S.c.account == self._account, _S.c.variant == variant)
        if since is not None:
            statement = statement.where(_S.c.session >= since)
        return self._all(ShadowSignal, statement.order_by(_S.c.session))

    def _existing(self, variant: str, session: date) -> ShadowSignal:
        found = self.signal(variant, session)
        if found is None:
            raise DisagreementError("no shadow decision was stored", where=f"{variant} {session}")
        return found

    def _position(self, variant: str, position: OpenPosition) -> dict[str, Any]:
        return {
            "account": self._account,
            "variant": variant,
            "symbol": position.symbol,
            "quantity": position.quantity,
            "entry_price": position.entry_price,
            "entry_session": position.entry_date,
            "stop_price": position.stop_price,
            "details": dict(position.details),
        }

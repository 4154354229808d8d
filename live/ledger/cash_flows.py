"""Cash that came or went without a trade, each movement once."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import CashFlow

_ALL: Final = select(CashFlow, matching("account"), order="day, id")


class CashFlows(Repository):
    """The `cash_flows` table of one account."""

    def note(
        self, flow_id: str, *, day: date, kind: str, amount: Decimal, at: datetime, note: str = ""
    ) -> None:
        """Write a movement; the same id again replaces it.

        Args:
            flow_id: the broker's id, or one that names where we know it from.
            day: New York date it counts for.
            kind: `deposit` (also a withdrawal), `dividend`, `interest`, `fee`.
            amount: positive into the account.
            at: when we learnt of it.
            note: for people.
        """
        values = {"day": day, "kind": kind, "amount": amount, "note": note, "noted_at": at}
        self._upsert(CashFlow, {"flow_id": flow_id}, values)

    def all(self) -> tuple[CashFlow, ...]:
        """Return every movement, oldest first."""
        return self._all(_ALL)

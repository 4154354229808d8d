"""Adopting what the broker shows into the books of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from backtest.calendar.sessions import NEW_YORK
from backtest.data.quality.actions import ratio_text
from live.alerts.causes import key_of
from live.model.broker import Account
from live.reconciliation.model import Reconciliation, SymbolDifference
from live.reconciliation.splits import FRACTION, after_split
from live.system.number_text import money

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import PositionRow


def adopt(
    ledger: Ledger,
    account: Account,
    result: Reconciliation,
    *,
    at: datetime,
    by: str,
    owners: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Take the broker's truth into the books, with an audit record; foreign positions stay foreign.

    A position that is gone is closed without a price; one that grew or shrank keeps its cost; a split scales
    shares, cost and stop by its ratio. Shares of a symbol that no book holds open are left to a person.

    Args:
        ledger: our side.
        account: the broker's side.
        result: their comparison.
        at: of the adoption.
        by: who adopts.
        owners: symbol -> the one variant whose strategy names it: it gets shares no book ever had.

    Returns:
        One line per change.
    """
    changes: list[str] = []
    with ledger.transaction():
        for line in result.differences:
            changes.extend(_adopt_line(ledger, account, line, at, owners))
        if account.cash is not None and account.cash != result.ledger_cash:
            if result.ledger_cash is not None and not result.differences:
                _note_deposit(ledger, account.cash - result.ledger_cash, at=at, by=by)
            ledger.cash.reconciled(account.cash, at=at)
            changes.append(f"cash: {money(result.ledger_cash) or 'not known'} -> {money(account.cash)}")
        if changes:
            ledger.alerts.add(
                key_of("adopted", session=at.astimezone(NEW_YORK).date(), detail=at.isoformat()),
                level="info",
                title="the broker's truth was adopted",
                body=f"by {by}: " + "; ".join(changes),
                at=at,
            )
            ledger.state.set("last_adoption", f"{at.isoformat()} {by}: " + "; ".join(changes), at=at)
    return tuple(changes)


def _note_deposit(ledger: Ledger, amount: Decimal, *, at: datetime, by: str) -> None:
    """Cash that differs while every share agrees was moved by a person: no profit or loss."""
    day = at.astimezone(NEW_YORK).date()
    name = f"adopted_{at.isoformat()}"
    ledger.cash_flows.note(name, day=day, kind="deposit", amount=amount, at=at, note=f"by {by}")


def _adopt_line(
    ledger: Ledger, account: Account, line: SymbolDifference, at: datetime, owners: Mapping[str, str]
) -> list[str]:
    rows = [row for row in ledger.positions.open_positions() if row.symbol == line.symbol]
    if line.broker < 0:
        return [f"{line.symbol}: {line.broker} shares, a short position: close it by hand, no book takes it"]
    if not rows:
        return [_adopt_again(ledger, account, line, at, owners.get(line.symbol))]
    if line.ratio is not None:
        return _adopt_split(ledger, account, line, rows, line.ratio, at)
    if len(rows) > 1 and line.broker:
        return [f"{line.symbol}: several variants hold it: adjust by hand"]
    for row in rows:
        if line.broker == 0:
            day = at.astimezone(NEW_YORK).date()
            ledger.positions.close(row.id, session=day, reason="adopted: gone at the broker", at=at)
        else:
            ledger.positions.adjust(row.id, quantity=line.broker, entry_price=row.entry_price, at=at)
    return [f"{line.symbol}: {line.ledger} -> {line.broker} shares"]


def _adopt_split(
    ledger: Ledger,
    account: Account,
    line: SymbolDifference,
    rows: Sequence[PositionRow],
    ratio: Fraction,
    at: datetime,
) -> list[str]:
    """Scale the positions of a symbol by a split; a part of a share is kept in the details and named.

    The stop's price follows; which order protects the position is found anew, for its order may be gone,
    changed or left as it was.
    """
    day = at.astimezone(NEW_YORK).date()
    scaled = [after_split(row, ratio, on=day) for row in rows]
    if len(rows) > 1 and sum(held.whole_shares for held in scaled) != line.broker:
        return [f"{line.symbol}: several variants hold it: adjust by hand"]
    for row, held in zip(rows, scaled, strict=True):
        shares = held.whole_shares if len(rows) > 1 else line.broker
        if not shares:
            ledger.positions.close(row.id, session=day, reason="adopted: a split left no whole share", at=at)
            continue
        ledger.positions.adjust(
            row.id,
            quantity=shares,
            entry_price=held.entry_price,
            stop_price=held.stop_price,
            stop_client_order_id=None,
            stop_broker_order_id=None,
            stop_expires_at=None,
            at=at,
        )
        ledger.positions.set_details(row.id, _with_fraction(row, account.fractions(), shares))
    return [f"{line.symbol}: {line.ledger} -> {line.broker} shares, split {ratio_text(ratio)}"]


def _with_fraction(row: PositionRow, fractions: Mapping[str, Decimal], shares: int) -> dict[str, Any]:
    kept = {name: value for name, value in row.details.items() if name != FRACTION}
    left = fractions.get(row.symbol, Decimal(shares)) - shares
    return {**kept, FRACTION: str(left.normalize())} if 0 < left < 1 else kept


def _adopt_again(
    ledger: Ledger, account: Account, line: SymbolDifference, at: datetime, owner: str | None
) -> str:
    """Give shares back to the book that traded the symbol last, else to the one whose strategy names it."""
    last = [row for row in ledger.positions.closed() if row.symbol == line.symbol]
    held = next((h for h in account.holdings if h.symbol == line.symbol), None)
    variant = last[-1].variant if last else owner
    if variant is None or held is None or held.average_price is None:
        return f"{line.symbol}: {line.broker} shares at the broker belong to no book: left alone"
    before = last[-1] if last else None
    ledger.positions.buy(
        variant,
        line.symbol,
        line.broker,
        held.average_price,
        session=at.astimezone(NEW_YORK).date(),
        details=before.details if before else {},
        mode=before.mode if before else "",
        at=at,
        needs_stop=before.needs_stop if before else False,
        stop_price=before.stop_price if before else None,
    )
    return f"{line.symbol}: {line.broker} shares taken into the book of {variant}"

"""What tax lots are made from: executions of the ledger, trades of other accounts, lots a person named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from backtest.calendar.sessions import NEW_YORK
from backtest.trading.lots.matching import tax_lots
from backtest.trading.lots.model import LotRules, LotTrade, Method, TaxLots

if TYPE_CHECKING:
    from backtest.data.quality.actions import CorporateAction
    from live.ledger.ledger import Ledger
    from live.settings.model import Settings

_IMPORTED: Final = "tax_imported"
_ASSIGNED: Final = "tax_assigned"
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TaxHistory:
    """Every trade of every account in the order they happened, splits, and how lots are chosen."""

    trades: tuple[LotTrade, ...]
    splits: tuple[CorporateAction, ...]
    rules: LotRules

    def lots(self, planned: Iterable[LotTrade] = ()) -> TaxLots:
        """Return the lots, those of trades that are only planned among them."""
        return tax_lots((*self.trades, *planned), self.splits, self.rules)

    def until(self, last: date) -> TaxHistory:
        """Return the history as it was at the end of a day."""
        trades = tuple(trade for trade in self.trades if trade.day <= last)
        splits = tuple(action for action in self.splits if action.ex_date <= last)
        return TaxHistory(trades, splits, self.rules)

    @property
    def symbols(self) -> frozenset[str]:
        """Every symbol that was traded."""
        return frozenset(trade.symbol for trade in self.trades)


def read_history(
    ledger: Ledger,
    account: str,
    settings: Settings,
    splits: Iterable[CorporateAction] = (),
    method: Method | None = None,
    others: Iterable[LotTrade] = (),
) -> TaxHistory:
    """Return the history of an account, of those a person imported, and of `others`.

    Args:
        ledger: of the account.
        account: its name, or its key without one: the name of its lots.
        settings: groups of identical securities.
        splits: recorded ones.
        method: None: the lots a person named, the oldest for every other sale.
        others: trades of other accounts of the installation.
    """
    rules = LotRules(method or "specific", assigned(ledger), settings.tax.identical)
    own = executed(ledger, account, retirement=settings.tax.retirement)
    trades = sorted((*imported(ledger), *others, *own), key=lambda trade: trade.day)
    return TaxHistory(tuple(trades), tuple(splits), rules)


def executed(ledger: Ledger, account: str, *, retirement: bool = False) -> tuple[LotTrade, ...]:
    """Return every execution of the ledger, whichever book it belongs to, oldest first."""
    return tuple(
        LotTrade(
            id=row.execution_id,
            account=account,
            symbol=row.symbol,
            side="buy" if row.side == "buy" else "sell",
            quantity=Fraction(row.quantity),
            price=row.price,
            day=row.at.astimezone(NEW_YORK).date(),
            commission=row.commission,
            purchase=row.broker_order_id,
            retirement=retirement,
        )
        for row in ledger.executions.since(_BEGINNING)
    )


def imported(ledger: Ledger) -> tuple[LotTrade, ...]:
    """Return the trades of other accounts."""
    return tuple(_trade(row) for row in json.loads(ledger.state.get(_IMPORTED) or "[]"))


def keep_imported(ledger: Ledger, trades: Iterable[LotTrade], *, at: datetime) -> int:
    """Add trades of other accounts, those known already left out; return how many were new."""
    rows = [_row(trade) for trade in imported(ledger)]
    known = {row["id"] for row in rows}
    new = [row for trade in trades if (row := _row(trade))["id"] not in known]
    if new:
        ledger.state.set(_IMPORTED, json.dumps([*rows, *new]), at=at)
    return len(new)


def assigned(ledger: Ledger) -> dict[str, dict[str, Fraction]]:
    """Return sale -> lot -> shares, as a person named them."""
    kept: dict[str, dict[str, str]] = json.loads(ledger.state.get(_ASSIGNED) or "{}")
    return {sale: {lot: Fraction(shares) for lot, shares in lots.items()} for sale, lots in kept.items()}


def keep_assigned(ledger: Ledger, sale: str, lots: Mapping[str, Fraction], *, at: datetime) -> None:
    """Name the lots of a sale; none takes it back."""
    kept = {**assigned(ledger), sale: lots}
    texts = {name: {lot: str(count) for lot, count in named.items()} for name, named in kept.items() if named}
    ledger.state.set(_ASSIGNED, json.dumps(texts), at=at)


def _row(trade: LotTrade) -> dict[str, Any]:
    return {
        "id": trade.id,
        "account": trade.account,
        "symbol": trade.symbol,
        "side": trade.side,
        "quantity": str(trade.quantity),
        "price": str(trade.price),
        "day": trade.day.isoformat(),
        "commission": str(trade.commission),
        "retirement": trade.retirement,
    }


def _trade(row: Mapping[str, Any]) -> LotTrade:
    return LotTrade(
        id=row["id"],
        account=row["account"],
        symbol=row["symbol"],
        side=row["side"],
        quantity=Fraction(row["quantity"]),
        price=Decimal(row["price"]),
        day=date.fromisoformat(row["day"]),
        commission=Decimal(row["commission"]),
        retirement=row["retirement"],
    )

"""A person names the lots of a sale, or brings the trades of other accounts."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from backtest.calendar import sessions as calendar
from backtest.core.decision import Side
from backtest.core.errors import DataError, Finding, UsageError
from backtest.core.files import LARGE, read_regular, why
from backtest.trading.lots.model import LotTrade
from live.actions.audited import TERMINAL, Via, audited
from live.books.tax_history import TaxHistory, keep_assigned, keep_imported

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

COLUMNS: Final = ("account", "date", "symbol", "side", "quantity", "price")
OPTIONAL: Final = ("commission", "retirement")
_YES: Final = frozenset({"yes", "true", "1", "ira"})
_NO: Final = frozenset({"", "no", "false", "0"})


@dataclass(frozen=True, slots=True)
class Imported:
    """How many trades the file holds, and how many were new."""

    trades: int
    new: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """The lots of a sale as they are named now, shares as text, and the last day they may be changed."""

    sale: str
    lots: Mapping[str, str]
    until: date


def assign(
    ledger: Ledger,
    history: TaxHistory,
    sale: str,
    lots: Mapping[str, Fraction],
    *,
    actor: str,
    at: datetime,
    via: Via = TERMINAL,
) -> Assigned:
    """Name the lots that a sale sells; none takes it back. The broker must be told too.

    Args:
        ledger: of the account.
        history: with every trade.
        sale: id of an execution.
        lots: lot -> shares.
        actor: who names them.
        at: aware instant; after the settlement of the sale nothing can be named.
        via: where it came from.

    Raises:
        UsageError: no such sale or lot, too many shares, or the sale has settled.
    """
    sold = _of(history.trades, sale, "sell")
    until = settles(sold.day)
    if at.astimezone(calendar.NEW_YORK).date() > until:
        raise UsageError(
            f"the sale of {sold.day} settled on {until}", where=sale, remedy="lots are named until settlement"
        )
    before = history.lots()
    takes = {row.lot: row.quantity for row in before.sold if row.sale == sale}
    free = {lot.lot: lot.quantity for lot in before.open if lot.account == sold.account}
    for lot, count in lots.items():
        bought = _of(history.trades, lot, "buy")
        available = free.get(lot, Fraction(0)) + takes.get(lot, Fraction(0))
        if (bought.account, bought.symbol) != (sold.account, sold.symbol) or bought.day > sold.day:
            raise UsageError(f"{lot} is no lot of {sold.symbol} that this sale could sell", where=sale)
        if count > available:
            raise UsageError(f"{lot} has {float(available):g} shares, not {float(count):g}", where=sale)
    if sum(lots.values()) > sold.quantity:
        raise UsageError(f"the sale has {float(sold.quantity):g} shares", where=sale, remedy="name fewer")
    words = {lot: f"{float(count):g}" for lot, count in lots.items()}
    with audited(ledger, "taxes assign", actor=actor, subject=sale, at=at, via=via) as effect:
        keep_assigned(ledger, sale, lots, at=at)
        effect.after = ", ".join(f"{lot}={count}" for lot, count in words.items()) or "the oldest"
    return Assigned(sale, words, until)


def settles(day: date) -> date:
    """Return the settlement date of a trade: one session later since 28 May 2024, before that two."""
    first = calendar.next_session(day).day
    return first if day >= date(2024, 5, 28) else calendar.next_session(first).day


def _of(trades: Iterable[LotTrade], name: str, side: str) -> LotTrade:
    found = next((trade for trade in trades if trade.id == name and trade.side == side), None)
    if found is None:
        kind = "sale" if side == "sell" else "purchase"
        raise UsageError(f"no {kind} {name!r}", where="taxes assign", remedy="`jutsu taxes` lists them")
    return found


def parse_lots(texts: Sequence[str]) -> dict[str, Fraction]:
    """Return LOT=SHARES pairs. UsageError: one is not of this form."""
    found: dict[str, Fraction] = {}
    for text in texts:
        lot, _, count = text.rpartition("=")
        try:
            shares = Fraction(count)
        except (ValueError, ZeroDivisionError):
            shares = Fraction(0)
        if not lot or shares <= 0 or lot in found:
            raise UsageError(f"{text!r} names no shares of a lot", where="LOT=SHARES", remedy="e.g. 1234=50")
        found[lot] = shares
    return found


def bring(ledger: Ledger, path: Path, *, actor: str, at: datetime, via: Via = TERMINAL) -> Imported:
    """Add the trades of a CSV file; a row known already is not added twice.

    Columns: account, date (YYYY-MM-DD), symbol, side (buy, sell), quantity, price; commission and retirement
    (yes for an IRA) may be left out.

    Raises:
        UsageError: the file cannot be read.
        DataError: 5, rows that cannot be, each named; nothing is added then.
    """
    try:
        content = read_regular(path, most=LARGE)
    except OSError as error:
        raise UsageError(
            f"cannot be read: {why(error)}", where=str(path), remedy="name a CSV file"
        ) from error
    trades = read_trades(content, str(path))
    with audited(ledger, "taxes import", actor=actor, subject=path.name, at=at, via=via) as effect:
        new = keep_imported(ledger, trades, at=at)
        effect.after = f"{new} of {len(trades)} trades are new"
    return Imported(len(trades), new)


def read_trades(content: bytes, where: str) -> tuple[LotTrade, ...]:
    """Return the trades of a CSV file. DataError 5: what is wrong, row by row."""
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"no CSV text: {error}", where=where) from error
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        wanted = ", ".join((*COLUMNS, *(f"[{name}]" for name in OPTIONAL)))
        raise DataError(f"no column {', '.join(missing)}", where=where, remedy=f"columns: {wanted}")
    findings: list[Finding] = []
    trades: list[LotTrade] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        try:
            trades.append(_trade(row, seen))
        except (ValueError, InvalidOperation) as error:
            findings.append(Finding(f"line {number}", str(error) or "a number cannot be read"))
    if findings:
        raise DataError(f"{len(findings)} row(s) cannot be trades", where=where, findings=findings)
    return tuple(trades)


def _trade(row: Mapping[str, str | None], seen: dict[str, int]) -> LotTrade:
    """Return the trade of a row. Its id is made of what it says: the same row has the same id again."""
    text = {name: (row.get(name) or "").strip() for name in (*COLUMNS, *OPTIONAL)}
    side, retirement = text["side"].lower(), text["retirement"].lower()
    if side not in get_args(Side):
        raise ValueError(f"side {text['side']!r} is neither buy nor sell")
    if retirement not in _YES | _NO:
        raise ValueError(f"retirement {text['retirement']!r} is neither yes nor no")
    quantity, price = Decimal(text["quantity"]), Decimal(text["price"])
    commission = Decimal(text["commission"] or "0")
    if not (quantity.is_finite() and quantity > 0 and price.is_finite() and price >= 0):
        raise ValueError(f"quantity {text['quantity']} at {text['price']} cannot be")
    if not (commission.is_finite() and commission >= 0):
        raise ValueError(f"commission {text['commission']} cannot be")
    if not text["account"] or not text["symbol"]:
        raise ValueError("account and symbol are needed")
    digest = hashlib.sha256("|".join(text.values()).encode()).hexdigest()[:12]
    seen[digest] = seen.get(digest, 0) + 1
    return LotTrade(
        id=f"import-{digest}-{seen[digest]}",
        account=text["account"],
        symbol=text["symbol"].upper(),
        side="buy" if side == "buy" else "sell",
        quantity=Fraction(quantity),
        price=price,
        day=date.fromisoformat(text["date"]),
        commission=commission,
        retirement=retirement in _YES,
    )

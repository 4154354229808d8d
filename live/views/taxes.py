"""Realised gains of a year by tax lot, wash sales, and the lots held at its end. Information, not tax advice.

`read_taxes` for a command or a report; `tax_view` where the history is known already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, get_args

from backtest.trading.lots.model import LotTrade, Method, SoldLot, TaxLots, Term
from live.books.other_accounts import traded_elsewhere
from live.books.tax_history import TaxHistory, assigned, read_history
from live.books.tax_notes import lots_name, shares_text

if TYPE_CHECKING:
    from live.runtime.runtime import RunContext

NO_ADVICE: Final = (
    "Computed from the executions known here; not tax advice. Your broker's forms and your own records count."
)
PAPER: Final = "a paper account: nothing here was really bought or sold"
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class TaxSale:
    """Shares of one lot that a sale sold; money in account currency, shares as text.

    Attributes:
        sale, lot: ids of the executions.
        gain: proceeds less cost. disallowed: part of a loss that a wash sale takes away; `lost` for good.
        adjusted: what counts in the year.
    """

    sale: str
    lot: str
    account: str
    symbol: str
    acquired: date
    sold: date
    shares: str
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    disallowed: Decimal
    lost: Decimal
    adjusted: Decimal
    term: Term


@dataclass(frozen=True, slots=True)
class TermTotal:
    """The sales of one term together."""

    term: Term
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    disallowed: Decimal
    adjusted: Decimal


@dataclass(frozen=True, slots=True)
class TaxLot:
    """A lot held at the end of the year: basis with losses deferred into it, when it becomes long-term."""

    lot: str
    account: str
    symbol: str
    acquired: date
    holding_since: date
    long_from: date
    shares: str
    cost: Decimal
    deferred: Decimal
    retirement: bool


@dataclass(frozen=True, slots=True)
class WashSale:
    """A loss of the year that a purchase replaced."""

    sale: str
    symbol: str
    sold: date
    purchase: str
    bought_symbol: str
    bought: date
    shares: str
    amount: Decimal
    lost: bool


@dataclass(frozen=True, slots=True)
class WithoutBasis:
    """Shares sold in the year whose purchase is not known: import it, or their gain is missing here."""

    sale: str
    account: str
    symbol: str
    sold: date
    shares: str
    proceeds: Decimal


@dataclass(frozen=True, slots=True)
class TaxesView:
    """One year.

    Attributes:
        method: how lots were chosen. account: key of the ledger's own account.
        totals: short, long. lots: held at the end of the year, of the running one now.
        deferred: losses that wait in those lots of taxed accounts.
        notes: things to know; the first says that this is no advice.
    """

    year: int
    method: Method
    account: str
    sales: tuple[TaxSale, ...]
    totals: tuple[TermTotal, ...]
    wash_sales: tuple[WashSale, ...]
    without_basis: tuple[WithoutBasis, ...]
    lots: tuple[TaxLot, ...]
    deferred: Decimal
    notes: tuple[str, ...]


def read_taxes(context: RunContext, year: int | None = None, method: Method | None = None) -> TaxesView:
    """Return the view of a year (None: this one).

    `method` None: lots a person named, else the oldest. DataError 5: recorded splits cannot be read.
    """
    elsewhere = traded_elsewhere(context.loaded, context.environ, context.clock.now())
    history = _with_splits(context, method, elsewhere.trades)
    named = bool(assigned(context.ledger))
    used: Method = method or ("specific" if named else "fifo")
    paper = (PAPER,) if context.settings.mode == "offline_mock" else ()
    wanted = year or context.today().year
    held = history.until(date(wanted, 12, 31)).lots()
    return replace(
        tax_view(history.lots(), held, wanted, used, lots_name(context)),
        notes=(NO_ADVICE, *paper, *elsewhere.problems),
    )


def full_history(context: RunContext, method: Method | None = None) -> TaxHistory:
    """Return every trade known, with recorded splits. DataError 5: those cannot be read."""
    others = traded_elsewhere(context.loaded, context.environ, context.clock.now()).trades
    return _with_splits(context, method, others)


def _with_splits(context: RunContext, method: Method | None, others: tuple[LotTrade, ...]) -> TaxHistory:
    from live.runtime.known_prices import actions_for

    account, settings = lots_name(context), context.settings
    history = read_history(context.ledger, account, settings, method=method, others=others)
    return replace(history, splits=actions_for(context, history.symbols))


def tax_view(found: TaxLots, held: TaxLots, year: int, method: Method, account: str) -> TaxesView:
    """Return the sales of a year, and the lots held at its end.

    Args:
        found: of every trade: a purchase after the year may take a loss of the year away.
        held: of the trades until the end of the year.
        year: calendar year.
        method: how lots were chosen.
        account: key of the ledger's own account.
    """
    sold = [row for row in found.sold if row.sold.year == year]
    return TaxesView(
        year=year,
        method=method,
        account=account,
        sales=tuple(_sale(row) for row in sold),
        totals=tuple(_total(term, sold) for term in get_args(Term)),
        wash_sales=tuple(
            WashSale(
                d.sale,
                d.symbol,
                d.sold,
                d.purchase,
                d.bought_symbol,
                d.bought,
                shares_text(d.quantity),
                d.amount,
                d.lost,
            )
            for d in found.deferrals
            if d.sold.year == year
        ),
        without_basis=tuple(
            WithoutBasis(u.sale, u.account, u.symbol, u.sold, shares_text(u.quantity), u.proceeds)
            for u in found.unknown
            if u.sold.year == year
        ),
        lots=_lots(held),
        deferred=sum((lot.deferred for lot in held.open if not lot.retirement), _ZERO),
        notes=(NO_ADVICE,),
    )


def _sale(row: SoldLot) -> TaxSale:
    return TaxSale(
        sale=row.sale,
        lot=row.lot,
        account=row.account,
        symbol=row.symbol,
        acquired=row.acquired,
        sold=row.sold,
        shares=shares_text(row.quantity),
        proceeds=row.proceeds,
        cost=row.cost,
        gain=row.gain,
        disallowed=row.disallowed,
        lost=row.lost,
        adjusted=row.adjusted,
        term=row.term,
    )


def _total(term: Term, sold: Sequence[SoldLot]) -> TermTotal:
    rows = [row for row in sold if row.term == term]

    def added(name: str) -> Decimal:
        return sum((getattr(row, name) for row in rows), _ZERO)

    return TermTotal(
        term, added("proceeds"), added("cost"), added("gain"), added("disallowed"), added("adjusted")
    )


def _lots(found: TaxLots) -> tuple[TaxLot, ...]:
    from backtest.trading.lots.model import long_from

    return tuple(
        TaxLot(
            lot=lot.lot,
            account=lot.account,
            symbol=lot.symbol,
            acquired=lot.acquired,
            holding_since=lot.holding_since,
            long_from=long_from(lot.holding_since),
            shares=shares_text(lot.quantity),
            cost=lot.cost,
            deferred=lot.deferred,
            retirement=lot.retirement,
        )
        for lot in found.open
    )

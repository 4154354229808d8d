"""Lots of a history of trades: a pure function of executions and splits.

Source of the wash rule: section 1091 of the Internal Revenue Code and regulation 1.1091-1 and -2: a loss is
disallowed as far as substantially identical shares are bought within 30 days before or after the sale, share
by share, the earliest purchases first; the loss is added to the basis of the replacement, and the holding
period of what was sold to its own. The rest of the very purchase that is sold in part replaces nothing
(Rev. Rul. 56-602). A purchase in a retirement account takes the loss for good (Rev. Rul. 2008-5).

Amounts are divided so that nothing is lost: the last part of a lot takes what the earlier parts left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from backtest.data.quality.actions import CorporateAction
from backtest.trading.lots.model import (
    WASH_DAYS,
    Deferral,
    LotRules,
    LotTrade,
    OpenLot,
    SoldLot,
    TaxLots,
    Unknown,
    cents,
)


def tax_lots(
    trades: Iterable[LotTrade],
    splits: Iterable[CorporateAction] = (),
    rules: LotRules | None = None,
) -> TaxLots:
    """Return the lots of every trade.

    Args:
        trades: of all accounts, in the order they happened; sorted here by day alone.
        splits: recorded ones; dividends among them are ignored. A split counts before the trades of its day.
        rules: FIFO, no groups when left out.
    """
    books = _Books(rules or LotRules())
    waiting = sorted((s for s in splits if s.kind == "split"), key=lambda split: split.ex_date)
    ordered = sorted(trades, key=lambda trade: trade.day)
    for sales in _events(ordered, books.rules):
        day = sales[0].day
        while waiting and waiting[0].ex_date <= day:
            books.split(waiting.pop(0))
        if sales[0].side == "buy":
            books.buy(sales[0])
        else:
            books.sell(sales)
    for split in waiting:
        books.split(split)
    return books.result()


def _events(trades: Sequence[LotTrade], rules: LotRules) -> list[list[LotTrade]]:
    """Return purchases one by one, and the sales of a group in one account on one day as one sale.

    An order that filled in parts is one sale: what its second part sells does not replace its first.
    """
    events: list[list[LotTrade]] = []
    for trade in trades:
        before = events[-1][-1] if events else None
        if before is not None and trade.side == "sell" and _key(before, rules) == _key(trade, rules):
            events[-1].append(trade)
        else:
            events.append([trade])
    return events


def _key(trade: LotTrade, rules: LotRules) -> tuple[str, str, str, date]:
    return trade.side, trade.account, rules.group(trade.symbol), trade.day


@dataclass(slots=True)
class _Lot:
    """Shares of one purchase with one basis and one holding period."""

    trade: LotTrade
    holding_since: date
    quantity: Fraction
    cost: Decimal
    deferred: Decimal = Decimal(0)
    replaces: bool = False

    def take(self, quantity: Fraction) -> _Lot:
        """Take shares out of this lot, with their part of cost and deferred losses."""
        cost = part(self.cost, quantity, self.quantity)
        deferred = part(self.deferred, quantity, self.quantity)
        self.quantity, self.cost, self.deferred = (
            self.quantity - quantity,
            self.cost - cost,
            self.deferred - deferred,
        )
        return replace(self, quantity=quantity, cost=cost, deferred=deferred)

    @property
    def per_share(self) -> Fraction:
        return Fraction(self.cost) / self.quantity


@dataclass(slots=True)
class _Loss:
    """A loss that a later purchase may still replace: shares and amount left of it."""

    row: int
    symbol: str
    purchase: str
    sold: date
    held: timedelta
    quantity: Fraction
    amount: Decimal


@dataclass(slots=True)
class _Books:
    rules: LotRules
    lots: list[_Lot] = field(default_factory=list)
    losses: list[_Loss] = field(default_factory=list)
    sold: list[SoldLot] = field(default_factory=list)
    deferrals: list[Deferral] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def split(self, split: CorporateAction) -> None:
        """Carry what is held, and what may still be replaced, to the shares after a split."""
        for lot in self.lots:
            if lot.trade.symbol == split.symbol:
                lot.quantity *= split.ratio
        for loss in self.losses:
            if loss.symbol == split.symbol:
                loss.quantity *= split.ratio

    def buy(self, trade: LotTrade) -> None:
        """Add a lot; losses of the last 30 days move into it, the oldest first."""
        self.lots.append(_Lot(trade, trade.day, trade.quantity, trade.amount))
        for loss in self.losses:
            if (trade.day - loss.sold).days <= WASH_DAYS and self._same(loss.symbol, trade.symbol):
                self._replace(loss, [lot for lot in self.lots if lot.trade.id == trade.id])
        self._forget(trade.day)

    def sell(self, trades: Sequence[LotTrade]) -> None:
        """Sell lots; losses move into what was bought in the last 30 days and is still held."""
        found = [loss for trade in trades for loss in self._sell_one(trade)]
        for loss in found:
            since = loss.sold - timedelta(days=WASH_DAYS)
            bought = [
                lot
                for lot in self.lots
                if lot.trade.day >= since
                and (lot.trade.purchase or lot.trade.id) != loss.purchase
                and self._same(loss.symbol, lot.trade.symbol)
            ]
            self._replace(loss, bought)
        self.losses += [loss for loss in found if loss.quantity]
        self._forget(trades[0].day)

    def _sell_one(self, trade: LotTrade) -> list[_Loss]:
        left, proceeds = trade.quantity, trade.amount
        losses: list[_Loss] = []
        for lot, quantity in self._chosen(trade):
            taken = lot.take(quantity)
            share = part(proceeds, quantity, left)
            left, proceeds = left - quantity, proceeds - share
            if trade.retirement:
                continue
            row = _sold(trade, taken, share)
            self.sold.append(row)
            if row.gain < 0:
                purchase = lot.trade.purchase or lot.trade.id
                held = trade.day - taken.holding_since
                index = len(self.sold) - 1
                losses.append(_Loss(index, trade.symbol, purchase, trade.day, held, quantity, -row.gain))
        self.lots = [lot for lot in self.lots if lot.quantity]
        if left and not trade.retirement:
            self.unknown.append(Unknown(trade.id, trade.account, trade.symbol, trade.day, left, proceeds))
        return losses

    def _chosen(self, trade: LotTrade) -> list[tuple[_Lot, Fraction]]:
        """Return the lots a sale takes, with the shares of each."""
        mine = [
            lot
            for lot in self.lots
            if lot.trade.symbol == trade.symbol and lot.trade.account == trade.account
        ]
        mine.sort(key=lambda lot: lot.trade.day)
        if self.rules.method == "hifo":
            mine.sort(key=lambda lot: lot.per_share, reverse=True)
        left = trade.quantity
        chosen: list[tuple[_Lot, Fraction]] = []
        named = dict(self.rules.assigned.get(trade.id, {})) if self.rules.method == "specific" else {}
        free = {id(lot): lot.quantity for lot in mine}
        for lot, most in [
            *((lot, named.get(lot.trade.id, Fraction(0))) for lot in mine),
            *((lot, left) for lot in mine),
        ]:
            quantity = min(left, most, free[id(lot)])
            if quantity <= 0:
                continue
            left -= quantity
            free[id(lot)] -= quantity
            if lot.trade.id in named:
                named[lot.trade.id] = max(Fraction(0), named[lot.trade.id] - quantity)
            chosen.append((lot, quantity))
        return chosen

    def _replace(self, loss: _Loss, bought: Sequence[_Lot]) -> None:
        """Move a loss, share by share, into purchases that have replaced nothing yet."""
        for lot in sorted(bought, key=lambda lot: lot.trade.day):
            if lot.replaces or not loss.quantity:
                continue
            quantity = min(loss.quantity, lot.quantity)
            amount = part(loss.amount, quantity, loss.quantity)
            loss.quantity, loss.amount = loss.quantity - quantity, loss.amount - amount
            self._move(loss, lot.take(quantity), amount)
        self.lots = [lot for lot in self.lots if lot.quantity]

    def _move(self, loss: _Loss, lot: _Lot, amount: Decimal) -> None:
        lost = lot.trade.retirement
        lot.replaces = True
        if not lost:
            lot.cost += amount
            lot.deferred += amount
            lot.holding_since -= loss.held
        self.lots.append(lot)
        sold = self.sold[loss.row]
        self.sold[loss.row] = replace(
            sold, disallowed=sold.disallowed + amount, lost=sold.lost + (amount if lost else 0)
        )
        self.deferrals.append(
            Deferral(
                sold.sale,
                sold.symbol,
                sold.sold,
                lot.trade.id,
                lot.trade.symbol,
                lot.trade.day,
                lot.quantity,
                amount,
                lost,
            )
        )

    def _same(self, one: str, other: str) -> bool:
        return self.rules.group(one) == self.rules.group(other)

    def _forget(self, day: date) -> None:
        self.losses = [loss for loss in self.losses if loss.quantity and (day - loss.sold).days <= WASH_DAYS]

    def result(self) -> TaxLots:
        """Return what is known at the end, lots by their day."""
        lots = sorted(self.lots, key=lambda lot: (lot.trade.day, lot.trade.id, lot.holding_since))
        return TaxLots(
            tuple(self.sold),
            tuple(
                OpenLot(
                    lot.trade.id,
                    lot.trade.account,
                    lot.trade.symbol,
                    lot.trade.day,
                    lot.holding_since,
                    lot.quantity,
                    lot.cost,
                    lot.deferred,
                    lot.trade.retirement,
                )
                for lot in lots
            ),
            tuple(self.deferrals),
            tuple(self.unknown),
        )


def _sold(trade: LotTrade, lot: _Lot, proceeds: Decimal) -> SoldLot:
    return SoldLot(
        sale=trade.id,
        lot=lot.trade.id,
        account=trade.account,
        symbol=trade.symbol,
        sold=trade.day,
        acquired=lot.trade.day,
        holding_since=lot.holding_since,
        quantity=lot.quantity,
        proceeds=proceeds,
        cost=lot.cost,
    )


def part(amount: Decimal, quantity: Fraction, of: Fraction) -> Decimal:
    """Return the part of an amount that belongs to `quantity` of its shares, to the cent."""
    share = quantity / of
    return amount if share == 1 else cents(amount * share.numerator / share.denominator)

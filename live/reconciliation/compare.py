"""Ledger against broker: positions over the union of both sides, cash, and what a difference means."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from backtest.core.errors import DataError, DisagreementError
from backtest.data.quality import quantity_looks_like_split
from live.model.broker import Account, Broker
from live.orders.recovery import catch_up
from live.reconciliation.manual_sales import close_sold_by_hand
from live.reconciliation.model import Kind, Reconciliation, SymbolDifference
from live.reconciliation.outcome import finish_past

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.runtime.runtime import RunContext

LOG = logging.getLogger("jutsu.reconcile")
#: how far cost may be from the one a split leaves: brokers count fees and settle fractions differently
COST_TOLERANCE = 0.15
ADOPT = "compare with the broker; `jutsu reconcile --adopt` takes the broker's truth"


def compare(
    ledger: Ledger, account: Account, prices: Mapping[str, float], *, cash_jump_pct: float
) -> Reconciliation:
    """Compare both sides; reads only.

    Args:
        ledger: our books, with every known fill booked.
        account: what the broker shows.
        prices: newest price per symbol, for the cash guard; symbols without one use the broker's value.
        cash_jump_pct: how far equity may move without trades, percent.
    """
    ours = ledger.positions.shares()
    theirs = account.shares()
    lines = tuple(
        SymbolDifference(
            symbol,
            ours.get(symbol, 0),
            theirs.get(symbol, 0),
            _kind(ledger, account, symbol, ours.get(symbol, 0), theirs.get(symbol, 0)),
        )
        for symbol in sorted(ours.keys() | theirs.keys())
    )
    estimate = ledger.cash.estimate()
    expected = None if estimate is None else estimate.cash
    return Reconciliation(
        lines=lines,
        ledger_cash=expected,
        broker_cash=account.cash,
        cash_jump_pct=_jump(expected, account, lines, prices),
        cash_limit_pct=cash_jump_pct,
        fractions={s: q for s, q in account.fractions().items() if s in ours or _traded(ledger, s)},
    )


def _traded(ledger: Ledger, symbol: str) -> bool:
    """Whether a book held a symbol before or has an order of it on its way."""
    held = any(row.symbol == symbol for row in ledger.positions.closed())
    return held or any(order.symbol == symbol for order in ledger.orders.unfinished())


def _kind(ledger: Ledger, account: Account, symbol: str, ours: int, theirs: int) -> Kind:
    if ours == theirs:
        return "same"
    if ours == 0:
        return "differs" if _traded(ledger, symbol) else "foreign"
    if quantity_looks_like_split(ours, theirs) is None or not _cost_moved(
        ledger, account, symbol, theirs / ours
    ):
        return "differs"
    return "split_like"


def _cost_moved(ledger: Ledger, account: Account, symbol: str, ratio: float) -> bool:
    """Tell whether the broker's average price moved by the ratio of a split too.

    Shares bought twice have the ratio of a split, but cost what ours cost. Without an average nothing is
    known: then it is no split, and adopting leaves cost and stop as they are.
    """
    rows = [row for row in ledger.positions.open_positions() if row.symbol == symbol]
    shares = sum(row.quantity for row in rows)
    averages = [h.average_price for h in account.holdings if h.symbol == symbol and h.average_price]
    if not shares or not averages:
        return False
    ours = float(sum(row.entry_price * row.quantity for row in rows)) / shares
    return abs(ours / (float(averages[0]) * ratio) - 1) <= COST_TOLERANCE


def _jump(
    expected: Decimal | None,
    account: Account,
    lines: tuple[SymbolDifference, ...],
    prices: Mapping[str, float],
) -> float | None:
    if expected is None or account.cash is None:
        return None
    values = {h.symbol: float(h.market_value) for h in account.holdings if h.market_value is not None}
    before, after = float(expected), float(account.cash)
    for line in lines:
        if line.kind == "foreign":
            continue
        price = prices.get(line.symbol)
        if price is None and line.broker and line.symbol in values:
            price = values[line.symbol] / line.broker
        if price is None:
            return None
        before += line.ledger * price
        after += line.broker * price
    return abs(after - before) / before * 100 if before > 0 else None


def require_agreement(
    context: RunContext,
    broker: Broker,
    account: Account,
    prices: Mapping[str, float],
    *,
    force: bool,
) -> Reconciliation:
    """Stop unless ledger and broker agree; a first run takes the broker's cash as its starting point.

    Raises:
        DataError: 5, quantities that look like a split. DisagreementError: 4, anything else.
    """
    limit = context.settings.safety.cash_jump_pct
    result = compare(context.ledger, account, prices, cash_jump_pct=limit)
    if context.run.repairs:
        finish_past(context.ledger, today=context.today())
    if not result.agrees and not context.run.scratch and catch_up(context, broker):
        # a stop filled since the last run: booked now, so look again
        account = broker.account()
        result = compare(context.ledger, account, prices, cash_jump_pct=limit)
    if result.differences and context.run.repairs:
        for closed in close_sold_by_hand(context, broker, result.differences):
            LOG.warning("%s", closed)
        result = compare(context.ledger, account, prices, cash_jump_pct=limit)
    if not result.agrees:
        for finding in result.findings():
            LOG.warning("ledger and broker differ: %s", finding)
        if not force:
            raise error_of(result)
    elif not context.run.scratch:
        start_cash(context.ledger, account, at=context.clock.now())
    return result


def error_of(result: Reconciliation) -> DataError | DisagreementError:
    """Return the error of a reconciliation that does not agree."""
    findings = result.findings()
    names = ", ".join(finding.path for finding in findings)
    if any(line.kind == "split_like" for line in result.differences):
        return DataError(
            f"quantities look like a split: {names}",
            where="reconcile",
            remedy=f"check the corporate action; then {ADOPT}",
            findings=findings,
        )
    return DisagreementError(
        f"ledger and broker disagree: {names}",
        where="reconcile",
        remedy=f"{ADOPT}; --force goes on in spite of it",
        findings=findings,
    )


def start_cash(ledger: Ledger, account: Account, *, at: datetime) -> None:
    """Take the broker's cash as the ledger's estimate: interest and fees below the guard are normal."""
    estimate = ledger.cash.estimate()
    if account.cash is not None and (estimate is None or estimate.cash != account.cash):
        ledger.cash.reconciled(account.cash, at=at)


def manual_fills(ledger: Ledger, broker: Broker, *, since: datetime, at: datetime) -> tuple[str, ...]:
    """Return filled orders of the broker that are not ours: trades made by hand or by another program."""
    bound = ledger.orders.bound_broker_ids()
    found = [o for o in broker.orders(since, at) if o.filled_quantity and o.order_id not in bound]
    return tuple(f"{o.symbol} {o.side} {o.filled_quantity} (order {o.order_id})" for o in found)

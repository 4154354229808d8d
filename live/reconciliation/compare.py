"""Ledger against broker: positions over the union of both sides, cash, and what a difference means."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from backtest.core.errors import CashJumpError, CorporateActionError, DataError, DisagreementError
from live.model.broker import Account, Broker
from live.model.order_state import JournalState
from live.orders.recovery import catch_up
from live.reconciliation.cash import explain_cash
from live.reconciliation.manual_sales import close_sold_by_hand
from live.reconciliation.model import Reconciliation, SymbolDifference
from live.reconciliation.outcome import finish_past
from live.reconciliation.settling import SETTLING, settled, shows_recent_fills, under_way
from live.reconciliation.splits import explaining_split
from live.runtime.declared import declared_symbols
from live.runtime.known_prices import actions_for

if TYPE_CHECKING:
    from backtest.data.quality.actions import CorporateAction
    from live.ledger.ledger import Ledger
    from live.runtime.runtime import RunContext

LOG = logging.getLogger("jutsu.reconcile")
ADOPT = "compare with the broker; `jutsu reconcile --adopt` takes the broker's truth"


@dataclass(frozen=True, slots=True)
class Known:
    """What an installation knows besides ledger and account.

    Attributes:
        splits: recorded splits up to today of what is held; the books may not have followed yet.
        traded: symbols our books name: shares of them that no book owns are a difference, not foreign.
        cash_ask_pct, cash_warn_pct: see `Reconciliation`.
    """

    splits: tuple[CorporateAction, ...] = ()
    traded: frozenset[str] = frozenset()
    cash_ask_pct: float | None = None
    cash_warn_pct: float | None = None


NOTHING: Final = Known()


def compare(
    ledger: Ledger,
    account: Account,
    prices: Mapping[str, float],
    *,
    cash_jump_pct: float,
    known: Known = NOTHING,
) -> Reconciliation:
    """Compare both sides; reads only.

    Args:
        ledger: our books, with every known fill booked.
        account: what the broker shows.
        prices: newest price per symbol, for the cash guard; symbols without one use the broker's value.
        cash_jump_pct: how far equity may move without trades, percent.
        known: recorded splits, symbols that our books name, limits below `cash_jump_pct`.
    """
    ours, theirs = ledger.positions.shares(), account.shares()
    lines = tuple(
        _line(ledger, account, symbol, ours.get(symbol, 0), theirs.get(symbol, 0), known)
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
        cash_ask_pct=known.cash_ask_pct,
        cash_warn_pct=known.cash_warn_pct,
        fractions={s: q for s, q in account.fractions().items() if s in ours or _traded(ledger, s)},
    )


def _traded(ledger: Ledger, symbol: str) -> bool:
    """Whether a book held a symbol before, has an order of it on its way, or had one replaced by hand."""
    held = any(row.symbol == symbol for row in ledger.positions.closed())
    if held or any(order.symbol == symbol for order in ledger.orders.unfinished()):
        return True
    return any(o.symbol == symbol and o.state == JournalState.REPLACED for o in ledger.orders.recent(200))


def _line(
    ledger: Ledger, account: Account, symbol: str, ours: int, theirs: int, known: Known
) -> SymbolDifference:
    if ours == theirs:
        return SymbolDifference(symbol, ours, theirs, "same")
    if ours == 0:
        traded = symbol in known.traded or _traded(ledger, symbol)
        return SymbolDifference(symbol, ours, theirs, "differs" if traded else "foreign")
    rows = [row for row in ledger.positions.open_positions() if row.symbol == symbol]
    averages = [h.average_price for h in account.holdings if h.symbol == symbol and h.average_price]
    ratio = explaining_split(
        rows,
        account.fractions().get(symbol, Decimal(theirs)),
        averages[0] if averages else None,
        [
            a.ratio
            for a in known.splits
            if a.symbol == symbol and all(a.ex_date > r.entry_session for r in rows)
        ],
    )
    return SymbolDifference(symbol, ours, theirs, "differs" if ratio is None else "split_like", ratio)


def _of_equity(expected: Decimal, account: Account, lines: tuple[SymbolDifference, ...]) -> float | None:
    """Return the move of cash in percent of the broker's equity, for shares without a price that agree."""
    if account.cash is None or not account.equity or any(line.kind == "differs" for line in lines):
        return None
    return abs(float(account.cash - expected)) / abs(float(account.equity)) * 100


def known_to(context: RunContext) -> Known:
    """Return what this installation knows besides ledger and account. DataError 5: a damaged file.

    A replay, whose account nobody else touches, knows nothing.
    """
    if context.run.alone:
        return NOTHING
    held = context.ledger.positions.shares()
    found = actions_for(context, held) if held else ()
    safety = context.settings.safety
    return Known(
        splits=tuple(a for a in found if a.kind == "split" and a.ex_date <= context.today()),
        traded=frozenset(
            s for symbols in declared_symbols(context.settings, context.strategies).values() for s in symbols
        ),
        cash_ask_pct=safety.cash_ask_pct,
        cash_warn_pct=safety.cash_warn_pct,
    )


def _jump(
    expected: Decimal | None,
    account: Account,
    lines: tuple[SymbolDifference, ...],
    prices: Mapping[str, float],
) -> float | None:
    if expected is None or account.cash is None:
        return None
    if account.cash == expected:
        return 0.0
    values = {h.symbol: float(h.market_value) for h in account.holdings if h.market_value is not None}
    before, after = float(expected), float(account.cash)
    for line in lines:
        if line.kind == "foreign":
            continue
        price = prices.get(line.symbol)
        if price is None and line.broker and line.symbol in values:
            price = values[line.symbol] / line.broker
        if price is None:
            return _of_equity(expected, account, lines)
        before += (line.broker if line.kind == "split_like" else line.ledger) * price
        after += line.broker * price
    return abs(after - before) / before * 100 if before > 0 else None


def compared(context: RunContext, account: Account, prices: Mapping[str, float]) -> Reconciliation:
    """Compare both sides with what this installation knows: its limits and the recorded splits."""
    return compare(
        context.ledger,
        account,
        prices,
        cash_jump_pct=context.settings.safety.cash_jump_pct,
        known=known_to(context),
    )


def require_agreement(
    context: RunContext,
    broker: Broker,
    account: Account,
    prices: Mapping[str, float],
    *,
    force: bool,
    known: Known = NOTHING,
) -> Reconciliation:
    """Stop unless ledger and broker agree; a first run takes the broker's cash as its starting point.

    An account that does not show the fills of the last minutes is asked again for some seconds.

    Raises:
        DataError: 5, quantities that look like a split. DisagreementError: 4, anything else.
    """
    limit = context.settings.safety.cash_jump_pct

    def look(shown: Account) -> Reconciliation:
        return compare(context.ledger, shown, prices, cash_jump_pct=limit, known=known)

    account = account if context.run.scratch else settled(context, broker, account)
    if context.run.repairs:
        finish_past(context.ledger, today=context.today())
    result = look(account)
    if not context.run.scratch:
        account, result = _until_booked(context, broker, account, look)
    if result.differences and context.run.repairs:
        for closed in close_sold_by_hand(context, broker, result.differences):
            LOG.warning("%s", closed)
        result = look(account)
    if context.run.repairs and explain_cash(context, broker, account):
        result = look(account)
    for warning in result.cash_warnings():
        LOG.warning("%s", warning)
    if not result.agrees:
        for finding in result.findings():
            LOG.warning("ledger and broker differ: %s", finding)
        if not force or result.overdrawn:
            require_still(context.ledger, result, where="reconcile")
            raise error_of(result)
    elif not context.run.scratch and shows_recent_fills(context.ledger, account, context.clock.now()):
        start_cash(context.ledger, account, at=context.clock.now())
    return result


def _until_booked(
    context: RunContext, broker: Broker, account: Account, look: Callable[[Account], Reconciliation]
) -> tuple[Account, Reconciliation]:
    """Book what orders of ours filled since they were last seen, and return account and comparison then.

    An order on its way may fill between the look at it and the look at the account: both are asked again, for
    some seconds.
    """
    result = look(account)
    for wait in SETTLING:
        if result.agrees:
            return account, result
        context.clock.sleep(wait)
        if not catch_up(context, broker) and not _moving(context.ledger, result):
            return account, result
        account = settled(context, broker, broker.account())
        result = look(account)
    return account, result


def _moving(ledger: Ledger, result: Reconciliation) -> tuple[str, ...]:
    """Return the symbols whose difference an order on its way may explain; stops move nothing by waiting."""
    return tuple(line.symbol for line in result.differences if under_way(ledger, line, stops=False))


def require_still(ledger: Ledger, result: Reconciliation, *, where: str) -> None:
    """Stop when an order on its way may explain a difference: adopting it would count its shares twice.

    Raises:
        DisagreementError: 4, naming the symbols.
    """
    moving = _moving(ledger, result)
    if moving:
        raise DisagreementError(
            f"ledger and broker differ while an order of ours is on its way: {', '.join(moving)}",
            where=where,
            remedy="wait until it has ended (`jutsu status`), or cancel it at the broker, then try again",
        )


def error_of(result: Reconciliation) -> DataError | DisagreementError:
    """Return the error of a reconciliation that does not agree."""
    findings = result.findings()
    names = ", ".join(finding.path for finding in findings)
    if any(line.kind == "split_like" for line in result.differences):
        return CorporateActionError(
            f"quantities look like a split: {names}",
            where="reconcile",
            remedy=f"check the corporate action; then {ADOPT}",
            findings=findings,
        )
    kind = CashJumpError if result.cash_jumped and not result.differences else DisagreementError
    return kind(
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

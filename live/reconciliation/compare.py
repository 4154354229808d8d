"""Ledger against broker: positions over the union of both sides, cash, and what a difference means."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import DataError, DisagreementError, Finding
from backtest.data.quality import quantity_looks_like_split
from live.model.broker import Account, Broker
from live.orders.recovery import catch_up
from live.reconciliation.manual_sales import close_sold_by_hand
from live.reconciliation.outcome import finish_past

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.runtime.open import Runtime

LOG = logging.getLogger("jutsu.reconcile")
Kind = Literal["same", "differs", "split_like", "foreign"]
ADOPT = "compare with the broker; `jutsu reconcile --adopt` takes the broker's truth"


@dataclass(frozen=True, slots=True)
class Line:
    """One symbol on both sides; `kind` ``foreign`` is a position nobody here owns, never touched."""

    symbol: str
    ledger: int
    broker: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Result of a comparison.

    Attributes:
        lines: every symbol of either side, sorted.
        ledger_cash: what the ledger expects, None before the first run. broker_cash: what is there.
        cash_jump_pct: |actual - expected| equity in percent of expected; None when it cannot be told.
        cash_limit_pct: from which on a person must look.
    """

    lines: tuple[Line, ...]
    ledger_cash: Decimal | None
    broker_cash: Decimal | None
    cash_jump_pct: float | None
    cash_limit_pct: float

    @property
    def differences(self) -> tuple[Line, ...]:
        """Lines that must not stay."""
        return tuple(line for line in self.lines if line.kind in {"differs", "split_like"})

    @property
    def cash_jumped(self) -> bool:
        """Whether equity moved without trades by more than allowed."""
        return self.cash_jump_pct is not None and self.cash_jump_pct > self.cash_limit_pct

    @property
    def agrees(self) -> bool:
        """Whether nothing stands against trading."""
        return not self.differences and not self.cash_jumped

    def findings(self) -> tuple[Finding, ...]:
        """Return one finding per difference."""
        found = [
            Finding(
                line.symbol,
                f"ledger {line.ledger}, broker {line.broker}",
                "looks like a split: check the corporate action" if line.kind == "split_like" else "",
            )
            for line in self.differences
        ]
        if self.cash_jumped:
            found.append(
                Finding(
                    "cash",
                    f"ledger {self.ledger_cash}, broker {self.broker_cash}: equity moved "
                    f"{self.cash_jump_pct:.1f} % without trades (cash_jump_pct {self.cash_limit_pct:g})",
                )
            )
        return tuple(found)


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
        Line(
            symbol,
            ours.get(symbol, 0),
            theirs.get(symbol, 0),
            _kind(ledger, symbol, ours.get(symbol, 0), theirs.get(symbol, 0)),
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
    )


def _kind(ledger: Ledger, symbol: str, ours: int, theirs: int) -> Kind:
    if ours == theirs:
        return "same"
    if ours == 0:
        traded = any(row.symbol == symbol for row in ledger.positions.closed())
        waiting = any(row.symbol == symbol for row in ledger.orders.unfinished())
        return "differs" if traded or waiting else "foreign"
    return "differs" if quantity_looks_like_split(ours, theirs) is None else "split_like"


def _jump(
    expected: Decimal | None, account: Account, lines: tuple[Line, ...], prices: Mapping[str, float]
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
    runtime: Runtime, account: Account, prices: Mapping[str, float], *, force: bool
) -> Reconciliation:
    """Stop unless ledger and broker agree; a first run takes the broker's cash as its starting point.

    Raises:
        DataError: 5, quantities that look like a split. DisagreementError: 4, anything else.
    """
    limit = runtime.settings.safety.cash_jump_pct
    result = compare(runtime.ledger, account, prices, cash_jump_pct=limit)
    if not runtime.dry_run and not runtime.simulated:
        finish_past(runtime, today=runtime.today())
    if not result.agrees and not runtime.dry_run and catch_up(runtime):
        # a stop filled since the last run: booked now, so look again
        account = runtime.broker.account()
        result = compare(runtime.ledger, account, prices, cash_jump_pct=limit)
    if result.differences and not runtime.dry_run and not runtime.simulated:
        for closed in close_sold_by_hand(runtime, result.differences):
            LOG.warning("%s", closed)
        result = compare(runtime.ledger, account, prices, cash_jump_pct=limit)
    if not result.agrees:
        for finding in result.findings():
            LOG.warning("ledger and broker differ: %s", finding)
        if not force:
            raise error_of(result)
    elif not runtime.dry_run:
        start_cash(runtime.ledger, account, at=runtime.clock.now())
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


def adopt(
    ledger: Ledger, account: Account, result: Reconciliation, *, at: datetime, by: str
) -> tuple[str, ...]:
    """Take the broker's truth into the books, with an audit record; foreign positions stay foreign.

    A position that is gone is closed without a price; one that grew or shrank keeps its cost (a split-like
    ratio keeps the total cost). Shares of a symbol that no book holds open are left to a person.

    Returns:
        One line per change.
    """
    changes: list[str] = []
    with ledger.transaction():
        for line in result.differences:
            changes.extend(_adopt_line(ledger, account, line, at))
        if account.cash is not None and account.cash != result.ledger_cash:
            ledger.cash.reconciled(account.cash, at=at)
            changes.append(f"cash: {result.ledger_cash} -> {account.cash}")
        if changes:
            ledger.alerts.add(
                f"reconcile_adopt_{at.isoformat()}",
                level="info",
                title="the broker's truth was adopted",
                body=f"by {by}: " + "; ".join(changes),
                at=at,
            )
            ledger.state.set("last_adoption", f"{at.isoformat()} {by}: " + "; ".join(changes), at=at)
    return tuple(changes)


def _adopt_line(ledger: Ledger, account: Account, line: Line, at: datetime) -> list[str]:
    rows = [row for row in ledger.positions.open_positions() if row.symbol == line.symbol]
    if line.broker < 0:
        return [f"{line.symbol}: {line.broker} shares, a short position: close it by hand, no book takes it"]
    if not rows:
        return [_adopt_again(ledger, account, line, at)]
    if len(rows) > 1 and line.broker:
        return [f"{line.symbol}: several variants hold it: adjust by hand"]
    for row in rows:
        if line.broker == 0:
            day = at.astimezone(NEW_YORK).date()
            ledger.positions.close(row.id, session=day, reason="adopted: gone at the broker")
        elif line.kind == "split_like":
            share = Decimal(line.ledger) / line.broker
            stop = None if row.stop_price is None else row.stop_price * share
            ledger.positions.adjust(
                row.id, quantity=line.broker, entry_price=row.entry_price * share, stop_price=stop
            )
        else:
            ledger.positions.adjust(row.id, quantity=line.broker, entry_price=row.entry_price)
    return [f"{line.symbol}: {line.ledger} -> {line.broker} shares"]


def _adopt_again(ledger: Ledger, account: Account, line: Line, at: datetime) -> str:
    """Give shares of a symbol we traded before back to the book that traded it last."""
    last = [row for row in ledger.positions.closed() if row.symbol == line.symbol]
    held = next((h for h in account.holdings if h.symbol == line.symbol), None)
    if not last or held is None or held.average_price is None:
        return f"{line.symbol}: {line.broker} shares at the broker belong to no book: left alone"
    day = at.astimezone(NEW_YORK).date()
    ledger.positions.buy(
        last[-1].variant,
        line.symbol,
        line.broker,
        held.average_price,
        session=day,
        details=last[-1].details,
        needs_stop=last[-1].needs_stop,
        stop_price=last[-1].stop_price,
    )
    return f"{line.symbol}: {line.broker} shares taken into the book of {last[-1].variant}"


def manual_fills(ledger: Ledger, broker: Broker, *, since: datetime, at: datetime) -> tuple[str, ...]:
    """Return filled orders of the broker that are not ours: trades made by hand or by another program."""
    bound = ledger.orders.bound_broker_ids()
    found = [o for o in broker.orders(since, at) if o.filled_quantity and o.order_id not in bound]
    return tuple(f"{o.symbol} {o.side} {o.filled_quantity} (order {o.order_id})" for o in found)

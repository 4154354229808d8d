"""Circuit breakers: when an account has lost too much, entries are blocked; exits and stops always go.

One pure function judges them from what is known of the account, for simulator, both stages and the screens:

* daily loss: against the previous session's closing equity. It lasts for the session in which it tripped; the
  next session is judged anew.
* drawdown: from the highest closing equity since the last resume. It lasts until a person resumes, even when
  the account recovers; the resume carries the new peak.
* minimum balance: while the equity is below it, and until a person resumes.

Deposits and withdrawals are no profit or loss. The return of a session is r_t = E_t / (E_(t-1) + F_t) - 1
with F_t the net deposits of that session, and the drawdown is that of the index of these returns
(time-weighted), so money moved in or out changes no percentage. Without cash flows it is the plain fall from
the highest close.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from backtest.core.errors import DataError

BreakerName = Literal["daily_loss", "drawdown", "min_balance"]

_MINUTE = 60.0
#: Percentage points: a loss of exactly the threshold trips, whatever the last bit of the quotient.
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits in percent (of the previous close, of the peak) and in money; None switches one off.

    `drawdown_alert_pct` blocks nothing more: it asks for a second critical alert.
    """

    daily_loss_pct: float | None = 5.0
    drawdown_pct: float | None = 10.0
    drawdown_alert_pct: float | None = 15.0
    min_balance: float | None = None


@dataclass(frozen=True, slots=True)
class ClosingEquity:
    """Equity of the account at the close of one session."""

    session: date
    equity: float


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Money moved into the account (positive) or out of it (negative), counted before that session trades.

    One on a day without a session counts for the next session.
    """

    day: date
    amount: float


@dataclass(frozen=True, slots=True)
class Resume:
    """A person saw the figures and let entries go on.

    Attributes:
        session: in which it happened; cash flows up to and on that day are contained in `peak`.
        peak: equity at that moment: the new peak, and the reference of that session's daily loss.
    """

    session: date
    peak: float


@dataclass(frozen=True, slots=True)
class Trip:
    """One breaker that blocks entries.

    Attributes:
        breaker: which.
        session: in which it tripped first (the close that showed it, or the run that saw it).
        equity: of the account then.
        reference: what it is compared with, cash flows netted: the previous close, the peak, the minimum.
        loss_pct: fall from `reference` in percent, positive.
        limit: the threshold, in percent, or in money for the minimum balance.
    """

    breaker: BreakerName
    session: date
    equity: float
    reference: float
    loss_pct: float
    limit: float


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """Everything the breakers are judged by.

    Attributes:
        closes: closing equities, sessions strictly increasing, none after `session`.
        session: the session being judged.
        equity: of the account now, as the broker says.
        cash_flows: in any order; those after `session` are ignored.
        resume: the last one, None when there was never one.
        standing: trips recorded since that resume, as earlier verdicts returned them.
    """

    closes: Sequence[ClosingEquity]
    session: date
    equity: float
    cash_flows: Sequence[CashFlow] = ()
    resume: Resume | None = None
    standing: Sequence[Trip] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the breakers say.

    Attributes:
        trips: those that block entries now, at most one per breaker; record them as `standing`.
        daily_loss_pct: today's fall in percent, negative for a gain; None without a previous close.
        drawdown_pct: fall of the index from its peak now, at least 0.
        peak: the highest closing equity since the last resume, in money of today (cash flows netted).
        alert: the drawdown has reached `drawdown_alert_pct`.
    """

    trips: tuple[Trip, ...]
    daily_loss_pct: float | None
    drawdown_pct: float
    peak: float
    alert: bool

    @property
    def entries_blocked(self) -> bool:
        """Whether entries and increases must not be sent."""
        return bool(self.trips)


@dataclass(frozen=True, slots=True)
class _Point:
    """Equity at one instant, the base it came from, and the drawdown of the index there."""

    session: date
    equity: float
    base: float
    drawdown: float


def judge(account: AccountHistory, thresholds: Thresholds) -> Verdict:
    """Return which breakers block entries in `account.session`, with their figures.

    Raises:
        DataError: an equity or cash flow is not a finite number, or the closes are not in order.
    """
    _check(account)
    points = _points(account)
    now = points[-1]
    before = _daily_base(account, now)
    daily = _loss_pct(before, account.equity) if before is not None and before > 0 else None
    peak = account.equity if now.drawdown >= 1 else account.equity / (1 - now.drawdown)
    found = (
        _daily_trip(account, before, daily, thresholds.daily_loss_pct),
        _drawdown_trip(points, thresholds.drawdown_pct),
        _balance_trip(account, thresholds.min_balance),
    )
    alert = thresholds.drawdown_alert_pct
    return Verdict(
        trips=_with_standing([trip for trip in found if trip], account),
        daily_loss_pct=daily,
        drawdown_pct=now.drawdown * 100,
        peak=peak,
        alert=alert is not None and _reached(now.drawdown * 100, alert),
    )


def seconds_to_wait(sent: Iterable[float], now: float, limit: int) -> float:
    """Return how long an entry must wait so that no 60 seconds see more than `limit` orders.

    Exits, stops and panic never wait: they are sent at once, and listed in `sent`.

    Args:
        sent: when orders of any kind were sent, seconds of one clock, in any order.
        now: of the same clock.
        limit: `max_orders_per_minute`, at least 1.

    Returns:
        Seconds, 0 when it may go now, at most 60 (also after the clock was set back).
    """
    if limit < 1:
        raise ValueError("the limit is at least one order a minute")
    recent = sorted(min(at, now) for at in sent if at > now - _MINUTE)
    return 0.0 if len(recent) < limit else max(0.0, recent[-limit] + _MINUTE - now)


def _check(account: AccountHistory) -> None:
    numbers = [account.equity, *(close.equity for close in account.closes)]
    numbers += [flow.amount for flow in account.cash_flows]
    numbers += [account.resume.peak] if account.resume else []
    if not all(map(math.isfinite, numbers)):
        raise DataError("an equity or cash flow is not a number", remedy="check the broker's account values")
    days = [close.session for close in account.closes]
    if any(one >= two for one, two in pairwise(days)) or (days and days[-1] > account.session):
        raise DataError("closing equities are not in order of their sessions", remedy="jutsu doctor")


def _points(account: AccountHistory) -> list[_Point]:
    """Return every close since the last resume and the equity now, with the drawdown of the index."""
    resume = account.resume
    closes = [c for c in account.closes if resume is None or c.session >= resume.session]
    rows = [*closes, ClosingEquity(account.session, account.equity)]
    if resume is not None:
        rows.insert(0, ClosingEquity(resume.session, resume.peak))
    index = highest = 1.0
    points = [_Point(rows[0].session, rows[0].equity, rows[0].equity, 0.0)]
    for last, row in pairwise(rows):
        base = last.equity + _net(account.cash_flows, last.session, row.session)
        # An account that was emptied has no result to measure; one in debt has lost everything.
        index *= max(0.0, row.equity / base) if base > 0 else float(row.equity >= 0)
        highest = max(highest, index)
        points.append(_Point(row.session, row.equity, base, 1 - index / highest))
    return points


def _net(flows: Iterable[CashFlow], after: date, until: date) -> float:
    return math.fsum(flow.amount for flow in flows if after < flow.day <= until)


def _daily_base(account: AccountHistory, now: _Point) -> float | None:
    resume = account.resume
    if resume is not None and resume.session == account.session:
        return resume.peak
    before = [close for close in account.closes if close.session < now.session]
    if not before:
        return None
    return before[-1].equity + _net(account.cash_flows, before[-1].session, account.session)


def _loss_pct(reference: float, equity: float) -> float:
    return (reference - equity) / reference * 100


def _reached(figure: float, limit: float) -> bool:
    return figure >= limit - _TOLERANCE


def _daily_trip(
    account: AccountHistory, before: float | None, loss: float | None, limit: float | None
) -> Trip | None:
    if limit is None or before is None or loss is None or not _reached(loss, limit):
        return None
    return Trip("daily_loss", account.session, account.equity, before, loss, limit)


def _drawdown_trip(points: Sequence[_Point], limit: float | None) -> Trip | None:
    """Return the first point at which the limit was reached: a later recovery does not take it back."""
    if limit is None:
        return None
    for point in points:
        if _reached(point.drawdown * 100, limit):
            left = 1 - point.drawdown
            reference = point.equity / left if left > 0 else point.base
            return Trip("drawdown", point.session, point.equity, reference, point.drawdown * 100, limit)
    return None


def _balance_trip(account: AccountHistory, limit: float | None) -> Trip | None:
    if limit is None or account.equity >= limit:
        return None
    loss = _loss_pct(limit, account.equity) if limit > 0 else 0.0
    return Trip("min_balance", account.session, account.equity, limit, loss, limit)


def _with_standing(found: Sequence[Trip], account: AccountHistory) -> tuple[Trip, ...]:
    """Return one trip per breaker, the recorded one first: a daily loss of an earlier session has ended."""
    kept = {
        trip.breaker: trip
        for trip in reversed(account.standing)
        if trip.breaker != "daily_loss" or trip.session == account.session
    }
    for trip in found:
        kept.setdefault(trip.breaker, trip)
    order: tuple[BreakerName, ...] = ("daily_loss", "drawdown", "min_balance")
    return tuple(kept[name] for name in order if name in kept)

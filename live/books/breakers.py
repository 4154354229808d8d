"""The circuit breakers of the account this run works on: judged and remembered.

Closing equities are what the broker said at the end of the last run of each session; deposits are netted.
A run about the past judges nothing: it neither knows nor may change what stands today.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from backtest.core.errors import BrokerError
from backtest.trading.risk import breakers as rules
from live.alerts.causes import remedy_of
from live.ledger.snapshots import WHOLE_ACCOUNT

if TYPE_CHECKING:
    from live.alerts.causes import CauseName
    from live.ledger.ledger import Ledger
    from live.model.broker import Account
    from live.runtime.runtime import RunContext
    from live.settings.model import SafetySettings

_STANDING: Final = "breakers_standing"
_RESUME: Final = "breakers_resume"
_WORDS: Final = {
    "daily_loss": "the account lost {loss:.1f} % since the previous close (daily_loss_pct {limit:g})",
    "drawdown": "the account fell {loss:.1f} % from its peak of {reference:,.2f} by {day} "
    "(drawdown_pct {limit:g})",
    "min_balance": "the account held less than min_balance {limit:,.2f} on {day}",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the breakers say now.

    Attributes:
        verdict: figures and everything that blocks entries; None for a run about the past.
        new: trips that did not stand before this run.
    """

    verdict: rules.Verdict | None = None
    new: tuple[rules.Trip, ...] = ()

    @property
    def blocked(self) -> str:
        """Why no entry may leave, empty when it may."""
        return "; ".join(words(trip) for trip in (self.verdict.trips if self.verdict else ()))

    @property
    def remedies(self) -> tuple[str, ...]:
        """What a person does about each that blocks."""
        return tuple(remedy_of(trip.breaker) for trip in (self.verdict.trips if self.verdict else ()))

    def alarms(self) -> tuple[str, ...]:
        """Return what a person must act on: new trips, and a drawdown beyond `drawdown_alert_pct`."""
        return tuple(self.alarms_by_cause().values())

    def alarms_by_cause(self) -> dict[CauseName, str]:
        """Return the alarms under the cause of the alert about each."""
        reasons: dict[CauseName, str] = {trip.breaker: words(trip) for trip in self.new}
        if self.verdict is not None and self.verdict.alert:
            fall, peak = self.verdict.drawdown_pct, self.verdict.peak
            reasons["deep_drawdown"] = (
                f"the account is {fall:.1f} % below its peak of {peak:,.2f}: decide whether to go on; "
                "`jutsu resume` makes the equity of now the new peak, `jutsu panic` closes everything"
            )
        return reasons


def breakers_now(context: RunContext, account: Account) -> Judged:
    """Judge the account and remember what tripped; a run about the past judges nothing.

    Raises:
        BrokerError: the broker gave no equity.
    """
    if not context.run.about_now:
        return Judged()
    before = standing(context.ledger)
    verdict = rules.judge(_history(context, account, before), thresholds(context.settings.safety))
    if verdict.trips != before and not context.run.scratch:
        _remember(context.ledger, verdict.trips, at=context.clock.now())
    return Judged(verdict, tuple(trip for trip in verdict.trips if trip not in before))


def words(trip: rules.Trip) -> str:
    """Return one trip as a sentence with its figures and what ends it."""
    text = _WORDS[trip.breaker].format(
        loss=trip.loss_pct, limit=trip.limit, reference=trip.reference, day=trip.session
    )
    ends = "ends with this session" if trip.breaker == "daily_loss" else "ends with `jutsu resume`"
    return f"circuit breaker: {text}; entries are blocked, it {ends}"


def keep_close(context: RunContext, day: date, account: Account) -> None:
    """Keep the account's equity as the close of a session; the last run of the session wins."""
    if not context.run.about_now or account.equity is None or account.cash is None:
        return
    context.ledger.snapshots.add(
        WHOLE_ACCOUNT,
        day,
        at=context.clock.now(),
        mode=context.settings.mode,
        equity=float(account.equity),
        cash=float(account.cash),
    )


def standing(ledger: Ledger) -> tuple[rules.Trip, ...]:
    """Return what has tripped since the last resume, as remembered."""
    rows: list[dict[str, Any]] = json.loads(ledger.state.get(_STANDING) or "[]")
    return tuple(rules.Trip(**{**row, "session": date.fromisoformat(row["session"])}) for row in rows)


def resume(context: RunContext, account: Account, *, by: str) -> float:
    """Record that a person saw the figures: nothing stands any more; return the new peak, the equity now.

    Raises:
        BrokerError: the broker gave no equity.
    """
    now = context.clock.now()
    seen = [asdict(trip) for trip in standing(context.ledger)]
    peak = _equity(account)
    record = {"session": context.today(), "peak": peak, "by": by, "seen": seen}
    with context.ledger.transaction():
        context.ledger.state.set(_RESUME, json.dumps(record, default=str), at=now)
        _remember(context.ledger, (), at=now)
    return peak


def thresholds(safety: SafetySettings) -> rules.Thresholds:
    """Return the limits of the settings."""
    return rules.Thresholds(
        daily_loss_pct=safety.daily_loss_pct,
        drawdown_pct=safety.drawdown_pct,
        drawdown_alert_pct=safety.drawdown_alert_pct,
        min_balance=safety.min_balance,
    )


def _history(context: RunContext, account: Account, before: tuple[rules.Trip, ...]) -> rules.AccountHistory:
    today = context.today()
    rows = context.ledger.snapshots.series(WHOLE_ACCOUNT)
    return rules.AccountHistory(
        closes=[rules.ClosingEquity(row.session, row.equity) for row in rows if row.session < today],
        session=today,
        equity=_equity(account),
        cash_flows=[
            rules.CashFlow(row.day, float(row.amount))
            for row in context.ledger.cash_flows.all()
            if row.kind == "deposit"
        ],
        resume=_resume(context.ledger),
        standing=before,
    )


def _equity(account: Account) -> float:
    if account.equity is None:
        raise BrokerError(
            "the broker gave no equity: the circuit breakers cannot be judged",
            where=account.reference,
            remedy="run again when the account can be read",
        )
    return float(account.equity)


def _resume(ledger: Ledger) -> rules.Resume | None:
    text = ledger.state.get(_RESUME)
    if text is None:
        return None
    known = json.loads(text)
    return rules.Resume(date.fromisoformat(known["session"]), known["peak"])


def _remember(ledger: Ledger, trips: Iterable[rules.Trip], *, at: datetime) -> None:
    text = json.dumps([asdict(trip) for trip in trips], default=str)
    ledger.state.set(_STANDING, text, at=at)

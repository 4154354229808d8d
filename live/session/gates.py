"""What keeps entries of a session out besides the rules of its day: answer, kill switch, loss, late bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from backtest.simulator.intraday.engine import MinuteBar
from backtest.trading.risk import breakers as rules
from live.books.breakers import thresholds
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.session.bars import MINUTE
from live.session.events import ActedBar

if TYPE_CHECKING:
    from live.handoff.approval import Standing
    from live.ledger.ledger import Ledger
    from live.model.broker import Account
    from live.settings.model import SafetySettings

NOT_APPROVED: Final = "not_approved"
KILL_SWITCH: Final = "kill_switch"
LATE_BAR: Final = "late_bar"
ACCOUNT_DIFFERS: Final = "account_differs"


def held_because(
    ledger: Ledger, account: Account, standing: Standing, safety: SafetySettings, day: date
) -> str:
    """Return why no trade may be entered now, empty when one may.

    The daily loss and the minimum balance of the settings are judged on the paper account of the book; its
    drawdown is limited by the halt of the plan.
    """
    if standing.state not in {"approved", "auto"}:
        return NOT_APPROVED
    if ledger.state.kill_switch().level != "none":
        return KILL_SWITCH
    rows = ledger.snapshots.series(WHOLE_ACCOUNT)
    history = rules.AccountHistory(
        closes=[rules.ClosingEquity(row.session, row.equity) for row in rows if row.session < day],
        session=day,
        equity=float(account.equity or 0),
    )
    limits = replace(thresholds(safety), drawdown_pct=None, drawdown_alert_pct=None)
    trips = rules.judge(history, limits).trips
    return trips[0].breaker if trips else ""


def acted_on(
    bars: Sequence[MinuteBar], held: str, now: datetime, *, max_age_minutes: float
) -> list[ActedBar]:
    """Return new bars with what keeps entries out at each: `held`, or that the bar came too late."""
    oldest = now - timedelta(minutes=max_age_minutes)
    return [ActedBar(bar, held or (LATE_BAR if bar.minute + MINUTE < oldest else "")) for bar in bars]

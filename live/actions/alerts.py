"""Alerts, acknowledged by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.core.errors import UsageError
from live.actions.audited import TERMINAL, Via, audited

if TYPE_CHECKING:
    from datetime import datetime

    from live.ledger.ledger import Ledger
    from live.ledger.record_tables import Alert


def acknowledge(
    ledger: Ledger, number: int, *, actor: str, at: datetime, via: Via = TERMINAL
) -> tuple[Alert, bool]:
    """Note that a person knows of an alert: it is repeated no more. Returns it, and whether that is new.

    Args:
        ledger: of the alert's account.
        number: of the alert, as `jutsu alerts list` shows it.
        actor: who knows.
        at: aware instant.
        via: where it came from.

    Raises:
        UsageError: 2, this account has no such alert.
    """
    alert = ledger.alerts.get(number)
    if alert is None:
        raise UsageError(
            "there is no such alert", where=str(number), remedy="`jutsu alerts list` shows the numbers"
        )
    if alert.acknowledged_at is not None:
        return alert, False
    with audited(
        ledger, "alerts ack", actor=actor, subject=f"{number} {alert.key}", at=at, via=via
    ) as effect:
        ledger.alerts.acknowledge(number, by=actor, at=at)
        effect.before, effect.after = "open", "acknowledged"
    return alert, True

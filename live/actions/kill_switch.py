"""The kill switch, turned by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from live.actions.audited import TERMINAL, Via, audited
from live.books import breakers

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.system_state import KillSwitch, RaisedLevel
    from live.model.broker import Broker
    from live.runtime.runtime import RunContext


@dataclass(frozen=True, slots=True)
class Resumed:
    """The switch as it was; `changed` is False when it was off already."""

    was: KillSwitch
    changed: bool


def kill(
    ledger: Ledger, *, level: RaisedLevel, reason: str, actor: str, at: datetime, via: Via = TERMINAL
) -> KillSwitch:
    """Raise the switch for every account and return it as it stands; what is on is never lowered.

    Args:
        ledger: of any account.
        level: `entries` keeps new entries back, `all` every order.
        reason: shown by status.
        actor: who turned it.
        at: aware instant.
        via: where it came from.
    """
    with audited(ledger, "kill", actor=actor, subject=level, at=at, via=via) as effect:
        effect.before = ledger.state.kill_level()
        switch = ledger.state.set_kill(level, reason=reason, by=actor, at=at)
        effect.after = f"{switch.level}: {switch.reason}"
    return switch


def resume_breakers(context: RunContext, broker: Broker, *, actor: str) -> float | None:
    """Set the breakers back after a person saw what tripped: the equity of now is the new peak.

    Returns:
        The new peak; None when nothing had tripped, and nothing was changed.

    Raises:
        BrokerError: the account cannot be read.
    """
    if not breakers.standing(context.ledger):
        return None
    account, at = broker.account(), context.clock.now()
    with audited(
        context.ledger, "resume breakers", actor=actor, subject=context.ledger.account, at=at
    ) as effect:
        peak = breakers.resume(context, account, by=actor)
        effect.after = f"peak {peak:.2f}"
    return peak


def resume(ledger: Ledger, *, actor: str, at: datetime, via: Via = TERMINAL) -> Resumed:
    """Turn the switch off."""
    known = ledger.state.kill_switch()
    if known.level == "none":
        return Resumed(known, changed=False)
    with audited(ledger, "resume", actor=actor, subject=known.level, at=at, via=via) as effect:
        effect.before, effect.after = f"{known.level}: {known.reason}", "none"
        was = ledger.state.clear_kill(by=actor, at=at)
    return Resumed(was, changed=True)

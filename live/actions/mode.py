"""Whether an account may receive real orders: confirmed by typing, withdrawn at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from live.actions.audited import TERMINAL, Via, audited

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class OnlinePermission:
    """Whether real orders are confirmed for the account now, and whether this action changed it."""

    confirmed: bool
    changed: bool


def online(
    ledger: Ledger,
    typed: str,
    *,
    actor: str,
    at: datetime,
    via: Via = TERMINAL,
    missing: Sequence[str] = (),
) -> OnlinePermission:
    """Confirm real orders for the ledger's account.

    Args:
        ledger: of the account.
        typed: what the person typed after seeing whether the books are ready.
        actor: who.
        at: aware instant.
        via: where the person was.
        missing: criteria that are not met and were overridden, kept with the confirmation.

    Raises:
        UsageError: exit 2; `typed` is not the confirmation (`live.ledger.system_state.CONFIRMATION`).
    """
    if ledger.state.online_confirmed():
        return OnlinePermission(confirmed=True, changed=False)
    with audited(ledger, "online", actor=actor, subject=ledger.account, at=at, via=via) as effect:
        ledger.state.confirm_online(typed, by=actor, at=at, missing=missing)
        effect.before = "not confirmed"
        effect.after = "confirmed" + (f" although not ready: {'; '.join(missing)}" if missing else "")
    return OnlinePermission(confirmed=True, changed=True)


def offline(ledger: Ledger, *, actor: str, at: datetime, via: Via = TERMINAL) -> OnlinePermission:
    """Withdraw the confirmation: the next run in online_live is refused until it is given again."""
    if not ledger.state.online_confirmed():
        return OnlinePermission(confirmed=False, changed=False)
    with audited(ledger, "offline", actor=actor, subject=ledger.account, at=at, via=via) as effect:
        ledger.state.withdraw_online(at=at)
        effect.before, effect.after = "confirmed", "not confirmed"
    return OnlinePermission(confirmed=False, changed=True)

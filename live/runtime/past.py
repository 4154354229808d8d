"""Neither stage goes back: the prices and holdings of an earlier session are gone."""

from __future__ import annotations

from backtest.calendar.sessions import Session
from backtest.core.errors import UsageError
from live.runtime.runtime import RunContext
from live.settings.model import SafetySettings
from live.system.screen import complain

#: limits about the account and the machine of now
_OF_NOW = ("min_balance", "min_free_disk_mb")


def refuse_the_past(context: RunContext, session: Session) -> None:
    """Refuse a session earlier than the newest one in the ledger.

    Raises:
        UsageError: exit code 2.
    """
    newest = context.ledger.runs.last_session()
    if newest is not None and session.day < newest:
        raise UsageError(
            f"the ledger already knows session {newest}; {session.day} is in its past",
            where="--as-of" if context.run.as_of else "ledger",
            remedy="use another --state-db for a study of the past",
        )


def name_limits_of_now(context: RunContext) -> None:
    """Say in one line which limits somebody set that a run about a past session does not judge."""
    safety, usual = context.settings.safety, SafetySettings()
    known = [f"safety.{name}" for name in _OF_NOW if getattr(safety, name) != getattr(usual, name)]
    if known and context.run.as_of is not None:
        complain(f"not judged in a run about a past session: {', '.join(known)}")

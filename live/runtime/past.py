"""Neither stage goes back: the prices and holdings of an earlier session are gone."""

from __future__ import annotations

from backtest.calendar.sessions import Session
from backtest.core.errors import UsageError
from live.runtime.runtime import RunContext


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

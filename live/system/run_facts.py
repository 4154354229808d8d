"""Which run this process is at: what its log lines and alerts say of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run; empty texts before it is.

    Attributes:
        run: its name, the same in its log lines and alerts.
        stage: program.
        account: key of its ledger rows.
        session: New York date it is about, ISO.
    """

    run: str = ""
    stage: str = ""
    account: str = ""
    session: str = ""


LONGEST: Final = 32
NOTHING: Final = RunFacts()
_CURRENT = [NOTHING]


def begin(stage: str, now: datetime) -> RunFacts:
    """Name a run that begins by its instant in UTC and its program: no two begin in one second."""
    _CURRENT[0] = RunFacts(f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{stage}"[:LONGEST], stage)
    return _CURRENT[0]


def describe(*, account: str, session: date) -> None:
    """Add what is known once the run is open; nothing where no run began."""
    if _CURRENT[0].run:
        _CURRENT[0] = replace(_CURRENT[0], account=account, session=session.isoformat())


def end() -> None:
    """Forget the run."""
    _CURRENT[0] = NOTHING


def current() -> RunFacts:
    """Return what is known of the run of this process."""
    return _CURRENT[0]

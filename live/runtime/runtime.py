"""What a run works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from backtest.calendar.sessions import NEW_YORK, ExecutionWindow
from backtest.core.errors import UsageError
from live.ledger.ledger import Ledger
from live.model.broker import Broker
from live.model.feed import Feed
from live.settings.load import LoadedSettings
from live.settings.model import Settings
from live.system.clock import Clock, SimulatedClock


@dataclass(frozen=True, slots=True)
class AsOf:
    """A past (or simulated) point in time: a session date, and an instant when one was given."""

    day: date
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything a stage works with.

    Attributes:
        account: key of every ledger row of this account.
        signals: folder of the signal files. state: folder of the ledger, paper account and backups.
        as_of: set when the run is about a past session; network, token, clock and cron checks are skipped.
        simulated: True inside replay and demo.
    """

    settings: Settings
    loaded: LoadedSettings
    clock: Clock
    ledger: Ledger
    broker: Broker
    feed: Feed
    account: str
    signals: Path
    state: Path
    manifest: Path
    strategies: Path
    version: str
    as_of: AsOf | None = None
    simulated: bool = False
    dry_run: bool = False
    log_file: Path | None = None

    @property
    def offline_past(self) -> bool:
        """Whether checks that only make sense now are skipped."""
        return self.as_of is not None or self.simulated

    def today(self) -> date:
        """Return the New York date this run is about."""
        return self.as_of.day if self.as_of else self.clock.now().astimezone(NEW_YORK).date()

    def arrive(self, window: ExecutionWindow) -> datetime:
        """Return the instant of the data; a date-only `--as-of` means the opening of the window."""
        if self.as_of and self.as_of.at is None and isinstance(self.clock, SimulatedClock):
            self.clock.set(window.opens_at)
        return self.clock.now()


def parse_as_of(text: str) -> AsOf:
    """Parse `--as-of`: a date, or an instant (naive times are New York)."""
    try:
        if len(text) == len("2026-01-02"):
            return AsOf(date.fromisoformat(text), None)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is neither a date nor a time",
            where="--as-of",
            remedy="write 2026-11-20 or 2026-11-20T15:55",
        ) from error
    at = at if at.tzinfo else at.replace(tzinfo=NEW_YORK)
    return AsOf(at.astimezone(NEW_YORK).date(), at)

"""Time of the simulated world: it passes only when somebody waits, and our machine may show it wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest import mock

from live.system.clock import SystemClock


class WorldClock:
    """True time, and what our machine shows of it.

    Attributes:
        true: the instant it is.
        error: what the machine's clock adds to it.
        slept: seconds the machine was suspended; its monotonic clock stood still.
    """

    def __init__(self, at: datetime) -> None:
        self.true = at
        self.error = timedelta(0)
        self.slept = 0.0

    def now(self) -> datetime:
        """Return what the machine shows."""
        return self.true + self.error

    def monotonic(self) -> float:
        """Return seconds that stand still while the machine sleeps."""
        return self.true.timestamp() - self.slept

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.true += timedelta(seconds=max(0.0, seconds))

    def suspend(self, seconds: float) -> None:
        """Let time pass while the machine sleeps."""
        self.sleep(seconds)
        self.slept += seconds

    def go_to(self, at: datetime) -> None:
        """Let time pass until an instant; nothing happens when it is over."""
        self.true = max(self.true, at)

    def show(self, at: datetime) -> None:
        """Let time pass until the machine shows an instant, as cron does; a clock that is ahead is early."""
        self.go_to(at - self.error)


class TrueClock:
    """The world's true time, by which brokers live."""

    def __init__(self, world: WorldClock) -> None:
        self._world = world

    def now(self) -> datetime:
        """Return the instant it is."""
        return self._world.true

    def monotonic(self) -> float:
        """Return it in seconds."""
        return self._world.true.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._world.sleep(seconds)


@contextmanager
def instead_of_the_systems(clock: WorldClock) -> Iterator[None]:
    """Make the machine's clock of the shipped code show the world's time."""
    with (
        mock.patch.object(SystemClock, "now", property(lambda _: clock.now)),
        mock.patch.object(SystemClock, "monotonic", property(lambda _: clock.monotonic)),
        mock.patch.object(SystemClock, "sleep", property(lambda _: clock.sleep)),
    ):
        yield

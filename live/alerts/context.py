"""What alerts need of a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from live.ledger.alerts import Alerts
from live.model.run import Run
from live.settings.model import Settings
from live.system.clock import Clock


class _Ledger(Protocol):
    @property
    def alerts(self) -> Alerts: ...

    def batch(self) -> AbstractContextManager[None]: ...


class Context(Protocol):
    """What alerts need of a run: a `live.runtime.runtime.RunContext` or the whole `Runtime`."""

    @property
    def settings(self) -> Settings:
        """The settings."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        ...

    @property
    def ledger(self) -> _Ledger:
        """The ledger with the outbox."""
        ...

    @property
    def state(self) -> Path:
        """Folder of the ledger."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """Environment variables with the project's secrets."""
        ...

    @property
    def run(self) -> Run:
        """The kind of run."""
        ...

"""The settings of a process, the same for every stage and command: load with flags, then with overrides.

Overrides are those that hold when the process runs, by the machine's clock. A run about a past session is
set up by the person of today as everything else that is read today: file, environment, flags.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from backtest.core.errors import JutsuError
from live.ledger.ledger import Ledger
from live.ledger.system_state import EVERY_ACCOUNT
from live.model.run import DAILY, Run
from live.runtime.options import Options
from live.settings.load import LoadedSettings, load_settings
from live.settings.model import Settings
from live.system.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Sources:
    """Where settings come from besides the ledger, read once.

    Attributes:
        config: settings file, None for the default one.
        flags: dotted name -> value of the command line.
        environ: environment variables.
        now: the instant overrides are asked for.
        lenient: what is wrong is left out and told (`LoadedSettings.findings`).
        account: name of one of several accounts.
    """

    config: Path | None
    flags: Mapping[str, Any]
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    now: datetime = field(default_factory=lambda: SystemClock().now())
    lenient: bool = False
    account: str | None = None

    @classmethod
    def of(cls, options: Options, run: Run = DAILY, further: Mapping[str, Any] | None = None) -> Sources:
        """Return the sources of a process; `further` are more dotted names with their values."""
        given = {
            "mode": options.mode,
            "paper.fault": options.paper_fault,
            "paths.state_db": None if options.state_db is None else options.state_db.absolute(),
            "paths.manifest": None if options.manifest is None else options.manifest.absolute(),
            "paths.signals": None if options.output_dir is None else options.output_dir.absolute(),
        }
        known = {key: value for key, value in given.items() if value is not None}
        flags = {**known, **(further or {}), **run.imposes}
        return cls(options.config, flags, lenient=run.lenient, account=options.account)

    def load(self, overrides: Mapping[str, Any] | None = None) -> LoadedSettings:
        """Return the settings. SettingsError 2: every finding at once."""
        return load_settings(
            config=self.config,
            environ=self.environ,
            overrides=overrides,
            flags=self.flags,
            now=self.now,
            lenient=self.lenient,
            account=self.account,
        )

    def with_overrides(self, loaded: LoadedSettings, ledger: Ledger) -> LoadedSettings:
        """Return `loaded` with the overrides of `ledger` that hold now."""
        overrides = ledger.config.active(instant_of_run(loaded.settings, self.now))
        return self.load(overrides) if overrides else loaded


def instant_of_run(settings: Settings, now: datetime) -> datetime:
    """Return the instant a run at machine time `now` is at: what an imitation plays where one stands in."""
    if settings.mode != "online_live":
        return now
    from live.brokers.rehearsal import rehearsal_clock, stand_in

    url = stand_in(settings.broker)
    try:
        return now if url is None else rehearsal_clock(url).now()
    except JutsuError:  # nothing answers there: whoever needs the broker will say so
        return now


def settings_in_force(sources: Sources) -> LoadedSettings:
    """Return the settings with the overrides of the ledger they name; a missing ledger is not created.

    Raises:
        SettingsError: 2. LedgerDamaged, LedgerUnavailable: 8, LedgerTooNew: 2; overrides are never guessed.
    """
    loaded = sources.load()
    path = loaded.path(loaded.settings.paths.state_db)
    if not path.exists():
        return loaded
    with Ledger.open(path, account=EVERY_ACCOUNT, now=sources.now, create=False) as ledger:
        return sources.with_overrides(loaded, ledger)

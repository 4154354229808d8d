"""What a run works with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from backtest.calendar.sessions import NEW_YORK, ExecutionWindow
from live.ledger.ledger import Ledger
from live.model.broker import Broker
from live.model.feed import Feed
from live.model.run import DAILY, Run
from live.runtime.account import named_account
from live.settings.load import LoadedSettings
from live.settings.model import Settings
from live.system.clock import Clock, SimulatedClock


def _today(run: Run, clock: Clock) -> date:
    as_of = run.as_of
    return as_of.day if as_of else clock.now().astimezone(NEW_YORK).date()


@dataclass(frozen=True, slots=True)
class RunContext:
    """What most steps need of a run: its books, time, settings, kind and folders; no broker and no feed.

    A step that asks a broker or a feed is given it beside this, so that its signature says so.

    Attributes:
        loaded: the settings with their sources; `settings` are its values.
        account: key of every ledger row of this account.
        data_source: where bars come from, as the run log keeps it: the setting, or `prices:` with the folder.
        bar_store: folder whose recorded splits and dividends count, None on the demo market, which has none.
        state: folder of the ledger and of the alerts' channels.
        signals: folder of the signal files. strategies: folder of the strategy files.
        manifest: what was backtested. version: of this package.
        environ: environment variables with the project's secrets.
    """

    ledger: Ledger
    clock: Clock
    settings: Settings
    loaded: LoadedSettings
    run: Run
    account: str
    data_source: str
    bar_store: Path | None
    state: Path
    signals: Path
    strategies: Path
    manifest: Path
    version: str
    environ: Mapping[str, str]

    @property
    def account_name(self) -> str:
        """What a person calls the account: its key, after its name where there are several."""
        return named_account(self.settings.account, self.account)

    @property
    def parameter_overrides(self) -> Mapping[str, Mapping[str, tuple[Any, str]]]:
        """Variant -> parameter -> (value, source), as the ledger keeps them."""
        return self.loaded.parameter_overrides

    def today(self) -> date:
        """Return the New York date this run is about."""
        return _today(self.run, self.clock)

    def only_run(self, run_id: str) -> AbstractContextManager[None]:
        """Hold the account's lock for one run; a replay holds it from its first session to its last.

        Raises:
            AnotherRunError, LimitError: 7, as `single_instance`.
        """
        if self.run.alone:
            return nullcontext()
        from live.system.lock import single_instance

        return single_instance(self.state, self.account, run_id=run_id)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything a stage works with.

    Attributes:
        account: key of every ledger row of this account.
        signals: folder of the signal files. state: folder of the ledger, paper account and backups.
        run: what kind of run it is, and what that allows.
        prices: folder of price files that `--prices` named, None for the configured data.
        second_feed: another source of quotes to compare with, None without one.
        environ: environment variables with the project's secrets.
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
    run: Run = DAILY
    log_file: Path | None = None
    prices: Path | None = None
    second_feed: Feed | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def account_name(self) -> str:
        """What a person calls the account: its key, after its name where there are several."""
        return named_account(self.settings.account, self.account)

    @property
    def data_source(self) -> str:
        """Where bars come from, as the run log keeps it: the setting, or `prices:` with the folder named."""
        return self.settings.data.source if self.prices is None else f"prices:{self.prices.absolute()}"

    @property
    def context(self) -> RunContext:
        """The part for steps that need neither broker nor feed, or are given them beside it."""
        return RunContext(
            ledger=self.ledger,
            clock=self.clock,
            settings=self.settings,
            loaded=self.loaded,
            run=self.run,
            account=self.account,
            data_source=self.data_source,
            bar_store=None if self.feed.name == "demo" else self.loaded.path(self.settings.data.store),
            state=self.state,
            signals=self.signals,
            strategies=self.strategies,
            manifest=self.manifest,
            version=self.version,
            environ=self.environ,
        )

    def today(self) -> date:
        """Return the New York date this run is about."""
        return _today(self.run, self.clock)

    def only_run(self, run_id: str) -> AbstractContextManager[None]:
        """Hold the account's lock for one run, as `RunContext.only_run`."""
        return self.context.only_run(run_id)

    def release_login(self) -> None:
        """Let other processes use the broker's login until this one asks the broker again."""
        for part in (self.feed, self.second_feed, self.broker):
            release = getattr(getattr(part, "connection", None), "release", None)
            if release is not None:
                release()

    @property
    def waits_for_window(self) -> bool:
        """Whether the run is about a date whose time is still open: its stage then calls `arrive`."""
        return self.run.as_of is not None and self.run.as_of.at is None

    def arrive(self, window: ExecutionWindow) -> None:
        """Move the clock of a date-only `--as-of` to the opening of the window; any other clock stays."""
        if self.waits_for_window and isinstance(self.clock, SimulatedClock):
            self.clock.set(window.opens_at)

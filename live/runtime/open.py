"""Builds what a run needs from settings and flags: clock, ledger, broker, feed. The only factory."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backtest import __version__
from backtest.core.errors import SettingsError, UsageError
from live.ledger.ledger import Ledger
from live.model.run import DAILY, AsOf, Run
from live.runtime.factories import account_key, make_broker, make_feed
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from live.settings.load import LoadedSettings, load_settings
from live.settings.model import Settings
from live.system.clock import Clock, SimulatedClock, SystemClock
from live.system.logs import start_logging, stop_logging

LOG = logging.getLogger("jutsu")


@contextmanager
def open_runtime(
    stage: str, options: Options, run: Run = DAILY, clock: Clock | None = None
) -> Iterator[Runtime]:
    """Wire a run and close the ledger afterwards.

    Raises:
        SettingsError, UsageError: 2. Errors of ledger, broker or feed with their own codes.
    """
    clock = clock or (_past_clock(run.as_of) if run.as_of else SystemClock())
    environ = dict(os.environ)
    loaded = load_settings(
        config=options.config, environ=environ, overrides=None, flags=_flags(options, run), now=clock.now()
    )
    clock = _rehearsing(loaded.settings, clock)
    _require_a_project(loaded)
    log_file = _start_log(stage, loaded, run, verbose=options.verbose)
    account = account_key(loaded.settings)
    ledger = _open_ledger(loaded, run, account, clock, named=options.state_db is not None)
    opened: list[object] = []
    try:
        overrides = ledger.config.active(clock.now())
        if overrides:  # without any, reading everything again would say the same
            loaded = load_settings(
                config=options.config,
                environ=environ,
                overrides=overrides,
                flags=_flags(options, run),
                now=clock.now(),
            )
        settings = loaded.settings
        account = account_key(settings)  # an override may have changed mode or broker
        ledger = ledger.for_account(account)
        _check_mode(settings, run, ledger, prices=options.prices)
        feed = make_feed(settings, loaded.root, prices=options.prices, clock=clock)
        opened.append(feed)
        state = _state_db(loaded).parent
        broker = make_broker(
            settings,
            clock=clock,
            feed=feed,
            state_db=_state_db(loaded),
            run=run,
            cash=options.cash,
            root=loaded.root,
            confirmed=ledger.state.online_confirmed(),
        )
        opened.append(broker)
        yield Runtime(
            settings=settings,
            loaded=loaded,
            clock=clock,
            ledger=ledger,
            broker=broker,
            feed=feed,
            account=account,
            signals=loaded.path(settings.paths.signals),
            state=state,
            manifest=loaded.path(settings.paths.manifest),
            strategies=loaded.path(settings.paths.strategies),
            version=__version__,
            run=run,
            log_file=log_file,
        )
    finally:
        _close_all(opened)
        ledger.close()


def _rehearsing(settings: Settings, clock: Clock) -> Clock:
    """Return the imitation's clock when one stands in for the broker, else `clock`."""
    if settings.mode != "online_live" or not isinstance(clock, SystemClock):
        return clock
    from live.brokers.rehearsal import rehearsal_clock, stand_in

    url = stand_in(settings.broker)
    return clock if url is None else rehearsal_clock(url, clock)


def _close_all(opened: Iterable[object]) -> None:
    """Close accounts and connections: the next process may use the login, and no half-open file stays."""
    for thing in opened:
        for part in (thing, getattr(thing, "connection", None)):
            close = getattr(part, "close", None)
            if close is not None:
                close()


def _require_a_project(loaded: LoadedSettings) -> None:
    """Refuse to start (and to leave folders behind) where there is nothing to run."""
    strategies = loaded.path(loaded.settings.paths.strategies)
    if loaded.config_file is None and not strategies.is_dir():
        raise SettingsError(
            "there is neither config/live.yaml nor config/strategies here",
            where=str(loaded.root),
            remedy="run this in the project folder, or name the settings with --config",
        )


def _flags(options: Options, run: Run) -> dict[str, Any]:
    given = {
        "mode": options.mode,
        "paper.fault": options.paper_fault,
        "paths.state_db": None if options.state_db is None else options.state_db.absolute(),
        "paths.manifest": None if options.manifest is None else options.manifest.absolute(),
        "paths.signals": None if options.output_dir is None else options.output_dir.absolute(),
    }
    return {key: value for key, value in given.items() if value is not None} | dict(run.imposes)


def _past_clock(as_of: AsOf) -> SimulatedClock:
    return SimulatedClock(
        as_of.at or datetime(as_of.day.year, as_of.day.month, as_of.day.day, 12, tzinfo=UTC)
    )


def _state_db(loaded: LoadedSettings) -> Path:
    return loaded.path(loaded.settings.paths.state_db)


def _open_ledger(loaded: LoadedSettings, run: Run, account: str, clock: Clock, *, named: bool) -> Ledger:
    path = _state_db(loaded)
    if run.needs_ledger and named and not path.exists():
        raise UsageError(
            "there is no such ledger", where=str(path), remedy="check --state-db; nothing was created"
        )
    if not run.creates and not path.exists():
        return Ledger.open("sqlite://", account=account, now=clock.now())
    return Ledger.open(path, account=account, now=clock.now(), durable=run.durable, scratch=run.scratch)


def _check_mode(settings: Settings, run: Run, ledger: Ledger, *, prices: Path | None) -> None:
    if settings.mode == "offline_mock" or not run.needs_confirmation:
        return
    if run.as_of is not None or prices is not None:
        raise UsageError(
            "a past session or a price directory is only for offline_mock",
            where="--as-of / --prices",
            remedy="drop the flag or run with --mode offline_mock",
        )
    if settings.broker.name == "paper":
        raise SettingsError(
            "online_live needs a real broker", where="broker.name", remedy="set schwab, alpaca or ibkr"
        )
    if settings.data.source == "demo":
        raise SettingsError(
            "demo data must never trade real money",
            where="data.source",
            remedy="set schwab or alpaca (a store has no quotes)",
        )
    alpaca_paper = settings.broker.name == "alpaca" and settings.broker.alpaca.paper
    if not alpaca_paper and not ledger.state.online_confirmed():
        raise SettingsError(
            "online_live was never confirmed for this account",
            where="mode",
            remedy="run `jutsu online` once and type the confirmation",
        )


def _start_log(stage: str, loaded: LoadedSettings, run: Run, *, verbose: bool) -> Path | None:
    if not run.writes_log:
        stop_logging()  # a dry run leaves nothing behind, not even a log file
        return None
    settings = loaded.settings
    return start_logging(
        loaded.path(settings.paths.logs),
        stage,
        now=SystemClock().now(),
        level="DEBUG" if verbose else settings.logging.level,
        keep_days=settings.logging.keep_days,
    )

"""Opening a run: what it needs is built from settings and flags in one pass, and closed at its end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from backtest import __version__
from backtest.core.errors import JutsuError, SettingsError, UsageError
from backtest.core.files import make_private, private_files
from live.brokers.unreachable import UnreachableBroker, UnreachableFeed
from live.ledger.ledger import Ledger
from live.model.run import DAILY, Run
from live.runtime.account import account_key, require_own
from live.runtime.factories import make_broker, make_feed, paper_path, second_feed
from live.runtime.lenient import Attempts, settings_of_broker
from live.runtime.loading import Sources
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from live.settings.gone import settings_gone
from live.settings.load import LoadedSettings
from live.settings.model import Settings
from live.settings.possible import contradictions
from live.settings.secrets import Whose, with_secrets
from live.system import run_facts
from live.system.clock import Clock, SimulatedClock, SystemClock
from live.system.closing import Opened
from live.system.logs import start_logging, stop_logging

UNCONFIRMED: Final = "online_live was never confirmed for this account"
CONFIRM: Final = "run `jutsu online` once and type the confirmation"


@contextmanager
def open_runtime(
    stage: str, options: Options, run: Run = DAILY, clock: Clock | None = None
) -> Iterator[Runtime]:
    """Open a run in one pass: settings, ledger, overrides, log, clock, feed, broker; close all at its end.

    Args:
        stage: names the log file.
        options: flags that take the place of settings.
        run: what kind of run it is.
        clock: source of time; None: the machine's, the past session's, or that of a broker's imitation.

    Raises:
        SettingsError, UsageError: 2. Errors of ledger, broker or feed with their own codes.
    """
    started = clock or clock_of(run)
    with _begun(stage, options, run, started) as begun:
        attempts = Attempts(run)
        # an override may name the imitation
        clock = attempts.made("clock", lambda: _rehearsing(begun.loaded.settings, started), lambda _: started)
        runtime = _wired(begun, attempts, clock, options)
        run_facts.describe(account=runtime.account_name, session=runtime.today())
        yield runtime


@contextmanager
def open_ledger(stage: str, options: Options, run: Run) -> Iterator[tuple[Ledger, LoadedSettings]]:
    """Open the ledger and nothing else: no feed, no broker, no network.

    Raises:
        SettingsError, UsageError: 2, unless the run is lenient. Errors of the ledger with their own codes.
    """
    with _begun(stage, options, run, SystemClock()) as begun:
        yield begun.ledger, begun.loaded


@dataclass(frozen=True, slots=True)
class _Begun:
    """The first half of a run: settings in force, ledger, log; `opened` closes what is still to come."""

    loaded: LoadedSettings
    ledger: Ledger
    log_file: Path | None
    opened: Opened


@contextmanager
def _begun(stage: str, options: Options, run: Run, clock: Clock) -> Iterator[_Begun]:
    sources = Sources.of(options, run)
    with private_files() as follow_umask, Opened() as opened:
        flagged = sources.load()
        require_a_project(flagged)
        require_its_settings(flagged, run)
        if flagged.settings.paths.private:
            make_private(_state_db(flagged), paper_path(_state_db(flagged)))
        else:
            follow_umask()
        try:
            named = options.state_db is not None
            ledger = opened.keep(_open_ledger(flagged, run, now=clock.now(), named=named))
            loaded = sources.with_overrides(flagged, ledger)
            if run.lenient:
                loaded = replace(loaded, findings=(*loaded.findings, *settings_gone(loaded)))
        except JutsuError:
            _start_log(stage, flagged, run, verbose=options.verbose)  # where the error will be looked for
            raise
        log_file = _start_log(stage, loaded, run, verbose=options.verbose)
        yield _Begun(loaded, ledger, log_file, opened)


def _wired(begun: _Begun, attempts: Attempts, clock: Clock, options: Options) -> Runtime:
    """Return the run with the feed and broker that its settings name."""
    loaded, opened, run = begun.loaded, begun.opened, attempts.run
    settings, state_db = loaded.settings, _state_db(loaded)
    account = _account(settings, run)  # an override may have changed mode or broker
    ledger = begun.ledger.for_account(account)
    environ = attempts.made(
        "secrets", lambda: environment_of(loaded, run, options.prices), lambda _: dict(os.environ)
    )
    _check_mode(settings, run, ledger, environ, prices=options.prices)
    feed = attempts.made(
        "data.source",
        lambda: make_feed(settings, loaded.root, prices=options.prices, clock=clock, environ=environ),
        UnreachableFeed,
    )
    _keep_parts(opened, feed)
    broker = attempts.made(
        "broker",
        lambda: make_broker(
            settings_of_broker(loaded, run),
            clock=clock,
            feed=feed,
            state_db=state_db,
            run=run,
            cash=options.cash,
            root=loaded.root,
            confirmed=ledger.state.online_confirmed() or not run.needs_confirmation,
            environ=environ,
            last_order=ledger.orders.last_broker_number,
        ),
        UnreachableBroker,
    )
    _keep_parts(opened, broker)
    second = attempts.made(
        "data.second_source",
        lambda: second_feed(settings, loaded.root, feed=feed, clock=clock, environ=environ),
        lambda _: None,
    )
    _keep_parts(opened, second)
    return Runtime(
        settings=settings,
        loaded=attempts.noted(loaded),
        clock=clock,
        ledger=ledger,
        broker=broker,
        feed=feed,
        account=account,
        signals=loaded.path(settings.paths.signals),
        state=state_db.parent,
        manifest=loaded.path(settings.paths.manifest),
        strategies=loaded.path(settings.paths.strategies),
        version=__version__,
        run=run,
        log_file=begun.log_file,
        prices=options.prices,
        second_feed=second,
        environ=environ,
    )


def environment_of(loaded: LoadedSettings, run: Run, prices: Path | None = None) -> Mapping[str, str]:
    """Return the environment, with the secrets of the project unless the run is about the past or a trial.

    Raises:
        SettingsError: 2, the secrets file is readable by others or holds what nobody reads.
    """
    if not run.about_now or prices is not None:
        return dict(os.environ)
    whose = Whose(loaded.settings.account, loaded.accounts)
    return with_secrets(loaded.root, os.environ, (loaded.settings.alerts.urls_env,), whose)


def clock_of(run: Run) -> Clock:
    """Return the machine's clock, or one that stands at the past session."""
    as_of = run.as_of
    if as_of is None:
        return SystemClock()
    return SimulatedClock(
        as_of.at or datetime(as_of.day.year, as_of.day.month, as_of.day.day, 12, tzinfo=UTC)
    )


def _rehearsing(settings: Settings, clock: Clock) -> Clock:
    """Return the imitation's clock when one stands in for the broker, else `clock`."""
    if settings.mode != "online_live" or not isinstance(clock, SystemClock):
        return clock
    from live.brokers.rehearsal import rehearsal_clock, stand_in

    url = stand_in(settings.broker)
    return clock if url is None else rehearsal_clock(url, clock)


def _keep_parts(opened: Opened, thing: object) -> None:
    """Close an account or a feed and its connection: the next process may use the login."""
    for part in (getattr(thing, "connection", None), thing):
        if hasattr(part, "close"):
            opened.keep(part)


def require_a_project(loaded: LoadedSettings) -> None:
    """Refuse to start (and to leave folders behind) where there is nothing to run. SettingsError."""
    strategies = loaded.path(loaded.settings.paths.strategies)
    if loaded.config_file is None and not strategies.is_dir():
        raise SettingsError(
            "there is neither config/live.yaml nor config/strategies here",
            where=str(loaded.root),
            remedy="`jutsu init` makes a project; or run this in its folder, or name the settings (--config)",
        )


def require_its_settings(loaded: LoadedSettings, run: Run) -> None:
    """Refuse to work on defaults where a project's settings file is gone. SettingsError."""
    for gone in () if run.alone or run.lenient else settings_gone(loaded):
        raise SettingsError(gone.problem, where=gone.path, remedy=gone.remedy)


def _state_db(loaded: LoadedSettings) -> Path:
    return loaded.path(loaded.settings.paths.state_db)


def _account(settings: Settings, run: Run) -> str:
    return Attempts(run).made("broker", lambda: account_key(settings), lambda _: settings.broker.name)


def _open_ledger(loaded: LoadedSettings, run: Run, *, now: datetime, named: bool) -> Ledger:
    path, account = _state_db(loaded), _account(loaded.settings, run)
    if loaded.findings and run.creates and not path.exists():
        raise SettingsError(
            "there is no ledger here, and the settings that may name it are wrong",
            where=str(path),
            remedy=f"name the ledger with --state-db, or correct {loaded.findings[0]}",
            findings=loaded.findings,
        )
    if run.needs_ledger and named and not path.exists():
        raise UsageError(
            "there is no such ledger", where=str(path), remedy="check --state-db; nothing was created"
        )
    if not run.creates and not path.exists():
        return Ledger.open("sqlite://", account=account, now=now)
    ledger = Ledger.open(path, account=account, now=now, durable=run.durable, scratch=run.scratch)
    require_own(ledger, loaded.settings.account, at=now if run.creates else None)
    return ledger


def unconfirmed(settings: Settings, ledger: Ledger) -> bool:
    """Whether real orders would need a confirmation (`jutsu online`) that nobody gave for this account."""
    alpaca_paper = settings.broker.name == "alpaca" and settings.broker.alpaca.paper
    return settings.mode == "online_live" and not alpaca_paper and not ledger.state.online_confirmed()


def _check_mode(
    settings: Settings, run: Run, ledger: Ledger, environ: Mapping[str, str], *, prices: Path | None
) -> None:
    if settings.mode == "offline_mock" or not run.fits:
        return
    if run.as_of is not None or prices is not None:
        raise UsageError(
            "a past session or a price directory is only for offline_mock",
            where="--as-of / --prices",
            remedy="drop the flag or run with --mode offline_mock",
        )
    for finding in contradictions(settings):
        raise SettingsError(finding.problem, where=finding.path, remedy=finding.remedy)
    if settings.broker.name == "ibkr":
        from live.brokers.ibkr.access import require_offered

        require_offered(environ)
    if run.needs_confirmation and unconfirmed(settings, ledger):
        raise SettingsError(UNCONFIRMED, where="mode", remedy=CONFIRM)


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
        lines=settings.logging.format,
        account=settings.account,
    )

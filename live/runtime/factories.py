"""The one factory: broker, feed and account key of a run; vendor packages are imported only when chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.errors import SettingsError
from live.model.broker import Broker
from live.model.feed import Feed
from live.model.run import Run
from live.settings.model import Settings
from live.system.clock import Clock, SystemClock

if TYPE_CHECKING:
    from live.brokers.schwab.connection import SchwabConnection
    from live.brokers.schwab.token import TokenStatus


class NoRealBrokerError(SettingsError):
    """Orders would go to a real broker, and none is chosen."""


def real_broker(
    settings: Settings,
    *,
    clock: Clock,
    feed: Feed | None,
    environ: Mapping[str, str],
    confirmed: bool = False,
    root: Path | None = None,
) -> Broker:
    """Return the broker of `settings.broker.name`.

    Args:
        settings: all settings.
        clock: source of time.
        feed: the feed of this run; a Schwab feed lends its connection, because one token has one owner.
        environ: where keys come from.
        confirmed: whether a person confirmed live trading for this account (Alpaca's live address needs it).
        root: what relative paths of the settings start from; default the working directory.

    Raises:
        NoRealBrokerError: none is chosen. SettingsError: keys missing. BrokerError: it cannot be used.
    """
    name = settings.broker.name
    if name == "schwab":
        from live.brokers.schwab.broker import SchwabBroker
        from live.feeds.schwab import SchwabFeed

        connection = (
            feed.connection
            if isinstance(feed, SchwabFeed)
            else schwab_connection(settings, clock=clock, environ=environ, root=root)
        )
        return SchwabBroker(connection, account_last4=settings.broker.schwab.account_last4, clock=clock)
    if name == "alpaca":
        from live.brokers.alpaca.broker import AlpacaBroker

        return AlpacaBroker.open(
            settings.broker.alpaca, clock=clock, environ=environ, mode=settings.mode, confirmed=confirmed
        )
    if name == "ibkr":
        from live.brokers.ibkr.broker import IbkrBroker

        return IbkrBroker.open(environ=environ, clock=clock)
    raise NoRealBrokerError(
        f"{name!r} is not a real broker", where="broker.name", remedy="set schwab, alpaca or ibkr"
    )


def vendor_feed(
    settings: Settings, *, root: Path, environ: Mapping[str, str], clock: Clock | None = None
) -> Feed:
    """Return the vendor feed of `settings.data.source`.

    Raises:
        SettingsError: not a vendor, or keys missing. BrokerError: it cannot be used.
    """
    return _vendor(settings.data.source, settings, root, environ, clock or SystemClock())


def second_feed(
    settings: Settings, root: Path, *, feed: Feed, clock: Clock, environ: Mapping[str, str]
) -> Feed | None:
    """Return the source that quotes are compared with, None without one or where only history is read.

    Raises:
        SettingsError: it is the first source again, or keys are missing. BrokerError: it cannot be used.
    """
    second = settings.data.second_source
    if second is None or settings.data.source not in {"schwab", "alpaca"}:
        return None
    if second == feed.name:
        raise SettingsError(
            f"{second} cannot confirm its own prices",
            where="data.second_source",
            remedy="set another vendor than data.source, or null",
        )
    return _vendor(second, settings, root, environ, clock)


def _vendor(name: str, settings: Settings, root: Path, environ: Mapping[str, str], clock: Clock) -> Feed:
    if name == "schwab":
        from live.feeds.schwab import SchwabFeed, stored_in

        connection = schwab_connection(settings, clock=clock, environ=environ, root=root)
        folder = settings.data.store if settings.data.store.is_absolute() else root / settings.data.store
        return SchwabFeed(connection, stored=stored_in(folder) if folder.is_dir() else None)
    if name == "alpaca":
        from live.feeds.alpaca import AlpacaFeed

        return AlpacaFeed.open(settings.broker.alpaca, environ=environ, clock=clock)
    raise SettingsError(f"{name!r} is not a data vendor", where="data.source", remedy="set schwab or alpaca")


def schwab_connection(
    settings: Settings, *, clock: Clock, environ: Mapping[str, str], root: Path | None
) -> SchwabConnection:
    """Open the process's connection to Schwab."""
    from live.brokers.schwab.opening import open_connection

    return open_connection(settings.broker.schwab, root=root, environ=environ, clock=clock)


def login_status(settings: Settings, *, root: Path | None, now: datetime) -> TokenStatus | None:
    """Return how long the broker's login lasts, None for a broker that needs none; asks nobody.

    Raises:
        LoginNeeded: there is no usable token. SettingsError: its file is readable by others.
    """
    if settings.mode != "online_live" or settings.broker.name != "schwab":
        return None
    from live.brokers.schwab.token import TokenStore, token_status

    return token_status(TokenStore(token_path(settings, root)).created_at(), now)


def token_path(settings: Settings, root: Path | None) -> Path:
    """Return the absolute path of the Schwab token file."""
    from live.brokers.schwab.opening import token_path as own_path

    return own_path(settings.broker.schwab, root)


def make_feed(
    settings: Settings,
    root: Path,
    *,
    prices: Path | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> Feed:
    """Return the market data feed: the CSV folder `prices`, the bar store, the demo market or a vendor.

    `environ` holds the keys of a vendor; default the environment of this process.
    """
    from live.feeds import stored_bars as bars

    if prices is not None:
        return bars.csv_feed(prices)
    if settings.data.source == "demo":
        from backtest.data.sources.demo import DEMO_STOCKS

        return bars.demo_feed(settings.data.demo_seed, DEMO_STOCKS)
    store = settings.data.store if settings.data.store.is_absolute() else root / settings.data.store
    if settings.data.source == "store":
        return bars.history_feed(store) if settings.mode == "online_live" else bars.store_feed(store)
    return vendor_feed(settings, root=root, environ=os.environ if environ is None else environ, clock=clock)


def make_broker(
    settings: Settings,
    *,
    clock: Clock,
    feed: Feed,
    state_db: Path | str,
    run: Run,
    cash: float | None = None,
    root: Path | None = None,
    confirmed: bool = False,
    environ: Mapping[str, str] | None = None,
    last_order: Callable[[], int] = lambda: 0,
) -> Broker:
    """Return the broker of the mode: the embedded paper broker offline, a real one online.

    `last_order` says up to which number the ledger knows orders of the paper account: one that is begun anew
    beside it never uses their ids again.
    """
    if settings.mode == "offline_mock":
        from live.brokers.paper.broker import PaperBroker

        path = paper_path(state_db)
        return PaperBroker(
            path if run.creates or path.exists() else None,
            clock=clock,
            feed=feed,
            rules=settings.execution,
            initial_cash=cash if cash is not None else settings.paper.initial_cash,
            fault=settings.paper.fault,
            durable=run.durable,
            scratch=run.scratch,
            last_order=0 if path.exists() else last_order(),
        )
    return real_broker(
        settings,
        clock=clock,
        feed=feed,
        environ=os.environ if environ is None else environ,
        root=root,
        confirmed=confirmed,
    )


def paper_path(state_db: Path | str) -> Path:
    """Return the paper account's own file beside the ledger."""
    path = Path(state_db)
    return path.with_name(f"{path.stem}.paper.db")

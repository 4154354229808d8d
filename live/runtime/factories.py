"""Builds real brokers and vendor feeds from the settings; vendor packages are imported only when chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.errors import SettingsError
from live.model.broker import Broker
from live.model.feed import Feed
from live.settings.model import Settings
from live.system.clock import Clock, SystemClock

if TYPE_CHECKING:
    from live.brokers.schwab.connection import SchwabConnection
    from live.brokers.schwab.token import TokenStatus


def make_broker(
    settings: Settings,
    *,
    clock: Clock,
    feed: Feed | None,
    state_dir: Path,
    environ: Mapping[str, str],
    confirmed: bool = False,
    root: Path | None = None,
) -> Broker:
    """Return the broker of `settings.broker.name`.

    Args:
        settings: all settings.
        clock: source of time.
        feed: the feed of this run; a Schwab feed lends its connection, because one token has one owner.
        state_dir: folder of the ledger.
        environ: where keys come from.
        confirmed: whether a person confirmed live trading for this account (Alpaca's live address needs it).
        root: what relative paths of the settings start from; default the working directory.

    Raises:
        SettingsError: no real broker chosen, or keys missing. BrokerError: it cannot be used.
    """
    del state_dir  # the token file has its own setting
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
    raise SettingsError(
        f"{name!r} is not a real broker", where="broker.name", remedy="set schwab, alpaca or ibkr"
    )


def make_feed(
    settings: Settings, *, root: Path, environ: Mapping[str, str], clock: Clock | None = None
) -> Feed:
    """Return the vendor feed of `settings.data.source`.

    Raises:
        SettingsError: not a vendor, or keys missing. BrokerError: it cannot be used.
    """
    clock = clock or SystemClock()
    if settings.data.source == "schwab":
        from live.feeds.schwab import SchwabFeed, stored_in

        connection = schwab_connection(settings, clock=clock, environ=environ, root=root)
        folder = settings.data.store if settings.data.store.is_absolute() else root / settings.data.store
        return SchwabFeed(connection, stored=stored_in(folder) if folder.is_dir() else None)
    if settings.data.source == "alpaca":
        from live.feeds.alpaca import AlpacaFeed

        return AlpacaFeed.open(settings.broker.alpaca, environ=environ, clock=clock)
    raise SettingsError(
        f"{settings.data.source!r} is not a data vendor", where="data.source", remedy="set schwab or alpaca"
    )


def schwab_connection(
    settings: Settings, *, clock: Clock, environ: Mapping[str, str], root: Path | None
) -> SchwabConnection:
    """Open the process's connection to Schwab."""
    from live.brokers.schwab.connection import SchwabConnection
    from live.brokers.schwab.token import TokenStore, load_credentials

    own = settings.broker.schwab
    path = token_path(settings, root)
    return SchwabConnection.open(
        TokenStore(path),
        load_credentials(environ, path.parent),
        clock,
        timeout=own.timeout_seconds,
        base_url=own.base_url,
    )


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
    path = settings.broker.schwab.token_file
    return path if path.is_absolute() else (root or Path.cwd()) / path

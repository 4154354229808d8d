"""`jutsu data confirm | split`: what a person says about prices after looking at another source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import (
    ConfigOption,
    StateOption,
    actor,
    echo,
    options_of,
    parse_date,
)
from live.system.clock import SystemClock

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

SymbolArgument = Annotated[str, typer.Argument(help="Ticker.")]
DateArgument = Annotated[str, typer.Argument(metavar="DATE", help="Session, YYYY-MM-DD.")]
StoreOption = Annotated[
    Path | None, typer.Option("--store", help="Folder of the bar store (default from the settings).")
]


def confirm(
    symbol: SymbolArgument,
    day: DateArgument,
    price: Annotated[str, typer.Argument(help="The price, to the cent.")],
    *,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Confirm a price the gate did not believe; it counts for this symbol, session and price to the cent.

    Compare it with a second source first: stages, import and verify then believe it.
    """
    from backtest.data.quality.confirmations import ConfirmedPrice
    from live.runtime.known_prices import CONFIRMED, confirm_price

    confirmed = ConfirmedPrice(_ticker(symbol), _session(day), _amount(price))
    folder = _state(config, state_db)
    new = confirm_price(folder, confirmed, by=actor(), at=SystemClock().now())
    words = f"{confirmed.symbol} {confirmed.session} {confirmed.price}"
    echo(f"{'confirmed' if new else 'already confirmed'}: {words} ({folder / CONFIRMED})")


def split(
    symbol: SymbolArgument,
    day: Annotated[str, typer.Argument(metavar="DATE", help="First session that trades after the split.")],
    ratio: Annotated[str, typer.Argument(help="New shares for old ones: 2:1, 1:10.")],
    *,
    store: StoreOption = None,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Record a split and bring stored prices (basis split) onto the new shares; the ledger stays.

    Shares, entries and stops follow the broker: `jutsu reconcile --adopt` once it has booked the split.
    """
    from backtest.calendar.sessions import NEW_YORK
    from backtest.core.errors import UsageError
    from backtest.data.quality.actions import CorporateAction, parse_ratio
    from backtest.data.store import BarStore
    from backtest.data.store_split import record_split
    from live.brokers.paper.splits import book_split
    from live.cli.data_facts import known_facts, store_folder
    from live.runtime.factories import paper_path

    now, ledger = SystemClock().now(), ledger_path(config, state_db)
    ex_date = _session(day)
    if ex_date > now.astimezone(NEW_YORK).date():
        raise UsageError("has not come yet", where=f"DATE {ex_date}", remedy="record it on that day")
    action = CorporateAction(
        _ticker(symbol), ex_date, "split", parse_ratio(ratio), source=f"person {actor()}"
    )
    target = BarStore(store_folder(store, config))
    done = record_split(target, action, known=known_facts(config, state_db), at=now)
    echo(f"{action.symbol}: {action.describe()} {done.recorded}; {done.prices}")
    booked = book_split(paper_path(ledger), action)
    if booked:
        echo(booked)
    echo("the ledger is unchanged: once the broker has booked it, run `jutsu reconcile --adopt`")


def _state(config: Path | None, state_db: Path | None) -> Path:
    return ledger_path(config, state_db).parent


def ledger_path(config: Path | None, state_db: Path | None) -> Path:
    """Return the ledger of the settings. SettingsError: there is no project here."""
    from live.runtime.loading import Sources, settings_in_force
    from live.runtime.open import require_a_project

    loaded = settings_in_force(Sources.of(options_of(config, state_db)))
    require_a_project(loaded)  # elsewhere nobody would ever read what a person says here
    return loaded.path(loaded.settings.paths.state_db)


def _ticker(symbol: str) -> str:
    from backtest.candidates.model import TICKER
    from backtest.core.errors import UsageError

    ticker = symbol.strip().upper()
    if not TICKER.fullmatch(ticker):
        raise UsageError(f"{symbol!r} is not a ticker", where="SYMBOL", remedy="write it like QQQ or BRK-B")
    return ticker


def _session(text: str) -> date:
    from backtest.calendar import sessions as calendar
    from backtest.core.errors import UsageError

    day = parse_date(text, "DATE")
    assert day is not None
    if calendar.session(day) is None:
        raise UsageError(f"{day} is not a trading day", where="DATE", remedy="give the session of the price")
    return day


def _amount(text: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    from backtest.core.errors import UsageError
    from backtest.data.quality.confirmations import HIGHEST, to_cent

    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise UsageError(f"{text!r} is not a price", where="PRICE", remedy="write it like 168.43") from error
    if not (price.is_finite() and 0 < price < HIGHEST) or price != to_cent(price):
        raise UsageError(f"{text!r} is not a price to the cent", where="PRICE", remedy="write it like 168.43")
    return price

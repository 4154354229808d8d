"""`jutsu data` for minute bars: import, what is stored, what is damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from live.cli.common import echo, emit_json

if TYPE_CHECKING:
    from backtest.core.errors import Finding
    from backtest.data.quality.price_gate import Moment


def require_flags(timeframe: str, of_minutes: Mapping[str, Any], of_days: Mapping[str, Any]) -> None:
    """Raise UsageError when a flag was given that bars of this length do not have."""
    from backtest.core.errors import UsageError

    wrong = of_days if timeframe == "1m" else of_minutes
    given = [flag for flag, value in wrong.items() if value]
    if given:
        other = "daily bars" if timeframe == "1m" else "minute bars"
        raise UsageError(f"{', '.join(given)} is for {other}", remedy="leave it out, or change --timeframe")


def import_minutes(
    path: Path,
    store: Path,
    *,
    symbol: str | None,
    stamp: str | None,
    zone: str | None,
    accept_revision: bool,
    dry_run: bool,
    as_json: bool,
    tick: Callable[[str], None],
) -> None:
    """Read one CSV file of minute bars and merge it into the store.

    Raises:
        UsageError: the file cannot be read, or neither its name nor `symbol` says what it is of.
        DataError: wrong rows, or stored prices that differ.
    """
    from backtest.core.errors import UsageError
    from backtest.data.minute_store import MinuteStore
    from backtest.data.sources.csv_dialect.folder import CsvFile
    from backtest.data.sources.minute_csv import MinuteOptions, read_minutes
    from live.system.clock import SystemClock

    name = symbol or CsvFile.at(path).symbol
    if name is None:
        raise UsageError("its name says no symbol", where=str(path), remedy="give it: --symbol EURUSD")
    tick(name)
    bars = read_minutes(path, name.upper(), MinuteOptions(_moment(stamp), zone))
    read = {"symbol": bars.symbol, "bars": len(bars)}
    read |= {"first": str(bars.minutes[0]), "last": str(bars.minutes[-1])}
    line = f"{bars.symbol}: {len(bars):,} minute bars from {read['first']} to {read['last']} UTC"
    if dry_run:
        if as_json:
            emit_json({"recognised": read})
        else:
            echo(f"{line}; nothing stored")
        return
    result = MinuteStore(store).add(bars, imported_at=SystemClock().now(), accept_revision=accept_revision)
    if as_json:
        emit_json({"store": store, "recognised": read, **asdict(result)})
        return
    echo(f"{line}; {result.added:,} added, {result.changed:,} changed, {result.same:,} the same")


def _moment(word: str | None) -> Moment:
    """Return what rows are stamped with. UsageError: it is neither open nor close."""
    from backtest.core.errors import UsageError
    from backtest.data.quality.price_gate import Moment

    known: tuple[Moment, ...] = get_args(Moment)
    for moment in known:
        if moment == (word or known[0]):
            return moment
    raise UsageError(f"--stamp {word!r} is unknown", remedy=f"one of {', '.join(known)}")


def stored_years(store: Path) -> list[dict[str, Any]]:
    """Return what every stored year of minute bars says about itself; damaged ones are left to `verify`."""
    from backtest.data.minute_store import MinuteStore

    return [asdict(year) for year in MinuteStore(store).stored()]


def damaged_years(store: Path, tick: Callable[[str], None]) -> tuple[int, tuple[Finding, ...]]:
    """Return how many years of minute bars are stored, and what is wrong with each damaged one."""
    from backtest.data.minute_store import MinuteStore

    kept = MinuteStore(store)
    return sum(len(kept.years(symbol)) for symbol in kept.symbols()), kept.verify(progress=tick)

"""`jutsu data` for minute bars: import, what is stored, what is damaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from live.cli.common import echo, emit_json

if TYPE_CHECKING:
    from backtest.core.bar_words import Moment
    from backtest.core.errors import Finding

_DAILY: Final = ("--map", "--date-format", "--basis", "--decimal", "--use-adj-close", "--accept-split")
_MINUTES: Final = ("--stamp", "--time-zone", "--accept-revision")


@dataclass(frozen=True, slots=True)
class MinuteFlags:
    """What a person said about minute bars: length of the bars, stamp, zone, consent to changed prices."""

    timeframe: str
    stamp: str | None
    zone: str | None
    accept_revision: bool

    @property
    def wanted(self) -> bool:
        """Minute bars are to be imported."""
        return self.timeframe == "1m"

    def require_alone(self, of_days: Sequence[Any]) -> None:
        """Raise UsageError when a flag was given that bars of this length do not have."""
        from backtest.core.errors import UsageError

        of_minutes = (self.stamp, self.zone, self.accept_revision)
        names, values = (_DAILY, of_days) if self.wanted else (_MINUTES, of_minutes)
        given = [name for name, value in zip(names, values, strict=True) if value]
        if given:
            other = "daily bars" if self.wanted else "minute bars"
            raise UsageError(
                f"{', '.join(given)} is for {other}", remedy="leave it out, or change --timeframe"
            )

    def import_file(
        self,
        path: Path,
        store: Path,
        symbol: str | None,
        *,
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
        bars = read_minutes(path, name.upper(), MinuteOptions(_moment(self.stamp), self.zone))
        read = {"symbol": bars.symbol, "bars": len(bars)}
        read |= {"first": str(bars.minutes[0]), "last": str(bars.minutes[-1])}
        line = f"{bars.symbol}: {len(bars):,} minute bars from {read['first']} to {read['last']} UTC"
        if dry_run:
            _show({"recognised": read}, f"{line}; nothing stored", as_json=as_json)
            return
        now = SystemClock().now()
        result = MinuteStore(store).add(bars, imported_at=now, accept_revision=self.accept_revision)
        counts = f"{result.added:,} added, {result.changed:,} changed, {result.same:,} the same"
        document = {"store": store, "recognised": read, **asdict(result)}
        _show(document, f"{line}; {counts}", as_json=as_json)


def _show(document: Any, line: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(document)
    else:
        echo(line)


def _moment(word: str | None) -> Moment:
    """Return what rows are stamped with. UsageError: it is neither open nor close."""
    from backtest.core.bar_words import Moment
    from backtest.core.errors import UsageError

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

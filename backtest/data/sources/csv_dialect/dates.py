"""Which format the dates of a file have, and which sessions they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.date_formats import DateFormat, Stamp, known_formats, named_format
from backtest.data.sources.csv_dialect.options import CsvOptions

_HOUR = timedelta(hours=1)
#: Midnights of these zones label a day; New York appears with either offset all year in real files.
_LABELS = (timedelta(0), timedelta(hours=-4), timedelta(hours=-5))


@dataclass(frozen=True, slots=True)
class Dates:
    """The session days of the rows.

    Attributes:
        format: name of the format, with what was made of instants.
        days: per cell, None where the cell is not written so.
    """

    format: str
    days: tuple[date | None, ...]

    def problem(self, cell: str) -> str:
        """Say what is wrong with a cell that is no date."""
        return f"date {cell!r} is not {self.format.partition(':')[0]}" if cell else "date is blank"


@dataclass(frozen=True, slots=True)
class Reading:
    """The cells of a file in one format; None where a cell is not written so."""

    format: DateFormat
    stamps: tuple[Stamp | None, ...]

    @property
    def count(self) -> int:
        """How many cells are written so."""
        return sum(stamp is not None for stamp in self.stamps)


def read_dates(cells: Sequence[str], options: CsvOptions) -> Dates:
    """Return the days of date cells in the one format that reads all of them.

    A file with wrong cells is read in the format that fits most of them, so that the wrong ones can be named.

    Raises:
        DataError: no format fits, or several do and differ.
        UsageError: `options.date_format` is no format.
    """
    formats = _known() if options.date_format is None else (named_format(options.date_format),)
    best = _best(cells, formats)
    if not best:
        raise DataError(
            _unread(cells, options), remedy=options.remedy("--date-format %d.%m.%Y (for example)")
        )
    named: dict[tuple[date | None, ...], tuple[DateFormat, Dates]] = {}
    for reading in best:
        dates = _days(reading, options)
        named.setdefault(dates.days, (reading.format, dates))
    if len(named) > 1:
        ways = [way for way, _ in named.values()]
        raise DataError(
            f"dates such as {_example(cells)!r} can be read as {' or '.join(way.name for way in ways)}",
            remedy=options.remedy(*(f"--date-format {way.flag}" for way in ways)),
        )
    ((_, only),) = named.values()
    return only


def best_readings(cells: Sequence[str]) -> list[Reading]:
    """Return the readings that fit all cells in a known format; else those that fit most, at least half."""
    return _best(cells, _known())


@cache
def _known() -> tuple[DateFormat, ...]:
    return known_formats()


def _best(cells: Sequence[str], formats: Sequence[DateFormat]) -> list[Reading]:
    """Return the readings that fit all cells; else those that fit most of them, and at least half."""
    sample = [cell for cell in cells if cell][:: max(1, len(cells) // 12)]
    near = [f for f in formats if 2 * sum(f.read(cell) is not None for cell in sample) >= len(sample)]
    readings = [Reading(f, tuple(f.read(cell) for cell in cells)) for f in near]
    most = max((reading.count for reading in readings), default=0)
    return [r for r in readings if r.count == most and 2 * most >= len(cells)] if most else []


def _example(cells: Sequence[str]) -> str:
    return next((cell for cell in cells if cell), "")


def _unread(cells: Sequence[str], options: CsvOptions) -> str:
    example = _example(cells)
    if options.date_format is not None:
        return f"dates such as {example!r} are not {options.date_format}"
    return f"dates such as {example!r} are in no format known here"


def _days(reading: Reading, options: CsvOptions) -> Dates:
    """Return the session days of a reading."""
    stamps = reading.stamps
    name = reading.format.name
    instants = [stamp.instant() if stamp else None for stamp in stamps]
    if not any(instants):
        return Dates(name, tuple(stamp.day if stamp else None for stamp in stamps))
    zones = {stamp.offset for stamp in stamps if stamp and stamp.offset is not None}
    written = tuple(stamp.day if stamp else None for stamp in stamps)
    if all(stamp.seconds == 0 for stamp in stamps if stamp) and zones <= set(_LABELS):
        return Dates(f"{name}: midnight labels, the day as written", written)
    local = tuple(_new_york(instant) for instant in instants)
    if local != written and all(stamp.seconds == 0 for stamp in stamps if stamp):
        raise DataError(
            "midnights of another time zone: the New York day and the day written differ",
            remedy=options.remedy(
                "--date-format with the clock as plain text, e.g. '%Y-%m-%d 00:00:00+09:00'"
            ),
        )
    return Dates(f"{name}: instants, the day in New York", local)


def _new_york(instant: datetime | None) -> date | None:
    """Return the New York day of an instant; one within an hour before midnight labels the next day.

    Vendors stamp days at midnight with the same offset in summer and winter.
    """
    if instant is None:
        return None
    local = instant.astimezone(NEW_YORK)
    return (local + _HOUR).date()

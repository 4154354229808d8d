"""Which instants the date cells of minute bars name: formats with a clock, zones, changes of the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import DateArray
from backtest.core.errors import DataError, UsageError
from backtest.data.sources.csv_dialect.date_formats import Stamp
from backtest.data.sources.csv_dialect.dates import best_readings

#: No zone changes its clock anywhere else than at a full or a half hour.
_BUCKET: Final = 30
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of a clock on a wall
_ISO: Final = "write times as 2024-01-31T14:30:00Z"


@dataclass(frozen=True, slots=True)
class Instants:
    """The starts or ends of the rows, as written.

    Attributes:
        minutes: shape (n,), datetime64[m], UTC; NaT where a cell is wrong.
        problems: position and what is wrong with it, for each wrong cell.
    """

    minutes: DateArray
    problems: tuple[tuple[int, str], ...]


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name. UsageError: there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder of zones
        raise UsageError(
            f"unknown time zone {name!r}", where="--time-zone", remedy="for example America/New_York or UTC"
        ) from error


def read_instants(cells: Sequence[str], zone: str | None) -> Instants:
    """Return the instants of date cells, in the one format that reads all of them.

    Args:
        cells: as written, in the order of the file, oldest first.
        zone: whose clock the cells show when they do not say it themselves.

    Raises:
        DataError: no format fits or several do and differ, no time of day, no zone, or a clock that shows
            a time twice so that its pass cannot be told.
        UsageError: there is no such zone.
    """
    readings = {reading.stamps: reading.format.name for reading in best_readings(cells)}
    if not readings:
        raise DataError("the times are in no format known here", remedy=_ISO)
    if len(readings) > 1:
        raise DataError(f"times can be read as {' or '.join(readings.values())}", remedy=_ISO)
    (stamps,) = readings
    known = [stamp for stamp in stamps if stamp is not None]
    if any(stamp.seconds is None for stamp in known):
        raise DataError("rows have a date but no time of day: these are no minute bars", remedy=_ISO)
    problems = [
        (n, f"time {cell!r} is {'no whole minute' if stamp else 'not ' + readings[stamps]}")
        for n, (cell, stamp) in enumerate(zip(cells, stamps, strict=True))
        if stamp is None or (stamp.seconds or 0) % 60
    ]
    return _instants(stamps, zone, problems)


def _instants(stamps: Sequence[Stamp | None], zone: str | None, problems: list[tuple[int, str]]) -> Instants:
    offsets = {stamp.offset for stamp in stamps if stamp is not None}
    if None not in offsets:
        at = [stamp.instant() if stamp else None for stamp in stamps]
        minutes = np.array([None if a is None else a.replace(tzinfo=None) for a in at], dtype="M8[m]")
        return Instants(minutes, tuple(problems))
    if len(offsets) > 1:
        raise DataError("some times name a zone and some do not", remedy=_ISO)
    if zone is None:
        raise DataError(
            "times name no zone", remedy="say which clock they show: --time-zone America/New_York"
        )
    written = np.array([None if s is None else _wall(s) for s in stamps], dtype="M8[m]")
    minutes, wrong = utc_of(written, zone_of(zone))
    return Instants(minutes, tuple(sorted((*problems, *wrong))))


def _wall(stamp: Stamp) -> datetime:
    return datetime.combine(stamp.day, datetime.min.time()) + timedelta(seconds=stamp.seconds or 0)


def utc_of(written: DateArray, zone: ZoneInfo) -> tuple[DateArray, list[tuple[int, str]]]:
    """Return the UTC minutes of times on the clock of a zone, oldest first, and times that it never shows.

    An hour that the clock shows twice is told apart by the order of the rows: its second pass begins where
    the time goes back.

    Raises:
        DataError: rows of only one pass of such an hour.
    """
    unknown = np.isnat(written)
    buckets = np.where(unknown, 0, written.astype(np.int64)) // _BUCKET
    numbers, where = np.unique(buckets, return_inverse=True)
    first, second = (_offsets(numbers, zone, fold)[where] for fold in (0, 1))
    skipped = (first < second) & ~unknown
    taken = np.where(_second_pass(written, first > second), second, first)
    problems = [(int(n), f"the clock of {zone.key} never shows {written[n]}") for n in np.nonzero(skipped)[0]]
    minutes: DateArray = written - taken.astype("m8[m]")
    return minutes, problems


def _offsets(numbers: NDArray[np.int64], zone: ZoneInfo, fold: int) -> NDArray[np.int64]:
    """Return minutes ahead of UTC of each half hour (its number since 1970 on the clock)."""
    walls = (_EPOCH + timedelta(minutes=number * _BUCKET) for number in numbers.tolist())
    offsets = (wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0) for wall in walls)
    return np.array([round(offset.total_seconds() / 60) for offset in offsets], dtype=np.int64)


def _second_pass(written: DateArray, twice: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows of hours shown twice are of their second pass."""
    later = np.zeros(len(written), dtype=np.bool_)
    rows = np.nonzero(twice)[0]
    for run in np.split(rows, np.nonzero(np.diff(rows) > 1)[0] + 1):
        if not len(run):
            continue
        back = np.nonzero(np.diff(written[run]).astype(np.int64) <= 0)[0]
        if not len(back):
            raise DataError(
                f"the clock shows {written[run[0]]} twice and the rows do not say which is meant",
                remedy="give times in UTC",
            )
        later[run[back[0] + 1 :]] = True
    return later

"""Minute bars from a CSV file, gzip or plain, in any dialect of `csv_dialect`, its times in any zone.

Files of plain columns with ISO 8601 times take pyarrow's parser; every other file, and one with a defect, is
read cell by cell, which names each defect with its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from backtest.core.bar_words import Moment
from backtest.core.bars import DateArray, FloatArray
from backtest.core.errors import DataError, Finding, UsageError
from backtest.core.files import read_regular, why
from backtest.core.intraday_bars import COLUMNS, IntradayBars
from backtest.data import quality
from backtest.data.quality.minutes import MinuteRows, judge_minutes, longer_step
from backtest.data.sources.csv_dialect.columns import Columns, find_columns, role_of
from backtest.data.sources.csv_dialect.instants import Instants, read_instants, utc_of, zone_of
from backtest.data.sources.csv_dialect.numbers import read_numbers
from backtest.data.sources.csv_dialect.options import CsvOptions
from backtest.data.sources.csv_dialect.rows import DataRows
from backtest.data.sources.csv_dialect.table import Table, tables
from backtest.data.sources.csv_dialect.text import MAX_BYTES, decode

_HEAD_BYTES: Final = 4096
_MINUTE: Final = np.timedelta64(1, "m")
_HEADER: Final = "name the columns ts_utc,open,high,low,close,volume in its first line"
_FIX: Final = "correct or remove the row"


@dataclass(frozen=True, slots=True)
class MinuteOptions:
    """What a file of minute bars does not say itself.

    Attributes:
        stamp: a row is stamped with the ``open`` of its minute or with its ``close``.
        zone: whose clock the times show when they name no zone, e.g. ``America/New_York``.
    """

    stamp: Moment = "open"
    zone: str | None = None


_DEFAULTS: Final = MinuteOptions()


def read_minutes(path: Path, symbol: str, options: MinuteOptions = _DEFAULTS) -> IntradayBars:
    """Read the minute bars of one file; they start where their minute does, in UTC.

    Args:
        path: a CSV file, packed by gzip or not.
        symbol: what the bars are of.
        options: stamp and zone of its times.

    Raises:
        UsageError: the file cannot be opened, or there is no such zone.
        DataError: it is no table of minute bars, or bars of a longer time, or rows are wrong, double
            or out of order; `findings` names every one as file:line.
    """
    if options.zone is not None:
        zone_of(options.zone)
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot be read: {why(error)}", where=str(path), remedy="check the path") from error
    plain = _by_pyarrow(content, options.zone)
    if plain is not None and not any(judge_minutes(plain, path.name)):
        return _bars(plain, path, symbol, options)
    try:
        rows, wrong = _cell_by_cell(content, path.name, options)
    except DataError as error:
        remedy = _HEADER if "--map" in error.remedy else error.remedy  # minute bars have no such flag
        raise DataError(error.problem, where=f"{path}{error.where}", remedy=remedy) from error
    quality.refuse(wrong or list(judge_minutes(rows, path.name)), str(path))
    return _bars(rows, path, symbol, options)


def _bars(rows: MinuteRows, path: Path, symbol: str, options: MinuteOptions) -> IntradayBars:
    step = longer_step(rows.minutes)
    if step is not None:
        raise DataError(
            f"no rows lie less than {step} minutes apart: these are no minute bars",
            where=str(path),
            remedy="give bars of 1 minute",
        )
    minutes = rows.minutes - _MINUTE if options.stamp == "close" else rows.minutes
    return IntradayBars(symbol, minutes, **rows.values, source="csv")


def _cell_by_cell(content: bytes, name: str, options: MinuteOptions) -> tuple[MinuteRows, list[Finding]]:
    """Return the rows, oldest first, and what cannot be read; DataError for a file that is no such table."""
    table, columns = _table(decode(content).content)
    data = DataRows(table.rows[columns.first :], columns, "", "")
    if not data.rows:
        raise DataError("no rows below the header", where=":1", remedy="get the rows from your data source")
    lines = [row.line for row in data.rows]
    misshapen = data.misshapen()
    if misshapen:
        return _nothing(), [Finding(f"{name}:{lines[n]}", problem, _FIX) for n, problem in misshapen]
    cells = {role: data.column(role) for role in COLUMNS}
    numbers = read_numbers(
        cells, CsvOptions(), bare_commas=table.delimiter == "," and table.quote is None
    ).columns
    times, reverse = _times(data.dates(), options)
    step = -1 if reverse else 1
    values = {role: np.array(numbers[role][::step], dtype=np.float64) for role in COLUMNS}
    rows = MinuteRows(times.minutes, values, tuple(lines[::step]))
    problems = [*times.problems, *_no_numbers(cells, values, step)]
    return rows, [Finding(f"{name}:{rows.lines[n]}", problem, _FIX) for n, problem in sorted(problems)]


def _times(cells: list[str], options: MinuteOptions) -> tuple[Instants, bool]:
    """Return the instants oldest first, and whether the file has the newest first."""
    times = read_instants(cells, options.zone)
    steps = np.diff(times.minutes).astype(np.int64)
    if len(steps) and (steps < 0).all():
        return read_instants(cells[::-1], options.zone), True
    return times, False


def _no_numbers(
    cells: dict[str, list[str]], values: dict[str, FloatArray], step: int
) -> Iterator[tuple[int, str]]:
    for role, column in values.items():
        for n in np.nonzero(np.isnan(column))[0].tolist():
            yield n, f"{role} {cells[role][::step][n]!r} is not a number"


def _table(text: str) -> tuple[Table, Columns]:
    """Return the table whose delimiter makes a head; the error of the likeliest delimiter when none does."""
    likeliest: DataError | None = None
    for table in tables(text):
        try:
            return table, find_columns(table.rows, CsvOptions())
        except DataError as error:
            likeliest = likeliest or error
    assert likeliest is not None
    raise likeliest


def _nothing() -> MinuteRows:
    return MinuteRows(np.array([], dtype="M8[m]"), {name: np.array([]) for name in COLUMNS}, ())


def _by_pyarrow(content: bytes, zone: str | None) -> MinuteRows | None:
    """Return the rows of a file of plain columns and ISO 8601 times; None for others and without pyarrow."""
    try:
        import pyarrow as pa
    except ImportError:
        return None
    try:
        places = _plain_columns(_stream(content).read(_HEAD_BYTES))
        if places is None:
            return None
        try:
            seconds, values = _parsed(content, places, pa.timestamp("s", "UTC"))
        except pa.ArrowInvalid:  # times that name no zone
            if zone is None:
                return None
            seconds, values = _parsed(content, places, pa.timestamp("s"))
            if (np.diff(seconds).astype(np.int64) < 0).any():
                return None  # newest first, or an hour shown twice
            minutes, wrong = utc_of(seconds.astype("M8[m]"), zone_of(zone))
            seconds = seconds - seconds.astype("M8[m]") + minutes
            if wrong:
                return None
    except (pa.ArrowInvalid, OSError, DataError):
        return None
    minutes = seconds.astype("M8[m]")
    if not len(minutes) or (seconds != minutes).any():
        return None
    return MinuteRows(minutes, values, range(2, len(minutes) + 2))


def _stream(content: bytes) -> Any:
    import pyarrow as pa

    packed = content.startswith(b"\x1f\x8b")
    reader = pa.BufferReader(content)
    return pa.CompressedInputStream(reader, "gzip") if packed else reader


def _plain_columns(head: bytes) -> dict[str, str] | None:
    """Return the name of the column of each role, None when the head is not one plain line of them."""
    line, end, _ = head.partition(b"\n")
    if not end or not line.isascii() or b'"' in line:
        return None
    names = line.decode("ascii").rstrip("\r").split(",")
    roles = [role_of(name) for name in names]
    if "date" not in roles:  # a column called time holds the whole of it
        roles = ["date" if role == "time" else role for role in roles]
    wanted = ("date", *COLUMNS)
    if any(roles.count(role) != 1 for role in wanted) or "time" in roles or len(set(names)) < len(names):
        return None
    return {role: names[roles.index(role)] for role in wanted}


def _parsed(content: bytes, places: dict[str, str], time: Any) -> tuple[DateArray, dict[str, FloatArray]]:
    """Return seconds and columns as pyarrow reads them; its own error for a cell that is not of its kind."""
    import pyarrow as pa
    from pyarrow import csv

    types = {places["date"]: time, **{places[name]: pa.float64() for name in COLUMNS}}
    table = csv.read_csv(
        _stream(content),
        parse_options=csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[],
            strings_can_be_null=False,
        ),
    )
    seconds: DateArray = table[places["date"]].to_numpy().astype("M8[s]")
    values = {name: np.array(table[places[name]].to_numpy(), dtype=np.float64) for name in COLUMNS}
    return seconds, values

"""Read one CSV file of any recognised dialect, cell by cell, and name every defect with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError, Finding
from backtest.data import quality
from backtest.data.quality import DatedFinding
from backtest.data.sources.csv_dialect.actions import read_actions, refuse_wrong_basis
from backtest.data.sources.csv_dialect.columns import Columns, find_columns
from backtest.data.sources.csv_dialect.dates import Dates, read_dates
from backtest.data.sources.csv_dialect.model import Dialect, Judged, refused
from backtest.data.sources.csv_dialect.numbers import Numbers, is_null, read_numbers
from backtest.data.sources.csv_dialect.options import CsvOptions
from backtest.data.sources.csv_dialect.rows import DataRows, data_rows
from backtest.data.sources.csv_dialect.table import DELIMITERS, Table, tables
from backtest.data.sources.csv_dialect.text import Text, decode

PRICES = ("open", "high", "low", "close")
ACTION_ROLES = ("split", "dividend", "capital_gain")
_FIX = "correct or remove the row"


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file whose writing is known: its rows, days and numbers, and what is wrong with single rows."""

    text: Text
    table: Table
    data: DataRows
    dates: Dates
    numbers: Numbers
    problems: tuple[tuple[int, str], ...]
    empty: frozenset[int]

    @property
    def good(self) -> list[int]:
        """The rows that became bars, in the order of the file."""
        bad = {row for row, _ in self.problems} | self.empty
        return [n for n, day in enumerate(self.dates.days) if n not in bad and day is not None]

    @property
    def newest_first(self) -> bool:
        days = [day for day in self.dates.days if day is not None]
        downwards = sum(after < before for before, after in pairwise(days))
        return 2 * downwards > len(days) - 1


def judge(
    content: bytes, name: str, options: CsvOptions, *, symbol: str | None = None, allow_gaps: bool = False
) -> Judged:
    """Read the bytes of a file; whatever is wrong with it becomes findings.

    Args:
        content: what the file holds.
        name: its name, for findings.
        options: what a person stated.
        symbol: the symbol that its name spells; None when only the file itself can tell.
        allow_gaps: sessions may be missing between the first row and the last.

    Raises:
        UsageError: an option is wrong by itself.
    """
    try:
        text = decode(content)
        table, columns = _table(text, options)
        parsed = _parse(text, table, data_rows(table, columns, options, symbol), options)
        return _judged(parsed, name, options, allow_gaps=allow_gaps)
    except DataError as error:
        return refused(symbol or options.symbol or "?", name + error.where, error.problem, error.remedy)


def _table(text: Text, options: CsvOptions) -> tuple[Table, Columns]:
    """Return the table whose delimiter makes a head; the error of the likeliest delimiter when none does."""
    likeliest: DataError | None = None
    for table in tables(text.content):
        try:
            return table, find_columns(table.rows, options)
        except DataError as error:
            likeliest = likeliest or error
    assert likeliest is not None
    raise likeliest


def _parse(text: Text, table: Table, data: DataRows, options: CsvOptions) -> _Parsed:
    misshapen = data.misshapen()
    skip = {row for row, _ in misshapen}
    dates = read_dates(data.dates(), options)
    _refuse_intraday(dates)
    roles = (*PRICES, "volume", *(("adj_close",) if options.use_adj_close else ()))
    cells = {role: data.column(role) for role in roles}
    wanted = {
        role: [cell if n not in skip else "" for n, cell in enumerate(column)]
        for role, column in cells.items()
    }
    numbers = read_numbers(wanted, options, bare_commas=table.delimiter == "," and table.quote is None)
    empty = frozenset(
        n for n in range(len(data.rows)) if n not in skip and all(is_null(cells[p][n]) for p in PRICES)
    )
    problems = [*_date_problems(data, dates, skip), *misshapen]
    problems += _number_problems(cells, numbers, skip | empty)
    return _Parsed(text, table, data, dates, numbers, tuple(problems), empty)


def _refuse_intraday(dates: Dates) -> None:
    days = [day for day in dates.days if day is not None]
    if len(days) > 3 and 2 * len(set(days)) <= len(days):
        raise DataError(
            f"{len(days)} rows for {len(set(days))} days: daily bars have one row a day",
            remedy="give daily bars of one symbol",
        )


def _date_problems(data: DataRows, dates: Dates, skip: set[int]) -> list[tuple[int, str]]:
    cells = data.dates()
    return [
        (n, dates.problem(cell))
        for n, cell in enumerate(cells)
        if dates.days[n] is None and (n not in skip or cell)
    ]


def _number_problems(
    cells: Mapping[str, Sequence[str]], numbers: Numbers, skip: set[int] | frozenset[int]
) -> list[tuple[int, str]]:
    problems = []
    for role, values in numbers.columns.items():
        for n, value in enumerate(values):
            if n in skip or (value is not None and value == value):  # noqa: PLR0124 - NaN is not itself
                continue
            cell = cells[role][n]
            problem = f"{cell} is not a number" if is_null(cell) else f"{cell!r} is not a number"
            problems.append((n, f"{role} {problem}" if cell else f"{role} is blank"))
    return problems


def _judged(parsed: _Parsed, name: str, options: CsvOptions, *, allow_gaps: bool) -> Judged:
    newest_first = parsed.newest_first
    order = parsed.good[::-1] if newest_first else parsed.good
    bars = _bars(parsed, order, options)
    columns = {role: parsed.data.column(role) for role in ACTION_ROLES}
    actions, unread = read_actions(parsed.data.symbol, parsed.dates.days, columns, parsed.numbers.decimal)
    findings = _findings(parsed, unread, bars, order, name)
    if not findings:
        if not len(bars):
            raise DataError("no row has prices", remedy="get the rows from your data source")
        refuse_wrong_basis(bars, actions, options)
    missing = () if allow_gaps else _missing(parsed, bars.symbol, named_are_fine=options.importing)
    dialect = _dialect(parsed, name, options, newest_first=newest_first)
    return Judged(bars, (*findings, *missing), dialect, actions, _gaps(parsed, bars))


def _findings(
    parsed: _Parsed, unread: Sequence[tuple[int, str]], bars: Bars, order: Sequence[int], name: str
) -> tuple[DatedFinding, ...]:
    """Return what is wrong with single rows, in the order of their lines."""
    lines = [row.line for row in parsed.data.rows]
    found = _row_findings((*parsed.problems, *unread), parsed, name)
    found += [
        (int(one.finding.path.rpartition(":")[2]), one)
        for one in quality.judge_rows(bars, lambda row: f"{name}:{lines[order[row]]}")
    ]
    return tuple(one for _, one in sorted(found, key=lambda item: item[0]))


def _missing(parsed: _Parsed, symbol: str, *, named_are_fine: bool) -> tuple[DatedFinding, ...]:
    """Return the sessions without a row; a row without prices counts as one only where that is fine."""
    days = enumerate(parsed.dates.days)
    there = [day for n, day in days if day is not None and (named_are_fine or n not in parsed.empty)]
    return quality.judge_gaps(np.array(there, dtype="datetime64[D]"), symbol)


def _gaps(parsed: _Parsed, bars: Bars) -> tuple[date, ...]:
    """Return the days without prices between the first bar and the last."""
    days = (parsed.dates.days[n] for n in parsed.empty)
    return tuple(sorted(d for d in days if d is not None and len(bars) and bars.first < d < bars.last))


def _row_findings(
    problems: Sequence[tuple[int, str]], parsed: _Parsed, name: str
) -> list[tuple[int, DatedFinding]]:
    """Return the findings of single rows; one without a date concerns the day of the row before it."""
    nearest: list[date | None] = []
    day: date | None = None
    rows = parsed.dates.days[::-1] if parsed.newest_first else parsed.dates.days
    for own in rows:
        day = own or day
        nearest.append(day)
    if parsed.newest_first:
        nearest.reverse()
    return [
        (line, DatedFinding(nearest[n], Finding(f"{name}:{line}", problem, _FIX)))
        for n, problem in sorted(problems, key=lambda item: item[0])
        for line in (parsed.data.rows[n].line,)
    ]


def _bars(parsed: _Parsed, order: Sequence[int], options: CsvOptions) -> Bars:
    """Return the bars of the rows in `order`, scaled by the adjusted closes when that is wanted."""
    columns = {role: _array(values, order) for role, values in parsed.numbers.columns.items()}
    if options.use_adj_close:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # judged as prices below
            factor = columns["adj_close"] / columns["close"]
        columns |= {role: columns[role] * factor for role in PRICES}
        columns["close"] = columns["adj_close"]
    return Bars(
        symbol=parsed.data.symbol,
        dates=np.array([parsed.dates.days[n] for n in order], dtype="datetime64[D]"),
        open=columns["open"],
        high=columns["high"],
        low=columns["low"],
        close=columns["close"],
        volume=columns["volume"],
        source="csv",
        basis=options.effective_basis,
    )


def _array(values: Sequence[float | None], order: Sequence[int]) -> FloatArray:
    return np.array([values[n] for n in order], dtype=np.float64)


def _dialect(parsed: _Parsed, name: str, options: CsvOptions, *, newest_first: bool) -> Dialect:
    columns = parsed.data.columns
    return Dialect(
        file=name,
        symbol=parsed.data.symbol,
        symbol_from=parsed.data.symbol_from,
        columns={role: columns.names[place] for role, place in columns.roles.items()},
        dates=parsed.dates.format,
        newest_first=newest_first,
        basis=options.effective_basis,
        unused=columns.unused,
        header_lines=columns.first,
        skipped=columns.skipped,
        writing=_writing(parsed.text, parsed.table),
        decimal=parsed.numbers.decimal,
        notes=_notes(columns, options),
    )


def _writing(text: Text, table: Table) -> str:
    parts = [text.encoding, DELIMITERS[table.delimiter]]
    if table.quote is not None:
        parts.append("quoted")
    if text.compressed:
        parts.append("gzip")
    return ", ".join(parts)


def _notes(columns: Columns, options: CsvOptions) -> tuple[str, ...]:
    names = {role: columns.names[place] for role, place in columns.roles.items()}
    if options.use_adj_close:
        return (f"all four prices scaled by {names['adj_close']} / {names['close']}",)
    if "adj_close" in names:
        return (f"{names['close']} is taken, {names['adj_close']} is not (--use-adj-close takes it)",)
    if "dividend" in names and options.basis is None:
        return ("no --basis given: a file with dividends but without adjusted closes may be of basis total",)
    return ()

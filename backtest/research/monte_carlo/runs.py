"""The returns of a finished backtest, from the files it left."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from backtest.calendar.written import written_date
from backtest.core.bars import FloatArray
from backtest.core.errors import DataError, UsageError
from backtest.core.files import read_regular

_EQUITY: Final = "equity"
_RETURN: Final = "return"
_MOST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A finished backtest.

    Attributes:
        name: of the strategy's variant, or of the file.
        returns: per session, shape (n,).
        days: first and last session.
    """

    name: str
    returns: FloatArray
    days: tuple[date, date]


def read_run(path: Path) -> Run:
    """Return the run of a folder of `python -m backtest run`, or of a CSV with date and equity (or return).

    A folder says what the account began with, so its first session counts; in a CSV of equity the first row
    is the beginning.

    Raises:
        UsageError: there is no such folder or file. DataError: it is damaged; names the line.
    """
    file = path / "equity.csv" if path.is_dir() else path
    days, values, column = _rows(file)
    if column == _RETURN:
        return Run(path.stem, values, (days[0], days[-1]))
    beside = path / "metrics.json"
    if path.is_dir() and beside.is_file():
        known = _metrics(beside)
        before = np.concatenate([[known[1]], values[:-1]])
        return Run(known[0], values / before - 1.0, (days[0], days[-1]))
    if len(values) < 2:
        raise DataError("fewer than two sessions", where=str(file))
    return Run(path.stem, values[1:] / values[:-1] - 1.0, (days[1], days[-1]))


def _rows(file: Path) -> tuple[list[date], FloatArray, str]:
    rows = list(csv.reader(_read(file).splitlines()))
    head = [name.strip().lower() for name in rows[0]] if rows else []
    column = next((name for name in (_EQUITY, _RETURN) if name in head), None)
    if column is None or "date" not in head:
        raise DataError(
            "has no columns date and equity (or return)",
            where=str(file),
            remedy="give the folder of python -m backtest run, or such a CSV",
        )
    days: list[date] = []
    values: list[float] = []
    for number, row in enumerate(rows[1:], 2):
        try:
            day, value = written_date(row[head.index("date")]), float(row[head.index(column)])
        except (ValueError, IndexError) as error:
            raise DataError(f"line {number} is not a day with a number", where=str(file)) from error
        if not np.isfinite(value) or (column == _EQUITY and value <= 0):
            raise DataError(f"line {number}: {column} {value:g} cannot be resampled", where=str(file))
        if days and day <= days[-1]:
            raise DataError(f"line {number}: {day} does not come after {days[-1]}", where=str(file))
        days.append(day)
        values.append(value)
    if not days:
        raise DataError("has no rows", where=str(file))
    return days, np.array(values), column


def _metrics(file: Path) -> tuple[str, float]:
    try:
        document = json.loads(_read(file))
        name, cash = str(document["variant"]), float(document["initial_cash"])
    except (ValueError, TypeError, KeyError) as error:
        raise DataError("is not the metrics.json of a run", where=str(file)) from error
    if not cash > 0:
        raise DataError(f"initial_cash {cash:g} is not above 0", where=str(file))
    return name, cash


def _read(file: Path) -> str:
    try:
        return read_regular(file, _MOST).decode()
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}",
            where=str(file),
            remedy="give the folder of python -m backtest run, a CSV with date and equity, or STUDY:TRIAL",
        ) from error
    except UnicodeDecodeError as error:
        raise DataError("is not text", where=str(file)) from error

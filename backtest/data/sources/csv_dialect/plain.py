"""The plain format, ours: parsed by compiled code, and strictly, or not at all."""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np

from backtest.core.bar_words import Basis
from backtest.core.bars import Bars, DateArray, FloatArray

HEADER: Final = "date,open,high,low,close,volume"
NAMES: Final = tuple(HEADER.split(","))
_BLANK: Final = frozenset(b" \t\r\n")
_CONTROL: Final = bytes(set(range(32)) - set(b"\t\r\n"))
_MARK: Final = b"\xef\xbb\xbf"
# One character more than a date has, so that longer cells are noticed instead of cut.
_ROW: Final = np.dtype([("date", "S11"), *((name, "f8") for name in NAMES[1:])])
_DAYS: Final = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def parse_plain(content: bytes, symbol: str, basis: Basis) -> tuple[Bars, bool] | None:
    """Return the unjudged bars of a file, oldest first, and whether it has them newest first.

    None when any line is not exactly in the plain format: header, then YYYY-MM-DD and five numbers.
    """
    span = _rows(content)
    if span is None:
        return None
    columns = _by_pyarrow(content, span) if "pyarrow.csv" in sys.modules else _by_numpy(content, span)
    if columns is None:
        return None
    dates, values = columns
    newest_first = len(dates) > 1 and bool(np.all(np.diff(dates.astype(np.int64)) < 0))
    if newest_first:
        dates, values = dates[::-1].copy(), [column[::-1].copy() for column in values]
    open_, high, low, close, volume = values
    bars = Bars(symbol.upper(), dates, open_, high, low, close, volume, source="csv", basis=basis)
    return bars, newest_first


def _rows(content: bytes) -> slice | None:
    """Return where the lines below the header are; None when there are none or the header is another one."""
    start = len(_MARK) if content.startswith(_MARK) else 0
    head = content.find(b"\n", start)
    end = len(content)
    if head < 0:
        return None
    while end > head and content[end - 1] in _BLANK:
        end -= 1
    names = [name.strip().lower() for name in content[start:head].split(b",")]
    return slice(head + 1, end) if end > head and names == [name.encode() for name in NAMES] else None


def _by_numpy(content: bytes, span: slice) -> tuple[DateArray, list[FloatArray]] | None:
    body = content[span]
    if not body.isascii() or len(body.translate(None, _CONTROL)) != len(body):
        return None  # some of these would end a line or a cell
    lines = body.decode("ascii").splitlines()
    if "" in lines:
        return None  # numpy would skip the blank line
    try:
        rows = np.loadtxt(lines, dtype=_ROW, delimiter=",", comments=None, ndmin=1)
    except ValueError:
        return None
    dates = _dates(rows["date"]) if len(rows) == len(lines) else None
    return None if dates is None else (dates, [np.ascontiguousarray(rows[name]) for name in NAMES[1:]])


def _dates(cells: np.ndarray[Any, Any]) -> DateArray | None:
    """Return the days of cells (dtype S11), None unless every one is a real day written YYYY-MM-DD.

    The cells are checked before they become dates: numpy's own cast of byte strings to dates crashes the
    process (seen: 1,000 rows or more, one of them no date).
    """
    letters = np.ascontiguousarray(cells).view(np.uint8).reshape(len(cells), 11)
    digits = letters[:, [0, 1, 2, 3, 5, 6, 8, 9]].astype(np.int64) - ord("0")
    hyphens = letters[:, [4, 7]] == ord("-")
    if not (hyphens.all() and (digits >= 0).all() and (digits <= 9).all() and (letters[:, 10] == 0).all()):
        return None
    year = digits[:, :4] @ np.array([1000, 100, 10, 1])
    month, day = digits[:, 4] * 10 + digits[:, 5], digits[:, 6] * 10 + digits[:, 7]
    if not ((year > 0).all() and (month >= 1).all() and (month <= 12).all() and (day >= 1).all()):
        return None
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    if not (day <= _DAYS[month] - ((month == 2) & ~leap)).all():
        return None
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates: DateArray = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    return dates


def _by_pyarrow(content: bytes, span: slice) -> tuple[DateArray, list[FloatArray]] | None:
    import pyarrow as pa
    from pyarrow import csv

    body = pa.py_buffer(content).slice(span.start, span.stop - span.start)  # no copy
    types = {"date": pa.date32(), **dict.fromkeys(NAMES[1:], pa.float64())}
    try:
        table = csv.read_csv(
            pa.BufferReader(body),
            read_options=csv.ReadOptions(column_names=list(NAMES), block_size=body.size + 1),
            parse_options=csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    dates: DateArray = table["date"].to_numpy().astype("datetime64[D]")
    if np.isnat(dates).any():
        return None
    return dates, [_writable(table[name].to_numpy()) for name in NAMES[1:]]


def _writable(column: np.ndarray[Any, Any]) -> FloatArray:
    return np.array(column, dtype=np.float64)

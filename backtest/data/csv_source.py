"""Daily bars from CSV files: `SYMBOL.csv` with the columns date, open, high, low, close, volume.

Good files take numpy's compiled parser (about 2 ms for 4,400 rows). Only a file it cannot read is read again
line by line, slowly, to name every defect with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backtest.data import quality
from backtest.data.bars import Bars
from backtest.errors import DataError, Finding

HEADER = "date,open,high,low,close,volume"
COLUMNS = tuple(HEADER.split(","))

# One character more than a date has, so that longer cells are noticed instead of cut.
_ROW = np.dtype([("date", "S11"), *((name, "f8") for name in COLUMNS[1:])])


class CsvDirectory:
    """A folder of daily CSV files as a source of bars."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def read(self, symbols: Sequence[str]) -> dict[str, Bars]:
        """Return the bars of `symbols`; a symbol without a file is left out."""
        return read_directory(self.directory, symbols)


def read_directory(
    directory: Path,
    symbols: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    allow_gaps: Collection[str] = (),
) -> dict[str, Bars]:
    """Read `SYMBOL.csv` files of a folder.

    Args:
        directory: the folder.
        symbols: which symbols; None means every *.csv file. A symbol without a file is left out.
        progress: called with each symbol before its file is read.
        allow_gaps: symbols that may lack sessions (their rows are joined by date).

    Raises:
        DataError: no such folder, no file at all, or defects; the findings of all files come together.
    """
    files = _files(directory)
    wanted = sorted(files) if symbols is None else [s for s in dict.fromkeys(symbols) if s.upper() in files]
    bars: dict[str, Bars] = {}
    findings: list[Finding] = []
    for symbol in wanted:
        if progress is not None:
            progress(symbol)
        try:
            bars[symbol] = read_csv(files[symbol.upper()], symbol, allow_gaps=symbol in allow_gaps)
        except DataError as error:
            findings.extend(error.findings)
    quality.refuse(findings, str(directory))
    return bars


def _files(directory: Path) -> Mapping[str, Path]:
    if not directory.is_dir():
        raise DataError(
            "no such folder", where=str(directory), remedy="give a folder with one SYMBOL.csv per symbol"
        )
    files = {path.stem.upper(): path for path in directory.iterdir() if path.suffix.lower() == ".csv"}
    if not files:
        raise DataError(
            "no CSV file in this folder", where=str(directory), remedy="expected SYMBOL.csv files"
        )
    return files


def read_csv(path: Path, symbol: str, *, allow_gaps: bool = False) -> Bars:
    """Read the daily bars of one file; a byte order mark, CRLF line ends and spaces around cells are fine.

    Raises:
        DataError: the file cannot be read or has defects; `findings` lists all of them as file:line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        finding = Finding(path.name, f"cannot be read: {error}", "check the file")
        raise DataError(finding.problem, where=str(path), findings=(finding,)) from error
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    bars = _parse(lines, symbol)
    if bars is None:
        bars, findings = _diagnose(lines, path.name, symbol, allow_gaps=allow_gaps)
    else:
        judge = quality.check_rows if allow_gaps else quality.check
        findings = judge(bars, lambda row: f"{path.name}:{row + 2}")
    if not findings and not text.endswith(("\n", "\r")):
        findings = _cut_off(bars, f"{path.name}:{len(lines)}")
    quality.refuse(findings, str(path))
    return bars


def _parse(lines: Sequence[str], symbol: str) -> Bars | None:
    """Return the unchecked bars of well-formed lines, None when any line is not well formed."""
    if len(lines) < 2 or not _is_header(lines[0]) or "" in lines:
        return None
    try:
        rows = np.loadtxt(lines[1:], dtype=_ROW, delimiter=",", comments=None, ndmin=1)
        if len(rows) != len(lines) - 1 or not np.all(np.char.str_len(rows["date"]) == 10):
            return None
        dates = rows["date"].astype("datetime64[D]")
    except ValueError:
        return None
    if np.isnat(dates).any():
        return None
    return _bars(symbol, dates, [np.ascontiguousarray(rows[name]) for name in COLUMNS[1:]])


def _bars(symbol: str, dates: np.ndarray, columns: Sequence[np.ndarray]) -> Bars:
    open_, high, low, close, volume = columns
    return Bars(
        symbol=symbol.upper(),
        dates=dates,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        source="csv",
    )


def _is_header(line: str) -> bool:
    return [cell.strip().lower() for cell in line.split(",")] == list(COLUMNS)


def _cut_off(bars: Bars, place: str) -> tuple[Finding, ...]:
    """Judge a last line without a line end: a cut inside the volume leaves a number that is far too small."""
    before = bars.volume[-21:-1]
    if len(before) and bars.volume[-1] < before.min() / 5:
        problem = f"the file ends without a line end and volume {bars.volume[-1]:.0f} is suspiciously small"
        return (Finding(place, problem, "the file looks cut off: fetch it again, or end it with a newline"),)
    return ()


def _diagnose(
    lines: Sequence[str], name: str, symbol: str, *, allow_gaps: bool
) -> tuple[Bars, tuple[Finding, ...]]:
    """Read, cell by cell, a file that the fast parser refused; return its good rows and every defect."""
    rows: list[_Line] = []
    heading: tuple[Finding, ...] = ()
    if not lines or not _is_header(lines[0]):
        problem = f"wrong header {lines[0][:80]!r}" if lines else "the file is empty"
        heading = (Finding(f"{name}:1", problem, f"the first line must be: {HEADER}"),)
    elif len(lines) == 1:
        heading = (Finding(f"{name}:1", "no rows below the header", "get the rows from your data source"),)
    else:
        rows = [_read_line(n, line, last=n == len(lines)) for n, line in enumerate(lines[1:], start=2)]
    good = [row for row in rows if row.day is not None and not row.problems]
    table = np.array([row.values for row in good], dtype=np.float64).reshape(-1, 5)
    bars = _bars(symbol, np.array([row.day for row in good], dtype="datetime64[D]"), list(table.T))
    cells = [
        Finding(f"{name}:{row.number}", p, "correct or remove the row") for row in rows for p in row.problems
    ]
    judged = quality.check_rows(bars, lambda row: f"{name}:{good[row].number}")
    ordered = sorted((*cells, *judged), key=lambda found: int(found.path.rsplit(":", 1)[1]))
    dates = np.array([row.day for row in rows if row.day is not None], dtype="datetime64[D]")
    gaps = () if allow_gaps else quality.gaps(dates, bars.symbol)
    return bars, (*heading, *ordered, *gaps)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    day: np.datetime64 | None
    values: tuple[float, ...]
    problems: tuple[str, ...]


def _read_line(number: int, line: str, *, last: bool) -> _Line:
    cells = [cell.strip() for cell in line.split(",")]
    if not line.strip():
        return _Line(number, None, (), ("blank line",))
    day = _date(cells[0])
    problems = [] if day is not None else [f"date {cells[0]!r} is not YYYY-MM-DD"]
    if len(cells) != len(COLUMNS):
        cut = "; the last line looks cut off" if last and len(cells) < len(COLUMNS) else ""
        problems.append(f"{len(cells)} cells instead of {len(COLUMNS)}{cut}")
        return _Line(number, day, (), tuple(problems))
    values: list[float] = []
    for column, cell in zip(COLUMNS[1:], cells[1:], strict=True):
        try:
            values.append(float(cell))
        except ValueError:
            problems.append(f"{column} is blank" if not cell else f"{column} {cell!r} is not a number")
    return _Line(number, day, tuple(values), tuple(problems))


def _date(cell: str) -> np.datetime64 | None:
    try:
        day = np.datetime64(cell, "D")
    except ValueError:
        return None
    return day if len(cell) == 10 and not np.isnat(day) else None

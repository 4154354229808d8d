"""Daily bars from CSV files: `SYMBOL.csv` with the columns date, open, high, low, close, volume.

Good files take numpy's compiled parser (about 2 ms for 4,400 rows). Only a file it cannot read is read again
line by line, slowly, to name every defect with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from backtest.core.bars import Bars, DateArray
from backtest.core.errors import DataError, Finding
from backtest.data import quality
from backtest.data.quality import DatedFinding

HEADER = "date,open,high,low,close,volume"
COLUMNS = tuple(HEADER.split(","))
_FIX = "correct or remove the row"

# One character more than a date has, so that longer cells are noticed instead of cut.
_ROW = np.dtype([("date", "S11"), *((name, "f8") for name in COLUMNS[1:])])


@dataclass(frozen=True, slots=True)
class Judged:
    """The readable rows of one file and everything wrong with it."""

    bars: Bars
    findings: tuple[DatedFinding, ...]


class CsvDirectory:
    """A folder of daily CSV files as a source of bars."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def read(self, symbols: Sequence[str]) -> dict[str, Bars]:
        """Return the bars of `symbols`; a symbol without a file is left out. DataError for any defect."""
        return read_directory(self.directory, symbols)

    def judged(self, symbols: Sequence[str]) -> dict[str, Judged]:
        """Return bars and findings of `symbols`: the caller decides which findings concern it.

        Missing sessions are no finding here: only signal symbols, held legs and targets need every bar, and
        who they are is known to the strategy, not to the folder.
        """
        files = _files(self.directory)
        known = [symbol for symbol in dict.fromkeys(symbols) if symbol.upper() in files]
        return {symbol: judge_csv(files[symbol.upper()], symbol, allow_gaps=True) for symbol in known}


def read_directory(
    directory: Path,
    symbols: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    allow_gaps: Collection[str] = (),
    until: date | None = None,
) -> dict[str, Bars]:
    """Read `SYMBOL.csv` files of a folder.

    Args:
        directory: the folder.
        symbols: which symbols; None means every *.csv file. A symbol without a file is left out.
        progress: called with each symbol before its file is read.
        allow_gaps: symbols that may lack sessions (their rows are joined by date).
        until: newest session that may be known; later rows are cut off and their defects do not matter.

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
        judged = judge_csv(files[symbol.upper()], symbol, allow_gaps=symbol in allow_gaps)
        bars[symbol] = judged.bars if until is None else judged.bars.until(until)
        findings.extend(f.finding for f in judged.findings if until is None or f.concerns(until))
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
    judged = judge_csv(path, symbol, allow_gaps=allow_gaps)
    quality.refuse([found.finding for found in judged.findings], str(path))
    return judged.bars


def judge_csv(path: Path, symbol: str, *, allow_gaps: bool = False) -> Judged:
    """Read one file without raising: its readable rows, and every defect with the session it concerns."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        unreadable = Finding(path.name, f"cannot be read: {error}", "check the file")
        return Judged(_no_bars(symbol), (DatedFinding(None, unreadable),))
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    bars = _parse(lines, symbol)
    if bars is None:
        bars, findings, dates = _diagnose(lines, path.name, symbol)
    else:
        findings, dates = quality.judge_rows(bars, lambda row: f"{path.name}:{row + 2}"), bars.dates
    if not allow_gaps:
        findings = (*findings, *quality.judge_gaps(dates, bars.symbol))
    if not findings and not text.endswith(("\n", "\r")):
        findings = _cut_off(bars, f"{path.name}:{len(lines)}")
    return Judged(bars, findings)


def _parse(lines: Sequence[str], symbol: str) -> Bars | None:
    """Return the unchecked bars of well-formed lines, None when any line is not well formed."""
    if len(lines) < 2 or not _is_header(lines[0]) or "" in lines:
        return None
    try:
        rows = np.loadtxt(lines[1:], dtype=_ROW, delimiter=",", comments=None, ndmin=1)
        if len(rows) != len(lines) - 1 or not _ten_characters(rows["date"]):
            return None
        dates = rows["date"].astype("datetime64[D]")
    except ValueError:
        return None
    if np.isnat(dates).any():
        return None
    return _bars(symbol, dates, [np.ascontiguousarray(rows[name]) for name in COLUMNS[1:]])


def _ten_characters(cells: np.ndarray) -> bool:
    """Tell whether every cell (dtype S11) is as long as a date; np.char would load two more modules."""
    letters = np.ascontiguousarray(cells).view(np.uint8).reshape(len(cells), 11)
    return bool(np.all(letters[:, 9] != 0) and np.all(letters[:, 10] == 0))


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


def _no_bars(symbol: str) -> Bars:
    return _bars(symbol, np.array([], dtype="datetime64[D]"), [np.array([], dtype=np.float64)] * 5)


def _is_header(line: str) -> bool:
    return [cell.strip().lower() for cell in line.split(",")] == list(COLUMNS)


def _cut_off(bars: Bars, place: str) -> tuple[DatedFinding, ...]:
    """Judge a last line without a line end: a cut inside the volume leaves a number that is far too small."""
    before = bars.volume[-21:-1]
    if len(before) and bars.volume[-1] < before.min() / 5:
        problem = f"the file ends without a line end and volume {bars.volume[-1]:.0f} is suspiciously small"
        remedy = "the file looks cut off: fetch it again, or end it with a newline"
        return (DatedFinding(bars.last, Finding(place, problem, remedy)),)
    return ()


def _diagnose(
    lines: Sequence[str], name: str, symbol: str
) -> tuple[Bars, tuple[DatedFinding, ...], DateArray]:
    """Read, cell by cell, a file that the fast parser refused; return good rows, defects and all dates."""
    heading = _heading(lines, f"{name}:1")
    if heading is not None:
        nothing = _no_bars(symbol)
        return nothing, (DatedFinding(None, heading),), nothing.dates
    rows = [_read_line(n, line, last=n == len(lines)) for n, line in enumerate(lines[1:], start=2)]
    good = [row for row in rows if row.day is not None and not row.problems]
    table = np.array([row.values for row in good], dtype=np.float64).reshape(-1, 5)
    columns = [np.ascontiguousarray(column) for column in table.T]
    bars = _bars(symbol, np.array([row.day for row in good], dtype="datetime64[D]"), columns)
    findings: list[tuple[int, DatedFinding]] = []
    day: date | None = None
    for row in rows:
        day = row.day or day  # a row without a date stands where it stands
        found = (Finding(f"{name}:{row.number}", problem, _FIX) for problem in row.problems)
        findings.extend((row.number, DatedFinding(day, finding)) for finding in found)
    judged = quality.judge_rows(bars, lambda row: f"{name}:{good[row].number}")
    findings.extend((int(found.finding.path.rsplit(":", 1)[1]), found) for found in judged)
    findings.sort(key=lambda item: item[0])
    dates = np.array([row.day for row in rows if row.day is not None], dtype="datetime64[D]")
    return bars, tuple(found for _, found in findings), dates


def _heading(lines: Sequence[str], place: str) -> Finding | None:
    if not lines or not _is_header(lines[0]):
        problem = f"wrong header {lines[0][:80]!r}" if lines else "the file is empty"
        return Finding(place, problem, f"the first line must be: {HEADER}")
    if len(lines) == 1:
        return Finding(place, "no rows below the header", "get the rows from your data source")
    return None


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    day: date | None
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


def _date(cell: str) -> date | None:
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        return None
    return day if day.isoformat() == cell else None  # the parser knows other spellings too

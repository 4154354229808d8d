"""Daily bars from CSV files: one file per symbol, in the formats of vendors and people (`csv_dialect`).

Files written as ours are (`date,open,high,low,close,volume`, YYYY-MM-DD) take a compiled parser: pyarrow's
where it is loaded or the folder is large enough to pay for loading it, else numpy's. Every other file, and
one with a defect, is read cell by cell (`csv_dialect.read`), which names each defect with its line.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from pathlib import Path

from backtest.core.bars import Bars
from backtest.core.errors import DataError, Finding
from backtest.core.files import read_regular
from backtest.data import quality
from backtest.data.quality import DatedFinding
from backtest.data.sources.csv_dialect.folder import CsvFile, csv_files, files_of, refuse_shared
from backtest.data.sources.csv_dialect.model import Dialect, Judged, refused
from backtest.data.sources.csv_dialect.options import CsvOptions
from backtest.data.sources.csv_dialect.plain import HEADER, parse_plain

__all__ = [
    "HEADER",
    "CsvDirectory",
    "Judged",
    "judge_csv",
    "read_csv",
    "read_directory",
    "read_import",
    "tell",
]

_DEFAULTS = CsvOptions()
#: Loading pyarrow takes 0.1 s; it parses this many bytes faster than numpy by as much.
_PYARROW_PAYS = 4_000_000
#: A table of daily bars is far smaller.
_MAX_BYTES = 256 * 1024 * 1024
_MANY_CLOSED = 5
Progress = Callable[[str], None]


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
        files = files_of(csv_files(self.directory), symbols)
        return {symbol: judge_csv(path, symbol, allow_gaps=True) for symbol, path in files.items()}


def read_directory(
    directory: Path,
    symbols: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    allow_gaps: Collection[str] = (),
    until: date | None = None,
    recognised: Progress | None = None,
) -> dict[str, Bars]:
    """Read the CSV files of a folder.

    Args:
        directory: the folder.
        symbols: which symbols; None means every CSV file. A symbol without a file is left out.
        progress: called with each symbol before its file is read.
        allow_gaps: symbols that may lack sessions (their rows are joined by date).
        until: newest session that may be known; later rows are cut off and their defects do not matter.
        recognised: called with one line about each file that is not written in our own plain format.

    Raises:
        DataError: no such folder, no file at all, two files of one symbol, or defects; the findings of all
            files come together.
    """
    files = csv_files(directory)
    wanted = _by_symbol(files) if symbols is None else files_of(files, symbols)
    _load_pyarrow(wanted.values())
    bars: dict[str, Bars] = {}
    findings: list[Finding] = []
    for symbol, path in wanted.items():
        if progress is not None:
            progress(symbol)
        judged = judge_csv(path, symbol, allow_gaps=symbol in allow_gaps)
        bars[symbol] = judged.bars if until is None else judged.bars.until(until)
        findings.extend(f.finding for f in judged.findings if until is None or f.concerns(until))
        if recognised is not None and judged.dialect is not None and not judged.dialect.plain:
            recognised(judged.recognised())
    quality.refuse(findings, str(directory))
    return bars


def read_import(path: Path, options: CsvOptions, progress: Progress | None = None) -> tuple[Judged, ...]:
    """Read every CSV file of a folder, or one file, to be stored.

    Args:
        path: the folder or the file.
        options: what a person stated; `options.symbol` needs a single file.
        progress: called with each file name.

    Raises:
        DataError: nothing to read, an unclear file (the finding names the flag), two files of one symbol, or
            defects; the findings of all files come together.
    """
    files = (CsvFile.at(path),) if path.is_file() else csv_files(path)
    if options.symbol is not None and len(files) > 1:
        raise DataError(
            f"--symbol names one symbol, the folder holds {len(files)} CSV files",
            where=str(path),
            remedy="give the file instead of the folder",
        )
    _load_pyarrow(file.path for file in files)
    judgements: list[Judged] = []
    for file in files:
        if progress is not None:
            progress(file.path.name)
        judgements.append(judge_csv(file.path, options.symbol or file.symbol, options=options))
    quality.refuse([f.finding for judged in judgements for f in judged.findings], str(path))
    refuse_shared(
        ((judged.bars.symbol, file.path) for judged, file in zip(judgements, files, strict=True)), path
    )
    return tuple(judgements)


def tell(line: str) -> None:
    """Show on standard error what a file was taken for."""
    print(line, file=sys.stderr)  # noqa: T201 - the report of a command


def read_csv(path: Path, symbol: str, *, allow_gaps: bool = False) -> Bars:
    """Read the daily bars of one file.

    Raises:
        DataError: the file cannot be read or has defects; `findings` lists all of them as file:line.
    """
    judged = judge_csv(path, symbol, allow_gaps=allow_gaps)
    quality.refuse([found.finding for found in judged.findings], str(path))
    return judged.bars


def judge_csv(
    path: Path, symbol: str | None, *, allow_gaps: bool = False, options: CsvOptions = _DEFAULTS
) -> Judged:
    """Read one file without raising: its readable rows, and every defect with the session it concerns.

    `symbol` is what its name spells, or None; a file that says another symbol inside is refused.
    """
    try:
        content = _content(path)
    except (OSError, DataError) as error:
        problem = error.problem if isinstance(error, DataError) else f"cannot be read: {error}"
        return refused(symbol or "?", path.name, problem, "check the file")
    judged = None if options.columns or options.date_format else _plain(content, path.name, symbol, options)
    if judged is None:
        from backtest.data.sources.csv_dialect.read import judge  # plain files do without it

        judged = judge(content, path.name, options, symbol=symbol, allow_gaps=allow_gaps)
    elif not allow_gaps:
        missing = quality.judge_gaps(judged.bars.dates, judged.bars.symbol)
        judged = _with(judged, (*judged.findings, *missing))
    if not judged.findings and len(judged.bars) and not _ends_whole(content):
        lines = content.count(b"\n") + 1
        judged = _with(judged, _cut_off(judged, f"{path.name}:{lines}"))
    return _with(judged, _fold_closed(judged))


def _ends_whole(content: bytes) -> bool:
    """Tell whether the last line has its end; a packed file carries its own proof of that."""
    return content.endswith((b"\n", b"\r", b"\x00")) or content.startswith(b"\x1f\x8b")


def _content(path: Path) -> bytes:
    """Return the bytes of a file. DataError: it is none, too large, or cannot be read."""
    try:
        return read_regular(path, _MAX_BYTES)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from error


def _with(judged: Judged, findings: tuple[DatedFinding, ...]) -> Judged:
    return Judged(judged.bars, findings, judged.dialect, judged.actions, judged.gaps)


def _load_pyarrow(paths: Iterable[Path]) -> None:
    """Load pyarrow when the files are large enough for its parser to win back the time."""
    if (
        "pyarrow.csv" not in sys.modules
        and sum(p.stat().st_size for p in paths if p.is_file()) > _PYARROW_PAYS
    ):
        with contextlib.suppress(ImportError):  # numpy does without it
            import pyarrow.csv  # noqa: F401


def _plain(content: bytes, name: str, symbol: str | None, options: CsvOptions) -> Judged | None:
    """Return the judgement of a file in our own format, None when it is not, or when the symbol is open."""
    known = options.symbol or symbol
    if known is None or options.use_adj_close:
        return None
    parsed = parse_plain(content, known, options.effective_basis)
    if parsed is None:
        return None
    bars, newest_first = parsed
    last = len(bars) + 1
    found = quality.judge_rows(bars, lambda row: f"{name}:{last - row if newest_first else row + 2}")
    about = Dialect(
        file=name,
        symbol=bars.symbol,
        symbol_from="by --symbol" if options.symbol is not None else "from its name",
        columns={role: role for role in HEADER.split(",")},
        dates="YYYY-MM-DD",
        newest_first=newest_first,
        basis=options.effective_basis,
        plain=not newest_first,
    )
    return Judged(bars, found, about)


def _by_symbol(files: Sequence[CsvFile]) -> dict[str, Path]:
    """Return every file of a folder by its symbol; DataError for a name that spells none."""
    folder = files[0].path.parent
    unclear = [file.path.name for file in files if file.symbol is None]
    if unclear:
        raise DataError(
            f"the name {unclear[0]!r} does not say the symbol",
            where=str(folder),
            remedy=f"name it SYMBOL.csv, or {_DEFAULTS.remedy('--symbol SYMBOL')}",
        )
    named = [(file.symbol, file.path) for file in files if file.symbol is not None]
    refuse_shared(named, folder)
    return dict(sorted(named))


def _cut_off(judged: Judged, place: str) -> tuple[DatedFinding, ...]:
    """Judge a last line without a line end: a cut inside the volume leaves a number that is far too small."""
    volume = judged.bars.volume
    if judged.dialect is not None and judged.dialect.newest_first:
        volume = volume[::-1]
    before = volume[-21:-1]
    if len(before) and volume[-1] < before.min() / 5:
        problem = f"the file ends without a line end and volume {volume[-1]:.0f} is suspiciously small"
        remedy = "the file looks cut off: fetch it again, or end it with a newline"
        return (DatedFinding(judged.bars.last, Finding(place, problem, remedy)),)
    return ()


def _fold_closed(judged: Judged) -> tuple[DatedFinding, ...]:
    """Put many rows on days without a session into one finding: they are one fault of the file."""
    findings = judged.findings
    weekend = [f for f in findings if f.finding.problem.endswith("is a week-end day")]
    holiday = [f for f in findings if f.finding.problem.endswith("is an exchange holiday")]
    closed = {*weekend, *holiday}
    if len(closed) <= _MANY_CLOSED:
        return findings
    first = min(closed, key=lambda found: found.day or date.max)
    written = f" (dates read as {judged.dialect.dates})" if judged.dialect is not None else ""
    problem = (
        f"{len(closed)} of {len(judged.bars)} rows are on days without a session{written}: {len(weekend)} on "
        f"week-ends, {len(holiday)} on exchange holidays, the first {first.finding.problem}"
    )
    advised = Finding(first.finding.path, problem, "give daily bars of a US-listed symbol")
    return (DatedFinding(first.day, advised), *(f for f in findings if f not in closed))

"""Daily bars as CSV files in our own plain format: what is exported is imported again bit for bit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from backtest.core.bars import Bars
from backtest.core.errors import UsageError
from backtest.core.files import why, write_atomic

HEADER: Final = "date,open,high,low,close,volume"


def csv_text(bars: Bars) -> str:
    """Return bars as CSV: a header and a line per session, oldest first.

    Every number has as many digits as it takes to read the same float again; whole ones have no decimals.
    """
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    days = [str(day) for day in bars.dates]
    rows = zip(days, *(column.tolist() for column in columns), strict=True)
    lines = (",".join((day, *map(_number, values))) for day, *values in rows)
    return "\n".join((HEADER, *lines)) + "\n"


def write_folder(folder: Path, series: Iterable[Bars]) -> tuple[Path, ...]:
    """Write one file per symbol into a folder; return their paths.

    Raises:
        UsageError: 2, one of the files is there already (nothing is written), or cannot be written.
    """
    files = {folder / f"{bars.symbol}.csv": bars for bars in series}
    taken = next((path for path in files if path.exists()), None)
    if taken is not None:
        raise UsageError("is there already", where=str(taken), remedy="name an empty folder")
    for path, bars in files.items():
        try:
            write_atomic(path, csv_text(bars).encode())
        except OSError as error:
            problem = f"cannot be written: {why(error)}"
            raise UsageError(problem, where=str(path), remedy="name another folder") from error
    return tuple(files)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)

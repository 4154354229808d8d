"""The minute bars of a session: the tail of a file that another program appends to.

Plain CSV, `ts_utc,open,high,low,close,volume` in its first line, times of ISO 8601 (UTC where none is named).
A last line without its end is being written and is left for the next look.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from backtest.core.bar_words import Moment
from backtest.core.errors import DataError
from backtest.core.files import read_regular, why
from backtest.simulator.intraday.engine import MinuteBar

COLUMNS: Final = ("ts_utc", "open", "high", "low", "close", "volume")
MINUTE: Final = timedelta(minutes=1)
#: bytes of the largest file: years of minutes
_MAX_BYTES: Final = 512_000_000
_NOISE: Final = 1e-9
#: rows before the wanted ones whose order is looked at too: a vendor that fills a gap writes older rows late
_LOOK_BACK: Final = 30


def read_bars(
    path: Path, *, since: datetime, until: datetime, stamp: Moment = "open", scale: int | None = None
) -> list[MinuteBar]:
    """Return the bars of complete lines whose minute begins at or after `since` and is over at `until`.

    Args:
        path: the file; one that is not there yet has no bars.
        since: start of the trading day.
        until: now.
        stamp: what rows are stamped with, the start or the end of their minute.
        scale: prices must be whole numbers of one by this; None: any.

    Raises:
        DataError: 5, the file cannot be read, a row of these bars is wrong, double or out of order, or one of
            them stands among the 30 rows before.
    """
    try:
        content = read_regular(path, _MAX_BYTES)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(
            f"cannot be read: {why(error)}",
            where=str(path),
            remedy="check the file of minute bars (orb.bars)",
        ) from error
    lines = content[: content.rfind(b"\n") + 1].decode("utf-8", "replace").splitlines()
    if not lines:
        return []
    if tuple(lines[0].strip().lower().split(",")) != COLUMNS:
        raise DataError(
            "its first line does not name the columns", where=f"{path}:1", remedy=f"write {','.join(COLUMNS)}"
        )
    shift = MINUTE if stamp == "close" else timedelta(0)
    found = [bar for bar in _tail(lines, f"{path}", since, shift) if bar.minute + MINUTE <= until]
    for bar in found if scale is not None else ():
        _require_on_grid(bar, scale, str(path))  # type: ignore[arg-type]
    return found


def _tail(lines: Sequence[str], path: str, since: datetime, shift: timedelta) -> list[MinuteBar]:
    """Return the bars from `since` on: read from the end, for the file holds earlier days too."""
    found: list[MinuteBar] = []
    for number in range(len(lines), 1, -1):
        if not lines[number - 1].strip():
            continue
        bar = _bar(lines[number - 1], f"{path}:{number}", shift)
        if found and bar.minute >= found[-1].minute:
            problem = "double" if bar.minute == found[-1].minute else "not before the next row"
            raise DataError(f"{bar.minute:%Y-%m-%d %H:%M} is {problem}", where=f"{path}:{number}")
        if bar.minute < since:
            _require_none_before(lines[:number], path, since, shift)
            break
        found.append(bar)
    return found[::-1]


def _require_none_before(lines: Sequence[str], path: str, since: datetime, shift: timedelta) -> None:
    """Refuse a wanted bar that stands before an older one: it would be passed over."""
    for number in range(len(lines), max(1, len(lines) - _LOOK_BACK), -1):
        try:
            minute = _minute(lines[number - 1].partition(",")[0], shift)
        except (ValueError, OverflowError):
            continue  # a wrong row of an earlier day
        if minute >= since:
            raise DataError(f"{minute:%Y-%m-%d %H:%M} is not before the next row", where=f"{path}:{number}")


def _bar(line: str, where: str, shift: timedelta) -> MinuteBar:
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != len(COLUMNS):
        raise _wrong(f"{len(cells)} columns, not {len(COLUMNS)}", where)
    try:
        at = _minute(cells[0], shift)
        values = [float(cell) for cell in cells[1:]]
    except (ValueError, OverflowError) as error:
        raise _wrong(str(error), where) from error
    for problem in _problems(at, values):
        raise _wrong(problem, where)
    return MinuteBar(at, *values)


def _minute(cell: str, shift: timedelta) -> datetime:
    """Return the start of a row's minute. ValueError, OverflowError: the cell is no time."""
    at = datetime.fromisoformat(cell.strip())
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC) - shift


def _wrong(problem: str, where: str) -> DataError:
    return DataError(f"no minute bar: {problem}", where=where, remedy="correct the row")


def _problems(at: datetime, values: Sequence[float]) -> Iterator[str]:
    open_, high, low, close, volume = values
    if at.second or at.microsecond:
        yield "its time is no whole minute"
    if not all(math.isfinite(value) for value in values):
        yield "a value is not finite"
    elif min(values[:4]) <= 0 or volume < 0:
        yield "a price is not above 0, or the volume is negative"
    elif max(open_, close) > high or min(open_, close) < low:
        yield "open or close lies outside low to high"


def _require_on_grid(bar: MinuteBar, scale: int, path: str) -> None:
    for price in (bar.open, bar.high, bar.low, bar.close):
        if abs(round(price * scale) / scale - price) > _NOISE:
            raise DataError(
                f"the price {price!r} of {bar.minute:%H:%M} has more decimals than the tick of the contract",
                where=path,
                remedy="give bars of the contract that is traded, or name its tick (orb.instruments)",
            )

"""Minute bars of one symbol as one frozen, validated value, beside the daily `Bars`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from backtest.core.bars import DateArray, FloatArray
from backtest.core.errors import DataError

PRICES: Final = ("open", "high", "low", "close")
COLUMNS: Final = (*PRICES, "volume")


@dataclass(frozen=True, slots=True, eq=False)
class IntradayBars:
    """One row per minute that traded, oldest first; a minute without a trade has no row.

    The columns are copied and cannot be written to.

    Attributes:
        symbol: ticker, upper case.
        minutes: shape (n,), dtype datetime64[m], UTC, strictly increasing: the instant at which the minute of
            the row begins.
        open, high, low, close: shape (n,), float64, positive, in the currency of the quote.
        volume: shape (n,), float64, shares or contracts, not negative.
        source: where the rows came from, e.g. ``csv``.

    Raises:
        DataError: a column has another shape or an unusable value, or minutes do not increase; names the
            first row that is wrong.
    """

    symbol: str
    minutes: DateArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    source: str = ""

    def __post_init__(self) -> None:
        """Copy, judge and lock the columns."""
        for name in ("minutes", *COLUMNS):
            kind = "datetime64[m]" if name == "minutes" else np.float64
            column = np.array(getattr(self, name), dtype=kind)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        for problem in self._problems():
            raise DataError(problem, where=self.symbol, remedy="correct the source")

    def _problems(self) -> Iterator[str]:
        shape = (len(self.minutes),)
        for name in ("minutes", *COLUMNS):
            if getattr(self, name).shape != shape:
                yield f"column {name} has shape {getattr(self, name).shape}, the minutes {shape}"
        yield from self._wrong("is not a time", np.isnat(self.minutes))
        yield from self._wrong(
            "is not after the row before", np.r_[False, np.diff(self.minutes).astype(int) <= 0]
        )
        for name in PRICES:
            price = getattr(self, name)
            yield from self._wrong(f"has no usable {name}", ~(np.isfinite(price) & (price > 0)))
        yield from self._wrong("has no usable volume", ~(np.isfinite(self.volume) & (self.volume >= 0)))
        top, bottom = np.maximum(self.open, self.close), np.minimum(self.open, self.close)
        yield from self._wrong(
            "has open or close outside low to high", (top > self.high) | (bottom < self.low)
        )

    def _wrong(self, what: str, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[str]:
        if wrong.any():
            row = int(np.argmax(wrong))
            yield f"row {row + 1} ({self.minutes[row]} UTC) {what}"

    def __len__(self) -> int:
        return len(self.minutes)

    def between(self, start: datetime, end: datetime) -> IntradayBars:
        """Return the minutes that begin at or after `start` and before `end`; ValueError for a naive time."""
        first, last = (int(np.searchsorted(self.minutes, minute_at(at))) for at in (start, end))
        columns = {name: getattr(self, name)[first:last] for name in ("minutes", *COLUMNS)}
        return replace(self, **columns)

    def sha256(self) -> str:
        """Return the digest of the rows: little-endian minute numbers since 1970, then the five columns."""
        digest = hashlib.sha256(self.minutes.astype("<M8[m]").astype("<i8").tobytes())
        for name in COLUMNS:
            digest.update(getattr(self, name).astype("<f8").tobytes())
        return digest.hexdigest()


def minute_at(at: datetime) -> np.datetime64:
    """Return the first whole minute at or after `at`, UTC; ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    known = at.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(known, "m") + np.timedelta64(int(known.second > 0 or known.microsecond > 0), "m")

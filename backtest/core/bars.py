"""Daily bars of one symbol as one frozen value."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backtest.core.errors import DataError

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Daily bars, one row per session, oldest first.

    Attributes:
        symbol: ticker, upper case.
        dates: shape (n,), dtype datetime64[D]: New York session dates, strictly increasing.
        open, high, low, close: shape (n,), float64, in the currency of the quote.
        volume: shape (n,), float64, shares.
        source: where the rows came from (provenance for the signal file), e.g. ``csv`` or ``demo``.
        provisional: True when the last row is the bar of a session that was not over: synthetic, or stored
            before the close.
        basis: what the prices hold: ``raw``, ``split`` (adjusted for splits) or ``total`` (dividends too).
    """

    symbol: str
    dates: DateArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    source: str = ""
    provisional: bool = False
    basis: str = "split"

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def first(self) -> date:
        """Date of the oldest row; DataError when there is none."""
        return self._date_at(0)

    @property
    def last(self) -> date:
        """Date of the newest row; DataError when there is none."""
        return self._date_at(-1)

    def _date_at(self, row: int) -> date:
        if not len(self.dates):
            raise DataError("no bars", where=self.symbol, remedy="import data for this symbol")
        value: date = self.dates[row].item()
        return value

    def row(self, day: date) -> int | None:
        """Return the row of `day`, or None when the symbol has no bar that session."""
        position = int(np.searchsorted(self.dates, np.datetime64(day, "D")))
        if position < len(self.dates) and self.dates[position] == np.datetime64(day, "D"):
            return position
        return None

    def until(self, day: date) -> Bars:
        """Return the rows dated on or before `day` (views, no copy)."""
        end = int(np.searchsorted(self.dates, np.datetime64(day, "D"), side="right"))
        if end == len(self):
            return self
        cut = self._slice(slice(0, end))
        return replace(cut, provisional=False) if cut.provisional else cut

    def since(self, day: date) -> Bars:
        """Return the rows dated on or after `day` (views, no copy)."""
        start = int(np.searchsorted(self.dates, np.datetime64(day, "D")))
        return self if start == 0 else self._slice(slice(start, None))

    def take(self, rows: NDArray[np.int64]) -> Bars:
        """Return the rows numbered `rows`, in that order (a copy)."""
        return self._slice(rows)

    def _slice(self, rows: slice | NDArray[np.int64]) -> Bars:
        return replace(
            self,
            dates=self.dates[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
            volume=self.volume[rows],
        )

    def with_bar(
        self, day: date, *, open_: float, high: float, low: float, close: float, volume: float
    ) -> Bars:
        """Return bars whose last row is the (provisional) bar of `day`: it replaces, never counts twice."""
        kept = self if not len(self) or self.last < day else self.until(day)
        if len(kept) and kept.last == day:
            kept = kept._slice(slice(0, len(kept) - 1))  # noqa: SLF001 - another value of this very class

        def add(column: FloatArray, value: float) -> FloatArray:
            longer = np.empty(len(column) + 1)
            longer[:-1] = column
            longer[-1] = value
            return longer

        dates = np.empty(len(kept) + 1, dtype="datetime64[D]")
        dates[:-1] = kept.dates
        dates[-1] = day
        return replace(
            kept,
            dates=dates,
            open=add(kept.open, open_),
            high=add(kept.high, high),
            low=add(kept.low, low),
            close=add(kept.close, close),
            volume=add(kept.volume, volume),
            provisional=True,
        )

    def sha256(self) -> str:
        """Return the digest of the rows: little-endian day numbers, then the five columns."""
        digest = hashlib.sha256(self.dates.astype("<M8[D]").astype("<i8").tobytes())
        for column in (self.open, self.high, self.low, self.close, self.volume):
            digest.update(column.astype("<f8").tobytes())
        return digest.hexdigest()

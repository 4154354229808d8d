"""One symbol from one source: page after page within its limits, the pages put together and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, DateArray, FloatArray
from backtest.core.intraday_bars import IntradayBars
from live.feeds.sources.errors import UnknownSymbol, VendorChanged, vendor_errors
from live.feeds.sources.limits import TokenBucket
from live.feeds.sources.model import BarRequest, Page, Source
from live.feeds.sync.spool import Spool


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer as daily bars (not empty), and the sessions that the source has without prices."""

    bars: Bars | None
    gaps: tuple[date, ...] = ()


class Fetcher:
    """Asks one source, with its bucket and the folder of its unfinished answers."""

    def __init__(self, source: Source, bucket: TokenBucket, spools: Path) -> None:
        self.source = source
        self._bucket = bucket
        self._spools = spools

    def daily(self, requests: Sequence[BarRequest]) -> Fetched:
        """Return the daily bars of several stretches of one symbol, oldest first.

        Raises:
            VendorError: there is no usable answer; pages that came are kept for the next try.
        """
        pages = [page for request in requests for page in self._pages(request)]
        stamps = np.concatenate([page.stamps.astype("datetime64[D]") for page in pages])
        columns = np.hstack([page.columns for page in pages])
        gaps = tuple(day for page in pages for day in page.gaps)
        _require_order(requests[0].symbol, stamps)
        if not len(stamps):
            return Fetched(None, gaps)
        return Fetched(_bars(requests[0], self.source.name, stamps, columns), gaps)

    def minutes(self, requests: Sequence[BarRequest]) -> IntradayBars | None:
        """Return the minute bars inside the sessions of several stretches of one symbol, None for none.

        Raises:
            VendorError: there is no usable answer; pages that came are kept for the next try.
        """
        pages = [page for request in requests for page in self._pages(request)]
        stamps = np.concatenate([page.stamps.astype("datetime64[m]") for page in pages])
        columns = np.hstack([page.columns for page in pages])
        _require_order(requests[0].symbol, stamps)
        inside = in_sessions(stamps)
        if not inside.any():
            return None
        open_, high, low, close, volume = columns[:, inside]
        with vendor_errors(requests[0].symbol):
            return IntradayBars(
                requests[0].symbol, stamps[inside], open_, high, low, close, volume, self.source.name
            )

    def forget(self, requests: Sequence[BarRequest]) -> None:
        """Throw the kept pages of these requests away: the answer was used, or is not wanted."""
        for request in requests:
            self._spool(request).clear()

    def wait(self) -> None:
        """Take a token for a request that is made elsewhere."""
        self._bucket.take()

    def _spool(self, request: BarRequest) -> Spool:
        return Spool(self._spools, self.source.name, request)

    def _pages(self, request: BarRequest) -> list[Page]:
        spool = self._spool(request)
        kept = spool.pages()
        try:
            pages = self._rest(request, spool, kept)
        except (UnknownSymbol, VendorChanged):
            if not kept:
                raise
            spool.clear()  # the cursor it stopped at is no longer good: from the start
            pages = self._rest(request, spool, [])
        return [_within(page, request) for page in pages]

    def _rest(self, request: BarRequest, spool: Spool, kept: list[Page]) -> list[Page]:
        pages = list(kept)
        seen = {page.cursor for page in pages}
        while not pages or pages[-1].cursor is not None:
            cursor = pages[-1].cursor if pages else None
            self._bucket.take()
            page = self.source.page(replace(request, cursor=cursor))
            if page.cursor is not None and page.cursor in seen:
                raise VendorChanged("the pages repeat", where=request.symbol, remedy="ask again")
            seen.add(page.cursor)
            spool.add(page, first=not pages)
            pages.append(page)
        return pages


def in_sessions(minutes: DateArray) -> NDArray[np.bool_]:
    """Tell of UTC minutes in order whether each begins inside a session."""
    if not len(minutes):
        return np.zeros(0, dtype=np.bool_)
    first, last = (stamp.astype("datetime64[D]").item() for stamp in (minutes[0], minutes[-1]))
    opens, closes = session_minutes(first, last)
    place = np.searchsorted(opens, minutes, side="right") - 1
    inside: NDArray[np.bool_] = (place >= 0) & (minutes < closes[np.maximum(place, 0)])
    return inside


def session_minutes(first: date, last: date) -> tuple[DateArray, DateArray]:
    """Return opening and closing minutes (UTC) of the sessions between two days, one before included."""
    days = [calendar.previous_session(first), *calendar.sessions(first, last)]
    opens, closes = (
        np.array([at.astimezone(UTC).replace(tzinfo=None) for at in ends], dtype="datetime64[m]")
        for ends in zip(*((day.open, day.close) for day in days), strict=True)
    )
    return opens, closes


def _within(page: Page, request: BarRequest) -> Page:
    """Return the rows inside the days asked for: vendors add today's unfinished bar, or start earlier."""
    days = page.stamps.astype("datetime64[D]")
    inside = (days >= np.datetime64(request.first, "D")) & (days <= np.datetime64(request.last, "D"))
    return replace(page, stamps=page.stamps[inside], columns=page.columns[:, inside])


def _require_order(symbol: str, stamps: DateArray) -> None:
    """Raise VendorChanged unless every bar is later than the one before."""
    wrong = np.flatnonzero(np.diff(stamps) <= np.timedelta64(0, "D"))
    if len(wrong):
        row = int(wrong[0]) + 1
        twice = stamps[row] == stamps[row - 1]
        problem = f"{stamps[row]} comes twice" if twice else f"{stamps[row]} comes after {stamps[row - 1]}"
        raise VendorChanged(problem, where=symbol, remedy="ask again, or another source")


def _bars(request: BarRequest, source: str, stamps: DateArray, columns: FloatArray) -> Bars:
    open_, high, low, close, volume = columns
    return Bars(
        symbol=request.symbol,
        dates=stamps,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        source=source,
        basis=request.basis,
    )

"""Minute bars for tests: written in a few words, or at random; and rows of the reference tables."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from backtest.core.intraday_bars import IntradayBars

Ohlc = tuple[float, float, float, float]


def bars_at(start: str, rows: Sequence[Ohlc], *, symbol: str = "MGC", volume: float = 100.0) -> IntradayBars:
    """Return bars of consecutive minutes from `start` (UTC, ``2024-01-05T00:05``)."""
    minutes = np.datetime64(start, "m") + np.arange(len(rows))
    open_, high, low, close = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return IntradayBars(symbol, minutes, open_, high, low, close, np.full(len(rows), volume))


def random_bars(
    seed: int, days: int, *, first: str = "2024-01-02", tick: float = 0.1, kept: float = 0.9
) -> IntradayBars:
    """Return seeded bars of whole futures days, a random walk in ticks, some minutes missing."""
    source = np.random.default_rng(seed)
    count = days * 1440
    steps = source.integers(-3, 4, size=(count, 4))
    close = 20_000 + np.cumsum(steps[:, 0])
    open_ = np.r_[20_000, close[:-1]] + source.integers(-1, 2, size=count)
    high = np.maximum(open_, close) + np.abs(steps[:, 1])
    low = np.minimum(open_, close) - np.abs(steps[:, 2])
    minutes = np.datetime64(first, "m") - 60 + np.arange(count)
    there = source.random(count) < kept
    decimals = 1 if tick == 0.1 else 2
    prices = {"open": open_, "high": high, "low": low, "close": close}
    prices = {name: np.round(one[there] * tick, decimals) for name, one in prices.items()}
    volume = source.integers(1, 90, there.sum()).astype(np.float64)
    return IntradayBars("MGC", minutes[there], **prices, volume=volume)


def bars_file(path: Path, seed: int, days: int) -> Path:
    """Write random bars as a CSV file of our own format and return its path."""
    bars = random_bars(seed, days)
    rows = zip(bars.minutes, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    lines = [f"{minute}:00Z,{o:.1f},{h:.1f},{low:.1f},{c:.1f},{v:.0f}" for minute, o, h, low, c, v in rows]
    path.write_text("\n".join(("ts_utc,open,high,low,close,volume", *lines, "")))
    return path


@cache
def reference(folder: Path, table: str) -> dict[str, list[str]]:
    """Return the lines of a reference table by data set, and its header under the empty name."""
    with gzip.open(folder / "reference" / f"orb_{table}_dev.csv.gz", "rt") as text:
        header, *lines = text.read().splitlines()
    found: dict[str, list[str]] = {"": [header]}
    for line in lines:
        found.setdefault(line.partition(",")[0], []).append(line)
    return found


def column(lines: Sequence[str], place: int) -> str:
    """Return the distinct cells of a column as a comma list."""
    return ",".join(sorted({line.split(",")[place] for line in lines}))

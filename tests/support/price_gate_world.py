"""Histories for tests of the price gate: the real files, and a made-up index with its 3x and -1x funds."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.random._generator import Generator
from numpy.typing import NDArray

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.data.quality.findings import PriceFinding
from backtest.data.quality.relations import PriceRelation
from backtest.data.sources.csv import read_directory

RELATIONS = (
    PriceRelation("TQQQ", "QQQ", 3.0),
    PriceRelation("PSQ", "QQQ", -1.0),
    PriceRelation("TMF", "TLT", 3.0),
    PriceRelation("TMV", "TLT", -3.0),
)
REAL = ("QQQ", "TQQQ", "TLT", "TMF", "TMV")
PRICES = ("open", "high", "low", "close")


def real_bars(shared_data: Path) -> dict[str, Bars]:
    return read_directory(shared_data / "daily", list(REAL), allow_gaps=set(REAL))


def index_and_funds(sessions: int = 400, seed: int = 7) -> dict[str, Bars]:
    """QQQ with a daily sigma of 1 %, TQQQ and PSQ that keep their promise to 0.05 %."""
    random = np.random.default_rng(seed)
    dates = calendar.session_dates(date(2020, 1, 2), date(2024, 12, 31))[:sessions]
    night, day = random.normal(0, 0.004, sessions), random.normal(0, 0.009, sessions)
    return {
        symbol: _fund(symbol, dates, multiple, night, day, random)
        for symbol, multiple in (("QQQ", 1.0), ("TQQQ", 3.0), ("PSQ", -1.0))
    }


def _fund(
    symbol: str,
    dates: NDArray[np.datetime64],
    multiple: float,
    night: NDArray[np.float64],
    day: NDArray[np.float64],
    random: Generator,
) -> Bars:
    noise = random.normal(0, 0.0005, len(dates)) if multiple != 1.0 else 0.0
    moves = multiple * ((1 + night) * (1 + day) - 1) + noise
    close = np.asarray(100 * np.cumprod(1 + moves), dtype=np.float64)
    before = np.append(100.0, close[:-1])
    open_ = before * (1 + multiple * night)
    return Bars(
        symbol,
        dates,
        open_,
        np.maximum(open_, close) * 1.002,
        np.minimum(open_, close) * 0.998,
        close,
        random.uniform(1e6, 2e6, len(dates)).round(),
    )


def copy(bars: Bars) -> Bars:
    columns = {name: getattr(bars, name).copy() for name in (*PRICES, "volume")}
    return replace(bars, **columns)


def multiplied(bars: Bars, row: int, field: str, factor: float, *, stretch: bool = True) -> Bars:
    """One field times `factor`; `stretch` makes high and low reach it, as a bar made of a bad quote would."""
    changed = copy(bars)
    getattr(changed, field)[row] *= factor
    if stretch:
        values = [getattr(changed, name)[row] for name in PRICES]
        changed.high[row], changed.low[row] = max(values), min(values)
    return changed


def rows_multiplied(bars: Bars, rows: slice, factor: float) -> Bars:
    changed = copy(bars)
    for name in PRICES:
        getattr(changed, name)[rows] *= factor
    return changed


def kinds(findings: tuple[PriceFinding, ...], severity: str = "error") -> list[tuple[str, str, str]]:
    return [(f.symbol, str(f.day), f.kind) for f in findings if f.severity == severity]

"""A made-up market: two regime-switching indexes, their leveraged funds, and stocks, on the real calendar.

Nothing here is a real price. The same seed gives the same bytes on every machine: random numbers are raw bits
of a counter-based generator (Philox), normals are exact sums of integers, and prices use only additions,
multiplications, divisions and a square root, never the platform's exp or log. Each session consumes a fixed
number of bits, so a later end date never changes an earlier row.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, DateArray, FloatArray

FIRST_SESSION = date(2010, 1, 4)
SOURCE = "demo"

_DRAWS = 16  # 64-bit numbers per session and stream
_FEE = 0.00004  # of a fund's value per session: about 1 % a year
_WIDEST = 0.25  # a session never moves an index by more, so that a 3x fund keeps a quarter of its value
_CORRELATION = -0.35  # of bond and equity shocks
_DECIMALS = 4

# Sum of four 16-bit numbers: mean 2 * 65535, variance 4 * (65536**2 - 1) / 12.
_MEAN_OF_FOUR = 131_070.0
_DEVIATION_OF_FOUR = 37_837.2

Raw = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Regime:
    """One market mood: daily drift and volatility (decimal fractions), mean length, what may follow."""

    drift: float
    volatility: float
    bond_drift: float
    bond_volatility: float
    sessions: float
    next: tuple[tuple[str, float], ...]


_REGIMES = {
    "bull": _Regime(
        0.0011, 0.0075, 0.0, 0.006, 130, (("pause", 0.4), ("decline", 0.25), ("storm", 0.2), ("crash", 0.15))
    ),
    "pause": _Regime(0.0, 0.006, 0.0, 0.006, 60, (("bull", 0.55), ("decline", 0.3), ("crash", 0.15))),
    "decline": _Regime(-0.0016, 0.009, 0.0003, 0.007, 70, (("bull", 0.35), ("crash", 0.4), ("pause", 0.25))),
    "crash": _Regime(-0.0045, 0.026, 0.0012, 0.011, 28, (("rebound", 0.55), ("storm", 0.45))),
    "storm": _Regime(
        -0.0003, 0.017, 0.0003, 0.009, 40, (("bull", 0.4), ("decline", 0.35), ("rebound", 0.25))
    ),
    "rebound": _Regime(0.0026, 0.017, -0.0004, 0.008, 45, (("bull", 0.75), ("storm", 0.25))),
}

# Symbol: (index, daily leverage, first close before the first session, base volume in shares).
_FUNDS = {
    "QQQ": ("equity", 1.0, 45.0, 60_000_000.0),
    "TQQQ": ("equity", 3.0, 20.0, 40_000_000.0),
    "PSQ": ("equity", -1.0, 160.0, 5_000_000.0),
    "TLT": ("bond", 1.0, 95.0, 15_000_000.0),
    "TMF": ("bond", 3.0, 90.0, 3_000_000.0),
    "TMV": ("bond", -3.0, 900.0, 1_000_000.0),
}
FUNDS = tuple(_FUNDS)
#: invented stocks of the earnings demo
DEMO_STOCKS = (
    "ABLE", "BOLT", "CRUX", "DELT", "ECHO", "FLUX", "GRID", "HALO", "IRIS", "JADE", "KITE", "LUMA",
    "MESA", "NOVA", "ORCA", "PIKE", "QUIL", "RUNE", "SOLA", "TIDE", "UMBR", "VALE", "WREN", "ZEST",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Moves:
    """Moves of one index against its previous close, decimal fractions, each of shape (n,)."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray


class DemoMarket:
    """The demo funds and, for any other ticker asked for by name, demo stocks, as a source of bars."""

    def __init__(self, seed: int, until: date | None = None, stocks: Sequence[str] = ()) -> None:
        self.seed = seed
        self.until = until or calendar.table_ends()
        self.stocks = tuple(stocks)

    def read(self, symbols: Sequence[str]) -> dict[str, Bars]:
        """Return the bars of `symbols`; one that is neither a fund nor a listed stock is left out."""
        funds = demo_market(self.seed, self.until)
        stocks = demo_stocks(self.seed, [s for s in symbols if s in self.stocks], self.until)
        known = {**funds, **stocks}
        return {symbol: known[symbol] for symbol in symbols if symbol in known}


def demo_market(seed: int, until: date) -> dict[str, Bars]:
    """Return the bars of the six funds (QQQ, TQQQ, PSQ, TLT, TMF, TMV) from 2010-01-04 to `until`.

    The funds are daily 3x, 1x and -1x (equity) or 3x, 1x and -3x (bond) multiples of two correlated indexes,
    less a fee. Prices are rounded to 4 decimals.
    """
    dates = calendar.session_dates(FIRST_SESSION, until)
    raw = _bits(seed, 0, len(dates))
    moves = _indexes(seed, len(dates))
    return {
        symbol: _fund(
            symbol, dates, moves[index], leverage, start, _volume(base, raw[:, 10 + n], moves[index])
        )
        for n, (symbol, (index, leverage, start, base)) in enumerate(_FUNDS.items())
    }


def demo_stocks(seed: int, symbols: Sequence[str], until: date) -> dict[str, Bars]:
    """Return bars of invented stocks: they follow the equity index and jump on their quarterly earnings days.

    A stock depends on the seed and its own ticker only. After a jump it drifts in the jump's direction for
    about 30 sessions, mostly; prices are rounded to 4 decimals.
    """
    dates = calendar.session_dates(FIRST_SESSION, until)
    market = _indexes(seed, len(dates))["equity"] if symbols else None
    return {symbol: _stock(seed, symbol.upper(), dates, market) for symbol in symbols if market is not None}


def _bits(seed: int, stream: int, sessions: int) -> Raw:
    generator = np.random.Philox(key=np.array([seed % 2**64, stream], dtype=np.uint64))
    raw: Raw = generator.random_raw(sessions * _DRAWS).reshape(sessions, _DRAWS)
    return raw


def _normal(raw: Raw) -> FloatArray:
    """Turn 64 bits into a nearly normal number in (-3.5, 3.5): the sum of their four 16-bit parts."""
    sixteen, mask = np.uint64(16), np.uint64(0xFFFF)
    total = (raw & mask) + ((raw >> sixteen) & mask) + ((raw >> (sixteen * np.uint64(2))) & mask)
    total = total + (raw >> (sixteen * np.uint64(3)))
    normal: FloatArray = (total.astype(np.float64) - _MEAN_OF_FOUR) / _DEVIATION_OF_FOUR
    return normal


def _uniform(raw: Raw) -> FloatArray:
    """Turn 64 bits into a number in [0, 1)."""
    uniform: FloatArray = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return uniform


@lru_cache(maxsize=4)
def _indexes(seed: int, sessions: int) -> dict[str, _Moves]:
    """Return the moves of both indexes; each is pulled gently to a growth path, so that none runs away."""
    raw = _bits(seed, 0, sessions)
    z = [_normal(raw[:, column]).tolist() for column in range(8)]
    u_equity, u_bond = _uniform(raw[:, 8]).tolist(), _uniform(raw[:, 9]).tolist()
    own = math.sqrt(1.0 - _CORRELATION * _CORRELATION)
    regime, bond_mood = _REGIMES["bull"], 1.0
    volatility, bond_volatility = regime.volatility, regime.bond_volatility
    equity, bond, anchor = 1.0, 1.0, 1.0
    rows: dict[str, list[tuple[float, float, float, float]]] = {"equity": [], "bond": []}
    for t in range(sessions):
        regime = _step(regime, u_equity[t])
        if u_bond[t] < 1 / 110:
            bond_mood = -bond_mood
        volatility += 0.2 * (regime.volatility - volatility)
        bond_volatility += 0.2 * (regime.bond_volatility - bond_volatility)
        anchor *= 1.00038
        drift = regime.drift + 0.0015 * _bounded((anchor - equity) / anchor)
        bond_drift = regime.bond_drift + 0.0005 * bond_mood + 0.004 * _bounded(1.0 - bond)
        bond_shock = _CORRELATION * z[0][t] + own * z[4][t]
        row = _session(drift, volatility, z[0][t], z[1][t], z[2][t], z[3][t])
        bond_row = _session(bond_drift, bond_volatility, bond_shock, z[5][t], z[6][t], z[7][t])
        equity *= 1.0 + row[3]
        bond *= 1.0 + bond_row[3]
        rows["equity"].append(row)
        rows["bond"].append(bond_row)
    return {name: _Moves(*np.array(table).reshape(-1, 4).T.copy()) for name, table in rows.items()}


def _step(regime: _Regime, uniform: float) -> _Regime:
    """Leave a regime with probability 1 / its mean length; the same number chooses the next one."""
    leaving = 1.0 / regime.sessions
    if uniform >= leaving:
        return regime
    choice = uniform / leaving
    for name, weight in regime.next:
        choice -= weight
        if choice < 0:
            return _REGIMES[name]
    return _REGIMES[regime.next[-1][0]]


def _bounded(value: float) -> float:
    return min(1.0, max(-1.0, value))


def _session(
    drift: float, volatility: float, z_day: float, z_gap: float, z_high: float, z_low: float
) -> tuple[float, float, float, float]:
    """Return open, high, low and close of one session as moves against the previous close."""
    gap = 1.0 + 0.3 * volatility * z_gap
    close = gap * (1.0 + drift + 0.95 * volatility * z_day)
    high = max(gap, close) * (1.0 + 0.35 * volatility * abs(z_high))
    low = min(gap, close) * (1.0 - 0.35 * volatility * abs(z_low))
    return tuple(min(_WIDEST, max(-_WIDEST, value - 1.0)) for value in (gap, high, low, close))  # type: ignore[return-value]


def _fund(
    symbol: str, dates: DateArray, moves: _Moves, leverage: float, start: float, volume: FloatArray
) -> Bars:
    high, low = (moves.high, moves.low) if leverage > 0 else (moves.low, moves.high)
    factors = [(1.0 - _FEE) * (1.0 + leverage * move) for move in (moves.open, high, low, moves.close)]
    return _bars(symbol, dates, factors, start, volume)


def _bars(
    symbol: str, dates: DateArray, factors: Sequence[FloatArray], start: float, volume: FloatArray
) -> Bars:
    closes = start * np.multiply.accumulate(factors[3])
    before = np.concatenate(([start], closes[:-1]))[: len(dates)]
    open_, high, low, close = (np.round(before * factor, _DECIMALS) for factor in factors)
    return Bars(symbol, dates, open_, high, low, close, volume, source=SOURCE)


def _volume(base: float, raw: Raw, moves: _Moves) -> FloatArray:
    busy = 1.0 + 0.22 * _normal(raw) + 15.0 * np.abs(moves.close)
    volume: FloatArray = np.rint(base * np.maximum(0.2, busy) / 100) * 100
    return volume


def _stock(seed: int, symbol: str, dates: DateArray, market: _Moves) -> Bars:
    stream = int.from_bytes(hashlib.sha256(symbol.encode()).digest()[:8], "big") | 1
    raw = _bits(seed, stream, len(dates))
    z = [_normal(raw[:, column]).tolist() for column in range(6)]
    traits = _uniform(_bits(seed, stream - 1, 1)[0]).tolist()
    beta, volatility, start = 0.6 + traits[0], 0.010 + 0.010 * traits[1], 20.0 + 180.0 * traits[2]
    first_report = int(traits[3] * 63)
    rows, glide, level, anchor = [], 0.0, 1.0, 1.0
    index_moves = zip(market.open.tolist(), market.close.tolist(), strict=True)
    for t, (index_open, index_close) in enumerate(index_moves):
        jump = 0.0
        if t % 63 == first_report:  # four reports a year; most surprises keep working for weeks
            jump = 0.01 + 0.05 * z[4][t]
            glide = jump * (0.03 if z[5][t] > -0.5 else -0.02)
        glide *= 0.97
        anchor *= 1.0002
        pull = 0.002 * _bounded((anchor - level) / anchor)
        own_gap = 0.3 * volatility * z[1][t] + beta * index_open + jump
        own_day = pull + glide + beta * (index_close - index_open) + 0.8 * volatility * z[0][t]
        gap = 1.0 + min(_WIDEST, max(-_WIDEST, own_gap))
        close = gap * (1.0 + min(_WIDEST, max(-_WIDEST, own_day)))
        high = max(gap, close) * (1.0 + 0.35 * volatility * abs(z[2][t]))
        low = min(gap, close) * (1.0 - 0.35 * volatility * abs(z[3][t]))
        level *= close
        rows.append((gap, high, low, close))
    factors = list(np.array(rows).reshape(-1, 4).T.copy())
    return _bars(symbol, dates, factors, start, _volume(4_000_000.0, raw[:, 6], market))

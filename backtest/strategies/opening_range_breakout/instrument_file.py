"""Contracts as configuration: a YAML or JSON file beside those that are known.

instruments:
  MCL: {point_value: 100, commission: 1.24, spread: 2, slippage: 2, tick: "0.01"}
  SPY: {point_value: 1, commission: 0, spread: 0.01, slippage: 0.01, tick: "0.01",
        day: "00:00 America/New_York"}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backtest.calendar.trading_days import DayAnchor
from backtest.core.documents import read_document
from backtest.core.errors import UsageError
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS, Instrument
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY

_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9./-]{0,9}", re.ASCII)
_DAY: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d) (\S+)", re.ASCII)
_KEYS: Final = frozenset({"point_value", "commission", "spread", "slippage", "tick", "day"})
_FORM: Final = (
    "instruments: {MCL: {point_value: 100, commission: 1.24, spread: 2, slippage: 2, tick: '0.01'}}"
)


def known_instruments(path: Path | None) -> Mapping[str, Instrument]:
    """Return the contracts by symbol: those known, and those of a file, which may not name one twice.

    Raises:
        UsageError: the file cannot be read, or something in it is missing, unknown or no such number.
    """
    if path is None:
        return INSTRUMENTS
    document = read_document(path, form=_FORM)
    entries = document.get("instruments")
    if set(document) != {"instruments"} or not isinstance(entries, Mapping):
        raise UsageError("holds more or other than `instruments`", where=str(path), remedy=f"write {_FORM}")
    found = {str(symbol): _instrument(str(symbol), entry, f"{path}") for symbol, entry in entries.items()}
    for symbol in found:
        if symbol in INSTRUMENTS:
            raise UsageError(
                f"{symbol} is known already, with its costs", where=str(path), remedy="take it out"
            )
    return {**INSTRUMENTS, **found}


def _instrument(symbol: str, entry: Any, path: str) -> Instrument:
    where = f"{path}: instruments.{symbol}"
    if not _SYMBOL.fullmatch(symbol):
        raise UsageError("is no symbol", where=where, remedy="capitals, digits and ./- , at most 10")
    if not isinstance(entry, Mapping) or not set(entry) <= _KEYS or not _KEYS - {"day"} <= set(entry):
        raise UsageError("has missing or unknown entries", where=where, remedy=f"write {_FORM}")
    return Instrument(
        symbol=symbol,
        point_value=_number(entry, "point_value", where, above_zero=True),
        commission=_number(entry, "commission", where),
        spread=_number(entry, "spread", where),
        slippage=_number(entry, "slippage", where),
        tick=_tick(entry["tick"], where),
        anchor=_anchor(entry.get("day"), where),
    )


def _number(entry: Mapping[str, Any], name: str, where: str, *, above_zero: bool = False) -> float:
    value = entry[name]
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or value < 0 or (above_zero and value == 0):
        least = "above 0" if above_zero else "0 or more"
        raise UsageError(f"{name} cannot be {value!r}", where=where, remedy=f"a number of dollars, {least}")
    return float(value)


def _tick(value: Any, where: str) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal(0)
    if not found.is_finite() or found <= 0:
        raise UsageError(f"tick cannot be {value!r}", where=where, remedy="the smallest step of the price")
    return found


def _anchor(text: Any, where: str) -> DayAnchor:
    """Return when the trading day begins; that of futures where nothing is said."""
    if text is None:
        return FUTURES_DAY
    match = _DAY.fullmatch(str(text))
    if match is None or not _is_zone(match[3]):
        problem, remedy = f"day cannot be {text!r}", "write a time and a zone: 00:00 America/New_York"
        raise UsageError(problem, where=where, remedy=remedy)
    return DayAnchor(match[3], time(int(match[1]), int(match[2])))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return False
    return True

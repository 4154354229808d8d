"""Dividends and splits in the columns of a price file, and whether its prices agree with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np

from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.quality.actions import ActionKind, CorporateAction
from backtest.data.sources.csv_dialect.numbers import is_null, number_of
from backtest.data.sources.csv_dialect.options import CsvOptions
from backtest.data.sources.csv_dialect.options import Decimal as DecimalSign

_KINDS: Mapping[str, ActionKind] = {
    "split": "split",
    "dividend": "dividend",
    "capital_gain": "dividend",  # cash all the same
}
#: Ratios are written with few digits (4:3 as 1.3333); the nearest small fraction is meant.
_MAX_OLD_SHARES = 1000
_ROUNDING = 1e-4


def read_actions(
    symbol: str, days: Sequence[date | None], columns: Mapping[str, Sequence[str]], decimal: DecimalSign
) -> tuple[tuple[CorporateAction, ...], tuple[tuple[int, str], ...]]:
    """Return the actions in the rows, oldest first, and per unreadable cell its row and what is wrong."""
    actions: list[CorporateAction] = []
    problems: list[tuple[int, str]] = []
    for role, kind in _KINDS.items():
        for row, (day, cell) in enumerate(zip(days, columns.get(role, ()), strict=False)):
            value = 0.0 if is_null(cell) else _value(cell, kind, decimal)
            if value is None or value < 0 or not math.isfinite(value):
                problems.append((row, f"{role} {cell!r} is not a number"))
            elif day is not None and value not in ((0.0, 1.0) if kind == "split" else (0.0,)):
                actions.append(_action(symbol, day, kind, value))
    actions.sort(key=lambda action: (action.ex_date, action.kind))
    return tuple(actions), tuple(problems)


def _action(symbol: str, day: date, kind: ActionKind, value: float) -> CorporateAction:
    if kind == "dividend":
        return CorporateAction(symbol, day, kind, amount=Decimal(repr(value)), source="csv")
    exact = Fraction(repr(value))
    near = exact.limit_denominator(_MAX_OLD_SHARES)
    ratio = near if near > 0 and abs(float(near / exact) - 1) < _ROUNDING else exact
    return CorporateAction(symbol, day, kind, ratio=ratio, source="csv")


def _value(cell: str, kind: ActionKind, decimal: DecimalSign) -> float | None:
    """Return the number of a cell; a split may be written 2:1 or 2/1."""
    parts = cell.replace("/", ":").split(":")
    if kind != "split" or len(parts) != 2:
        return number_of(cell, decimal)
    new, old = (number_of(part.strip(), decimal) for part in parts)
    return new / old if new is not None and old else None


def refuse_wrong_basis(bars: Bars, actions: Sequence[CorporateAction], options: CsvOptions) -> None:
    """Raise DataError when the closes show a split that the basis excludes, or the reverse."""
    for action in actions:
        row = bars.row(action.ex_date)
        if action.kind != "split" or not row:
            continue
        before, after = float(bars.close[row - 1]), float(bars.close[row])
        size = math.log(action.ratio)
        if abs(size) < math.log(1.4) or not (before > 0 and after > 0 and np.isfinite(before + after)):
            continue
        step = math.log(after / before)
        holds_raw = abs(step + size) < abs(step)
        if holds_raw != (options.basis == "raw"):
            steps = f"step from {before:g} to {after:g}" if holds_raw else "do not step"
            raise DataError(
                f"closes {steps} at the {action.describe()}: the prices are "
                f"{'raw' if holds_raw else 'already adjusted for it'}",
                remedy=options.remedy("--basis raw" if holds_raw else "--basis split"),
            )

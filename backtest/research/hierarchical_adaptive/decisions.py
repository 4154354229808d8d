"""Every decision of a strategy as a CSV: what `python -m backtest decisions` writes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from backtest.core.bars import Bars
from backtest.core.decision import Json
from backtest.core.errors import DataError, UsageError
from backtest.core.files import write_atomic
from backtest.data.sources.csv import read_directory, tell
from backtest.strategies.base import Strategy
from backtest.strategies.hierarchical_adaptive.strategy import (
    WEIGHT_COLUMNS,
    HierarchicalAdaptiveV35b,
    V35bEvaluation,
)

COLUMNS = (
    "date",
    "T_norm",
    "z_score",
    "sma_fast",
    "sma_slow",
    "vol_crush",
    "vol_state",
    "trend_state",
    "cell",
    "bond_sma_fast",
    "bond_sma_slow",
    *WEIGHT_COLUMNS,
    "needs_rebalance",
)


def write_decisions(
    strategy: Strategy, prices: Path, output: Path, start: date | None = None, end: date | None = None
) -> int:
    """Write one row per session of the signal symbol, atomically.

    The history always starts at the first bar of the files. Held weights are zero at the first session on or
    after `start`; rows run from there to `end`, both inclusive. Only the signal and treasury files are read;
    the treasury file may lack sessions, as it is joined by date.

    Returns:
        Number of rows written.

    Raises:
        UsageError: the strategy has no such decisions, or `end` lies before `start`.
        DataError: a price file is missing or faulty, or there is no session in the range.
    """
    if not isinstance(strategy, HierarchicalAdaptiveV35b):
        raise UsageError(
            "decisions are written for allocation strategies only",
            where=strategy.name,
            remedy="python -m backtest portfolio",
        )
    if start is not None and end is not None and end < start:
        raise UsageError("lies before --start", where="--end")
    evaluation = strategy.evaluate(read_signals(strategy, prices))
    rows = list(decision_rows(evaluation, start, end))
    if not rows:
        raise DataError("no session in this range", where=str(prices), remedy="check --start and --end")
    lines = [",".join(COLUMNS), *(",".join(_cell(row.get(name)) for name in COLUMNS) for row in rows)]
    write_atomic(output, ("\n".join(lines) + "\n").encode())
    return len(rows)


def read_signals(strategy: Strategy, prices: Path) -> Mapping[str, Bars]:
    """Return the bars of the signal symbols from a folder of CSV files; DataError when one has no file."""
    symbols = strategy.signal_symbols
    history = read_directory(prices, symbols, allow_gaps=symbols[1:], recognised=tell)
    missing = [symbol for symbol in symbols if symbol not in history]
    if missing:
        files = ", ".join(f"{symbol}.csv" for symbol in missing)
        raise DataError(
            f"{files} not found",
            where=str(prices),
            remedy="name the file SYMBOL.csv; one that needs a flag: jutsu data import FILE --symbol SYMBOL",
        )
    return history


def decision_rows(
    evaluation: V35bEvaluation, start: date | None = None, end: date | None = None
) -> Iterator[Json]:
    """Yield the named values of each session at full precision, with the rebalance flag."""
    memory: Json = {}
    signal = evaluation.signal
    for row in range(len(signal)):
        day: date = signal.dates[row].item()
        if (start is not None and day < start) or (end is not None and day > end):
            continue
        values = evaluation.values(row)
        if row >= evaluation.columns.first:
            decision = evaluation.decision_at(row, memory)
            memory = decision.memory
            values["needs_rebalance"] = decision.rebalance
        yield values


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return value if isinstance(value, str) else repr(value)

"""The look-ahead audit of strategies that hold positions: the same question, on candidates drawn by a seed.

Their entries come from reports, not from bars, so the audit draws a few candidates for every session from
the unchanged history (price: the close known then). The book follows the decisions: exits leave, entries
arrive at their reference price. Every later bar is then cut off, scrambled or distorted, and no decision
that could not read it may move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.decision import Book, Decision, Json, OpenPosition, Situation
from backtest.core.errors import DataError, UsageError
from backtest.data.sources.csv import read_directory, tell
from backtest.research.audit import (
    CHANGES,
    FAILURES,
    AuditCheck,
    Difference,
    decided_until,
    first_difference,
    report,
)
from backtest.strategies.base import Strategy

#: candidates drawn for a session
A_DAY: Final = 3
CASH: Final = 1_000_000.0
Reports = Mapping[date, tuple[Candidate, ...]]


@dataclass(frozen=True, slots=True)
class _Study:
    """What stays the same under every change: the sessions decided on, the candidates of the next ones."""

    strategy: Strategy
    days: Sequence[date]
    reports: Reports


def run_audit(strategy: Strategy, prices: Path, *, samples: int, seed: int, as_json: bool = False) -> int:
    """Audit a positions strategy on every CSV file of a folder and print the checks; 0 when clean, else 1."""
    symbols = tuple(sorted(path.stem for path in prices.glob("*.csv")))
    history = read_directory(prices, symbols, allow_gaps=symbols, recognised=tell)
    checks = audit_positions(strategy, history, samples=samples, seed=seed)
    return report(strategy, checks, seed, as_json=as_json)


def audit_positions(
    strategy: Strategy, history: Mapping[str, Bars], *, samples: int, seed: int
) -> tuple[AuditCheck, ...]:
    """Try every change at `samples` sessions drawn with `seed`, the last session but one always among them.

    Args:
        strategy: a positions strategy.
        history: bars by symbol; all of them may become candidates.
        samples: how many sessions.
        seed: of the sample, the candidates and the changes: same seed, same audit.

    Raises:
        UsageError: no samples asked for. DataError: too few bars to audit.
    """
    if samples < 1:
        raise UsageError("must be at least 1", where="--samples")
    random = np.random.default_rng(seed)
    known = sorted({day for bars in history.values() for day in bars.dates.tolist()})
    rows = np.arange(strategy.warmup_bars, len(known) - 1)
    if len(rows) < 1:
        raise DataError(f"{len(known)} sessions are too few to audit", remedy="import more history")
    drawn = random.choice(rows[:-1], size=min(samples - 1, len(rows) - 1), replace=False)
    days = sorted(known[row] for row in {*drawn.tolist(), int(rows[-1])})
    study = _Study(strategy, known, _draw(history, known, random))
    plain = _decisions(study, history, days[-1])
    return tuple(_check(study, history, plain, day, name, random) for day in days for name in CHANGES)


def _draw(history: Mapping[str, Bars], days: Sequence[date], random: np.random.Generator) -> Reports:
    """Return the candidates of every session by the session decided on."""
    symbols = sorted(history)
    found: dict[date, tuple[Candidate, ...]] = {}
    for day in days:
        chosen = random.choice(len(symbols), size=min(A_DAY, len(symbols)), replace=False)
        scores = random.uniform(0, 100, len(chosen)).round(1)
        session = calendar.next_session(day).day
        found[day] = tuple(
            Candidate(ticker, session, "A", float(score), float(bars.close[-1]))
            for ticker, score in zip((symbols[n] for n in chosen), scores, strict=True)
            if len(bars := history[ticker].until(day))
        )
    return found


def _decisions(study: _Study, history: Mapping[str, Bars], end: date) -> list[Decision]:
    """Return the decisions of a book that follows them, up to the one on `end`."""
    evaluation = study.strategy.evaluate(history)
    positions: dict[str, OpenPosition] = {}
    memory: Json = {}
    found: list[Decision] = []
    for day in study.days:
        if day > end:
            break
        session = calendar.next_session(day).day
        book = Book(CASH, dict(positions))
        decision = evaluation.decide(Situation(session, day, book, memory, study.reports[day]))
        memory = decision.memory
        for leaving in decision.exits:
            positions.pop(leaving.symbol, None)
        for entry in decision.entries:
            positions[entry.symbol] = OpenPosition(
                entry.symbol, entry.quantity, entry.reference_price, session, entry.stop_price, entry.details
            )
        found.append(decision)
    return found


def _check(
    study: _Study,
    history: Mapping[str, Bars],
    plain: Sequence[Decision],
    day: date,
    name: str,
    random: np.random.Generator,
) -> AuditCheck:
    changed = {symbol: CHANGES[name](bars, day, random) for symbol, bars in history.items()}
    kept = {symbol: bars for symbol, bars in changed.items() if len(bars)}
    before = decided_until(plain, day)
    moved: tuple[date, str] | None
    try:
        after = decided_until(_decisions(study, kept, day), day)
        moved = first_difference(before, after, "decision")
    except FAILURES as error:
        moved = day, f"strategy fails when later bars change: {type(error).__name__}: {error}"
    difference = Difference(day, name, *moved) if moved else None
    orders = sum(len(decision.exits) + len(decision.entries) for decision in before)
    return AuditCheck(day, name, len(before), orders, difference)

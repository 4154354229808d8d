"""Which candidates become entries, which position makes room: the rules a decision before the open follows.

Pure and shared: the live strategy and the simulator's live selection call the same function.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import floor

from backtest.candidates.model import meets_grade, ranked
from backtest.core.candidate import Candidate
from backtest.core.decision import Skip
from backtest.strategies.earnings_swing.parameters import EarningsParameters

ROTATED_OUT = "rotated_out"
TREND_BREAK = "trend_break"
MAX_HOLDING = "max_holding"


@dataclass(frozen=True, slots=True)
class Holding:
    """A position as rotation sees it.

    Attributes:
        symbol: ticker.
        unrealized: (newest close - entry) x shares; None when it cannot be valued.
        score: score of the candidate that led to it, None when it had none.
    """

    symbol: str
    unrealized: float | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate to buy."""

    candidate: Candidate
    quantity: int
    reference_price: float


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be opened today.

    Attributes:
        rotated_out: symbol sold to make room, None without a rotation.
        entries: in the order they should be bought.
        skipped: candidates not taken, with reason codes.
        below_grade: how many candidates were left out by `min_grade`.
    """

    rotated_out: str | None
    entries: tuple[Entry, ...]
    skipped: tuple[Skip, ...]
    below_grade: int


def shares_for(position_size: float, price: float) -> int:
    """Return the whole shares `position_size` buys at `price`."""
    return floor(position_size / price)


def weakest_loser(holdings: Sequence[Holding]) -> Holding | None:
    """Return the position with the most negative unrealized result (first of equals), None if none loses."""
    losers = [held for held in holdings if held.unrealized is not None and held.unrealized < 0]
    return min(losers, key=lambda held: held.unrealized or 0.0, default=None)


def may_replace(candidate: Candidate, weakest: Holding) -> bool:
    """Tell whether the candidate's score is strictly above that of the position it would replace."""
    return candidate.rank > (-1.0 if weakest.score is None else weakest.score)


def filtered(
    candidates: Sequence[Candidate], parameters: EarningsParameters
) -> tuple[tuple[Candidate, ...], tuple[Skip, ...], int]:
    """Apply both filters; return the rest by score, the skips, and how many the grade dropped."""
    graded = [candidate for candidate in candidates if meets_grade(candidate, parameters.min_grade)]
    quality = parameters.filter
    kept, skips = [], []
    for candidate in graded:
        reason = quality.reason(candidate) if quality is not None else None
        if reason is None:
            kept.append(candidate)
        else:
            skips.append(skip(candidate, reason))
    return ranked(kept), tuple(skips), len(candidates) - len(graded)


def skip(candidate: Candidate, reason: str) -> Skip:
    """Return the record of a candidate not taken."""
    return Skip(candidate.ticker, reason, {"score": candidate.score, "grade": candidate.grade})


def select(
    candidates: Sequence[Candidate],
    held: Collection[str],
    staying: Sequence[Holding],
    parameters: EarningsParameters,
) -> Selection:
    """Choose rotation and entries for one session, before its open.

    Args:
        candidates: today's report, any order.
        held: every symbol with an open position, the ones being sold today included: none is bought again.
        staying: positions that are not being sold today, in a fixed order.
        parameters: the rules.

    A full book rotates at most once: the worst loser leaves for the best candidate that is not held and can
    be bought, if its score is strictly higher. The rotation uses one of the day's entries.
    """
    kept, skips, below = filtered(candidates, parameters)
    limit = parameters.daily_entry_limit
    rotation = _rotation(kept, held, staying, parameters) if limit != 0 else None
    free = max(0, parameters.max_positions - len(staying))
    entries = [] if rotation is None else [rotation[1]]
    skipped = list(skips)
    taken = set(held)
    opened = 0
    for candidate in kept:
        if rotation is not None and candidate is rotation[1].candidate:
            taken.add(candidate.ticker)
            continue
        entry, reason = _entry(candidate, taken, parameters)
        if entry is None:
            skipped.append(skip(candidate, reason))
        elif opened >= free:
            skipped.append(skip(candidate, "capacity_full"))
        elif limit is not None and len(entries) >= limit:
            skipped.append(skip(candidate, "daily_limit"))
        else:
            entries.append(entry)
            taken.add(candidate.ticker)
            opened += 1
    return Selection(rotation[0] if rotation else None, tuple(entries), tuple(skipped), below)


def _rotation(
    kept: Sequence[Candidate],
    held: Collection[str],
    staying: Sequence[Holding],
    parameters: EarningsParameters,
) -> tuple[str, Entry] | None:
    if not parameters.enable_rotation or len(staying) != parameters.max_positions:
        return None
    weakest = weakest_loser(staying)
    entries = (_entry(candidate, held, parameters)[0] for candidate in kept)
    best = next((entry for entry in entries if entry is not None), None)
    if weakest is None or best is None or not may_replace(best.candidate, weakest):
        return None
    return weakest.symbol, best


def _entry(
    candidate: Candidate, held: Collection[str], parameters: EarningsParameters
) -> tuple[Entry | None, str]:
    if candidate.ticker in held:
        return None, "already_held"
    if candidate.price is None or candidate.price <= 0:
        return None, "no_price"
    quantity = shares_for(parameters.position_size, candidate.price)
    if quantity < 1:
        return None, "qty_zero"
    return Entry(candidate, quantity, candidate.price), ""


def unrealized(close: float | None, entry_price: float, shares: int) -> float | None:
    """Return (close - entry) x shares, None without a close."""
    return None if close is None else (close - entry_price) * shares


def scores(details: Mapping[str, object]) -> float | None:
    """Return the score stored with a position, None when there is none."""
    value = details.get("score")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

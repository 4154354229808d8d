"""The look-ahead audit: change the future, and nothing before it may move.

For sampled sessions every bar after the decision instant is cut off, scrambled or distorted. All decisions up
to that session, and all orders and fills of the simulator up to it, must stay the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from backtest.core.bars import Bars
from backtest.core.decision import Book, Decision, Json, Situation
from backtest.core.errors import DataError, UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.data.sources.csv import read_directory, tell
from backtest.simulator.allocation.result import Trade
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.base import Strategy

Change = Callable[[Bars, date, np.random.Generator], Bars]
CASH = 1_000_000.0
#: The audit looks at time, not at size, so no limit may end its simulations early.
_RULES = ExecutionRules.model_validate(
    {
        "limits": {
            "max_position_pct": 1000,
            "max_total_exposure_pct": 1000,
            "max_total_leverage": 10,
            "max_order_value": 1e300,
            "max_orders_per_run": 1000,
        }
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something before the decision instant that moved with the future."""

    session: date
    change: str
    moved: date
    what: str


@dataclass(frozen=True, slots=True)
class Check:
    """One sampled session under one change.

    Attributes:
        session: newest session whose bar was left alone.
        change: name of the change made to every later bar.
        decisions, trades: how many were compared.
        difference: the first one found, None when clean.
    """

    session: date
    change: str
    decisions: int
    trades: int
    difference: Difference | None


def run_audit(strategy: Strategy, prices: Path, *, samples: int, seed: int) -> int:
    """Audit a strategy on a folder of CSV files and print a table; return 0 when clean, 1 when not."""
    symbols = tuple(dict.fromkeys((*strategy.signal_symbols, *strategy.tradable_symbols)))
    history = read_directory(prices, symbols, allow_gaps=symbols[1:], recognised=tell)
    checks = audit(strategy, history, samples=samples, seed=seed)
    for line in table(strategy, checks):
        print(line)  # noqa: T201 - the report of a command
    return int(any(check.difference for check in checks))


def audit(strategy: Strategy, history: Mapping[str, Bars], *, samples: int, seed: int) -> tuple[Check, ...]:
    """Try every change at `samples` sessions drawn with `seed`, the last session but one always among them.

    Args:
        strategy: an allocation strategy.
        history: bars by symbol; a tradable symbol may be missing.
        samples: how many sessions.
        seed: of the sample and of the changes: same seed, same audit.

    Raises:
        UsageError: not an allocation strategy, or no samples asked for.
        DataError: no bars of the signal symbol, or fewer than the first decision and one later bar need.
    """
    if strategy.family != "allocation":
        raise UsageError("the audit covers allocation strategies", where=strategy.name)
    if samples < 1:
        raise UsageError("must be at least 1", where="--samples")
    signal = history.get(strategy.signal_symbols[0])
    if signal is None:
        raise DataError("no bars of the signal symbol", where=strategy.signal_symbols[0])
    if len(signal) < strategy.warmup_bars + 2:
        raise DataError(
            f"{len(signal)} bars are too few to audit", where=signal.symbol, remedy="import more history"
        )
    random = np.random.default_rng(seed)
    rows = np.arange(strategy.warmup_bars, len(signal) - 1)
    drawn = random.choice(rows[:-1], size=min(samples - 1, len(rows) - 1), replace=False)
    days = sorted(signal.dates[row].item() for row in {*drawn.tolist(), int(rows[-1])})
    plain = _Outcome.of(strategy, history, signal.first, signal.last)
    return tuple(_check(strategy, history, plain, day, name, random) for day in days for name in CHANGES)


def cut(bars: Bars, day: date, _: np.random.Generator) -> Bars:
    """Remove every bar after `day`."""
    return bars.until(day)


def scramble(bars: Bars, day: date, random: np.random.Generator) -> Bars:
    """Put the bars after `day` in random order (prices and volume, dates stay)."""
    kept = len(bars.until(day))
    order = np.concatenate([np.arange(kept), kept + random.permutation(len(bars) - kept)])
    return replace(
        bars,
        open=bars.open[order],
        high=bars.high[order],
        low=bars.low[order],
        close=bars.close[order],
        volume=bars.volume[order],
    )


def distort(bars: Bars, day: date, random: np.random.Generator) -> Bars:
    """Multiply every bar after `day` by a random factor between a hundredth and a hundred."""
    factor = np.ones(len(bars))
    kept = len(bars.until(day))
    factor[kept:] = 10.0 ** random.uniform(-2, 2, len(bars) - kept)
    return replace(
        bars,
        open=bars.open * factor,
        high=bars.high * factor,
        low=bars.low * factor,
        close=bars.close * factor,
        volume=bars.volume / factor,
    )


CHANGES: Mapping[str, Change] = {"cut": cut, "scramble": scramble, "distort": distort}


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a strategy does over one history."""

    decisions: tuple[Decision, ...]
    trades: tuple[Trade, ...]
    equity: Mapping[date, float]

    @classmethod
    def of(cls, strategy: Strategy, history: Mapping[str, Bars], start: date, end: date) -> _Outcome:
        """Decide every session and simulate from `start` to `end`; later bars stay in sight of the rules."""
        evaluation = strategy.evaluate(history)
        decisions = []
        memory: Json = {}
        for day in history[strategy.signal_symbols[0]].until(end).dates.tolist():
            situation = Situation(session=day, decided_on=day, book=Book(CASH), memory=memory)
            decision = evaluation.decide(situation)
            memory = decision.memory
            decisions.append(decision)
        # The simulator drops bars after its end, so it runs on for a while into the changed future.
        beyond = end + timedelta(days=10)
        result = simulate(strategy, history, start=start, end=beyond, cash=CASH, rules=_RULES)
        equity = dict(zip(result.dates.tolist(), result.equity.tolist(), strict=True))
        return cls(tuple(decisions), result.trades, equity)


def _check(
    strategy: Strategy,
    history: Mapping[str, Bars],
    plain: _Outcome,
    day: date,
    name: str,
    random: np.random.Generator,
) -> Check:
    changed = {symbol: CHANGES[name](bars, day, random) for symbol, bars in history.items()}
    changed = {symbol: bars for symbol, bars in changed.items() if len(bars)}
    first = changed[strategy.signal_symbols[0]].first
    other = _Outcome.of(strategy, changed, first, day)
    decisions = [decision for decision in plain.decisions if decision.decided_on <= day]
    trades = [trade for trade in plain.trades if trade.session <= day]
    moved = (
        _first_difference(decisions, other.decisions, "decision")
        or _first_difference(trades, [t for t in other.trades if t.session <= day], "order or fill")
        or _equity_difference(plain, other, day)
    )
    difference = Difference(day, name, *moved) if moved else None
    return Check(day, name, len(decisions), len(trades), difference)


def _first_difference(
    before: Sequence[Decision | Trade], after: Sequence[Decision | Trade], what: str
) -> tuple[date, str] | None:
    for old, new in zip(before, after, strict=False):
        if old != new:
            return old.decided_on, f"{what}: {_fields(old, new)}"
    if len(before) != len(after):
        longer = before if len(before) > len(after) else after
        return longer[min(len(before), len(after))].decided_on, f"{what}: {len(before)} became {len(after)}"
    return None


def _fields(old: Any, new: Any) -> str:
    names = [name for name in old.__dataclass_fields__ if getattr(old, name) != getattr(new, name)]
    return ", ".join(f"{name} {getattr(old, name)!r} became {getattr(new, name)!r}" for name in names)


def _equity_difference(plain: _Outcome, other: _Outcome, day: date) -> tuple[date, str] | None:
    for session, value in plain.equity.items():
        if session <= day and other.equity.get(session) != value:
            return session, f"equity: {value!r} became {other.equity.get(session)!r}"
    return None


def table(strategy: Strategy, checks: Sequence[Check]) -> Iterator[str]:
    """Yield the lines of the report: a verdict, one row per check, then every difference."""
    bad = [check.difference for check in checks if check.difference]
    verdict = f"{len(bad)} of {len(checks)} checks show look-ahead" if bad else "no look-ahead found"
    yield f"{strategy.name} {strategy.variant} ({strategy.execution_time}): {verdict}"
    yield f"{'bars changed after':<20}{'change':<10}{'decisions':>10}{'orders':>8}  result"
    for check in checks:
        result = "DIFFERENT" if check.difference else "same"
        yield f"{check.session!s:<20}{check.change:<10}{check.decisions:>10}{check.trades:>8}  {result}"
    for difference in bad:
        yield f"{difference.session} {difference.change}: {difference.moved} {difference.what}"

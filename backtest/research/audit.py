"""The look-ahead audit: change the future, and nothing before it may move.

For sampled sessions every bar after the decision instant is cut off, scrambled or distorted. Everything known
by then must stay the same to the last bit: the decisions of an empty book, those of the simulator's book (up
to the one decided on that session, which in an opening window trades on the next), orders, fills and equity.
A strategy that fails once later bars are missing or different has read them, and is reported as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from backtest.core.bars import Bars
from backtest.core.decision import Book, Decision, Json, Situation
from backtest.core.errors import DataError, JutsuError, UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.data.sources.csv import read_directory, tell
from backtest.simulator.allocation.result import Result, Trade
from backtest.simulator.allocation.simulate import simulate
from backtest.simulator.windows import OPENING
from backtest.strategies.base import Evaluation, Strategy

Change = Callable[[Bars, date, np.random.Generator], Bars]
CASH = 1_000_000.0
#: What code raises that meets a missing or an absurd bar where it expected one.
FAILURES = (JutsuError, LookupError, ArithmeticError, TypeError, ValueError)
#: The audit looks at time, not at size, so no limit may end its simulations early.
_RULES = ExecutionRules.model_validate(
    {
        "limits": {
            "max_position_pct": 1000,
            "max_total_exposure_pct": 1000,
            "max_total_leverage": 10,
            "max_order_value_pct": 1000,
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
class AuditCheck:
    """One sampled session under one change.

    Attributes:
        session: newest session whose bar was left alone.
        change: name of the change made to every later bar.
        decisions: sessions whose decisions were compared, each for an empty and for the simulator's book.
        trades: how many were compared.
        difference: the first one found, None when clean.
    """

    session: date
    change: str
    decisions: int
    trades: int
    difference: Difference | None


def run_audit(strategy: Strategy, prices: Path, *, samples: int, seed: int, as_json: bool = False) -> int:
    """Audit a strategy on a folder of CSV files and print the checks; return 0 when clean, 1 when not."""
    symbols = tuple(dict.fromkeys((*strategy.signal_symbols, *strategy.tradable_symbols)))
    history = read_directory(prices, symbols, allow_gaps=symbols[1:], recognised=tell)
    checks = audit(strategy, history, samples=samples, seed=seed)
    return report(strategy, checks, seed, as_json=as_json)


def report(strategy: Strategy, checks: Sequence[AuditCheck], seed: int, *, as_json: bool = False) -> int:
    """Print the checks as a table or as one JSON document; return 0 when clean, 1 when not."""
    lines = (
        [json.dumps(as_document(strategy, checks, seed), indent=2)] if as_json else table(strategy, checks)
    )
    for line in lines:
        print(line)  # noqa: T201 - the report of a command
    return int(any(check.difference for check in checks))


def audit(
    strategy: Strategy, history: Mapping[str, Bars], *, samples: int, seed: int
) -> tuple[AuditCheck, ...]:
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
    if not strategy.family.holds_weights:
        raise UsageError("this audit covers allocation strategies", where=strategy.name)
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
    trades_on = _trading_sessions(strategy, signal.dates.tolist())
    plain = _Outcome.of(strategy, history, trades_on, days[-1])
    return tuple(
        _check(strategy, history, plain, trades_on, day, name, random) for day in days for name in CHANGES
    )


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
    """What a strategy does over one history.

    Attributes:
        decisions: one per session, each for an empty book.
        simulated: those of a simulation, whose book holds what the strategy bought.
        trades, equity: of that simulation.
    """

    decisions: tuple[Decision, ...]
    simulated: tuple[Decision, ...]
    trades: tuple[Trade, ...]
    equity: Mapping[date, float]

    @classmethod
    def of(
        cls, strategy: Strategy, history: Mapping[str, Bars], trades_on: Mapping[date, date], end: date
    ) -> _Outcome:
        """Decide every session to `end`, and simulate; later bars stay in sight of the rules.

        `trades_on` is the session that trades by the session decided on, both of the unchanged history.
        """
        evaluation = strategy.evaluate(history)
        days = history[strategy.signal_symbols[0]].until(end).dates.tolist()
        # The simulator drops bars after its end, so it runs on for a while into the changed future.
        beyond = end + timedelta(days=10)
        result = simulate(strategy, history, start=days[0], end=beyond, cash=CASH, rules=_RULES)
        return cls(
            decisions=tuple(_for_an_empty_book(evaluation, days, trades_on)),
            simulated=(*result.decisions, *_still_due(evaluation, result, days[-1], trades_on)),
            trades=result.trades,
            equity=dict(zip(result.dates.tolist(), result.equity.tolist(), strict=True)),
        )


def _for_an_empty_book(
    evaluation: Evaluation, days: Sequence[date], trades_on: Mapping[date, date]
) -> Iterator[Decision]:
    memory: Json = {}
    for day in days:
        situation = Situation(session=trades_on[day], decided_on=day, book=Book(CASH), memory=memory)
        decision = evaluation.decide(situation)
        memory = decision.memory
        yield decision


def _still_due(
    evaluation: Evaluation, result: Result, day: date, trades_on: Mapping[date, date]
) -> Iterator[Decision]:
    """Yield the decision on the last bar of a history that ends there: its session has no bar to simulate."""
    memory = result.decisions[-1].memory if result.decisions else {}
    if not result.decisions or result.decisions[-1].decided_on < day:
        yield evaluation.decide(Situation(trades_on[day], day, result.book, memory))


def _trading_sessions(strategy: Strategy, days: Sequence[date]) -> Mapping[date, date]:
    """Return the session that trades by the session decided on: the next one in an opening window."""
    after = (*days[1:], days[-1] + timedelta(days=1)) if strategy.execution_time in OPENING else days
    return dict(zip(days, after, strict=True))


def _check(
    strategy: Strategy,
    history: Mapping[str, Bars],
    plain: _Outcome,
    trades_on: Mapping[date, date],
    day: date,
    name: str,
    random: np.random.Generator,
) -> AuditCheck:
    changed = {symbol: CHANGES[name](bars, day, random) for symbol, bars in history.items()}
    changed = {symbol: bars for symbol, bars in changed.items() if len(bars)}
    moved: tuple[date, str] | None
    try:
        moved = _moved(plain, _Outcome.of(strategy, changed, trades_on, day), day)
    except FAILURES as error:
        moved = day, f"strategy fails when later bars change: {type(error).__name__}: {error}"
    difference = Difference(day, name, *moved) if moved else None
    return AuditCheck(
        day, name, len(decided_until(plain.decisions, day)), len(_traded(plain, day)), difference
    )


def _moved(plain: _Outcome, other: _Outcome, day: date) -> tuple[date, str] | None:
    return (
        first_difference(decided_until(plain.decisions, day), decided_until(other.decisions, day), "decision")
        or first_difference(
            decided_until(plain.simulated, day),
            decided_until(other.simulated, day),
            "decision of the simulator",
        )
        or first_difference(_traded(plain, day), _traded(other, day), "order or fill")
        or _equity_difference(plain, other, day)
    )


def decided_until(decisions: Sequence[Decision], day: date) -> list[Decision]:
    """Return the decisions that could read no bar after `day`."""
    return [decision for decision in decisions if decision.decided_on <= day]


def _traded(outcome: _Outcome, day: date) -> list[Trade]:
    return [trade for trade in outcome.trades if trade.session <= day]


def first_difference(
    before: Sequence[Decision | Trade], after: Sequence[Decision | Trade], what: str
) -> tuple[date, str] | None:
    """Return the session decided on and what differs first, None when both are the same."""
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


def table(strategy: Strategy, checks: Sequence[AuditCheck]) -> Iterator[str]:
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


def as_document(strategy: Strategy, checks: Sequence[AuditCheck], seed: int) -> Json:
    """Return the report as one JSON document."""
    return {
        "strategy": strategy.name,
        "variant": strategy.variant,
        "execution_time": strategy.execution_time,
        "seed": seed,
        "clean": not any(check.difference for check in checks),
        "checks": [
            {
                "session": check.session.isoformat(),
                "change": check.change,
                "decisions": check.decisions,
                "trades": check.trades,
                "difference": None
                if check.difference is None
                else {"moved": check.difference.moved.isoformat(), "what": check.difference.what},
            }
            for check in checks
        ],
    }

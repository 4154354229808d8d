"""Everything one Monte Carlo computes, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from backtest.core.decision import Json
from backtest.core.errors import UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.research.monte_carlo.histories import Histories, Rules, in_other_orders, with_noise
from backtest.research.monte_carlo.parameter_draws import SHAPES, Around, around
from backtest.research.monte_carlo.report import MonteCarlo
from backtest.research.monte_carlo.resampling import Resampling, require_plan, resample
from backtest.research.monte_carlo.stress import Stressed, stress
from backtest.research.monte_carlo.subjects import Subject, sessions_of
from backtest.research.monte_carlo.summaries import summary_of
from backtest.research.rule_sets import rule_set

#: of a machine of today, from `make bench`: sampled sessions, sets and whole-share sessions a second
_SAMPLES: Final = 250_000_000
_SETS: Final = 1_000
_WHOLE_SHARES: Final = 8_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What is computed beside resampled returns.

    Attributes:
        ruin_below: multiple of the beginning below which a close is ruin.
        sets, shape, spread: drawn around the chosen set, see `parameter_draws.drawn`.
        histories: with noise, and in other orders; 0 for none.
        noise: deviation of the noise over that of a session.
        stress: whether bad days are traded.
        workers: threads.
    """

    ruin_below: float
    sets: int
    shape: str
    spread: float
    histories: int
    noise: float
    stress: bool
    workers: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A Monte Carlo before it runs: what it would draw, bytes in memory, seconds on one core at most."""

    paths: int
    sessions: int
    block: float
    sets: int
    histories: int
    stress: bool
    memory_bytes: int
    seconds: float

    def document(self) -> Json:
        """Return it JSON-ready."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Yield what a person reads."""
        yield f"{self.paths:,} paths of {self.sessions:,} sessions, blocks of {self.block:.1f}"
        yield f"{self.sets:,} sets around the chosen one, {self.histories:,} histories" + (
            ", stress" if self.stress else ""
        )
        yield f"{self.memory_bytes / 1e6:,.1f} MB in memory, about {self.seconds:,.0f} s at most; not run"


def preview_of(subject: Subject, plan: Resampling, parts: Parts) -> Preview:
    """Return what would be computed; errors as `monte_carlo`."""
    _require(plan, parts)
    traded = 0 if subject.rules is None else sessions_of(subject.rules)
    drawn = parts.sets if subject.opened is not None else 0
    histories = 2 * parts.histories if traded else 0
    stressed = parts.stress and bool(traded)
    seconds = plan.paths * plan.sessions / _SAMPLES + (drawn + histories) * traded / _SETS / 4_000
    return Preview(
        paths=plan.paths,
        sessions=plan.sessions,
        block=plan.block,
        sets=drawn,
        histories=histories,
        stress=stressed,
        memory_bytes=8 * plan.paths * (len(plan.marks) + 7),
        seconds=seconds + (10 * traded / _WHOLE_SHARES if stressed else 0.0),
    )


def monte_carlo(subject: Subject, plan: Resampling, parts: Parts, execution: ExecutionRules) -> MonteCarlo:
    """Compute all parts that the subject allows; `skipped` says why of the others.

    Args:
        subject: what it is about.
        plan: of the resampled returns; its seed is that of every part.
        parts: what else.
        execution: of the stress in whole shares.

    Raises:
        UsageError: a number out of range, or draws that are hardly ever valid. DataError: the returns or the
            bars cannot be resampled.
    """
    _require(plan, parts)
    summary = summary_of(resample(subject.returns, plan, parts.workers), parts.ruin_below)
    skipped: dict[str, str] = {}
    return MonteCarlo(
        name=subject.name,
        days=subject.days,
        plan=plan,
        summary=summary,
        around=_around(subject, plan, parts, skipped),
        noise=_histories(subject, plan, parts, "noise", skipped),
        orders=_histories(subject, plan, parts, "orders", skipped),
        stressed=_stressed(subject, plan, parts, execution, skipped),
        skipped=skipped,
        tried=subject.tried,
    )


def _require(plan: Resampling, parts: Parts) -> None:
    require_plan(plan)
    if parts.shape not in SHAPES:
        raise UsageError(f"must be {', '.join(SHAPES[:-1])} or {SHAPES[-1]}", where="--shape")
    if not 0 < parts.ruin_below <= 1:
        raise UsageError(f"must lie above 0 and be 1 at most, got {parts.ruin_below:g}", where="--ruin")


def _around(subject: Subject, plan: Resampling, parts: Parts, skipped: dict[str, str]) -> Around | None:
    if subject.opened is None or subject.pick is None:
        skipped["parameters"] = "a run has no study; give STUDY:TRIAL"
        return None
    if not parts.sets:
        skipped["parameters"] = "--sets 0"
        return None
    return around(
        subject.opened.study,
        subject.opened.trial,
        subject.pick,
        parts.sets,
        shape=parts.shape,
        spread=parts.spread,
        seed=plan.seed,
    )


def _histories(
    subject: Subject, plan: Resampling, parts: Parts, kind: str, skipped: dict[str, str]
) -> Histories | None:
    rules, reason = _rules(subject)
    if rules is None or not parts.histories:
        skipped[kind] = reason if rules is None else "--histories 0"
        return None
    try:
        rule_set(rules.strategy)
    except UsageError as error:  # a strategy of one's own: no compiled loop has its rules
        skipped[kind] = error.problem
        return None
    if kind == "noise":
        return with_noise(rules, parts.noise, parts.histories, plan.seed, parts.workers)
    return in_other_orders(rules, plan.block, parts.histories, plan.seed, parts.workers)


def _stressed(
    subject: Subject, plan: Resampling, parts: Parts, execution: ExecutionRules, skipped: dict[str, str]
) -> tuple[Stressed, ...]:
    rules, reason = _rules(subject)
    if rules is None or not parts.stress:
        skipped["stress"] = reason if rules is None else "--no-stress"
        return ()
    return stress(rules, execution, plan.seed)


def _rules(subject: Subject) -> tuple[Rules | None, str]:
    if subject.opened is not None:
        return subject.rules, "not built for rules that hold positions"
    return subject.rules, "a run does not hold its bars; give --strategy and --prices, or STUDY:TRIAL"

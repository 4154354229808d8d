"""Walk-forward: the search is run again inside every train window, and its pick trades the window after it.

The pick of a fold is the first set of the train window's own ranking. It trades the test window with
indicators warmed on earlier bars and nothing held at its start; each session is pooled once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.candidate import Candidate
from backtest.core.decision import Json
from backtest.core.errors import DataError, UsageError
from backtest.research import adaptive
from backtest.research.engine import Done, Engine
from backtest.research.figures import FIGURES, defined, ranked
from backtest.research.folds import Fold, cut
from backtest.research.memory import Memory
from backtest.research.overfitting.ranks import spearman
from backtest.research.rule_sets import STATISTICS, Trial, sessions_of, trial_of
from backtest.research.running import SetsWork, chunk_of, chunks
from backtest.research.search import ADAPTIVE
from backtest.research.study import Study

#: the gate of seed 003
LEAST_SHARE: Final = 0.5
LEAST_TRADES: Final = 30
LEAST_DAYS: Final = 100
#: sets of a fold that are kept for the drawing
_MOST_PAIRS: Final = 200
PASSED: Final = "PASSED"
DEGRADED: Final = "DEGRADED"


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One fold.

    Attributes:
        train_first, train_last, test_first, test_last: sessions of the windows, both included.
        trial: number of the pick, None when no set of the train window meets the requirements.
        parameters: values of the axes of the pick.
        inside, outside: its figures in the train and the test window.
        rank: place of the pick among all sets in the test window, 1 being the best; of `ranked` sets.
        ranked: sets with figures in the test window.
        correlation: Spearman's, of the objective in both windows over all sets; None when it does not vary.
        slope: of a line through the objective outside over inside.
        pairs: the objective inside and outside of some of the sets, evenly chosen.
        drift: how far the pick's parameters moved from the pick before, 0 to 1 per axis, averaged.
    """

    train_first: date
    train_last: date
    test_first: date
    test_last: date
    trial: int | None
    parameters: Mapping[str, Any]
    inside: Mapping[str, float]
    outside: Mapping[str, float]
    rank: int | None
    ranked: int
    correlation: float | None
    slope: float | None
    drift: float | None
    pairs: tuple[tuple[float, float], ...] = ()

    def document(self) -> Json:
        """Return it JSON-ready; a figure that is not defined is null."""
        found: Json = {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in asdict(self).items()
        }
        return found | {"inside": defined(self.inside), "outside": defined(self.outside)}


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """All folds together.

    Attributes:
        folds: in order.
        sessions, returns: of the pooled out-of-sample result, each session once.
        pooled: its figures: annual_return, volatility, sharpe, max_drawdown.
        efficiency: mean annual return outside over that inside; None when the latter is not above 0.
        positive: share of folds that gain outside.
        trades: rebalances outside.
        verdict: PASSED or DEGRADED.
        reasons: why it is degraded.
    """

    folds: tuple[FoldResult, ...]
    sessions: tuple[date, ...]
    returns: FloatArray
    pooled: Mapping[str, float]
    efficiency: float | None
    positive: float
    trades: int
    verdict: str
    reasons: tuple[str, ...]

    def document(self) -> Json:
        """Return the totals JSON-ready, without folds."""
        return {
            "sessions": len(self.sessions),
            "first_session": self.sessions[0].isoformat(),
            "last_session": self.sessions[-1].isoformat(),
            "pooled": dict(self.pooled),
            "efficiency": self.efficiency,
            "positive_folds": self.positive,
            "trades": self.trades,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
        }


def walk_forward(
    study: Study,
    history: Mapping[str, Bars],
    days: tuple[date, date],
    engine: Engine,
    tell: Callable[[int, int], None],
    candidates: Sequence[Candidate] = (),
) -> WalkForward:
    """Run every fold of a study.

    Args:
        study: with its `walk_forward` section.
        history: bars by symbol; those after the last day are not read.
        days: first and last session that the search may see.
        engine: who computes.
        tell: is told how many of how many folds are done.
        candidates: of a positions strategy; a position open at the end of a window is marked there.

    Raises:
        UsageError: no section, or sets failed. DataError: no fold fits.
    """
    if study.walk_forward is None:
        raise UsageError("missing", where="walk_forward", remedy="write {kind: rolling, train: 3y, test: 1y}")
    dates = sessions_of(study.strategy, {symbol: bars.until(days[1]) for symbol, bars in history.items()})
    sessions = dates.tolist()
    plan = cut(study.walk_forward, sessions, int(np.searchsorted(dates, np.datetime64(days[0], "D"))))
    results: list[FoldResult] = []
    pooled: list[tuple[date, float]] = []
    for number, fold in enumerate(plan):
        market = _Market(history, candidates, sessions)
        result, returns = _run_fold(study, market, fold, engine, results[-1] if results else None)
        results.append(result)
        pooled += zip(sessions[fold.test[0] : fold.pooled_until + 1], returns.tolist(), strict=False)
        tell(number + 1, len(plan))
    return _together(tuple(results), pooled)


@dataclass(frozen=True, slots=True, eq=False)
class _Market:
    """What every fold trades."""

    history: Mapping[str, Bars]
    candidates: Sequence[Candidate]
    sessions: Sequence[date]

    def window(self, study: Study, rows: tuple[int, int]) -> Trial:
        """Return what computes sets on some sessions, both ends included."""
        return trial_of(
            study.strategy,
            self.history,
            start=self.sessions[rows[0]],
            end=self.sessions[rows[1]],
            cost_pct=study.data.cost_pct,
            candidates=self.candidates,
        )


def _run_fold(
    study: Study,
    market: _Market,
    fold: Fold,
    engine: Engine,
    before: FoldResult | None,
) -> tuple[FoldResult, FloatArray]:
    """Select inside the train window, then trade the test window; return the fold and its daily returns."""
    train, test = market.window(study, fold.train), market.window(study, fold.test)
    study, statistics = _searched(study, train, engine)
    inside = train.figures(statistics)
    outside = test.figures(_all_sets(study, test, engine))
    objective = study.objectives[0]
    order, met = ranked(inside, study.objectives, study.require)
    pick = int(order[0]) if len(order) and met[order[0]] else None
    known = np.isfinite(inside[FIGURES[0]]) & np.isfinite(outside[FIGURES[0]])
    scores = objective.score(inside)[known], objective.score(outside)[known]
    if pick is None:
        columns, returns = {}, np.zeros(len(test.sessions))
    else:
        one = study.sets(pick, 1)
        columns, returns = study.space.one(one, 0), test.returns(one, 1)[:, 0]
    return FoldResult(
        train_first=train.sessions[0],
        train_last=train.sessions[-1],
        test_first=test.sessions[0],
        test_last=test.sessions[-1],
        trial=pick,
        parameters=columns,
        inside=_figures_of(inside, pick),
        outside=_figures_of(outside, pick),
        rank=None if pick is None else 1 + int((scores[1] > objective.score(outside)[pick]).sum()),
        ranked=int(known.sum()),
        correlation=spearman(*scores),
        slope=_slope(*scores),
        pairs=_pairs(inside[objective.figure][known], outside[objective.figure][known]),
        drift=_drift(study, columns, None if before is None else before.parameters),
    ), returns


def _searched(study: Study, trial: Trial, engine: Engine) -> tuple[Study, FloatArray]:
    """Search a train window; return the study with the sets of this search, and their statistics."""
    if study.method not in ADAPTIVE:
        return study, _all_sets(study, trial, engine)
    study = replace(study, memory=Memory())
    found: FloatArray = np.full((study.total, STATISTICS), np.nan)
    for first, count in adaptive.batches(study.method, study.total):
        adaptive.recall(study, trial.figures(found), first)
        found[first : first + count] = _all_sets(study, trial, engine, first, count)
    return study, found


def _all_sets(
    study: Study, trial: Trial, engine: Engine, begin: int = 0, count: int | None = None
) -> FloatArray:
    """Return the statistics of sets from `begin` on, all of them when `count` is left out."""
    total = study.total if count is None else count
    found: FloatArray = np.full((total, STATISTICS), np.nan)

    for outcome in engine.run(SetsWork(study, trial), chunks(iter([(begin, total)]), chunk_of(study)), None):
        if not isinstance(outcome, Done):
            raise UsageError(f"set {outcome.chunk.first} failed: {outcome.reason}", where="walk-forward")
        rows = slice(outcome.chunk.first - begin, outcome.chunk.first - begin + outcome.chunk.count)
        found[rows] = outcome.statistics
    return found


def _figures_of(figures: Mapping[str, FloatArray], row: int | None) -> dict[str, float]:
    return {} if row is None else {name: float(values[row]) for name, values in figures.items()}


def _pairs(inside: FloatArray, outside: FloatArray) -> tuple[tuple[float, float], ...]:
    every = max(1, -(-len(inside) // _MOST_PAIRS))
    return tuple(zip(inside[::every].tolist(), outside[::every].tolist(), strict=True))


def _slope(inside: FloatArray, outside: FloatArray) -> float | None:
    varies = len(inside) > 1 and inside.var() > 0
    return (
        float(((inside - inside.mean()) * (outside - outside.mean())).mean() / inside.var())
        if varies
        else None
    )


def _drift(study: Study, now: Mapping[str, Any], before: Mapping[str, Any] | None) -> float | None:
    """Return the mean distance on the axes: by the width of an axis of numbers, 0 or 1 on others."""
    if not now or not before:
        return None
    moved = []
    for axis in study.space.axes:
        one, other = now[axis.name], before[axis.name]
        if axis.ends is None:
            moved.append(float(one != other))
            continue
        low, high = axis.ends
        moved.append(abs(one - other) / (high - low) if high > low else 0.0)
    return sum(moved) / len(moved)


def _together(folds: tuple[FoldResult, ...], pooled: Sequence[tuple[date, float]]) -> WalkForward:
    if not pooled:
        raise DataError("no session to pool", where="walk_forward")
    returns = np.array([value for _, value in pooled])
    picked = [fold for fold in folds if fold.trial is not None]
    inside = [fold.inside["annual_return"] for fold in picked]
    outside = [fold.outside["annual_return"] for fold in picked]
    mean_inside = sum(inside) / len(inside) if inside else 0.0
    mean_outside = sum(outside) / len(outside) if outside else 0.0
    efficiency = mean_outside / mean_inside if mean_inside > 0 else None
    trades = int(sum(fold.outside["rebalances"] for fold in picked))
    reasons = tuple(_reasons(folds, mean_inside, mean_outside, trades, len(returns)))
    return WalkForward(
        folds=folds,
        sessions=tuple(day for day, _ in pooled),
        returns=returns,
        pooled=_pooled_figures(returns),
        efficiency=efficiency,
        positive=sum(value > 0 for value in outside) / len(folds),
        trades=trades,
        verdict=DEGRADED if reasons else PASSED,
        reasons=reasons,
    )


def _reasons(folds: Sequence[FoldResult], inside: float, outside: float, trades: int, days: int) -> list[str]:
    """Return what the gate of seed 003 misses."""
    found = []
    without = sum(fold.trial is None for fold in folds)
    if without:
        found.append(f"no set meets the requirements in {without} of {len(folds)} train windows")
    if not inside > 0:
        found.append(f"annual return in sample {inside:.2%} is not above 0")
    if not outside > LEAST_SHARE * inside:
        found.append(f"out of sample {outside:.2%} a year is not above half of {inside:.2%} in sample")
    if trades < LEAST_TRADES:
        found.append(f"{trades} trades out of sample, at least {LEAST_TRADES} are needed")
    if days < LEAST_DAYS:
        found.append(f"{days} sessions out of sample, at least {LEAST_DAYS} are needed")
    return found


def _pooled_figures(returns: FloatArray) -> dict[str, float]:
    equity = np.cumprod(1.0 + returns)
    peaks = np.maximum(np.maximum.accumulate(equity), 1.0)
    spread = float(returns.std(ddof=1)) if len(returns) > 1 else 0.0
    final = max(float(equity[-1]), 0.0)
    return {
        "annual_return": final ** (252 / len(returns)) - 1.0,
        "volatility": math.sqrt(252) * spread,
        "sharpe": math.sqrt(252) * float(returns.mean()) / spread if spread > 1e-12 else 0.0,
        "max_drawdown": float((1.0 - equity / peaks).max()),
    }

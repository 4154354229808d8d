"""What every "best" is shown with: one place computes it, one place writes it.

A value that is the best of many says little without how many were tried and what luck alone would show. So no
command prints a best set by itself: `lines` does, and a figure that is missing says why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.decision import Json
from backtest.core.errors import UsageError
from backtest.research.adaptive import batches
from backtest.research.database import Database, StudyRow
from backtest.research.figures import FIGURES
from backtest.research.neighbourhood import fresh_neighbours
from backtest.research.overfitting import cscv, sharpe, snooping
from backtest.research.overfitting.bootstrap import block_length
from backtest.research.results import Kept, Results
from backtest.research.rule_sets import Trial
from backtest.research.search import ADAPTIVE, GRID, uniform
from backtest.research.space import chosen
from backtest.research.study import Study

#: trials whose daily returns are compared: all, or a uniform sample of this many, with the winner
SAMPLE: Final = 1_000
#: stream of random numbers for the sample, beyond any axis
_STREAM: Final = 1_000_000
LEAST_DSR: Final = 0.95
MOST_PBO: Final = 0.5


@dataclass(frozen=True, slots=True)
class Value:
    """A figure, or why there is none."""

    value: float | None
    reason: str = ""

    @property
    def text(self) -> str:
        """The figure as people read it, or "not computed: why"."""
        return f"not computed: {self.reason}" if self.value is None else f"{self.value:.4g}"


@dataclass(frozen=True, slots=True)
class Honest:
    """A best set with what it takes to judge it.

    Attributes:
        trial: number of the set.
        objective: what it is best by, in words.
        best: its value.
        tried: every set ever tried for this strategy on overlapping symbols and sessions (N).
        independent: about how many independent ones these are (N_eff).
        psr, dsr: probability of a true ratio above 0, and above what the luckiest of N shows.
        track_record: years that show at 95 % a ratio above 0.
        backtest_length: years below which the luckiest of N shows an annual ratio of 1.
        pbo: probability of backtest overfitting.
        reality_check, spa: p-values against holding the signal symbol, for positions against cash.
        superior: trials of the sample that beat it with at most 5 % chance of one false.
        neighbourhood: median of the objective among its neighbours.
        walk_forward: annual return out of sample over in sample.
        holdout: the objective on sessions the search never saw.
    """

    trial: int
    objective: str
    best: float
    tried: int
    independent: Value
    psr: Value
    dsr: Value
    track_record: Value
    backtest_length: Value
    pbo: Value
    reality_check: Value
    spa: Value
    superior: Value
    neighbourhood: Value
    walk_forward: Value
    holdout: Value

    def document(self) -> Json:
        """Return all as one JSON document."""
        found: Json = {
            "trial": self.trial,
            "objective": self.objective,
            "best": self.best,
            "tried": self.tried,
        }
        for name, _ in LABELS:
            value: Value = getattr(self, name)
            found[name] = value.text if value.value is None else value.value
        return found


LABELS: Final = (
    ("independent", "N_eff, about so many independent ones"),
    ("psr", "PSR, probability of a true Sharpe above 0"),
    ("dsr", "DSR, probability that it beats the luckiest of N"),
    ("track_record", "years that show a Sharpe above 0 at 95 %"),
    ("backtest_length", "years in which luck alone shows a Sharpe of 1"),
    ("pbo", "PBO, probability of overfitting"),
    ("reality_check", "Reality Check p against its benchmark"),
    ("spa", "SPA p, studentised"),
    ("superior", "StepM: trials of the sample that beat it"),
    ("neighbourhood", "neighbourhood median"),
    ("walk_forward", "walk-forward OOS/IS"),
    ("holdout", "holdout"),
)


def lines(honest: Honest) -> Iterator[str]:
    """Yield what a person reads of a best set; the only text in which one is shown."""
    yield f"best: trial {honest.trial}, {honest.objective} = {honest.best:.4g}, N = {honest.tried:,} tried"
    for name, label in LABELS:
        value: Value = getattr(honest, name)
        yield f"  {label:<50} {value.text}"


def judge(
    study: Study, row: StudyRow, trial: Trial, results: Results, database: Database, kept: Kept | None = None
) -> Honest:
    """Return a set of a study with everything that is known for and against it.

    Args:
        study: as its file says.
        row: of the database.
        trial: computes its sets.
        results: as far as it is computed, at least one set tried.
        database: where N, walk-forward and looks at the holdout are read.
        kept: the set; None the first one.
    """
    item = results.kept[0] if kept is None else kept
    objective = study.objectives[0]
    tried = sets_tried(database, row)
    returns = sampled_returns(study, trial, results, item.trial)
    correlation = sharpe.mean_correlation(returns)
    own = sharpe.sample_of(returns[:, 0])
    spread = _spread(study, results)
    excess = returns - trial.benchmark()[:, None]
    return Honest(
        trial=item.trial,
        objective=str(objective),
        best=item.figures[objective.figure],
        tried=tried,
        independent=Value(None, "one trial")
        if correlation is None
        else Value(sharpe.independent_trials(tried, correlation)),
        psr=_psr(own),
        dsr=_dsr(own, spread, tried),
        track_record=_track_record(own),
        backtest_length=Value(sharpe.minimum_backtest_length(tried)),
        pbo=_pbo(returns),
        **_snooping(excess, study.seed),
        neighbourhood=_neighbourhood(study, trial, item),
        walk_forward=_walk_forward(database, row),
        holdout=judge_holdout(study, row, database, item.trial),
    )


def sets_tried(database: Database, row: StudyRow) -> int:
    """Return N: sets tried in every study of the same strategy on overlapping symbols and sessions."""
    return sum(
        database.tried(other.id)
        for other in database.studies()
        if other.strategy.casefold() == row.strategy.casefold()
        and set(other.symbols) & set(row.symbols)
        and other.first_day <= row.last_day
        and row.first_day <= other.last_day
    )


def sampled_returns(study: Study, trial: Trial, results: Results, winner: int) -> FloatArray:
    """Return daily returns, shape (sessions, trials): the winner's first, then those of a uniform sample."""
    known = np.flatnonzero(np.isfinite(results.figures[FIGURES[0]]))
    known = known[known != winner]
    if len(known) > SAMPLE:
        draws = uniform(study.seed, _STREAM, 0, len(known))
        known = np.sort(known[np.argsort(draws, kind="stable")[:SAMPLE]])
    rows = np.concatenate([[winner], known]).astype(np.int64)
    first, last = int(rows.min()), int(rows.max())
    if last - first < 200_000:
        columns = chosen(study.sets(first, last - first + 1), rows - first)
    else:
        parts = [study.sets(int(row), 1) for row in rows]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return trial.returns(columns, len(rows))


def refusals(honest: Honest) -> tuple[str, ...]:
    """Return why a set must not be promoted; empty when nothing speaks against it."""
    found = []
    dsr, pbo = honest.dsr, honest.pbo
    if dsr.value is None or dsr.value < LEAST_DSR:
        found.append(f"DSR {dsr.text}, at least {LEAST_DSR} is needed")
    if pbo.value is None or pbo.value > MOST_PBO:
        found.append(f"PBO {pbo.text}, at most {MOST_PBO} is allowed")
    return tuple(found)


def _spread(study: Study, results: Results) -> float:
    """Return the standard deviation of the trials' Sharpe ratios, per session; 0 for one trial.

    The later sets of an adaptive search lie close together because it chose them so. They would make luck
    look smaller than it was: where its first batch, drawn evenly, spreads more, that counts.
    """
    ratios = results.figures["sharpe"] / math.sqrt(252.0)
    parts = (
        [ratios, ratios[: batches(study.method, len(ratios))[0][1]]] if study.method in ADAPTIVE else [ratios]
    )
    known = [part[np.isfinite(part)] for part in parts]
    return max(float(part.std(ddof=1)) if len(part) > 1 else 0.0 for part in known)


def _psr(own: sharpe.SharpeSample | None) -> Value:
    return Value(None, "returns do not vary") if own is None else Value(sharpe.probabilistic_sharpe(own))


def _dsr(own: sharpe.SharpeSample | None, spread: float, tried: int) -> Value:
    if own is None:
        return Value(None, "returns do not vary")
    return Value(sharpe.deflated_sharpe(own, spread, tried))


def _track_record(own: sharpe.SharpeSample | None) -> Value:
    if own is None:
        return Value(None, "returns do not vary")
    periods = sharpe.minimum_track_record(own)
    return (
        Value(periods / 252.0) if math.isfinite(periods) else Value(None, "the Sharpe ratio is not above 0")
    )


def _pbo(returns: FloatArray) -> Value:
    try:
        return Value(cscv.overfitting(returns).probability)
    except UsageError as error:
        return Value(None, error.problem)


def _snooping(excess: FloatArray, seed: int) -> dict[str, Value]:
    try:
        block = min(max(block_length(excess[:, 0]), block_length(np.abs(excess[:, 0]))), len(excess) / 10)
        resampled = snooping.Resampled.of(excess, block=block, seed=seed)
    except UsageError as error:
        none = Value(None, error.problem)
        return {"reality_check": none, "spa": none, "superior": none}
    return {
        "reality_check": Value(snooping.reality_check(resampled)),
        "spa": Value(snooping.superior_predictive_ability(resampled).consistent),
        "superior": Value(float(len(snooping.stepwise_superior(resampled)))),
    }


def _neighbourhood(study: Study, trial: Trial, item: Kept) -> Value:
    """Return the median of the objective around a set: its grid neighbours, else fresh sets near it."""
    objective = study.objectives[0]
    if item.around is not None:
        return Value(item.around.median if objective.maximise else -item.around.median)
    if study.method == GRID:
        return Value(None, "no neighbour has figures")
    columns = fresh_neighbours(study.space, item.changes, study.seed)
    count = len(next(iter(columns.values())))
    if not count:
        return Value(None, "no valid set near it")
    return Value(float(np.median(trial.figures(trial.statistics(columns, count))[objective.figure])))


def _walk_forward(database: Database, row: StudyRow) -> Value:
    folds = database.folds(row.id)
    if not folds:
        return Value(None, "no walk-forward was run: python -m backtest walk-forward STUDY.yaml")
    efficiency = folds[-1][1].get("efficiency")
    return Value(None, "in-sample return is not above 0") if efficiency is None else Value(float(efficiency))


def judge_holdout(study: Study, row: StudyRow, database: Database, trial: int) -> Value:
    """Return the first objective of a set on the holdout, if it was looked at."""
    if study.data.holdout_from is None:
        return Value(None, "the study has no holdout_from")
    looks = [look for look in database.looks() if look[0] == row.id and look[1] == trial]
    if not looks:
        return Value(None, "not looked at; promote looks once")
    return Value(looks[0][4][study.objectives[0].figure])

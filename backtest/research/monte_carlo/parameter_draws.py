"""Sets drawn around a chosen one: does the result live on exact values, and on which of them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.core.decision import Json
from backtest.core.errors import ParameterError, UsageError
from backtest.research.figures import FIGURES
from backtest.research.monte_carlo.summaries import Distribution
from backtest.research.overfitting.ranks import spearman
from backtest.research.rule_sets import RuleSet, Trial, rule_set
from backtest.research.search import uniform
from backtest.research.space import Axis, Columns, chosen, joined
from backtest.research.study import Study

UNIFORM: Final = "uniform"
NORMAL: Final = "normal"
LOG_NORMAL: Final = "log-normal"
TRIANGULAR: Final = "triangular"
SHAPES: Final = (UNIFORM, NORMAL, LOG_NORMAL, TRIANGULAR)
#: rounds of draws before so few valid sets are an error
_ROUNDS: Final = 50
#: streams of random numbers, beyond those of a search and of its judgement
_STREAM: Final = 2_000_000
_NEAR: Final = 0.9
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Sets around a chosen one.

    Attributes:
        sets: drawn and valid. redrawn: drawn and not valid, so drawn again.
        own: objective of the chosen set. near: share of the sets that reach 0.9 of it; None where it is not
            above 0.
        figures: distribution by name.
        sensitivity: Spearman's rank correlation of each parameter with the objective, strongest first; None
            where it does not vary.
    """

    sets: int
    redrawn: int
    objective: str
    own: float
    near: float | None
    figures: Mapping[str, Distribution]
    sensitivity: Mapping[str, float | None]

    def document(self) -> Json:
        """Return it JSON-ready."""
        return {
            "sets": self.sets,
            "redrawn": self.redrawn,
            "objective": self.objective,
            "own": self.own,
            "near": self.near,
            "figures": {name: found.document() for name, found in self.figures.items()},
            "sensitivity": dict(self.sensitivity),
        }


def around(
    study: Study, trial: Trial, pick: Mapping[str, Any], count: int, *, shape: str, spread: float, seed: int
) -> Around:
    """Try sets around a chosen one.

    Args:
        study: its axes of numbers vary, texts and flags stay.
        trial: computes sets.
        pick: value of every axis.
        count: how many sets.
        shape: one of `SHAPES`, see `drawn`.
        spread: half width, as a share of each value.
        seed: set k depends on it and k.

    Raises:
        UsageError: nothing varies, or hardly any draw is valid.
    """
    columns, redrawn = _valid_sets(study, pick, count, shape, spread, seed)
    chosen_set = {name: np.array([value]) for name, value in pick.items()}
    figures = trial.figures(trial.statistics(columns, count))
    own = trial.figures(trial.statistics(chosen_set, 1))
    objective = study.objectives[0]
    values = figures[objective.figure]
    best = float(objective.score(own)[0])
    ranks = {axis.name: _rank(columns[axis.name], values) for axis in _varying(study)}
    return Around(
        sets=count,
        redrawn=redrawn,
        objective=str(objective),
        own=float(own[objective.figure][0]),
        near=float((objective.score(figures) >= _NEAR * best).mean()) if best > 0 else None,
        figures={name: Distribution.of(figures[name]) for name in FIGURES},
        sensitivity=dict(sorted(ranks.items(), key=lambda item: -abs(item[1] or 0.0))),
    )


def drawn(axis: Axis, value: float, shape: str, spread: float, draws: FloatArray) -> NDArray[Any]:
    """Return values around one, rounded where the axis knows whole numbers only.

    The half width h is `spread` times the value (times the width of the axis for a value of 0).

    Args:
        axis: of the parameter.
        value: of the chosen set.
        shape: `uniform` in value +/- h; `triangular` in the same, the value most likely; `normal` with a
            deviation of h / 2; `log-normal`: the value times exp(spread / 2 * z), so never another sign.
        spread: above 0.
        draws: from [0, 1), shape (n,).
    """
    low, high = axis.ends or (0.0, 0.0)
    half = spread * abs(value) if value else spread * (high - low)
    if shape == UNIFORM:
        found = value + half * (2.0 * draws - 1.0)
    elif shape == TRIANGULAR:
        left = draws < 0.5
        rest = np.where(left, draws, 1.0 - draws)
        found = value + half * np.where(left, np.sqrt(2.0 * rest) - 1.0, 1.0 - np.sqrt(2.0 * rest))
    else:
        z = np.array([_NORMAL.inv_cdf(min(max(float(u), 2.0**-54), 1.0 - 2.0**-53)) for u in draws])
        found = value * np.exp(spread / 2 * z) if shape == LOG_NORMAL else value + half / 2 * z
    return np.rint(found).astype(np.int64) if _whole(axis) else found


def _valid_sets(
    study: Study, pick: Mapping[str, Any], count: int, shape: str, spread: float, seed: int
) -> tuple[Columns, int]:
    axes, rules = _varying(study), rule_set(study.strategy)
    if not axes:
        raise UsageError("no axis of numbers varies", where="space", remedy="leave the parameter draws out")
    parts: list[Columns] = []
    have = redrawn = 0
    for turn in range(_ROUNDS):
        columns: dict[str, NDArray[Any]] = {n: np.full(count, value) for n, value in pick.items()}
        for k, axis in enumerate(axes):
            draws = uniform(seed, _STREAM + k, turn * count, count)
            columns[axis.name] = drawn(axis, pick[axis.name], shape, spread, draws)
        valid = study.space.valid(columns, count) & _in_range(rules, axes, columns, count)
        rows = np.flatnonzero(valid)[: count - have]
        redrawn += int((~valid).sum())
        parts.append(chosen(columns, rows))
        have += len(rows)
        if have == count:
            return joined(parts), redrawn
    raise UsageError(
        f"only {have:,} of {_ROUNDS * count:,} draws are valid sets", where="--spread", remedy="a smaller one"
    )


def _in_range(rules: RuleSet, axes: tuple[Axis, ...], columns: Columns, count: int) -> NDArray[np.bool_]:
    found = np.ones(count, dtype=np.bool_)
    for axis in axes:
        values, codes = np.unique(columns[axis.name], return_inverse=True)
        allowed = np.array([_allowed(rules, axis.name, value.item()) for value in values])
        found &= allowed[codes]
    return found


def _allowed(rules: RuleSet, name: str, value: Any) -> bool:
    try:
        rules.checked(name, value)
    except ParameterError:
        return False
    return True


def _varying(study: Study) -> tuple[Axis, ...]:
    return tuple(axis for axis in study.space.axes if axis.ends is not None)


def _whole(axis: Axis) -> bool:
    return axis.whole or (bool(axis.values) and all(isinstance(value, int) for value in axis.values))


def _rank(column: NDArray[Any], values: FloatArray) -> float | None:
    known = np.isfinite(values)
    return spearman(column[known].astype(np.float64), values[known])

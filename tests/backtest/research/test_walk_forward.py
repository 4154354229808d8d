"""Walk-forward: selection sees its train window only, and what it picked is what trades."""

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import UsageError
from backtest.research import walk_forward as module
from backtest.research.engine import Threads
from backtest.research.figures import FIGURES
from backtest.research.folds import FoldPlan, parse_span
from backtest.research.rule_sets import trial_of
from backtest.research.session import OpenStudy
from backtest.research.space import Columns
from backtest.research.walk_forward import DEGRADED, PASSED, WalkForward, walk_forward

PLAN = FoldPlan("rolling", parse_span("1y", ""), parse_span("6m", ""), parse_span("6m", ""))


def run(opened: OpenStudy, history: Any = None, plan: FoldPlan = PLAN, workers: int = 2) -> WalkForward:
    study = replace(opened.study, walk_forward=plan)
    return walk_forward(study, history or opened.history, opened.days, Threads(workers), lambda *_: None)


@pytest.fixture(scope="module")
def found(opened: OpenStudy) -> WalkForward:
    return run(opened)


def test_the_pick_is_the_best_of_its_train_window_and_trades_the_next(
    opened: OpenStudy, found: WalkForward
) -> None:
    study = opened.study
    assert len(found.folds) == 4
    for fold in found.folds:
        assert fold.train_last < fold.test_first
        train = trial_of(
            study.strategy, opened.history, start=fold.train_first, end=fold.train_last, cost_pct=0.05
        )
        columns = study.space.grid(np.arange(120))
        valid = np.flatnonzero(study.space.valid(columns, 120))
        figures = train.figures(train.statistics({n: c[valid] for n, c in columns.items()}, len(valid)))
        enough = np.where(figures["rebalances"] >= 5, figures["sharpe"], -np.inf)
        assert fold.trial == valid[enough.argmax()]
        assert fold.inside["sharpe"] == enough.max()
        assert fold.parameters == study.space.one(columns, int(valid[enough.argmax()]))


def test_no_later_bar_moves_a_pick(opened: OpenStudy, found: WalkForward) -> None:
    """Every bar after a train window is another one: pick and in-sample figures stay to the last bit."""
    random = np.random.default_rng(4)
    for number, fold in enumerate(found.folds[:2]):
        changed = {
            symbol: scrambled(bars, fold.train_last, random) for symbol, bars in opened.history.items()
        }
        other = run(opened, changed).folds[number]
        assert (other.trial, other.inside, other.parameters) == (fold.trial, fold.inside, fold.parameters)
        assert other.outside != fold.outside


def scrambled(bars: Bars, day: date, random: np.random.Generator) -> Bars:
    kept = len(bars.until(day))
    order = np.concatenate([np.arange(kept), kept + random.permutation(len(bars) - kept)])
    return replace(
        bars, open=bars.open[order], high=bars.high[order], low=bars.low[order], close=bars.close[order]
    )


def test_every_session_is_pooled_once_with_the_picks_returns(opened: OpenStudy, found: WalkForward) -> None:
    assert list(found.sessions) == sorted(set(found.sessions))
    first = found.folds[0]
    assert found.sessions[0] == first.test_first
    inside = [
        value for day, value in zip(found.sessions, found.returns, strict=True) if day <= first.test_last
    ]
    assert np.prod(1 + np.array(inside)) == pytest.approx(first.outside["final_equity"])
    assert found.pooled["annual_return"] == pytest.approx(
        np.prod(1 + found.returns) ** (252 / len(found.returns)) - 1
    )


def test_overlapping_tests_pool_a_step_each(opened: OpenStudy) -> None:
    overlapping = run(opened, plan=replace(PLAN, step=parse_span("3m", "")))
    assert list(overlapping.sessions) == sorted(set(overlapping.sessions))
    assert len(overlapping.folds) > 4


def test_workers_do_not_change_it_and_documents_are_json(opened: OpenStudy, found: WalkForward) -> None:
    other = run(opened, workers=1)
    documents = [[fold.document() for fold in each.folds] for each in (found, other)]
    assert documents[0] == documents[1]
    assert found.returns.tobytes() == other.returns.tobytes()
    text = json.dumps([*documents[0], found.document()], allow_nan=False)
    assert json.loads(text)[0]["inside"]["sharpe"] == found.folds[0].inside["sharpe"]


@dataclass(frozen=True)
class Planted:
    """A window in which set number k has the objective `values[k]`."""

    sessions: tuple[date, ...]
    values: FloatArray

    def statistics(self, columns: Columns, count: int) -> FloatArray:
        number = (columns["sma_fast"] - 1).astype(int)
        return np.repeat(self.values[number][:, None], 7, axis=1)

    def figures(self, statistics: FloatArray) -> dict[str, FloatArray]:
        return dict.fromkeys(FIGURES, statistics[:, 0]) | {"rebalances": np.full(len(statistics), 50.0)}

    def returns(self, columns: Columns, count: int) -> FloatArray:
        return np.repeat(self.statistics(columns, count)[:, :1].T / 1_000, len(self.sessions), axis=0)


def planted(
    opened: OpenStudy, monkeypatch: pytest.MonkeyPatch, inside: list[float], outside: list[float]
) -> WalkForward:
    """Run a study of as many sets as there are values, with these in all train and all test windows."""
    from backtest.research.space import Axis, Space

    axis = Axis("sma_fast", tuple(range(1, len(inside) + 1)))
    study = replace(
        opened.study, space=Space((axis,), opened.study.space.base), require=(), walk_forward=PLAN
    )
    days = opened.history["QQQ"].dates.tolist()

    def window(*_: Any, start: date, end: date, **__: Any) -> Planted:
        sessions = tuple(day for day in days if start <= day <= end)
        return Planted(sessions, np.array(inside if len(sessions) > 200 else outside))

    monkeypatch.setattr(module, "trial_of", window)
    return walk_forward(study, opened.history, opened.days, Threads(1), lambda *_: None)


def test_the_best_of_the_test_window_is_never_picked_when_it_lost_inside(
    opened: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = planted(opened, monkeypatch, [0.3, 0.9, 0.5, -0.8], [0.1, 0.2, 0.3, 9.9])
    assert [fold.trial for fold in found.folds] == [1] * len(found.folds)
    assert {fold.rank for fold in found.folds} == {3}
    assert {fold.inside["sharpe"] for fold in found.folds} == {0.9}
    assert {fold.outside["sharpe"] for fold in found.folds} == {0.2}
    assert found.folds[0].correlation == pytest.approx(-0.4)
    assert [fold.drift for fold in found.folds] == [None, *[0.0] * (len(found.folds) - 1)]


@pytest.mark.parametrize(
    ("inside", "outside", "verdict", "reason"),
    [
        ([0.2, 0.4], [0.1, 0.3], PASSED, None),
        ([0.2, 0.4], [0.1, 0.1], DEGRADED, "is not above half of"),
        ([-0.2, -0.4], [0.1, 0.3], DEGRADED, "is not above 0"),
    ],
)
def test_the_gate(
    opened: OpenStudy,
    monkeypatch: pytest.MonkeyPatch,
    inside: list[float],
    outside: list[float],
    verdict: str,
    reason: str | None,
) -> None:
    found = planted(opened, monkeypatch, inside, outside)
    assert found.verdict == verdict
    assert reason is None or any(reason in line for line in found.reasons)


def test_without_a_set_that_meets_the_requirements_nothing_trades(opened: OpenStudy) -> None:
    from backtest.research.expressions import parse_condition

    strict = replace(opened.study, require=(parse_condition("sharpe > 99", FIGURES),), walk_forward=PLAN)
    found = walk_forward(strict, opened.history, opened.days, Threads(2), lambda *_: None)
    assert {fold.trial for fold in found.folds} == {None}
    assert not found.returns.any()
    assert found.verdict == DEGRADED
    assert found.efficiency is None
    json.dumps([fold.document() for fold in found.folds], allow_nan=False)


def test_a_study_without_the_section_is_refused(opened: OpenStudy) -> None:
    with pytest.raises(UsageError, match="walk_forward"):
        walk_forward(opened.study, opened.history, opened.days, Threads(1), lambda *_: None)

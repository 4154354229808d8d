"""Adaptive searches: stopped and resumed to the same sets, better than even draws, counted honestly."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import FloatArray
from backtest.core.errors import JutsuError
from backtest.research.adaptive import batches, draw_batch, recall_row
from backtest.research.database import Database, StudyRow, open_database
from backtest.research.engine import Threads
from backtest.research.folds import FoldPlan, parse_span
from backtest.research.honest import sets_tried
from backtest.research.memory import Memory
from backtest.research.results import Results, top_csv
from backtest.research.running import Limits, run_study
from backtest.research.search import NSGA2, TPE
from backtest.research.session import OpenStudy, results_of_row
from backtest.research.space import Axis, Columns, Space
from backtest.research.verify import verify
from backtest.research.walk_forward import walk_forward
from tests.backtest.research.conftest import silent

AXES = (
    Axis("measurement_noise", low=500, high=5_000, logarithmic=True),
    Axis("sma_fast", low=4, high=16, whole=True),
    Axis("sma_slow", low=20, high=60, whole=True),
)


def adaptive(opened: OpenStudy, method: str, budget: int = 160) -> OpenStudy:
    space = replace(opened.study.space, axes=AXES)
    study = replace(opened.study, method=method, budget=budget, space=space, memory=Memory())
    identity = replace(opened.identity, spec=f"{method}")
    document = {**opened.document, "file": {**opened.document["file"], "search": {"method": method}}}
    return replace(opened, study=study, identity=identity, document=document)


def searched(opened: OpenStudy, folder: Path, workers: int = 1) -> tuple[Results, StudyRow]:
    with open_database(folder) as database:
        row = opened.begin(database)
        run_study(opened.study, row, opened.trial, database, Threads(workers), silent, Limits())
        return results_of_row(opened.study, row, database), row


@pytest.mark.parametrize("method", [NSGA2, TPE])
def test_stopped_after_any_chunk_it_goes_on_to_the_same_table(
    opened: OpenStudy, tmp_path: Path, method: str
) -> None:
    whole = adaptive(opened, method)
    expected = top_csv(whole.study, searched(whole, tmp_path / "whole.db", 2)[0].kept)
    for seconds in range(60):  # each run begins anew and ends after its first chunk
        part = adaptive(opened, method)
        with open_database(tmp_path / "parts.db") as database:
            row = part.begin(database)
            step = run_study(part.study, row, part.trial, database, Threads(1), silent, Limits(deadline=1e-9))
            if step.stored == step.total:
                assert seconds > 5
                assert top_csv(part.study, results_of_row(part.study, row, database).kept) == expected
                assert not verify(part.study, row, part.trial, database, lambda *_: None).different
                return
    pytest.fail("it never ended")


@pytest.mark.parametrize("method", [NSGA2, TPE])
def test_later_batches_are_better_than_the_even_first_one(
    opened: OpenStudy, tmp_path: Path, method: str
) -> None:
    found, _ = searched(adaptive(opened, method), tmp_path / "r.db")
    values = found.figures["sharpe"]
    size = batches(method, 160)[0][1]
    assert np.nanmedian(values[-size:]) > np.nanmedian(values[:size])
    assert found.tried == 160
    assert found.broken == 0  # sets that the rules exclude are drawn again


def test_another_seed_draws_other_sets(opened: OpenStudy, tmp_path: Path) -> None:
    one = adaptive(opened, NSGA2, 50)
    other = replace(one, study=replace(one.study, seed=8, memory=Memory()))
    searched(one, tmp_path / "1.db")
    searched(other, tmp_path / "2.db")
    assert one.study.sets(0, 50)["sma_slow"].tolist() != other.study.sets(0, 50)["sma_slow"].tolist()


def test_a_larger_budget_goes_on_where_the_smaller_one_ended(opened: OpenStudy, tmp_path: Path) -> None:
    small, large = adaptive(opened, NSGA2, 70), adaptive(opened, NSGA2, 120)
    searched(small, tmp_path / "r.db")
    with open_database(tmp_path / "r.db") as database:
        before = database.statistics(small.begin(database).id, 70)
    searched(large, tmp_path / "r.db")
    with open_database(tmp_path / "r.db") as database:
        after = database.statistics(large.begin(database).id, 120)
    assert after[:70].tobytes() == before.tobytes()
    assert np.isfinite(after).all()


class Failing:
    """A trial of which one set fails."""

    def __init__(self, trial: Any, at: float) -> None:
        self.trial, self.at = trial, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self.trial, name)

    def statistics(self, columns: Columns, count: int) -> FloatArray:
        if (columns["measurement_noise"] == self.at).any():
            raise JutsuError("no answer")
        found: FloatArray = self.trial.statistics(columns, count)
        return found


def test_a_batch_with_a_failed_set_is_the_last_one(opened: OpenStudy, tmp_path: Path) -> None:
    study = adaptive(opened, NSGA2)
    with open_database(tmp_path / "r.db") as database:
        row = study.begin(database)
        recall_row(study.study, row, database)
        bad = Failing(study.trial, float(study.study.sets(3, 1)["measurement_noise"][0]))
        step = run_study(study.study, row, bad, database, Threads(1), silent, Limits())
        assert (step.stored, step.failed) == (49, 1)
        step = run_study(study.study, row, study.trial, database, Threads(1), silent, Limits())
        assert step.stored == step.total


def test_a_space_with_fewer_sets_than_the_budget_still_ends() -> None:
    space = Space((Axis("a", (1, 2)), Axis("b", (True, False))), {})
    memory = Memory()
    none = np.empty((0, 1)), np.empty(0)
    draw_batch(memory, space, NSGA2, 7, *none)
    assert len(memory) == 50
    assert len(memory.seen) == 4


def test_folds_of_an_adaptive_search_draw_their_own_sets_and_all_count(
    opened: OpenStudy, tmp_path: Path
) -> None:
    plan = FoldPlan("rolling", parse_span("1y", ""), parse_span("6m", ""), parse_span("6m", ""), 0, 0)
    study = adaptive(opened, TPE, 70)
    study = replace(study, study=replace(study.study, walk_forward=plan))
    found, again = (
        walk_forward(study.study, study.history, study.days, Threads(workers), lambda *_: None)
        for workers in (1, 2)
    )
    assert [fold.document() for fold in found.folds] == [fold.document() for fold in again.folds]
    assert len(found.folds) > 1
    with open_database(tmp_path / "r.db") as database:
        row = study.begin(database)
        database.store_folds(row.id, "p", [fold.document() for fold in found.folds])
        assert sets_tried(database, row) == sum(fold.ranked for fold in found.folds) > 100


def test_sets_that_are_not_drawn_are_no_sets(opened: OpenStudy, database: Database) -> None:
    study = adaptive(opened, TPE)
    row = study.begin(database)
    recall_row(study.study, row, database)
    assert len(study.study.sets(0, 64)["sma_fast"]) == 64
    reach: Callable[[], object] = lambda: study.study.sets(64, 1)  # noqa: E731
    with pytest.raises(JutsuError):
        reach()

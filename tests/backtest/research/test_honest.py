"""The one place where a best set is shown: every figure, or why there is none."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from backtest.research import honest as honesty
from backtest.research.database import Database
from backtest.research.engine import Threads
from backtest.research.honest import (
    LABELS,
    Honest,
    Value,
    judge,
    lines,
    refusals,
    sampled_returns,
    sets_tried,
)
from backtest.research.identity import Identity
from backtest.research.overfitting import sharpe
from backtest.research.results import Results
from backtest.research.running import Limits, run_study
from backtest.research.session import OpenStudy, results_of_row
from backtest.research.space import Axis
from tests.backtest.research.conftest import Searched


@pytest.fixture
def results(searched: Searched) -> Results:
    return results_of_row(searched.opened.study, searched.row, searched.database)


def judged(searched: Searched, results: Results) -> Honest:
    return judge(searched.opened.study, searched.row, searched.opened.trial, results, searched.database)


def test_every_figure_is_there_or_says_why(searched: Searched, results: Results) -> None:
    found = judged(searched, results)
    text = list(lines(found))
    assert text[0] == f"best: trial {found.trial}, maximise sharpe = {found.best:.4g}, N = 108 tried"
    assert len(text) == 1 + len(LABELS)
    missing = {name for name, _ in LABELS if getattr(found, name).value is None}
    assert missing == {"walk_forward", "holdout"}
    assert all(getattr(found, name).reason for name in missing)
    assert found.document()["walk_forward"].startswith("not computed: no walk-forward was run")


def test_figures_are_those_of_the_winners_returns_and_of_all_that_was_tried(
    searched: Searched, results: Results
) -> None:
    found = judged(searched, results)
    returns = sampled_returns(searched.opened.study, searched.opened.trial, results, found.trial)
    own = sharpe.sample_of(returns[:, 0])
    assert own is not None
    assert own.ratio * np.sqrt(252) == pytest.approx(found.best)
    assert returns.shape[1] == 108
    ratios = results.figures["sharpe"][np.isfinite(results.figures["sharpe"])] / np.sqrt(252)
    assert found.dsr.value == sharpe.deflated_sharpe(own, ratios.std(ddof=1), 108)


def test_a_large_study_is_sampled_with_its_winner_first(
    searched: Searched, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sampled_returns(searched.opened.study, searched.opened.trial, results, 20)
    monkeypatch.setattr(honesty, "SAMPLE", 10)
    some = sampled_returns(searched.opened.study, searched.opened.trial, results, 20)
    assert some.shape[1] == 11
    np.testing.assert_array_equal(some[:, 0], whole[:, 0])
    known = {column.tobytes() for column in whole.T}
    assert all(column.tobytes() in known for column in some.T)


def test_what_a_walk_forward_tried_counts(searched: Searched) -> None:
    database, row = searched.database, searched.row
    identity, days = Identity("other", "d", "c", "v"), (row.first_day, row.last_day)
    other = database.begin(identity, row.document, symbols=("QQQ",), days=days, total=500)
    database.store_folds(other.id, "plan", [{"ranked": 26}, {"ranked": 30}, {"efficiency": 0.5}])
    assert sets_tried(database, row) == 108 + 30
    database.store(other.id, 0, np.ones((50, 7)))
    assert sets_tried(database, row) == 108 + 50
    database.store_folds(row.id, "plan", [{"ranked": 90}])
    assert sets_tried(database, row) == 108 + 50


def test_what_was_forgotten_counts_until_more_is_tried(searched: Searched) -> None:
    database, row, opened = searched.database, searched.row, searched.opened
    again = opened.begin(database, fresh=True)
    database.store(row.id, 0, np.ones((10, 7)))
    assert (sets_tried(database, row), again.id) == (108, row.id)
    opened.begin(database)
    opened.begin(database, fresh=True)
    assert (sets_tried(database, row), database.progress(row.id).stored) == (108, 0)
    database.store(row.id, 0, np.ones((120, 7)))
    assert sets_tried(database, row) == 120


def test_everything_ever_tried_counts(searched: Searched) -> None:
    database, row = searched.database, searched.row
    others = {
        "same symbols, other bars": (("QQQ", "TLT"), (date(2020, 1, 2), date(2022, 1, 3)), row.strategy),
        "other case": (("TLT",), (row.last_day, date(2030, 1, 2)), row.strategy.upper()),
        "other symbols": (("SPY",), (row.first_day, row.last_day), row.strategy),
        "other sessions": (("QQQ",), (date(2000, 1, 3), date(2001, 1, 3)), row.strategy),
        "other strategy": (("QQQ",), (row.first_day, row.last_day), "earnings_swing"),
    }
    for number, (name, (symbols, days, strategy)) in enumerate(others.items()):
        document = {"name": name, "strategy": strategy, "sessions": 9, "file": {}}
        identity = Identity(str(number), "", "", "")
        other = database.begin(identity, document, symbols=symbols, days=days, total=10)
        database.store(other.id, 0, np.ones((10 ** (number + 1) % 97, 7)))
    counted = [10**1 % 97, 10**2 % 97]
    assert sets_tried(database, row) == 108 + sum(counted)


def test_a_set_is_refused_by_dsr_and_by_pbo(searched: Searched, results: Results) -> None:
    found = replace(judged(searched, results), dsr=Value(0.96), pbo=Value(0.4))
    assert refusals(found) == ()
    assert "DSR 0.9" in refusals(replace(found, dsr=Value(0.9)))[0]
    assert "PBO 0.6" in refusals(replace(found, pbo=Value(0.6)))[0]
    unknown = replace(found, dsr=Value(None, "returns do not vary"), pbo=Value(None, "too short"))
    assert len(refusals(unknown)) == 2


def test_a_search_without_a_grid_is_judged_by_fresh_sets_near_its_best(
    opened: OpenStudy, database: Database
) -> None:
    axes = (Axis("sma_fast", low=4, high=16, whole=True), Axis("sma_slow", low=20, high=60, whole=True))
    space = replace(opened.study.space, axes=axes)
    drawn = replace(opened, study=replace(opened.study, method="random", budget=40, space=space))
    row = drawn.begin(database)
    run_study(drawn.study, row, drawn.trial, database, Threads(1), lambda _: None, Limits())
    found = judge(drawn.study, row, drawn.trial, results_of_row(drawn.study, row, database), database)
    assert found.neighbourhood.value is not None
    assert found.neighbourhood.value <= found.best + 0.3
    assert found.tried == database.progress(row.id).tried  # the fresh ones are no candidates

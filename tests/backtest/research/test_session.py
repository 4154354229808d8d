"""A study from its file, and again from the database."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from backtest.research.session import open_file, open_row, results_of_row, study_of
from tests.backtest.research.conftest import Searched, silent
from tests.support.study_world import write_prices, write_study


def test_the_database_gives_the_same_study_from_any_folder(
    searched: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    again = open_row(searched.row, silent)
    assert again.study.spec == searched.opened.study.spec
    assert again.identity == searched.opened.identity
    assert json.loads(json.dumps(again.document)) == searched.row.document


def test_flags_come_before_the_file(prices: Path) -> None:
    path = prices.parent / "small.yaml"
    found = open_file(path, {"study": {"seed": 9}, "search": {"budget": 500}}, silent)
    assert (found.study.seed, found.study.budget) == (9, 500)


def test_figures_need_no_bars(searched: Searched) -> None:
    found = results_of_row(study_of(searched.row), searched.row, searched.database)
    own = searched.opened.trial.figures(searched.database.statistics(searched.row.id, 120))
    assert found.figures["sharpe"].tobytes() == own["sharpe"].tobytes()


def test_other_bars_are_another_study(tmp_path: Path) -> None:
    folder = write_prices(tmp_path / "prices")
    opened = open_file(write_study(tmp_path / "s.yaml", folder), {}, silent)
    from backtest.research.database import open_database

    with open_database(tmp_path / "r.db") as database:
        row = opened.begin(database)
        write_prices(folder, sessions=850)
        with pytest.raises(DataError, match="other bars"):
            open_row(row, silent)
        assert database.study(row.id) == row


@pytest.mark.parametrize(("day", "side"), [("2025-06-02", "holdout"), ("2021-06-04", "search")])
def test_a_holdout_outside_the_bars_is_refused(prices: Path, day: str, side: str) -> None:
    data = {"prices": str(prices), "holdout_from": day}
    path = write_study(prices.parent / f"holdout_{day}.yaml", prices, data=data)
    with pytest.raises(DataError, match=f"the {side} has no session"):
        open_file(path, {}, silent)


def test_without_a_holdout_there_is_none(prices: Path) -> None:
    path = write_study(prices.parent / "no_holdout.yaml", prices, data={"prices": str(prices)})
    opened = open_file(path, {}, silent)
    assert opened.holdout() is None
    assert opened.days[1] == opened.history["QQQ"].last
    assert replace(opened, history={}).symbols == ()

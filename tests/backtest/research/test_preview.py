"""A study before it runs."""

from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from backtest.research.preview import preview_of
from backtest.research.study_file import parse_study
from tests.support.study_world import document


def test_a_grid_counts_what_its_sets_share() -> None:
    found = preview_of(parse_study(document(Path("p")), "s"), 500)
    assert (found.sets, found.counted, found.broken) == (120, 120, 12)
    assert found.unique == {
        "filters": 3,
        "smoothings of a filter": 2,
        "pairs of averages": 20,
        "volatilities": 1,
        "pairs of bond averages": 1,
    }
    assert found.database_bytes == 120 * 56
    assert any("the rules exclude 12" in line for line in found.lines())
    assert found.document()["sets"] == 120


def test_a_draw_may_share_nothing() -> None:
    space = {"measurement_noise": {"uniform": [500, 5000]}, "sma_fast": {"values": [5, 10]}}
    study = parse_study(document(Path("p"), space=space, search={"method": "sobol", "budget": 900}), "s")
    found = preview_of(study, 500)
    assert (found.unique["filters"], found.unique["pairs of averages"]) == (900, 2)


def test_an_adaptive_search_knows_its_sets_only_once_it_runs() -> None:
    space = {"measurement_noise": {"uniform": [500, 5000]}}
    study = parse_study(document(Path("p"), space=space, search={"method": "nsga2", "budget": 500}), "s")
    found = preview_of(study, 500)
    assert (found.sets, found.counted) == (500, 0)
    assert "each batch drawn from those before" in next(found.lines())
    with pytest.raises(UsageError, match="not computed yet"):
        study.sets(0, 1)

"""How many sets a study has."""

from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import UsageError
from backtest.research.study_file import parse_study
from tests.support.study_world import document


def study(**sections: Any) -> Any:
    return parse_study(document(Path("p"), **sections), "s.yaml")


def test_a_grid_has_its_points_and_a_draw_its_budget() -> None:
    assert study().total == 3 * 2 * 4 * 5
    assert study(search={"method": "sobol", "budget": 77}).total == 77


def test_a_grid_beyond_all_measure_is_refused() -> None:
    wide = {name: {"range": [1, 250], "step": 1} for name in ("T_max", "measurement_noise", "osc_smoothness")}
    with pytest.raises(UsageError, match="15,625,000 points"):
        study(space=wide)


def test_parameters_are_the_base_with_the_changes() -> None:
    found = study().parameters({"sma_fast": 9})
    assert (found["sma_fast"], found["sma_slow"], found["T_max"]) == (9, 40, 50.0)

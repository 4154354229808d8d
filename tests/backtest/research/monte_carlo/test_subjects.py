"""What a Monte Carlo is about."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtest.core.errors import DataError, UsageError
from backtest.research.monte_carlo.runs import Run
from backtest.research.monte_carlo.subjects import of_run, of_trial, sessions_of, study_and_trial
from backtest.strategies.registry import build_strategy
from tests.backtest.research.conftest import Searched, silent
from tests.support.study_world import BASE

RUN = Run("mine", np.array([0.01, -0.02]), (date(2023, 1, 3), date(2024, 5, 31)))
ALLOCATION = build_strategy("hierarchical_adaptive_v3_5b", "mine", dict(BASE))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a:7", ("a", 7)), ("v35b-core:0", ("v35b-core", 0)), ("out/run", None), (":3", None), ("a:", None)],
)
def test_a_study_and_a_trial_are_told_from_a_path(text: str, expected: tuple[str, int] | None) -> None:
    assert study_and_trial(text) == expected


def test_a_set_brings_its_returns_and_no_session_of_the_holdout(searched: Searched) -> None:
    opened, row = searched.opened, searched.row
    found = of_trial(opened, row, 54)
    assert found.rules is not None
    assert len(found.returns) == len(opened.trial.sessions) == sessions_of(found.rules)
    assert max(bars.last for bars in found.rules.history.values()) == opened.days[1]
    assert found.rules.strategy.parameters["sma_fast"] == (found.pick or {})["sma_fast"]


@pytest.mark.parametrize(("trial", "words"), [(120, "there is no set"), (15, "excluded by the rules")])
def test_a_set_that_is_none_is_refused(searched: Searched, trial: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        of_trial(searched.opened, searched.row, trial)


def test_a_run_has_rules_where_strategy_and_prices_are_given(prices: Path) -> None:
    assert of_run(RUN, None, None, 0.0, silent).rules is None
    found = of_run(RUN, ALLOCATION, prices, 0.1, silent)
    assert found.rules is not None
    assert found.rules.cost_pct == 0.1
    assert max(bars.last for bars in found.rules.history.values()) == RUN.days[1]


def test_half_of_the_rules_and_rules_of_another_kind_are_refused(prices: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="go together"):
        of_run(RUN, ALLOCATION, None, 0.0, silent)
    with pytest.raises(UsageError, match="positions, not weights"):
        of_run(RUN, build_strategy("earnings_swing", "e", {}), prices, 0.0, silent)
    (tmp_path / "TLT.csv").write_text((prices / "TLT.csv").read_text())
    with pytest.raises(DataError, match="no bars of QQQ"):
        of_run(RUN, ALLOCATION, tmp_path, 0.0, silent)

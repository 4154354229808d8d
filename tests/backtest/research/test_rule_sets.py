"""What a study may vary, and sets that are not valid."""

import numpy as np
import pytest

from backtest.core.errors import ParameterError, UsageError
from backtest.research.rule_sets import STATISTICS, figures_of, require_registered, rule_set, tried
from backtest.research.session import OpenStudy
from backtest.research.space import Space
from backtest.strategies.registry import build_strategy


def test_parameters_of_the_rules_are_known_and_symbols_fixed() -> None:
    rules = rule_set(build_strategy("Hierarchical_Adaptive_v3_5b", "x", {}))
    assert len(rules.fields) == 34
    assert {name for name in rules.fields if "symbol" in name} == rules.fixed
    assert "execution_time" not in rules.numeric
    assert "use_inverse_hedge" in rules.numeric
    assert rules.checked("sma_fast", 15.0) == 15
    with pytest.raises(ParameterError):
        rules.checked("leverage_scalar", 9)
    for names in rules.series.values():
        assert names <= set(rules.fields)


def test_rules_that_no_search_knows_are_named() -> None:
    with pytest.raises(UsageError, match="no search knows the rules") as error:
        require_registered("Opening_Range_Breakout")
    assert error.value.exit_code == 2
    require_registered("hierarchical_adaptive_v3_5b")


def test_rules_in_python_judge_their_conditions_set_by_set() -> None:
    rules = rule_set(build_strategy("earnings_swing", "x", {}))
    assert not rules.compiled
    assert "trailing_stop" not in rules.numeric
    base = {"trailing_stop": "weekly_ema", "max_holding_days": None}
    columns = {"filter_price_from": np.array([10.0, 40.0, 30.0]), "stop_loss_pct": np.array([5.0, 6.0, 7.0])}
    space = Space((), {**base, "filter_price_below": 30.0}, rules.cross_rules)
    assert space.valid(columns, 3).tolist() == [True, False, True]
    trailing = {"trailing_stop": np.array(["weekly_ema", "weekly_nweek_low"])}
    assert space.valid(trailing, 2).tolist() == [True, True]


def test_broken_sets_have_no_statistics_and_change_nothing_for_the_others(opened: OpenStudy) -> None:
    columns = {"sma_fast": np.array([10, 50, 12]), "sma_slow": np.array([40, 40, 40])}
    got = tried(opened.trial, opened.study.space, columns, 3)
    alone = tried(opened.trial, opened.study.space, {name: c[2:] for name, c in columns.items()}, 1)
    assert got.shape == (3, STATISTICS)
    assert np.isnan(got[1]).all()
    np.testing.assert_array_equal(got[2], alone[0])
    assert np.isnan(figures_of(got, len(opened.trial.sessions))["sharpe"]).tolist() == [False, True, False]

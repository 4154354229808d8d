"""Axes as people write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from backtest.research.axes import axis_of
from backtest.research.rule_sets import rule_set
from backtest.strategies.registry import build_strategy

RULES = rule_set(build_strategy("hierarchical_adaptive_v3_5b", "x", {}))


def axis(name: str, body: Any, method: str = "grid") -> Any:
    return axis_of(name, body, RULES, method)


@pytest.mark.parametrize(
    ("name", "body", "values"),
    [
        ("sma_fast", {"range": [20, 56], "step": 12}, (20, 32, 44, 56)),
        ("t_norm_bull_thresh", {"range": [0.1, 0.5], "step": 0.1}, (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("measurement_noise", {"range": [500, 1500], "step": 500}, (500.0, 1000.0, 1500.0)),
        ("sma_fast", {"values": [20.0, 5]}, (20, 5)),
        ("use_inverse_hedge", {"values": [True, False]}, (True, False)),
        ("execution_time", {"values": ["open", "close"]}, ("open", "close")),
    ],
)
def test_lists_and_ranges_with_both_ends(name: str, body: Any, values: tuple[Any, ...]) -> None:
    found = axis(name, body).values
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_draws_are_between_ends_and_whole_where_the_parameter_is() -> None:
    whole, real = (axis(n, {"uniform": [5, 9]}, "random") for n in ("sma_fast", "T_max"))
    assert (whole.low, whole.high, whole.whole, real.whole) == (5.0, 9.0, True, False)
    assert axis("process_noise_1", {"log_uniform": [0.001, 0.1]}, "sobol").logarithmic


@given(st.integers(-50, 50), st.integers(1, 30), st.integers(1, 200))
def test_ranges_count_in_decimals(low: int, count: int, step: int) -> None:
    ends = [low / 100, (low + count * step) / 100]
    found = axis("upper_thresh_z", {"range": ends, "step": step / 100}).values
    assert found == tuple((low + k * step) / 100 for k in range(count + 1))


@pytest.mark.parametrize(
    ("name", "body", "method", "problem"),
    [
        ("sma_fst", {"values": [1]}, "grid", "unknown parameter"),
        ("core_long_symbol", {"values": ["SPY"]}, "grid", "does not vary"),
        ("sma_fast", [1, 2], "grid", "must be a mapping"),
        ("sma_fast", {}, "grid", "exactly one of"),
        ("sma_fast", {"values": [1], "range": [1, 2]}, "grid", "exactly one of"),
        ("sma_fast", {"values": [1], "steps": 2}, "grid", "unknown key 'steps'"),
        ("sma_fast", {"values": []}, "grid", "at least one value"),
        ("sma_fast", {"values": [3, 3.0]}, "grid", "names a value twice"),
        ("sma_fast", {"values": [0]}, "grid", "sma_fast"),
        ("sma_fast", {"values": [True]}, "grid", "sma_fast"),
        ("sma_fast", {"values": [{"a": 1}]}, "grid", "sma_fast"),
        ("sma_fast", {"range": [1, 5]}, "grid", "needs a step"),
        ("sma_fast", {"range": [1, 6], "step": 2}, "grid", "do not reach 6"),
        ("sma_fast", {"range": [5, 1], "step": 2}, "grid", "must rise"),
        ("sma_fast", {"range": [1, 5], "step": 0}, "grid", "above 0"),
        ("sma_fast", {"range": [1, 5, 9], "step": 1}, "grid", "two ends"),
        ("sma_fast", {"range": ["a", 5], "step": 1}, "grid", "must be a number"),
        ("sma_fast", {"range": [1, float("inf")], "step": 1}, "grid", "finite"),
        ("sma_fast", {"range": [1, 2], "step": 0.5}, "grid", "sma_fast"),
        ("T_max", {"range": [1, 1e9], "step": 0.001}, "grid", "at most 10,000"),
        ("T_max", {"uniform": [1, 5]}, "grid", "a grid has no uniform axis"),
        ("T_max", {"uniform": [0, 5]}, "random", "T_max"),
        ("lower_thresh_z", {"log_uniform": [-1, 5]}, "random", "above 0"),
        ("use_inverse_hedge", {"uniform": [0, 1]}, "random", "use_inverse_hedge"),
    ],
)
def test_mistakes_are_named(name: str, body: Any, method: str, problem: str) -> None:
    with pytest.raises(UsageError) as error:
        axis(name, body, method)
    said = " ".join([error.value.line(), *(str(finding) for finding in error.value.findings)])
    assert problem in said

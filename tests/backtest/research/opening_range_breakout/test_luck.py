"""Luck: the same strategy is worth less the more were tried beside it."""

from hypothesis import given
from hypothesis import strategies as st

from backtest.research.opening_range_breakout.luck import deflated
from tests.support.orb_world import candidate, key

GOOD = [1.0, -0.5, 1.2, 0.8, -0.2, 1.1, 0.4, -0.6, 0.9, 0.7]
OTHERS = [[1.0, -1.0, 0.5, -0.7], [-1.0, -1.0, 0.2, -0.5], [0.3, -1.0, 2.0, -1.0], [-0.2, -0.4, -1.0, 0.1]]


def test_more_trials_leave_less_of_the_best() -> None:
    tried = [candidate(key("1000"), GOOD)]
    tried += [candidate(key("1100", ratio=n + 1), results) for n, results in enumerate(OTHERS)]
    found = [deflated(tried[:count])[key("1000")] for count in (1, 3, 5)]
    assert None not in found
    assert found[0] > found[1] > found[2] > 0  # type: ignore[operator]


def test_too_few_trades_or_equal_results_have_none() -> None:
    tried = [
        candidate(key("1000"), GOOD),
        candidate(key("1100"), [1.0, -1.0]),
        candidate(key("1800"), [1.0] * 9),
    ]
    found = deflated(tried)
    assert found[key("1000")] is not None
    assert found[key("1100")] is found[key("1800")] is None


@given(st.lists(st.lists(st.floats(-1, 3), min_size=3, max_size=8), min_size=1, max_size=6))
def test_it_is_a_probability(results: list[list[float]]) -> None:
    tried = [candidate(key("1000", ratio=n + 1), mine) for n, mine in enumerate(results)]
    assert all(value is None or 0 <= value <= 1 for value in deflated(tried).values())

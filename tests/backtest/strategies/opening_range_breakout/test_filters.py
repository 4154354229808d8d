"""Filters: their names, their limits, and that what is not known does not pass."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.filters import BreakFacts, filter_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS

MGC = INSTRUMENTS["MGC"]


def allows(name: str, size: float, volumes: dict[int, float] | None = None) -> bool:
    return filter_of(name).allows(BreakFacts(size, volumes or {}), MGC)


@pytest.mark.parametrize(
    ("name", "size", "passes"),
    [
        ("NO_FILTER", 0.0, True),
        ("ORB_G4", 4.0, True),
        ("ORB_G4", 3.9, False),
        ("ORB_L4", 4.0, False),
        ("ORB_L4", 3.9, True),
        ("ORB_G0.5", 0.5, True),
        ("ORB_COSTLT_12", 6.17, True),  # 8.40 / 70.10 = 11.98 %
        ("ORB_COSTLT_12", 6.16, False),  # exactly 12 %
    ],
)
def test_size_and_cost(name: str, size: float, passes: bool) -> None:
    assert allows(name, size) is passes


@given(st.floats(0, 100), st.integers(1, 30))
def test_a_size_passes_exactly_one_of_the_two(size: float, limit: int) -> None:
    assert allows(f"ORB_G{limit}", size) is not allows(f"ORB_L{limit}", size)


def test_relative_volume_is_in_tenths_and_must_be_known() -> None:
    one = filter_of("VOL_RV12_N20")
    assert (one.limit, one.days) == (Decimal("1.2"), 20)
    assert allows("VOL_RV12_N20", 1.0, {20: 1.2})
    assert not allows("VOL_RV12_N20", 1.0, {20: 1.19})
    assert not allows("VOL_RV12_N20", 1.0)
    assert not allows("VOL_RV12_N20", 1.0, {10: 5.0})


@pytest.mark.parametrize(
    "name", ["", "ORB_G", "ORB_G-4", "ORB_X4", "no_filter", "ORB_G٤", "VOL_RV12", "ORB_G4 "]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="unknown filter"):
        filter_of(name)

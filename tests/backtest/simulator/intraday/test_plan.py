"""Plans: names, windows that the day has, and when the session ends."""

from datetime import timedelta

import pytest

from backtest.core.errors import ParameterError
from backtest.simulator.intraday.plan import EngineOptions, planned, windows_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from tests.support.orb_sessions import DAY, key, plan

MGC = INSTRUMENTS["MGC"]


def test_a_strategy_is_planned_once() -> None:
    with pytest.raises(ParameterError, match=r"MGC_1000_E1_RR2.0_CB1_NO_FILTER is planned twice"):
        planned([key(), key()], MGC)


def test_contracts_and_windows_belong_to_their_strategies() -> None:
    found = planned([key(), key(label="0900")], MGC, [2, 7])
    assert [one.max_contracts for one in found] == [2, 7]
    assert sorted(windows_of(DAY, found)) == [("0900", 5), ("1000", 5)]


def test_the_session_ends_with_the_day_or_before() -> None:
    assert plan().end == DAY.end
    for hours, end in ((-1, DAY.end - timedelta(hours=1)), (1, DAY.end)):
        assert plan(options=EngineOptions(flat_by=DAY.end + timedelta(hours=hours))).end == end

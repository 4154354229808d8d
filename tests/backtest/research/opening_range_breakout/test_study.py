"""A study: which days it is about, what filters look back at, what it refuses."""

from datetime import date

import numpy as np
import pytest

from backtest.core.errors import DataError
from backtest.research.opening_range_breakout.study import StudyOptions, study_of
from backtest.strategies.opening_range_breakout.filters import filter_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from tests.support.minute_world import bars_at, random_bars

MGC = INSTRUMENTS["MGC"]


def test_ranges_are_of_the_days_wanted_and_filters_look_back_before_them() -> None:
    bars = random_bars(1, 6, kept=1.0)
    options = StudyOptions(start=date(2024, 1, 5), end=date(2024, 1, 5))
    study = study_of(bars, MGC, options)
    assert {one.day for one in study.ranges} == {date(2024, 1, 5)}
    broken = next(one for one in study.ranges if one.side)
    passes = study.allowed()
    usual = np.median([bars.volume[broken.row - 1440 * n] for n in (1, 2, 3)])
    tenths = int(10 * bars.volume[broken.row] / usual)
    assert passes(filter_of(f"VOL_RV{tenths:02}_N3"), broken)
    assert not passes(filter_of(f"VOL_RV{tenths + 1:02}_N3"), broken)
    assert not passes(filter_of("VOL_RV01_N4"), broken)  # there are three days before


@pytest.mark.parametrize(("compat", "passes"), [(False, True), (True, False)])
def test_a_size_is_compared_in_ticks_except_for_compatibility(compat: bool, passes: bool) -> None:
    range_, out = (510.0, 512.04, 508.04, 510.0), (513.0, 513.0, 513.0, 513.0)
    study = study_of(bars_at("2024-01-05T00:00", [range_] * 5 + [out]), MGC, StudyOptions(compat=compat))
    assert study.allowed()(filter_of("ORB_G4"), study.ranges[0]) is passes


def test_days_that_have_no_bars_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"no trading day from 2025-01-01 to the last .* reach from 2024-01-02"
    ):
        study_of(random_bars(1, 2), MGC, StudyOptions(start=date(2025, 1, 1)))
    with pytest.raises(DataError, match="the file has no bars"):
        study_of(bars_at("2024-01-05T00:00", []), MGC, StudyOptions())

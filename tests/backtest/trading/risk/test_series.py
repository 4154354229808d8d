"""Prices as the rules read them: nothing after the day asked about."""

from datetime import timedelta

import numpy as np
import pytest

from backtest.indicators.daily import average_true_range
from backtest.trading.risk.rules import CorrelationLimit, VolatilityEstimate
from backtest.trading.risk.series import PriceSeries
from tests.backtest.trading.risk.test_entries import DAY, bars, walk

CLOSE = walk(7)
FULL = PriceSeries({"AAA": bars("AAA", CLOSE), "BBB": bars("BBB", walk(8))})


@pytest.mark.parametrize("back", [0, 1, 13, 30])
def test_later_bars_change_nothing(back: int) -> None:
    day = DAY - timedelta(days=back)
    cut = PriceSeries({name: bars.until(day) for name, bars in FULL._history.items()})
    how, limit = VolatilityEstimate(), CorrelationLimit()
    for one in (FULL, cut):
        assert one.close("AAA", day) == CLOSE[-1 - back]
        assert one.best_close("AAA", day - timedelta(days=5), day) == max(CLOSE[-6 - back : 80 - back])
    assert FULL.atr("AAA", day, 14) == cut.atr("AAA", day, 14)
    assert FULL.low_of_weeks("AAA", day, 2) == cut.low_of_weeks("AAA", day, 2)
    assert FULL.sigma({"AAA": 1.0}, day, how) == cut.sigma({"AAA": 1.0}, day, how)
    assert FULL.correlation("AAA", "BBB", day, limit) == cut.correlation("AAA", "BBB", day, limit)


def test_what_is_not_known_is_none() -> None:
    early = DAY - timedelta(days=400)
    assert FULL.close("ZZZ", DAY) is FULL.close("AAA", early) is None
    assert FULL.best_close("AAA", DAY + timedelta(days=1), DAY) is None
    assert FULL.atr("AAA", DAY, 200) is FULL.atr("ZZZ", DAY, 14) is None
    assert FULL.low_of_weeks("AAA", DAY, 50) is FULL.low_of_weeks("ZZZ", DAY, 1) is None
    assert FULL.sigma({"AAA": 1.0}, early, VolatilityEstimate()) is None


def test_the_true_range_is_that_of_the_newest_bar() -> None:
    known = bars("AAA", CLOSE)
    want = average_true_range(known.high, known.low, known.close, 14)
    assert np.isfinite(want[-1])
    assert FULL.atr("AAA", DAY + timedelta(days=3), 14) == want[-1]

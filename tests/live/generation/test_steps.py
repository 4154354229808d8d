"""Steps of stage 1 that refuse data."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.errors import DataError
from live.generation import steps as generation
from live.generation.market import Market
from tests.support.exec_world import AT, DAY, bars


def test_demo_bars_are_refused_in_online_live_even_from_a_store() -> None:
    made_up = replace(bars("QQQ", {DAY: (100.0, 100.0, 100.0, 100.0)}), source="demo")
    market = Market(AT, calendar.window(calendar.session(DAY), "close"), {"QQQ": made_up}, {})
    online = SimpleNamespace(settings=SimpleNamespace(mode="online_live"))
    with pytest.raises(DataError, match="demo data"):
        generation._refuse_demo(online, market)
    offline = SimpleNamespace(settings=SimpleNamespace(mode="offline_mock"))
    generation._refuse_demo(offline, market)

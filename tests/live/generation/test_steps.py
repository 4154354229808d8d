"""Steps of stage 1 that refuse data."""

from dataclasses import replace
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from live.generation import steps as generation
from live.generation.market import SessionMarket
from live.settings.model import Settings
from tests.support.calendar_days import window_on
from tests.support.exec_world import AT, DAY, bars
from tests.support.runtimes import runtime_in


def test_demo_bars_are_refused_in_online_live_even_from_a_store(tmp_path: Path) -> None:
    made_up = replace(bars("QQQ", {DAY: (100.0, 100.0, 100.0, 100.0)}), source="demo")
    market = SessionMarket(AT, window_on(DAY, "close"), {"QQQ": made_up}, {})
    online = runtime_in(tmp_path, AT, settings=Settings(mode="online_live"))
    with pytest.raises(DataError, match="demo data"):
        generation._refuse_demo(online.settings, market)
    generation._refuse_demo(runtime_in(tmp_path, AT, settings=Settings(mode="offline_mock")).settings, market)


def test_buys_are_limited_by_the_slippage_that_ends_buying_and_only_when_asked() -> None:
    safety = {"slippage_abort_pct": 1.5}
    assert generation.above_quote_pct(Settings.model_validate({"safety": safety})) is None
    asked = {"safety": safety, "execution": {"buy_order": "marketable_limit"}}
    assert generation.above_quote_pct(Settings.model_validate(asked)) == 1.5

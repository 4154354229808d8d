"""The feed that settings and run ask for."""

from pathlib import Path

from backtest.calendar import sessions as calendar
from backtest.data.store import BarStore
from live.feeds.stored_bars import store_feed
from live.runtime.factories import make_feed
from live.settings.model import Settings
from tests.support.exec_world import AT, DAY, bars

BEFORE = calendar.previous_session(DAY).day


def test_a_bar_of_today_in_a_store_is_no_quote_where_real_money_trades(tmp_path: Path) -> None:
    rows = {BEFORE: (100.0, 101.0, 99.0, 100.0), DAY: (100.0, 120.0, 100.0, 120.0)}
    BarStore(tmp_path).write(bars("QQQ", rows), imported_at=AT)
    assert set(store_feed(tmp_path).quotes(["QQQ"], AT)) == {"QQQ"}
    for mode, quoted in (("offline_mock", {"QQQ"}), ("online_live", set())):
        settings = Settings.model_validate(
            {"mode": mode, "data": {"source": "store", "store": str(tmp_path)}}
        )
        chosen = make_feed(settings, tmp_path)
        assert set(chosen.quotes(["QQQ"], AT)) == quoted
        assert chosen.history(["QQQ"], AT)["QQQ"].last == BEFORE

"""The seven alerts: each just below and just above its threshold, and what is not known yet."""

from datetime import date, timedelta

import pytest

from backtest.reporting.breakout_alerts import (
    SEVERITIES,
    THRESHOLDS,
    BreakoutAlert,
    DoneTrade,
    bars_alert,
    day_alerts,
    size_alert,
    strategy_alerts,
)
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import Baseline

DAY = date(2024, 3, 1)
BASELINE = Baseline(200, 0.50, 0.20, 0.8, 10.0, 8.0)


def trades(wins: int, losses: int, result: float = 0.2, last: date = DAY) -> list[DoneTrade]:
    return [DoneTrade(last, won, result) for won in (*[True] * wins, *[False] * losses)]


def judged(mine: list[DoneTrade], baseline: Baseline = BASELINE) -> dict[str, BreakoutAlert]:
    return {alert.name: alert for alert in strategy_alerts(DAY, "X", baseline, mine, DAY - timedelta(days=9))}


@pytest.mark.parametrize(
    ("realised", "halted", "states"),
    [
        (-3.0, False, ["quiet", "quiet"]),
        (-3.01, False, ["fired", "quiet"]),
        (-5.0, True, ["fired", "fired"]),
    ],
)
def test_the_result_of_a_day(realised: float, halted: bool, states: list[str]) -> None:
    found = day_alerts(DAY, realised, halted, RiskLimits())
    assert [alert.state for alert in found] == states
    assert [alert.severity for alert in found] == ["WARNING", "CRITICAL"]


@pytest.mark.parametrize(("wins", "state"), [(20, "quiet"), (19, "fired"), (50, "quiet")])
def test_win_rate(wins: int, state: str) -> None:
    assert judged(trades(wins, 50 - wins))["win_rate_drift"].state == state


@pytest.mark.parametrize(("wins", "state"), [(15, "quiet"), (14, "fired")])
def test_ten_points_below_is_not_more_than_ten_points(wins: int, state: str) -> None:
    usual = Baseline(200, 0.40, 0.20, 0.8, 10.0, 8.0)  # 0.4 - 0.1 is a hair above 0.3 in binary
    assert judged(trades(wins, 50 - wins), usual)["win_rate_drift"].state == state


@pytest.mark.parametrize(("mean", "state"), [(0.1001, "quiet"), (0.0999, "fired"), (-1.0, "fired")])
def test_expectancy(mean: float, state: str) -> None:
    assert judged(trades(25, 25, mean))["expectancy_drift"].state == state


@pytest.mark.parametrize("count", [0, THRESHOLDS.trades - 1])
def test_a_drift_on_few_trades_is_not_known(count: int) -> None:
    found = judged(trades(0, count, -1.0))
    assert {found[name].state for name in ("win_rate_drift", "expectancy_drift")} == {"not_enough_data"}
    assert found["win_rate_drift"].text == f"{count} trades, 50 needed"


def test_only_the_newest_trades_count() -> None:
    assert judged(trades(0, 500, -1.0) + trades(30, 20))["win_rate_drift"].state == "quiet"


def test_a_history_without_a_decided_trade_gives_no_rate() -> None:
    unknown = Baseline(3, None, 0.2, 0.1, None, None)
    assert judged(trades(0, 50), unknown)["win_rate_drift"].state == "not_enough_data"
    scratches = [DoneTrade(DAY, None, 0.2)] * 50
    assert judged(scratches)["win_rate_drift"].state == "not_enough_data"


@pytest.mark.parametrize(("middle", "state"), [(16.0, "quiet"), (16.1, "fired")])
def test_the_size_of_ranges(middle: float, state: str) -> None:
    sizes = [(DAY - timedelta(days=30), 99.0), (DAY - timedelta(days=29), middle), (DAY, middle)]
    assert size_alert(DAY, "1000", 8.0, sizes).state == state
    assert size_alert(DAY, "1000", 8.0, sizes[:1]).state == "not_enough_data"
    assert size_alert(DAY, "1000", None, sizes).state == "not_enough_data"


@pytest.mark.parametrize(("bars", "state"), [(800, "quiet"), (799, "fired")])
def test_missing_bars(bars: int, state: str) -> None:
    assert bars_alert(DAY, bars, [5] * 30 + [1000] * 20).state == state
    assert bars_alert(DAY, bars, [1000] * 19).state == "not_enough_data"


@pytest.mark.parametrize(("days", "state"), [(29, "quiet"), (30, "fired")])
def test_a_strategy_that_does_not_trade(days: int, state: str) -> None:
    last = DAY - timedelta(days=days)
    assert judged(trades(1, 0, last=last))["strategy_stale"].state == state
    never = strategy_alerts(DAY, "X", BASELINE, [], last)
    assert never[-1].state == state


def test_every_alert_has_its_severity() -> None:
    assert len(SEVERITIES) == 7

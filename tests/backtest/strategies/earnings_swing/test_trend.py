"""The trend line of a position as the limit that its weekly close must not break."""

from typing import Any

from backtest.strategies.earnings_swing.trend import trend_limits


def test_every_position_held_on_has_its_limit() -> None:
    checks: list[dict[str, Any]] = [
        {"symbol": "AAA", "exit": None, "close": 12.0, "indicator": 10.5},
        {"symbol": "BBB", "exit": "trend_break", "close": 9.0, "indicator": 10.5},
        {"symbol": "CCC", "exit": None, "close": None, "indicator": None},
    ]
    (found,) = trend_limits(checks)
    assert (found.symbol, found.changes, found.direction, found.limit, found.now, found.distance) == (
        "AAA",
        "AAA is sold",
        "below",
        10.5,
        12.0,
        1.5,
    )

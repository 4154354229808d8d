"""Snapshots of Alpaca: what belongs to the running session."""

from live.feeds.alpaca import parse_snapshot
from tests.support.exec_world import DAY, NEXT_DAY


def test_yesterdays_daily_bar_is_not_mixed_with_todays_trade() -> None:
    row = {
        "latestTrade": {"t": f"{NEXT_DAY}T14:31:00Z", "p": 12.0},
        "latestQuote": {"t": f"{NEXT_DAY}T14:31:00Z", "bp": 11.9, "ap": 12.1},
        "dailyBar": {"t": f"{DAY}T05:00:00Z", "o": 9.0, "h": 9.5, "l": 8.5, "c": 9.2, "v": 1000},
    }
    quote = parse_snapshot("AAA", row)
    assert (quote.last, quote.open, quote.volume) == (12.0, None, None)

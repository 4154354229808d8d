"""Sessions as files."""

import json

from backtest.research.opening_range_breakout.journal_table import JOURNAL_COLUMNS, events_jsonl, journal_csv
from backtest.simulator.intraday.journal import journal_of
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from tests.support.orb_sessions import QUIET, START, key, plan, session

FOUNDING = """
journal_id mode trading_day strategy_id entry_model entry_ts entry_price stop_price target_price direction
contracts exit_ts exit_price outcome pnl_r pnl_dollars mae_r mfe_r risk_check_passed risk_check_reason
created_at
"""


def test_one_event_a_line_with_its_day() -> None:
    found = session(plan(), QUIET)
    lines = events_jsonl([("2024-01-05", found.events)]).splitlines()
    assert [json.loads(line)["trading_day"] for line in lines] == ["2024-01-05"] * len(found.events)


def test_the_journal_has_the_columns_of_the_founding_table() -> None:
    found = session(plan(key(), key("E2"), limits=RiskLimits()), QUIET)
    header, first, second = journal_csv(journal_of(found, "replay", "r1", created_at=START)).splitlines()
    assert header.split(",") == list(JOURNAL_COLUMNS)
    assert set(FOUNDING.split()) <= set(JOURNAL_COLUMNS)
    assert dict(zip(JOURNAL_COLUMNS, first.split(","), strict=True))["risk_check_passed"] == "no"
    assert dict(zip(JOURNAL_COLUMNS, second.split(","), strict=True))["entry_ts"] == "2024-01-05T00:05:00Z"

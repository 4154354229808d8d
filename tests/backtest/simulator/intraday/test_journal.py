"""The journal: complete, and adding up to the result of the day."""

import pytest

from backtest.simulator.intraday.journal import JournalRow, journal_of
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from tests.support.minute_world import Ohlc
from tests.support.orb_sessions import QUIET, START, key, plan, session

WIN: Ohlc = (2702.0, 2724.0, 2701.0, 2723.0)


def rows(*strategies: object, limits: RiskLimits = RiskLimits(max_per_orb_positions=2)) -> list[JournalRow]:  # noqa: B008
    found = session(plan(*strategies, limits=limits), QUIET, WIN)  # type: ignore[arg-type]
    mine = list(journal_of(found, "replay", "run", created_at=START))
    assert sum(row.pnl_r or 0.0 for row in mine) == pytest.approx(found.risk.realised_r)
    assert sum(row.pnl_dollars or 0.0 for row in mine) == pytest.approx(found.risk.realised_dollars)
    return mine


def test_a_trade_has_every_field() -> None:
    (row,) = rows(key())
    assert None not in [getattr(row, name) for name in JournalRow.__dataclass_fields__]
    assert (row.outcome, row.exit_reason, row.pnl_r, row.signal_price) == (
        "win",
        "target_hit",
        1.7872,
        2701.0,
    )
    assert (row.risk_check_passed, row.created_at) == (True, START)


def test_what_was_turned_away_is_kept_and_what_was_cancelled_never_was_a_trade() -> None:
    found = rows(key(), key("E2"), key("E1", ratio=4), key("E3"), key(name="ORB_G99"))
    assert [(row.journal_id, row.outcome) for row in found] == [
        (1, "win"),
        (2, "win"),
        (3, "rejected"),
        (4, "rejected"),
    ]
    turned, filtered = found[2:]
    assert (turned.risk_check_passed, turned.risk_check_reason) == (False, "risk:max_per_orb_positions")
    assert (turned.entry_price, turned.pnl_r, turned.contracts) == (None, None, 0)
    assert (filtered.risk_check_passed, filtered.exit_reason) == (None, "filter:ORB_G99")

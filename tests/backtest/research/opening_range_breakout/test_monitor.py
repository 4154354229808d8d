"""Alerts of a replay: one of each a day, and only those that fired in the file."""

import json

from backtest.calendar.trading_days import days_with_bars
from backtest.research.opening_range_breakout.monitor import alerts_jsonl, alerts_of
from backtest.research.opening_range_breakout.selection import SelectionLimits, select
from backtest.simulator.intraday.plan import planned
from backtest.simulator.intraday.replay import ReplayTerms, replay
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.sizing import Sizing
from tests.support.minute_world import random_bars
from tests.support.orb_world import discovery, key

BARS = random_bars(3, 30, kept=0.5)
DAYS = days_with_bars(BARS, FUTURES_DAY)


def test_each_alert_is_said_once_a_day() -> None:
    keys = [key("1000"), key("1800", "E3", 1)]
    portfolio = select(
        discovery({keys[0]: [0.5, 0.1], keys[1]: [0.4, 0.2]}), SelectionLimits(), Sizing(), RiskLimits()
    )
    terms = ReplayTerms(INSTRUMENTS["MGC"], planned(keys, INSTRUMENTS["MGC"]), limits=RiskLimits(-1.5, -1.0))
    sessions = list(replay(BARS, DAYS, terms))
    found = list(alerts_of(portfolio, sessions, [day.end - day.first for day in DAYS]))
    assert len(found) == len(DAYS)
    names = [(alert.name, alert.about) for alert in found[-1]]
    assert len(set(names)) == len(names) == 3 + 2 * 3 + 2
    assert found[0][2].state == "not_enough_data"
    assert found[-1][2].state == "quiet"
    fired = [alert for alerts in found for alert in alerts if alert.state == "fired"]
    lines = [json.loads(line) for line in alerts_jsonl(found).splitlines()]
    assert [line["alert"] for line in lines] == [alert.name for alert in fired]
    halted = [session.plan.day.day for session in sessions if session.risk.halted]
    assert [alert.day for alert in fired if alert.name == "circuit_break"] == halted != []

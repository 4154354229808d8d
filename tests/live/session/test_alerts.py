"""Each alert just below and just above where it fires, from what the ledger holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from live.handoff.orb_plan import OrbPlan
from live.handoff.orb_plan_check import plan_of
from live.ledger.ledger import Ledger
from live.session.alerts import alerts_of_day, day_facts, losses_of
from tests.support.orb_live import DAY, OrbWorld

NOW = datetime(2024, 1, 5, 23, tzinfo=UTC)
NAME = "MGC_1000_E3_RR1.0_CB1_NO_FILTER"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.open("sqlite://", account="paper-orb", now=NOW)


@pytest.fixture(scope="module")
def plan(played: OrbWorld) -> OrbPlan:
    with played.ledger() as known:
        row = known.signals.get(DAY, "orb")
        assert row is not None
        return plan_of(row.content)


def day(back: int) -> date:
    return DAY - timedelta(days=back)


def keep(ledger: Ledger, when: date, bars: int, points: float = 2.0) -> None:
    facts = {"bars": bars, "range_points": {"1000 5 min": points}, "realised_r": 0.0}
    ledger.runs.executed(when, "orb", at=NOW, exit_code=0, outcome="completed", detail=facts)


def trades(ledger: Ledger, wins: int, count: int, result: float) -> None:
    for number in range(count):
        won = number < wins
        row: dict[str, Any] = {
            "mode": "paper", "run_id": "x", "trading_day": day(count - number), "strategy_id": NAME,
            "orb_label": "1000", "entry_model": "E3", "direction": "long", "contracts": 1, "exit_ts": NOW,
            "exit_reason": "x", "outcome": "win" if won else "loss", "pnl_r": result, "created_at": NOW,
        }  # fmt: skip
        ledger.trade_journal.add(row)


def states(ledger: Ledger, plan: OrbPlan, about: str) -> dict[str, str]:
    found = alerts_of_day(ledger, plan, DAY)
    return {alert.name: alert.state for alert in found if alert.about == about}


@pytest.mark.parametrize(("bars", "state"), [(800, "quiet"), (799, "fired")])
def test_missing_data(ledger: Ledger, plan: OrbPlan, bars: int, state: str) -> None:
    for back in range(1, 21):
        keep(ledger, day(back), 1000)
    keep(ledger, DAY, bars)
    assert states(ledger, plan, "")["missing_data"] == state


@pytest.mark.parametrize(("points", "state"), [(4.0, "quiet"), (4.1, "fired")])
def test_range_size(ledger: Ledger, plan: OrbPlan, points: float, state: str) -> None:
    keep(ledger, DAY, 1000, points)  # the history's median is 2.0
    assert states(ledger, plan, "1000 5 min") == {"range_size_regime": state}


@pytest.mark.parametrize(("wins", "state"), [(15, "quiet"), (14, "fired")])
def test_win_rate(ledger: Ledger, plan: OrbPlan, wins: int, state: str) -> None:
    trades(ledger, wins, 50, 0.2)  # usually 40 % won: below 30 %
    assert states(ledger, plan, NAME)["win_rate_drift"] == state


@pytest.mark.parametrize(("result", "state"), [(0.1, "quiet"), (0.0999, "fired")])
def test_expectancy(ledger: Ledger, plan: OrbPlan, result: float, state: str) -> None:
    trades(ledger, 20, 50, result)  # usually 0.2
    assert states(ledger, plan, NAME)["expectancy_drift"] == state


def test_49_trades_are_not_enough_and_that_is_said(ledger: Ledger, plan: OrbPlan) -> None:
    trades(ledger, 0, 49, -1.0)
    found = states(ledger, plan, NAME)
    assert found["win_rate_drift"] == found["expectancy_drift"] == "not_enough_data"


@pytest.mark.parametrize(("back", "state"), [(29, "quiet"), (30, "fired")])
def test_a_strategy_without_trades(ledger: Ledger, plan: OrbPlan, back: int, state: str) -> None:
    keep(ledger, day(back), 1000)
    assert states(ledger, plan, NAME)["strategy_stale"] == state


def test_losses_are_those_of_the_session(played: OrbWorld) -> None:
    engine = played.expected()
    quiet = {alert.name: alert.state for alert in losses_of(engine)}
    assert quiet == {"drawdown": "quiet", "circuit_break": "quiet"}
    engine.risk.realised_r, engine.risk.halted = -5.0, True
    assert {alert.state for alert in losses_of(engine)} == {"fired"}


def test_the_facts_of_a_day_are_kept_when_it_ends(played: OrbWorld) -> None:
    with played.ledger() as ledger:
        (row,) = ledger.runs.recent(5, "orb")
    engine = played.expected()
    count = len([bar for bar in played.bars if bar.minute < engine.plan.end])
    assert row.detail == day_facts(engine, count)
    assert row.detail["range_points"]["1000 5 min"] > 0

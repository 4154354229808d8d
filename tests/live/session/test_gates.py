from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from backtest.simulator.intraday.engine import MinuteBar
from live.handoff.approval import Standing, State
from live.ledger.ledger import Ledger
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.model.broker import Account
from live.session.gates import acted_on, held_because
from live.settings.model import SafetySettings

NOW = datetime(2024, 1, 5, 12, tzinfo=UTC)
DAY = date(2024, 1, 5)


def account(equity: float) -> Account:
    money = Decimal(str(equity))
    return Account("paper-orb", "margin", money, money, money, money)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.open("sqlite://", account="paper-orb", now=NOW)


def held(ledger: Ledger, state: State = "auto", equity: float = 50_000.0) -> str:
    return held_because(ledger, account(equity), Standing(state, ""), SafetySettings(), DAY)


def test_only_an_approval_or_none_needed_lets_entries_go(ledger: Ledger) -> None:
    free = {state for state in get_args(State) if not held(ledger, state)}
    assert free == {"approved", "auto"}
    assert held(ledger, "silent") == "not_approved"


def test_the_kill_switch_of_any_level_keeps_entries_out(ledger: Ledger) -> None:
    ledger.for_account("paper").state.set_kill("entries", reason="a look first", by="me", at=NOW)
    assert held(ledger) == "kill_switch"


def test_the_daily_loss_counts_from_it_on_and_not_before(ledger: Ledger) -> None:
    ledger.snapshots.add(
        WHOLE_ACCOUNT, DAY - timedelta(days=1), at=NOW, mode="offline_mock", equity=50_000.0, cash=50_000.0
    )
    assert held(ledger, equity=47_500.01) == ""
    assert held(ledger, equity=47_500.0) == "daily_loss"


def test_a_bar_is_late_when_it_is_older_than_the_limit() -> None:
    bars = [MinuteBar(NOW - timedelta(minutes=m), 1, 1, 1, 1) for m in (7, 6, 1)]
    assert [one.held for one in acted_on(bars, "", NOW, max_age_minutes=5)] == ["late_bar", "", ""]
    assert {one.held for one in acted_on(bars, "kill_switch", NOW, max_age_minutes=5)} == {"kill_switch"}

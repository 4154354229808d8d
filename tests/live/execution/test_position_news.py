"""Positions opened and closed are told once each, under their own causes; so is what goes wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from backtest.core.errors import AuthenticationFailed, CashJumpError
from live.alerts.causes import cause_of
from live.execution.verdict import OrdersMissed
from tests.support.exec_world import (
    DAY,
    ENTRY,
    NEXT_DAY,
    World,
    enter,
    next_order,
    order,
    signal,
    tomorrow,
    world,
)


@pytest.fixture
def made(tmp_path: Path) -> World:
    return world(tmp_path)


def causes(made: World) -> list[tuple[str | None, str]]:
    return [(cause_of(a.key), a.level) for a in reversed(made.ledger.alerts.recent())]


def test_a_position_is_told_when_it_opens_and_when_it_closes(made: World) -> None:
    enter(made, order("AAA", "entry", 10, 100.0, stop=90.0))
    (opened,) = [a for a in made.ledger.alerts.recent() if cause_of(a.key) == "position_opened"]
    assert (opened.key, opened.level) == (f"position_opened_golden_{DAY}_AAA", "info")
    assert opened.body.startswith("10 AAA at 100.")
    assert opened.body.endswith(", stop 90.000000")
    tomorrow(made, [next_order("AAA", "exit", 10, 100.0)], positions={"AAA": 10})
    assert made.executor() == 0
    (closed,) = [a for a in made.ledger.alerts.recent() if cause_of(a.key) == "position_closed"]
    assert closed.key == f"position_closed_golden_{NEXT_DAY}_AAA"
    assert "realised" in closed.body
    made.executor()
    assert [c for c, _ in causes(made)].count("position_closed") == 1
    assert [c for c, _ in causes(made)].count("position_opened") == 1


def test_bad_fills_are_a_cause_of_their_own_run(made: World) -> None:
    made.overrides = {
        "execution": {"min_cash_pct": 0, "max_buying_power_pct": 100, "slippage_pct": 1.5},
        "polling": {"retries": 0},
    }
    made.write(signal([order("AAA", "entry", 10, 100.0)]))
    with pytest.raises(OrdersMissed, match="slippage"):
        made.executor()
    assert ("limit", "critical") in causes(made)


def test_a_cash_jump_stops_the_run_under_its_own_cause(made: World) -> None:
    enter(made, order("AAA", "entry", 100, 100.0))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    made.open()
    store = cast("Any", made.broker)._store
    with store.transaction():
        store.set_cash(store.cash() - Decimal(9_000))
    with pytest.raises(CashJumpError):
        made.executor()
    assert causes(made)[-1] == ("cash_jump", "critical")


def test_a_login_that_is_dead_stops_the_run_under_its_own_cause(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.write(signal([ENTRY]))

    def dead(*_: Any, **__: Any) -> Any:
        raise AuthenticationFailed("the login has expired", where="schwab", remedy="`jutsu auth login`")

    monkeypatch.setattr("live.execution.steps.start", dead)
    with pytest.raises(AuthenticationFailed):
        made.executor()
    assert causes(made) == [("auth", "critical")]
    assert "jutsu auth login" in made.ledger.alerts.recent()[0].body

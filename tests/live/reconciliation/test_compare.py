"""Ledger against broker: what stops a run, and what does not."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import (
    DataError,
    DisagreementError,
)
from live.model.broker import Holding, OrderRequest
from live.reconciliation.adopt import adopt
from live.reconciliation.compare import compare
from tests.support.exec_world import DAY, enter, order, tomorrow


def test_exit_4_when_the_broker_has_fewer_shares(made: Any) -> None:
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)
    made.broker.submit(OrderRequest("by hand", "AAA", "sell", 41))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    with pytest.raises(DisagreementError) as caught:
        made.executor()
    assert caught.value.exit_code == 4
    assert "AAA" in caught.value.line()
    runtime = made.open()
    account = runtime.broker.account()
    result = compare(runtime.ledger, account, {}, cash_jump_pct=10.0)
    changes = adopt(runtime.ledger, account, result, at=made.clock.now(), by="test")
    assert any("100 -> 59" in change for change in changes)
    assert made.executor() == 0


def test_exit_5_when_quantities_look_like_a_split(made: Any) -> None:
    enter(made, order("AAA", "entry", 100, 100.0))
    raw = made.broker._store
    with raw.transaction():
        raw.set_position("AAA", 200, Decimal(50))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    with pytest.raises(DataError) as caught:
        made.executor()
    assert caught.value.exit_code == 5


def test_a_split_is_no_movement_of_cash(made: Any) -> None:
    """Twice the shares at half the price, and a dividend of a cent: nothing is asked about cash."""
    enter(made, order("AAA", "entry", 100, 100.0))
    account = made.broker.account()
    held = (Holding("AAA", Decimal(200), Decimal(50), Decimal(10_000)),)
    for paid in (Decimal(0), Decimal("0.01")):
        split = replace(account, holdings=held, cash=account.cash + paid)
        result = compare(made.ledger, split, {"AAA": 50.0}, cash_jump_pct=2.0)
        assert [line.kind for line in result.lines] == ["split_like"]
        assert [finding.path for finding in result.findings()] == ["AAA"]


@pytest.mark.parametrize("average", [Decimal(100), None])
def test_shares_bought_twice_are_no_split_and_adopting_them_keeps_entry_and_stop(
    made: Any, average: Decimal | None
) -> None:
    """Twice the shares at the cost of ours: entry and stop were halved."""
    enter(made, order("AAA", "entry", 100, 100.0, stop=93.0))
    account = made.broker.account()
    doubled = replace(account, holdings=(Holding("AAA", Decimal(200), average, Decimal(20_000)),))
    result = compare(made.ledger, doubled, {}, cash_jump_pct=1000.0)
    assert [line.kind for line in result.lines] == ["differs"]
    adopt(made.ledger, doubled, result, at=made.clock.now(), by="test")
    (position,) = made.ledger.positions.open_positions()
    assert (position.quantity, position.entry_price, position.stop_price) == (200, Decimal(100), Decimal(93))


def test_exit_4_when_cash_jumped_and_force_goes_on(made: Any) -> None:
    enter(made, order("AAA", "entry", 100, 100.0))
    with made.broker._store.transaction():
        made.broker._store.set_cash(Decimal(140_000))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    with pytest.raises(DisagreementError) as caught:
        made.executor()
    assert "without trades" in str(caught.value.findings[0])
    assert made.executor(force=True) == 0


def test_a_foreign_position_is_shown_and_not_touched(made: Any) -> None:
    made.open().broker.submit(OrderRequest("by hand", "CCC", "buy", 5))
    enter(made)
    result = compare(made.ledger, made.broker.account(), {}, cash_jump_pct=10.0)
    assert [(line.symbol, line.kind) for line in result.lines] == [("AAA", "same"), ("CCC", "foreign")]
    assert made.broker.account().shares()["CCC"] == 5


@pytest.mark.parametrize(("ours", "theirs"), [(8, "8.75"), (0, "0.6")])
def test_a_fraction_of_an_own_symbol_is_named_every_day_and_stops_nothing(
    made: Any, ours: int, theirs: str
) -> None:
    runtime = made.open()
    runtime.ledger.positions.buy("ema_p10", "AAA", 8, Decimal(100), session=DAY)
    if not ours:
        (row,) = runtime.ledger.positions.open_positions()
        runtime.ledger.positions.close(row.id, session=DAY, reason="sold")
    account = replace(
        runtime.broker.account(),
        holdings=(Holding("AAA", Decimal(theirs), None), Holding("ZZZ", Decimal("1.5"), None)),
    )

    result = compare(runtime.ledger, account, {}, cash_jump_pct=1000.0)

    assert result.agrees
    (problem,) = result.rests()
    assert problem.startswith(f"AAA: the broker shows {theirs} shares")

"""The paper account of breakouts: fills by the bar, positions per entry, points times dollars a point."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.core.errors import BrokerRefused
from backtest.simulator.intraday.engine import MinuteBar
from live.brokers.paper.intraday import FillTerms, IntradayPaperBroker
from live.model.broker import OrderRequest, OrderState
from live.system.clock import SimulatedClock

START = datetime(2024, 1, 5, tzinfo=UTC)
TERMS = FillTerms(10.0, 8.4)
LONG = OrderRequest(
    "20240105_MGC_entry_buy_00000001", "MGC", "buy", 2, attached_stop=Decimal(90), target=Decimal(110)
)
SHORT = OrderRequest(
    "20240105_MGC_entry_sell_00000002", "MGC", "sell", 3, attached_stop=Decimal(110), target=Decimal(90)
)


def bar(minute: int, open_: float, high: float, low: float, close: float) -> MinuteBar:
    return MinuteBar(START + timedelta(minutes=minute), open_, high, low, close)


def broker(path: Path | None = None, terms: FillTerms = TERMS) -> IntradayPaperBroker:
    return IntradayPaperBroker(path, clock=SimulatedClock(START), terms=terms, initial_cash=50_000)


def entered(request: OrderRequest = LONG, terms: FillTerms = TERMS) -> IntradayPaperBroker:
    made = broker(terms=terms)
    made.take(bar(0, 100, 101, 99, 100))
    made.submit(request)
    return made


def test_a_market_entry_fills_at_the_open_and_ties_up_no_cash() -> None:
    made = entered()
    shown = made.find(LONG.client_order_id)
    assert shown is not None
    assert (shown.state, shown.average_price, shown.filled_quantity) == (
        OrderState.FILLED,
        Decimal("100.0"),
        2,
    )
    assert made.account().cash == made.account().buying_power == 50_000
    made.take(bar(1, 100, 105, 100, 104))
    assert made.account().equity == 50_000 + 2 * 4 * 10


@pytest.mark.parametrize(
    ("request_", "at", "price", "cash"),
    [
        (LONG, bar(1, 100, 110, 99, 105), 110, 50_000 + 2 * 10 * 10 - 16.8),
        (LONG, bar(1, 100, 109.9, 90, 105), 90, 50_000 - 2 * 10 * 10 - 16.8),
        (LONG, bar(1, 100, 111, 89, 105), 90, 50_000 - 2 * 10 * 10 - 16.8),
        (SHORT, bar(1, 100, 101, 90, 95), 90, 50_000 + 3 * 10 * 10 - 25.2),
        (SHORT, bar(1, 115, 116, 114, 115), 115, 50_000 - 3 * 15 * 10 - 25.2),
    ],
    ids=["target", "stop", "both are the stop", "short target", "gap beyond the stop"],
)
def test_stop_and_target_fill_without_being_asked(
    request_: OrderRequest, at: MinuteBar, price: float, cash: float
) -> None:
    made = entered(request_)
    assert made.ended_by(request_.client_order_id) is None
    made.take(at)
    shown = made.ended_by(request_.client_order_id)
    assert shown is not None
    assert shown.average_price == Decimal(str(float(price)))
    assert made.account().cash == Decimal(str(cash)).quantize(Decimal("0.01"))
    assert not made.open_entries()
    assert not made.account().holdings


def test_a_gap_at_the_price_of_the_stop_when_the_terms_say_so() -> None:
    made = entered(SHORT, replace(TERMS, realistic_gaps=False))
    made.take(bar(1, 115, 116, 114, 115))
    shown = made.ended_by(SHORT.client_order_id)
    assert shown is not None
    assert shown.average_price == Decimal("110.0")


def test_long_and_short_side_by_side_each_with_its_own_end() -> None:
    made = entered()
    made.submit(SHORT)
    assert made.open_entries() == {LONG.client_order_id: 2, SHORT.client_order_id: -3}
    made.take(bar(1, 100, 110, 99, 105))
    assert not made.open_entries()  # 110 is the target of one and the stop of the other
    assert made.account().cash == Decimal(50000) + 200 - 300 - Decimal("42.00")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_limit_entry_wins_on_its_own_bar_only_when_the_terms_say_so(*, at_once: bool) -> None:
    made = broker(terms=replace(TERMS, limit_may_win_at_once=at_once))
    made.take(bar(0, 100, 110, 98, 100))
    made.submit(replace(LONG, order_type="limit", limit_price=Decimal(99)))
    assert (made.ended_by(LONG.client_order_id) is not None) is at_once


def test_a_limit_that_the_bar_did_not_reach_or_that_hit_its_stop_is_refused() -> None:
    for low in (99.5, 89.0):
        made = broker()
        made.take(bar(0, 100, 101, low, 100))
        with pytest.raises(BrokerRefused, match="does not fill"):
            made.submit(replace(LONG, order_type="limit", limit_price=Decimal(99)))


def test_an_entry_needs_a_price_contracts_a_stop_a_target_and_a_new_id() -> None:
    with pytest.raises(BrokerRefused, match="no price yet"):
        broker().submit(LONG)
    made = entered()
    for wrong, problem in (
        (LONG, "must be unique"),
        (replace(SHORT, quantity=0), "needs contracts"),
        (replace(SHORT, target=None), "needs contracts, a stop and a target"),
        (replace(SHORT, order_type="limit"), "needs its price"),
        (replace(SHORT, closes="somebody"), "no open position"),
        (replace(SHORT, closes=LONG.client_order_id), "no open position"),  # 3, not 2
    ):
        with pytest.raises(BrokerRefused, match=problem):
            made.submit(wrong)
    assert made.open_entries() == {LONG.client_order_id: 2}


def test_a_closing_order_ends_its_position_at_the_close() -> None:
    made = entered()
    made.take(bar(1, 101, 102, 100, 101.5))
    end = OrderRequest("20240105_MGC_exit_sell_00000001", "MGC", "sell", 2, closes=LONG.client_order_id)
    made.submit(end)
    assert made.account().cash == 50_000 + 30 - Decimal("16.80")
    states = [order.state for order in made.orders(START, START)]
    assert states == [OrderState.FILLED, OrderState.CANCELED, OrderState.CANCELED, OrderState.FILLED]
    with pytest.raises(BrokerRefused, match="not live"):
        made.cancel("1")
    assert made.order("999") is made.order("x") is None


def test_a_bar_counts_once_also_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "ledger.orb.db"
    made = broker(path)
    made.take(bar(0, 100, 101, 99, 100))
    made.submit(LONG)
    made.close()
    again = broker(path)
    assert again.newest() == START
    again.take(bar(0, 100, 120, 80, 100))  # the bar of before, whatever it says now
    assert again.open_entries() == {LONG.client_order_id: 2}
    assert again.body(LONG)["target"] == "110"
    again.close()

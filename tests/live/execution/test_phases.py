"""Sells, then buys: order, retries, gates, and what is never sent twice."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import (
    BrokerRefused,
)
from live.execution.phases import sell
from live.execution.verdict import OrdersMissed
from live.handoff.model import SignalOrder
from live.ledger.orders import OrderPlan
from live.model.broker import Holding, OrderState
from live.orders.submission import Submission
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    NEXT_DAY,
    OTHER,
    Wrapped,
    bought,
    context_on_file,
    enter,
    next_order,
    order,
    outcome,
    panic_in,
    run_detail,
    signal,
    states,
    tomorrow,
)


def test_sells_come_first_and_pay_for_the_buys(made: Any) -> None:
    enter(made, order("AAA", "entry", 900, 100.0, stop=90.0))
    tomorrow(
        made,
        [next_order("AAA", "exit", 900, 100.0), next_order("BBB", "entry", 1900, 50.0, stop=45.0)],
        positions={"AAA": 900},
        cash=10_000.0,
    )
    assert made.executor() == 0
    assert made.broker.account().shares() == {"BBB": 1900}
    sent = [
        o.symbol + o.side for o in made.broker.orders(AT, AT + timedelta(days=2)) if o.order_type == "market"
    ]
    assert sent == ["AAAbuy", "AAAsell", "BBBbuy"]


def test_a_refused_sell_puts_the_stop_back_and_alarms(made: Any) -> None:
    enter(made)

    class NoSells:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: Any) -> Any:
            return getattr(self.inner, name)

        def submit(self, request: Any) -> Any:

            if request.side == "sell" and request.order_type == "market":
                raise BrokerRefused("trading in this symbol is restricted")
            return self.inner.submit(request)

    made.wrap = NoSells
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    with pytest.raises(OrdersMissed, match="not sold as decided: AAA"):
        made.executor()
    assert made.ledger.runs.get(NEXT_DAY, "golden").executor_exit == 7
    assert [s for s in states(made) if s[1] == "WORKING"] == [("AAA_stop_sell", "WORKING", 0)]
    assert any("restricted" in a.body for a in made.ledger.alerts.recent() if a.level == "critical")
    assert outcome(made, NEXT_DAY) == "failed"


@pytest.mark.parametrize(
    ("fault", "shares", "tries"), [("partial", 93, 4), ("slow", 100, 1), ("never", 0, 4), ("reject", 0, 1)]
)
def test_named_faults_end_in_order(made: Any, fault: str, shares: int, tries: int) -> None:
    made.fault = fault
    made.write(signal([ENTRY]))
    if shares:
        assert made.executor() == 0
    else:
        with pytest.raises(OrdersMissed, match="no order was filled"):
            made.executor()
    assert made.ledger.runs.get(DAY, "golden").executor_exit == (0 if shares else 7)
    assert made.broker.account().shares() == ({"AAA": shares} if shares else {})
    assert sum(1 for name, *_ in states(made) if "entry" in name) == tries
    alive = [o for o in made.broker.orders(AT, AT + timedelta(hours=1)) if not o.state.terminal]
    assert [o.quantity for o in alive] == ([shares] if shares else [])
    assert outcome(made) == ("completed" if shares else "failed")


def test_exits_are_retried_to_the_last_share(made: Any) -> None:
    enter(made, order("AAA", "entry", 7, 100.0))
    made.fault = "partial"
    tomorrow(made, [next_order("AAA", "exit", 7, 100.0)], positions={"AAA": 7}, cash=99_300.0)
    made.executor()
    # 3, then 2 of 4, then 1 of 2, then the last one
    assert [s[2] for s in states(made) if "exit" in s[0]] == [3, 2, 1, 1]
    assert made.broker.account().shares() == {}


def test_a_drifted_price_holds_the_order_back(made: Any) -> None:
    made.feed.prices["AAA"] = 101.2
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert states(made) == []
    assert outcome(made) == "gated"
    assert any("max_drift_pct" in w for w in made.ledger.runs.get(DAY, "golden").detail["warnings"])


def quotes_with(made: Any, **changes: Any) -> Any:
    """Let every quote of the feed differ in these fields; `gone` leaves no quote at all."""
    quotes = made.feed.quotes

    def changed(symbols: Any, at: Any) -> Any:
        found = {} if changes.get("gone") else quotes(symbols, at)
        return {
            symbol: replace(quote, **{name: value(quote, at) for name, value in changes.items()})
            for symbol, quote in found.items()
        }

    made.feed.quotes = changed


@pytest.mark.parametrize(
    "quote",
    [
        {"trade_time": lambda _, at: at - timedelta(seconds=90)},
        {"quote_time": lambda _, at: at - timedelta(hours=2)},
        {"quote_time": lambda *_: None, "trade_time": lambda *_: None},
        {"realtime": lambda *_: False},
        {"bid": lambda *_: 110.0, "ask": lambda *_: 90.0},
        {"bid": lambda *_: 80.0, "ask": lambda *_: 80.0, "last": lambda *_: 80.0},
        {"gone": True},
    ],
    ids=["quiet tape", "old", "no time", "delayed", "crossed", "drifted", "none"],
)
def test_no_quote_holds_an_exit(made: Any, quote: Any) -> None:
    enter(made, order("AAA", "entry", 100, 100.0))
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    quotes_with(made, **quote)
    with suppress(OrdersMissed):  # the paper broker fills on the same quotes, so it may have no price either
        made.executor()
    assert any(o.side == "sell" and o.sent_at for o in made.ledger.orders.recent(50))
    assert not any("NOT SOLD" in text for text in run_detail(made, NEXT_DAY)["critical"])


def test_an_exit_of_a_halted_symbol_is_critical_and_exit_7(made: Any) -> None:
    enter(made)
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    made.feed.status = "halted"
    with pytest.raises(OrdersMissed, match="not sold as decided: AAA") as caught:
        made.executor()
    assert caught.value.exit_code == 7
    assert made.holdings() == {"AAA": 100}
    assert any("NOT SOLD" in a.body for a in made.ledger.alerts.recent() if a.level == "critical")
    assert [s[1] for s in states(made) if "stop" in s[0]] == ["WORKING"]  # it keeps its stop
    made.feed.status = "normal"
    assert made.executor() == 0
    assert made.holdings() == {}


@pytest.mark.parametrize("status", ["halted", "closed"])
def test_a_halted_symbol_is_not_traded(made: Any, status: str) -> None:
    made.feed.status = status
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert states(made) == []


def test_a_buy_refused_with_its_stop_attached_goes_alone_and_gets_its_stop_after_the_fill(made: Any) -> None:
    class NoBrackets:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: Any) -> Any:
            return getattr(self.inner, name)

        def submit(self, request: Any) -> Any:

            if request.attached_stop is not None:
                raise BrokerRefused("complex orders are not enabled")
            return self.inner.submit(request)

    made.wrap = NoBrackets
    enter(made)
    assert states(made) == [
        ("AAA_entry_buy", "REFUSED", 0),
        ("AAA_entry_buy_r1", "FILLED", 100),
        ("AAA_stop_sell", "WORKING", 0),
    ]


def test_an_order_replaced_by_hand_is_never_sent_again(made: Any) -> None:
    made.fault = "never"

    def shown(inner: Any, order_id: Any) -> Any:
        return replace(inner.order(order_id), state=OrderState.REPLACED, raw_status="REPLACED")

    made.wrap = lambda broker: Wrapped(broker, order=shown, cancel=lambda *_: None)
    made.write(signal([ENTRY]))
    with pytest.raises(OrdersMissed):
        made.executor()
    assert [o.attempt for o in made.ledger.orders.recent(50)] == [0]
    assert any("replaced" in text for text in run_detail(made)["critical"])


def test_each_buy_waits_for_the_former_but_not_longer_than_15_seconds(made: Any) -> None:
    made.fault = "never"
    sent = []

    def submit(inner: Any, request: Any) -> Any:
        sent.append((request.symbol, made.clock.now()))
        return inner.submit(request)

    made.overrides = {"polling": {"retries": 0}}
    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    made.write(signal([ENTRY, OTHER]))
    with pytest.raises(OrdersMissed):
        made.executor()
    assert [symbol for symbol, _ in sent] == ["AAA", "BBB"]
    assert timedelta(seconds=15) <= sent[1][1] - sent[0][1] <= timedelta(seconds=20)


def test_buys_obey_the_deadline_of_the_run(made: Any) -> None:
    made.overrides = {"safety": {"run_deadline_seconds": 30}, "polling": {"retries": 0}}
    made.fault = "never"
    began, sent = made.clock.now(), []

    def submit(inner: Any, request: Any) -> Any:
        sent.append(made.clock.now() - began)
        return inner.submit(request)

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    made.write(signal([ENTRY, OTHER, order("CCC", "entry", 10, 20.0, rank=0.5)]))
    with pytest.raises(OrdersMissed):
        made.executor()
    assert len(sent) == 2
    assert max(sent) < timedelta(seconds=30)
    assert any("run_deadline_seconds" in text for text in run_detail(made)["warnings"])


def test_shares_of_somebody_else_keep_buys_of_their_symbol_away(made: Any) -> None:
    def account(inner: Any) -> Any:
        found = inner.account()
        mine = {h.symbol: h.quantity for h in found.holdings}.get("AAA", Decimal(0))
        others = tuple(h for h in found.holdings if h.symbol != "AAA")
        holding = Holding("AAA", mine + 50, Decimal(80), (mine + 50) * 100)
        return replace(found, holdings=(*others, holding))

    made.wrap = lambda broker: Wrapped(broker, account=account)
    made.write(signal([ENTRY, OTHER]))
    made.executor()
    assert bought(made) == {"BBB_entry_buy": 10}
    assert outcome(made) == "partial"


def test_a_manual_order_is_held_to_its_limit_at_the_price_it_will_pay(made: Any) -> None:
    made.overrides = {
        "execution": {"min_cash_pct": 0, "limits": {"max_order_value": 5_000}},
        "safety": {"max_drift_pct": 5000},
    }
    wrong = order("AAA", "entry", 500, 10.0, rank=2.0)  # 10 typed instead of 100: not 5,000 but 50,000
    made.write(signal([wrong]))
    made.executor()
    assert bought(made) == {}
    assert "max_order_value" in str(run_detail(made)["warnings"])


def test_a_buy_is_held_to_its_share_of_the_equity_the_broker_gives(made: Any) -> None:
    """The file was sized on what the account held in the morning; the broker's figure of now counts."""

    def account(inner: Any) -> Any:
        return replace(inner.account(), equity=Decimal(9_000))

    made.overrides = {
        "execution": {"min_cash_pct": 0},
        "safety": {"daily_loss_pct": None, "drawdown_pct": None},
    }
    made.write(signal([order("AAA", "entry", 100, 100.0, rank=2.0)]))
    made.wrap = lambda broker: Wrapped(broker, account=account)
    made.executor()
    assert bought(made) == {}
    assert "max_order_value_pct 100 of equity is 9,000.00" in str(run_detail(made)["warnings"])


def test_a_panics_sell_that_still_works_is_not_sold_a_second_time(made: Any) -> None:
    enter(made, ENTRY)
    made.clock.set(AT + timedelta(days=1, hours=-5))
    made.fault = "never"
    panic_in(made.open())
    made.ledger.state.clear_kill(by="test", at=made.clock.now())
    tomorrow(made, [next_order("AAA", "reduce", 40, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    with pytest.raises(OrdersMissed, match="AAA"):
        made.executor()
    sells = [o for o in made.ledger.orders.recent() if o.side == "sell" and o.intent != "stop"]
    assert [(o.reason, o.quantity) for o in sells] == [("panic", 100)]
    assert "20250306_AAA_exit_sell sells its shares already" in str(run_detail(made, NEXT_DAY))


def test_shares_that_another_sell_sold_meanwhile_are_counted_once(made: Any) -> None:
    enter(made, ENTRY)
    made.fault = "never"
    runtime = made.open()
    submission = Submission(runtime.broker, runtime.ledger, made.clock)
    (stop,) = (o for o in runtime.ledger.orders.unfinished() if o.intent == "stop")
    submission.cancel(stop)
    name = f"{DAY:%Y%m%d}_AAA_reduce_sell"
    submission.send(OrderPlan(name, "golden", DAY, "offline_mock", "AAA", "sell", "reduce", 40))
    made.fault = "none"
    sell(context_on_file(made), SignalOrder.model_validate(order("AAA", "exit", 100, 100.0)))
    sells = {o.intent: o.filled_quantity for o in made.ledger.orders.recent() if o.side == "sell"}
    assert sells == {"stop": 0, "reduce": 40, "exit": 60}
    assert made.ledger.positions.get("golden", "AAA") is None

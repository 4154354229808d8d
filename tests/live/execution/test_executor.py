"""Stage 2 as a whole: phases, re-runs, stops, gates, exit codes, on the paper broker."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from backtest.core.errors import (
    BrokerError,
    BrokerUnknown,
    DataError,
    DisagreementError,
    KillSwitchOn,
    LimitError,
    SignalFileError,
    UnresolvedError,
)
from live.execution import panic
from live.model.broker import OrderRequest
from live.model.run import DryRun
from live.reconciliation.adopt import adopt
from live.reconciliation.compare import compare
from live.system.lock import single_instance
from tests.support.exec_world import AT, DAY, NEW_YORK, NEXT_DAY, StubStrategy, bars, order, signal, world

ENTRY = order("AAA", "entry", 100, 100.0, stop=90.0, rank=2.0)


@pytest.fixture
def made(tmp_path):
    return world(tmp_path)


def states(made):
    return [
        (o.client_order_id[9:], o.state, o.filled_quantity) for o in reversed(made.ledger.orders.recent(50))
    ]


def outcome(made, day=DAY):
    return made.ledger.signals.get(day, "golden").outcome


def tomorrow(made, orders, **more):
    """Move to the next session and write its file."""
    made.clock.set(AT + timedelta(days=1))
    made.feed.daily = {s: bars(s, {NEXT_DAY: (p, p, p, p)}) for s, p in made.feed.prices.items()}
    made.write(signal(orders, day=NEXT_DAY, **more))


def enter(made, *orders):
    made.write(signal(list(orders) or [ENTRY]))
    assert made.executor() == 0
    assert outcome(made) == "completed"


def next_order(symbol, intent, quantity, price, **more):
    return order(symbol, intent, quantity, price, day=NEXT_DAY, **more)


def test_an_entry_ends_filled_with_its_stop_and_its_trade_recorded(made):
    enter(made)
    assert states(made) == [("AAA_entry_buy", "FILLED", 100), ("AAA_stop_sell", "WORKING", 0)]
    (position,) = made.ledger.positions.open_positions()
    assert (position.quantity, position.stop_price) == (100, Decimal(90))
    assert position.stop_broker_order_id is not None
    (trade,) = made.ledger.trades.recent()
    assert {name: trade.context.get(name) for name in ("cell", "trend_state", "vol_state")} == {
        "cell": 1,
        "trend_state": "BullStrong",
        "vol_state": "Low",
    }
    assert trade.execution_time == "15min_before_close"
    snapshot = made.ledger.snapshots.latest("golden")
    assert (snapshot.equity, snapshot.cash) == (100_000.0, 90_000.0)
    assert made.ledger.runs.get(DAY, "golden").executor_exit == 0
    state = json.loads((made.folder / "state" / "state.json").read_text())
    assert state["current_positions"] == {"AAA": 100}
    assert list((made.folder / "state" / "backups").iterdir())


def test_running_twice_changes_nothing(made):
    enter(made)
    before = states(made), made.broker.account()
    assert made.executor() == 0
    assert (states(made), made.broker.account()) == before


def test_sells_come_first_and_pay_for_the_buys(made):
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


def test_the_recount_cuts_buys_in_rank_order(made):
    made.feed.prices["AAA"] = 100.9
    made.write(
        signal([order("AAA", "entry", 800, 100.0, rank=2.0), order("BBB", "entry", 390, 50.0, rank=1.0)])
    )
    assert made.executor() == 0
    # 800 x 100.9 = 80,720 leaves 19,280: 385 shares at 50
    assert made.broker.account().shares() == {"AAA": 800, "BBB": 385}
    assert any("385 of 390" in w for w in made.ledger.runs.get(DAY, "golden").detail["warnings"])


def test_a_stop_that_filled_overnight_is_booked_once_and_drops_the_sell(made):
    enter(made)
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    made.feed.lows["AAA"] = 89.0
    assert made.executor() == 0
    assert made.broker.account().shares() == {} == made.ledger.positions.shares()
    assert states(made) == [("AAA_entry_buy", "FILLED", 100), ("AAA_stop_sell", "FILLED", 100)]
    (closed,) = made.ledger.positions.closed()
    assert closed.realised_pnl == Decimal(-1000)
    assert outcome(made, NEXT_DAY) == "completed"


def test_a_refused_sell_puts_the_stop_back_and_alarms(made):
    enter(made)

    class NoSells:
        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def submit(self, request):
            from backtest.core.errors import BrokerRefused

            if request.side == "sell" and request.order_type == "market":
                raise BrokerRefused("trading in this symbol is restricted")
            return self.inner.submit(request)

    made.wrap = NoSells
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    assert [s for s in states(made) if s[1] == "WORKING"] == [("AAA_stop_sell", "WORKING", 0)]
    assert any("restricted" in a.body for a in made.ledger.alerts.recent() if a.level == "critical")
    assert outcome(made, NEXT_DAY) == "failed"


def test_a_reduce_leaves_a_stop_for_the_rest(made):
    enter(made)
    tomorrow(made, [next_order("AAA", "reduce", 30, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    alive = [o for o in made.broker.orders(AT, AT + timedelta(days=2)) if not o.state.terminal]
    assert [(o.quantity, o.stop_price) for o in alive] == [(70, Decimal("90.00"))]


def test_the_stop_follows_the_fill_when_nobody_moved_it(made):
    made.feed.prices["AAA"] = 100.5
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    assert position.stop_price == Decimal("90.45")  # 100.5 x 0.9
    alive = [o for o in made.broker.orders(AT, AT + timedelta(hours=1)) if not o.state.terminal]
    assert [o.stop_price for o in alive] == [Decimal("90.45")]


def test_a_stop_moved_by_hand_stays_where_it_was_put(made):
    made.feed.prices["AAA"] = 100.5
    enter(made, order("AAA", "entry", 100, 100.0, stop=93.0))
    assert made.ledger.positions.open_positions()[0].stop_price == Decimal(93)


def test_a_stop_that_cannot_be_placed_turns_entries_off(made):
    made.attached = False

    class NoStops:
        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def submit(self, request):
            from backtest.core.errors import BrokerRefused

            if request.order_type == "stop":
                raise BrokerRefused("stops are not accepted today")
            return self.inner.submit(request)

    made.wrap = NoStops
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert made.ledger.state.kill_level() == "entries"
    assert [p.symbol for p in made.ledger.positions.unprotected()] == ["AAA"]
    assert any("NO STOP" in a.body for a in made.ledger.alerts.recent())


def test_a_missing_stop_is_placed_first_on_the_next_run(made):
    made.attached = False
    enter(made)
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)
    tomorrow(made, [next_order("BBB", "entry", 10, 50.0, stop=45.0)], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    later = list(made.broker.orders(AT + timedelta(hours=12), AT + timedelta(days=2)))
    assert [(o.symbol, o.order_type) for o in later][:2] == [("AAA", "stop"), ("BBB", "market")]
    assert made.ledger.positions.unprotected() == ()


def test_kill_level_entries_lets_exits_and_stops_go(made):
    enter(made)
    made.ledger.state.set_kill("entries", reason="test", by="test", at=made.clock.now())
    tomorrow(
        made,
        [next_order("AAA", "exit", 100, 100.0), next_order("BBB", "entry", 10, 50.0, stop=45.0)],
        positions={"AAA": 100},
        cash=90_000.0,
    )
    assert made.executor() == 0
    assert made.broker.account().shares() == {}
    assert outcome(made, NEXT_DAY) == "partial"


def test_exit_3_kill_switch_all(made):
    made.write(signal([ENTRY]))
    made.open().ledger.state.set_kill("all", reason="test", by="test", at=made.clock.now())
    with pytest.raises(KillSwitchOn) as caught:
        made.executor()
    assert caught.value.exit_code == 3
    assert states(made) == []


def test_exit_0_when_no_file_is_due_or_it_is_no_session(made):
    assert made.executor() == 0
    made.clock.set(datetime(2025, 3, 8, 15, 46, tzinfo=NEW_YORK))  # a Saturday
    assert made.executor() == 0


def test_exit_0_before_the_window_and_nothing_is_sent(made):
    made.write(signal([ENTRY]))
    made.clock.set(AT - timedelta(minutes=10))
    assert made.executor() == 0
    assert states(made) == []


def test_exit_7_after_the_window(made):
    made.write(signal([ENTRY]))
    made.clock.set(AT + timedelta(minutes=12))
    with pytest.raises(LimitError) as caught:
        made.executor()
    assert caught.value.exit_code == 7
    assert states(made) == []
    assert (
        made.ledger.runs.get(DAY, "golden").missed or made.ledger.runs.get(DAY, "golden").executor_exit == 7
    )


def test_skip_time_check_goes_on_after_the_window(made):
    made.write(signal([ENTRY]))
    made.clock.set(AT + timedelta(minutes=12))
    assert made.executor(skip_time_check=True) == 0
    assert made.broker.account().shares() == {"AAA": 100}


def test_exit_7_when_another_run_is_at_work(made):
    made.write(signal([ENTRY]))
    busy = single_instance(made.folder / "state", "paper", run_id="other")
    with busy, pytest.raises(LimitError) as caught:
        made.executor()
    assert caught.value.exit_code == 7
    assert "other" in caught.value.line()


def edit(path, **changes):
    data = json.loads(path.read_text())
    data["orders"][0].update(changes)
    path.write_text(json.dumps(data, indent=2) + "\n")


def test_exit_2_for_an_edit_nobody_approved(made):
    path = made.write(signal([ENTRY]))
    edit(path, quantity=50, estimated_value=5000.0)
    with pytest.raises(SignalFileError) as caught:
        made.executor()
    assert caught.value.exit_code == 2
    assert "quantity" in caught.value.line()
    assert states(made) == []


def test_accept_edits_trades_the_edited_quantity(made):
    path = made.write(signal([ENTRY]))
    edit(path, quantity=50, estimated_value=5000.0)
    assert made.executor(accept_edits=True) == 0
    assert made.broker.account().shares() == {"AAA": 50}


def test_a_disabled_order_is_not_sent(made):
    path = made.write(signal([ENTRY]))
    edit(path, enabled=False)
    assert made.executor(accept_edits=True) == 0
    assert made.broker.account().shares() == {}


def test_exit_2_for_an_edit_after_the_order_was_planned(made):
    made.fault = "lost_reply"
    made.honours_client_id = False
    path = made.write(signal([ENTRY, order("BBB", "entry", 10, 50.0, stop=45.0, rank=1.0)]))
    made.wrap = lambda broker: FailAfter(broker, 1)
    with pytest.raises(BrokerError):
        made.executor()
    made.wrap = None
    edit(path, quantity=50, estimated_value=5000.0)
    with pytest.raises(SignalFileError) as caught:
        made.executor(accept_edits=True)
    assert "AAA_entry_buy" in caught.value.line()


class FailAfter:
    """A broker whose connection breaks for good after so many orders."""

    def __init__(self, inner, orders):
        self.inner, self.left = inner, orders

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def submit(self, request):
        try:
            return self.inner.submit(request)
        finally:
            self.left -= 1

    def account(self):
        if self.left <= 0:
            raise BrokerError("network is down")
        return self.inner.account()


def test_exit_4_when_the_broker_has_fewer_shares(made):
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


def test_exit_5_when_quantities_look_like_a_split(made):
    enter(made, order("AAA", "entry", 100, 100.0))
    raw = made.broker._store
    with raw.transaction():
        raw.set_position("AAA", 200, Decimal(50))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    with pytest.raises(DataError) as caught:
        made.executor()
    assert caught.value.exit_code == 5


def test_exit_4_when_cash_jumped_and_force_goes_on(made):
    enter(made, order("AAA", "entry", 100, 100.0))
    with made.broker._store.transaction():
        made.broker._store.set_cash(Decimal(140_000))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    with pytest.raises(DisagreementError) as caught:
        made.executor()
    assert "without trades" in str(caught.value.findings[0])
    assert made.executor(force=True) == 0


def test_a_foreign_position_is_shown_and_not_touched(made):
    made.open().broker.submit(OrderRequest("by hand", "CCC", "buy", 5))
    enter(made)
    result = compare(made.ledger, made.broker.account(), {}, cash_jump_pct=10.0)
    assert [(line.symbol, line.kind) for line in result.lines] == [("AAA", "same"), ("CCC", "foreign")]
    assert made.broker.account().shares()["CCC"] == 5


def test_exit_6_when_the_broker_is_gone_and_the_next_run_completes(made):
    made.write(signal([ENTRY]))
    made.wrap = lambda broker: FailAfter(broker, 0)
    with pytest.raises(BrokerError) as caught:
        made.executor(skip_time_check=True)
    assert caught.value.exit_code == 6
    made.wrap = None
    assert made.executor() == 0
    assert made.broker.account().shares() == {"AAA": 100}


def test_exit_8_when_a_fate_is_unknown_and_resolve_ends_it(made):
    from live.orders.resolve import declare_absent

    made.honours_client_id = False

    class Swallows:
        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def submit(self, request):
            raise BrokerUnknown("timeout")

    made.wrap = Swallows
    made.write(signal([ENTRY]))
    with pytest.raises(UnresolvedError) as caught:
        made.executor()
    assert caught.value.exit_code == 8
    made.wrap = None
    with pytest.raises(UnresolvedError):
        made.executor()
    declare_absent(made.open(), ENTRY["client_order_id"], by="test")
    assert made.executor() == 0
    assert made.broker.account().shares() == {"AAA": 100}
    assert states(made)[1][0] == "AAA_entry_buy_r1"


def test_auction_orders_need_the_split_phases(made):
    made.write(signal([order("AAA", "entry", 10, 100.0, order_type="market_on_open")]))
    with pytest.raises(SignalFileError) as caught:
        made.executor()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("fault", "shares", "tries"), [("partial", 93, 4), ("slow", 100, 1), ("never", 0, 4), ("reject", 0, 1)]
)
def test_named_faults_end_in_order(made, fault, shares, tries):
    made.fault = fault
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert made.broker.account().shares() == ({"AAA": shares} if shares else {})
    assert sum(1 for name, *_ in states(made) if "entry" in name) == tries
    alive = [o for o in made.broker.orders(AT, AT + timedelta(hours=1)) if not o.state.terminal]
    assert [o.quantity for o in alive] == ([shares] if shares else [])
    assert outcome(made) == ("completed" if shares else "failed")


def test_exits_are_retried_to_the_last_share(made):
    enter(made, order("AAA", "entry", 7, 100.0))
    made.fault = "partial"
    tomorrow(made, [next_order("AAA", "exit", 7, 100.0)], positions={"AAA": 7}, cash=99_300.0)
    made.executor()
    # 3, then 2 of 4, then 1 of 2, then the last one
    assert [s[2] for s in states(made) if "exit" in s[0]] == [3, 2, 1, 1]
    assert made.broker.account().shares() == {}


def test_a_drifted_price_holds_the_order_back(made):
    made.feed.prices["AAA"] = 101.2
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert states(made) == []
    assert outcome(made) == "gated"
    assert any("max_drift_pct" in w for w in made.ledger.runs.get(DAY, "golden").detail["warnings"])


@pytest.mark.parametrize("status", ["halted", "closed"])
def test_a_halted_symbol_is_not_traded(made, status):
    made.feed.status = status
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert states(made) == []


def test_slippage_above_the_limit_stops_buying(made):
    made.overrides = {
        "execution": {"min_cash_pct": 0, "max_buying_power_pct": 100, "slippage_pct": 1.5},
        "polling": {"retries": 0},
    }
    enter(made, order("AAA", "entry", 10, 100.0))
    made.fault = "none"
    assert any("no further buys" in a.body for a in made.ledger.alerts.recent())


def test_silence_lets_exits_go_and_holds_entries(made):
    enter(made)
    made.overrides = {"approval": {"policy": "required"}}
    tomorrow(
        made,
        [next_order("AAA", "exit", 100, 100.0), next_order("BBB", "entry", 10, 50.0, stop=45.0)],
        positions={"AAA": 100},
        cash=90_000.0,
    )
    assert made.executor() == 0
    assert made.broker.account().shares() == {}
    assert outcome(made, NEXT_DAY) == "partial"


def test_place_and_poll(made):
    opening = StubStrategy(execution_time="open")
    orders = [order("AAA", "entry", 10, 100.0, stop=90.0, order_type="market_on_open")]
    made.clock.set(datetime(2025, 3, 5, 9, 20, tzinfo=NEW_YORK))
    made.write(signal(orders, strategy=opening))
    assert made.executor(strategy=opening, phase="place") == 0
    assert states(made)[0][1] == "PENDING"
    made.clock.set(datetime(2025, 3, 5, 9, 32, tzinfo=NEW_YORK))
    assert made.executor(strategy=opening, phase="poll") == 0
    assert states(made) == [("AAA_entry_buy", "FILLED", 10), ("AAA_stop_sell", "WORKING", 0)]
    assert outcome(made) == "completed"
    assert made.executor(strategy=opening, phase="poll") == 0


def test_a_dry_run_touches_nothing(made, capsys):
    from dataclasses import replace

    from live import executor
    from live.books.variants import BookVariant

    made.write(signal([ENTRY]))
    runtime = replace(made.open(), run=DryRun())
    lines = (BookVariant(StubStrategy(), "primary", "golden"),)
    assert executor.run(runtime, executor.Request(lines=lines)) == 0
    told = capsys.readouterr().out
    assert "buy 100 AAA market (entry)" in told
    assert "stop 90 gtc" in told
    assert states(made) == []
    assert made.broker.orders(AT, AT) == []


def test_the_run_deadline_ends_the_waiting(made):
    made.overrides = {"safety": {"run_deadline_seconds": 30}, "polling": {"retries": 0}}
    made.fault = "never"
    began = made.clock.now()
    made.write(signal([ENTRY]))
    made.executor()
    assert made.clock.now() - began < timedelta(seconds=60)


def test_panic_closes_everything_in_spite_of_the_kill_switch(made):
    enter(made, ENTRY, order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0))
    made.ledger.state.set_kill("all", reason="test", by="test", at=made.clock.now())
    result = panic.close_everything(made.open())
    assert result.problems == []
    assert len(result.cancelled) == 2
    assert made.broker.account().shares() == {} == made.ledger.positions.shares()
    assert made.ledger.state.kill_level() == "all"
    assert all(o.state.terminal for o in made.broker.orders(AT, AT + timedelta(hours=1)))


def test_panic_sets_the_switch_although_the_broker_fails(made):
    enter(made)

    class Broken:
        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def orders(self, since, until):
            raise BrokerError("503")

        def cancel(self, order_id):
            raise BrokerError("503")

    made.wrap = Broken
    result = panic.close_everything(made.open())
    assert result.problems
    assert made.ledger.state.kill_level() == "all"


def test_a_run_that_died_after_its_orders_is_completed_even_after_the_window(made):
    made.attached = False
    made.write(signal([ENTRY]))
    made.wrap = lambda broker: FailAfter(broker, 1)
    with pytest.raises(BrokerError):
        made.executor()
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)  # the stop is gone as well
    made.wrap = None
    made.clock.set(AT + timedelta(minutes=12))
    assert made.executor() == 0
    assert outcome(made) == "completed"
    assert made.ledger.positions.unprotected() == ()
    assert [p.quantity for p in made.ledger.positions.open_positions()] == [100]


def test_the_next_session_learns_that_an_interrupted_file_was_carried_out(made):
    made.write(signal([ENTRY], memory={"h": 1}))
    made.wrap = lambda broker: FailAfter(broker, 1)
    with pytest.raises(BrokerError):
        made.executor()
    assert outcome(made) == "pending"
    made.wrap = None
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    assert outcome(made) == "completed"


def test_a_late_run_that_sent_nothing_expires_the_file(made):
    made.write(signal([ENTRY], memory={"h": 1}))
    made.clock.set(AT + timedelta(minutes=12))
    with pytest.raises(LimitError):
        made.executor()
    assert outcome(made) == "expired"
    assert made.ledger.runs.get(DAY, "golden").missed
    assert made.ledger.signals.last_memory("golden") == {}


def test_a_buy_refused_with_its_stop_attached_goes_alone_and_gets_its_stop_after_the_fill(made):
    class NoBrackets:
        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def submit(self, request):
            from backtest.core.errors import BrokerRefused

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


def test_adopting_a_split_scales_cost_and_stop_and_the_next_run_resizes_the_stop(made):
    enter(made, order("AAA", "entry", 100, 100.0, stop=93.0))
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)  # brokers cancel or adjust them
    with made.broker._store.transaction():
        made.broker._store.set_position("AAA", 200, Decimal(50))
    made.feed.prices["AAA"] = 50.0
    made.feed.opens["AAA"] = made.feed.lows["AAA"] = 50.0
    runtime = made.open()
    result = compare(runtime.ledger, runtime.broker.account(), {}, cash_jump_pct=10.0)
    assert [line.kind for line in result.lines] == ["split_like"]
    adopt(runtime.ledger, runtime.broker.account(), result, at=made.clock.now(), by="test")
    tomorrow(made, [], positions={"AAA": 200}, cash=90_000.0)
    assert made.executor() == 0
    (position,) = made.ledger.positions.open_positions()
    assert (position.quantity, position.entry_price) == (200, Decimal(50))
    alive = [o for o in made.broker.orders(AT, AT + timedelta(days=2)) if not o.state.terminal]
    assert [(o.quantity, o.stop_price) for o in alive] == [(200, Decimal("46.50"))]


def test_shares_that_came_back_are_adopted_by_the_book_that_traded_them(made):
    enter(made, order("AAA", "entry", 10, 100.0))
    tomorrow(made, [next_order("AAA", "exit", 10, 100.0)], positions={"AAA": 10}, cash=99_000.0)
    assert made.executor() == 0
    made.broker.submit(OrderRequest("by hand", "AAA", "buy", 5))
    account = made.broker.account()
    result = compare(made.ledger, account, {}, cash_jump_pct=10.0)
    assert not result.agrees
    adopt(made.ledger, account, result, at=made.clock.now(), by="test")
    assert compare(made.ledger, account, {}, cash_jump_pct=10.0).agrees
    assert made.ledger.positions.shares("golden") == {"AAA": 5}

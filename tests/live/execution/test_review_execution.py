"""What a reading of stage 2 for money safety found: each test is a way in which money could be lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from backtest.core.errors import BrokerError, BrokerRefused, SignalFileError
from live.execution import panic
from live.model.broker import Holding, OrderState
from live.model.order_state import JournalState
from live.reconciliation.adopt import adopt
from live.reconciliation.compare import compare
from tests.support.exec_world import AT, DAY, NEXT_DAY, order, signal, world

ENTRY = order("AAA", "entry", 100, 100.0, stop=90.0, rank=2.0)
OTHER = order("BBB", "entry", 10, 50.0, stop=45.0, rank=1.0)


@pytest.fixture
def made(tmp_path):
    return world(tmp_path)


class Wrapped:
    """The paper broker with some calls replaced."""

    def __init__(self, inner, **calls):
        self._inner, self._calls = inner, calls

    def __getattr__(self, name):
        found = self._calls.get(name)
        return (lambda *a: found(self._inner, *a)) if found else getattr(self._inner, name)


def outcome(made, day=DAY):
    return made.ledger.signals.get(day, "golden").outcome


def report(made, day=DAY):
    return made.ledger.runs.get(day, "golden").detail


def bought(made):
    return {o.client_order_id[9:]: o.quantity for o in made.ledger.orders.recent(50) if o.side == "buy"}


def test_two_buys_of_one_symbol_keep_their_own_quantities(made):
    more = order("AAA", "increase", 5, 100.0, rank=3.0)  # added by hand, ranked first
    made.write(signal([more, ENTRY]))
    made.executor()
    assert bought(made) == {"AAA_increase_buy": 5, "AAA_entry_buy": 100}


def unsettled(inner):
    """A cash account in which only 3,000 have settled."""
    account = inner.account()
    settled = min(account.cash, Decimal(3000))
    return replace(account, kind="cash", settled_cash=settled, buying_power=settled)


def test_a_buy_cut_for_unsettled_cash_is_proposed_again(made):
    made.wrap = lambda broker: Wrapped(broker, account=unsettled)
    made.write(signal([ENTRY], memory={"h": {"AAA": 1.0}}))
    made.executor()
    assert bought(made) == {"AAA_entry_buy": 30}
    assert outcome(made) == "gated"
    assert made.ledger.signals.last_memory("golden") == {}
    assert any("settle" in text for text in report(made)["warnings"])


def test_a_stop_that_failed_is_placed_by_the_next_start_of_the_same_session(made):
    made.attached = False
    refuse = [True]

    def submit(inner, request):
        if request.order_type == "stop" and refuse[0]:
            raise BrokerRefused("not now", where="test")
        return inner.submit(request)

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    made.write(signal([ENTRY]))
    made.executor()
    assert [row.symbol for row in made.ledger.positions.unprotected()] == ["AAA"]
    refuse[0] = False
    made.executor()
    assert made.ledger.positions.unprotected() == ()


def test_what_was_bought_is_protected_although_a_later_step_fails(made):
    made.attached = False
    feed_quotes = made.feed.quotes

    def quotes(symbols, at):
        if list(symbols) == ["BBB"]:
            raise BrokerError("the vendor is down", where="quotes")
        return feed_quotes(symbols, at)

    made.feed.quotes = quotes
    made.write(signal([ENTRY, OTHER]))
    with pytest.raises(BrokerError, match="vendor"):
        made.executor()
    assert made.holdings() == {"AAA": 100}
    assert made.ledger.positions.unprotected() == ()
    assert made.ledger.positions.get("golden", "AAA").stop_broker_order_id is not None


def test_an_order_replaced_by_hand_is_never_sent_again(made):
    made.fault = "never"

    def shown(inner, order_id):
        return replace(inner.order(order_id), state=OrderState.REPLACED, raw_status="REPLACED")

    made.wrap = lambda broker: Wrapped(broker, order=shown, cancel=lambda *_: None)
    made.write(signal([ENTRY]))
    made.executor()
    assert [o.attempt for o in made.ledger.orders.recent(50)] == [0]
    assert any("replaced" in text for text in report(made)["critical"])


def test_slippage_that_stopped_buying_still_stops_it_after_a_second_start(made):
    made.overrides = {"execution": {"min_cash_pct": 0, "slippage_pct": 2.0}}
    made.write(signal([ENTRY, OTHER]))
    quotes = made.feed.quotes

    def dying(symbols, at):
        if tuple(symbols) == ("BBB",):
            raise BrokerError("the vendor is down", where="quotes")
        return quotes(symbols, at)

    made.feed.quotes = dying
    with pytest.raises(BrokerError):
        made.executor()
    made.feed.quotes = quotes
    made.executor()
    assert bought(made) == {"AAA_entry_buy": 100}
    assert any("slippage" in reason for reason in report(made)["warnings"])


def test_shares_of_somebody_else_keep_buys_of_their_symbol_away(made):
    def account(inner):
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


def test_a_manual_order_is_held_to_its_limit_at_the_price_it_will_pay(made):
    made.overrides = {
        "execution": {"min_cash_pct": 0, "limits": {"max_order_value": 5_000}},
        "safety": {"max_drift_pct": 5000},
    }
    wrong = order("AAA", "entry", 500, 10.0, rank=2.0)  # 10 typed instead of 100: not 5,000 but 50,000
    made.write(signal([wrong]))
    made.executor()
    assert bought(made) == {}
    assert "max_order_value" in str(report(made)["warnings"])


def test_a_file_may_not_contain_stop_orders_of_its_own(made):
    stop = {
        **order("AAA", "exit", 10, 100.0),
        "intent": "stop",
        "client_order_id": f"{DAY:%Y%m%d}_AAA_stop_sell",
    }
    made.write(signal([stop], positions={"AAA": 10}))
    with pytest.raises(SignalFileError) as raised:
        made.executor()
    assert any("belongs to an entry" in str(finding) for finding in raised.value.findings)


def test_shares_taken_back_into_a_book_need_their_stop_again(made):
    made.write(signal([ENTRY]))
    made.executor()
    runtime = made.open()
    row = runtime.ledger.positions.get("golden", "AAA")
    runtime.ledger.positions.close(row.id, session=DAY, reason="by mistake")
    account = runtime.broker.account()
    result = compare(runtime.ledger, account, {}, cash_jump_pct=10)
    adopt(runtime.ledger, account, result, at=AT, by="me")
    again = runtime.ledger.positions.get("golden", "AAA")
    assert (again.quantity, again.needs_stop) == (100, True)
    assert again.details == row.details


def test_a_short_position_is_never_taken_into_the_books(made):
    made.write(signal([ENTRY]))
    made.executor()
    runtime = made.open()
    account = runtime.broker.account()
    short = replace(account, holdings=(Holding("AAA", Decimal(-10), Decimal(80), Decimal(-1000)),))
    result = compare(runtime.ledger, short, {}, cash_jump_pct=1000)
    changes = adopt(runtime.ledger, short, result, at=AT, by="me")
    assert "by hand" in changes[0]
    assert runtime.ledger.positions.get("golden", "AAA").quantity == 100


def test_an_order_added_after_the_end_is_carried_out_once_approved(made):
    made.write(signal([ENTRY]))
    made.executor()
    path = made.write(signal([ENTRY, OTHER]), record=False)
    with pytest.raises(SignalFileError):
        made.executor()
    made.executor(accept_edits=True, signals_file=path)
    assert bought(made) == {"AAA_entry_buy": 100, "BBB_entry_buy": 10}


def test_a_planned_try_of_a_crashed_run_does_not_bring_back_its_old_stop(made):
    made.write(signal([ENTRY]))
    runtime = made.open()
    from backtest.calendar import sessions as calendar
    from live.books.variants import BookVariant
    from live.execution import job, phases, steps
    from live.execution.context import RunNotes
    from live.orders.attempts import Attempts
    from tests.support.exec_world import StubStrategy

    lines = (BookVariant(StubStrategy(), "primary", "golden"),)
    path = made.folder / "signals" / f"trade_signals_{DAY}_golden.json"
    read = job.read_job(runtime, path, lines, calendar.session(DAY), accept_edits=False)
    context = steps.context_for(runtime, read, RunNotes(), phase="all", skip_time_check=False)
    phases._next_try(context, read.go[0], 100, Attempts())  # died here
    made.ledger.close()
    moved = order("AAA", "entry", 100, 100.0, stop=80.0, rank=2.0)
    made.write(signal([moved]))  # generated again with --force
    made.executor()
    assert made.ledger.positions.get("golden", "AAA").stop_price == Decimal(80)


def test_panic_stops_everything_else_before_it_begins(made):
    made.write(signal([ENTRY]))
    made.executor()
    runtime = made.open()
    seen = []

    def submit(inner, request):
        seen.append(runtime.ledger.state.kill_level())
        return inner.submit(request)

    panic.close_everything(replace(runtime, broker=Wrapped(runtime.broker, submit=submit)))
    assert seen == ["all"]


def test_a_buy_that_outlived_its_session_is_cancelled_not_filled_on_another_day(made):
    made.fault = "never"
    cancelled = []

    def shown(inner, order_id):
        found = inner.order(order_id)
        return found if order_id in cancelled else replace(found, state=OrderState.WORKING)

    def cancel(inner, order_id):
        cancelled.append(order_id)

    made.wrap = lambda broker: Wrapped(broker, order=shown, cancel=cancel)
    made.write(signal([{**ENTRY, "order_type": "market"}]))
    made.clock.set(AT.replace(hour=9, minute=0))
    made.executor(phase="place")
    (entry,) = made.ledger.orders.recent(50)
    assert (entry.side, JournalState(entry.state).terminal) == ("buy", False)
    made.clock.set(AT.replace(day=NEXT_DAY.day))
    made.write(signal([], day=NEXT_DAY))
    made.executor()
    assert cancelled == [entry.broker_order_id]
    assert any("still lived after its session" in text for text in report(made, NEXT_DAY)["warnings"])

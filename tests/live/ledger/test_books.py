"""Fills, positions, cash and trades move together and only once."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import DisagreementError, UnresolvedError
from live.ledger.ledger import GeneratedSignal, Ledger, OrderPlan, TradeContext
from live.model.broker import Execution
from live.model.order_state import JournalState as S

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
DAY = date(2026, 11, 20)


@pytest.fixture
def ledger():
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened


def acked(ledger, broker_id, symbol="TQQQ", side="buy", quantity=100, **changes):
    intent = "entry" if side == "buy" else "exit"
    order = OrderPlan(
        f"20261120_{symbol}_{intent}_{side}_r{broker_id}",
        "golden",
        DAY,
        "offline_mock",
        symbol,
        side,
        intent,
        quantity,
        reference_price=Decimal(10),
        **changes,
    )
    ledger.orders.plan(order, at=NOW)
    ledger.orders.transition(order.client_order_id, S.SENDING, at=NOW)
    return ledger.orders.transition(order.client_order_id, S.ACKED, at=NOW, broker_order_id=str(broker_id))


def execution(number, broker_id, quantity, price, side="buy", symbol="TQQQ", commission="0"):
    return Execution(
        str(number), str(broker_id), symbol, side, quantity, Decimal(price), NOW, Decimal(commission)
    )


def test_fills_build_order_position_and_cash_in_one_step(ledger):
    ledger.cash.reconciled(Decimal(10000), at=NOW)
    order = acked(ledger, 1, details={"score": 80}, planned_stop_price=Decimal(9))

    booked = ledger.book([execution(1, 1, 40, "10.00", commission="1"), execution(2, 1, 60, "11.00")], at=NOW)

    order = ledger.orders.get(order.client_order_id)
    position = ledger.positions.get("golden", "TQQQ")
    assert [b.execution.execution_id for b in booked] == ["1", "2"]
    # (40 x 10 + 60 x 11) / 100 = 10.60
    assert (order.filled_quantity, order.average_price, order.commission) == (
        100,
        Decimal("10.6"),
        Decimal(1),
    )
    assert (position.quantity, position.entry_price, position.needs_stop) == (100, Decimal("10.6"), True)
    assert position.details == {"score": 80}
    # 10,000 - 1,060 - 1
    assert ledger.cash.estimate().cash == Decimal(8939)
    assert [p.symbol for p in ledger.positions.unprotected()] == ["TQQQ"]


def test_booking_again_changes_nothing(ledger):
    ledger.cash.reconciled(Decimal(10000), at=NOW)
    acked(ledger, 1)
    fills = [execution(1, 1, 40, "10"), execution(2, 1, 60, "11")]
    ledger.book(fills[:1], at=NOW)

    assert [b.execution.execution_id for b in ledger.book(fills, at=NOW)] == ["2"]
    assert ledger.book(fills, at=NOW) == ()
    assert ledger.positions.shares() == {"TQQQ": 100}
    assert ledger.cash.estimate().cash == Decimal(8940)


def test_a_changed_execution_stops_and_keeps_the_old_one(ledger):
    acked(ledger, 1)
    ledger.book([execution(1, 1, 40, "10")], at=NOW)

    with pytest.raises(UnresolvedError, match="booked was 40"):
        ledger.book([execution(2, 1, 10, "10"), execution(1, 1, 41, "10")], at=NOW)

    assert ledger.positions.shares() == {"TQQQ": 40}
    assert len(ledger.executions.since(NOW - timedelta(days=1))) == 1


def test_a_sale_realises_profit_against_average_cost(ledger):
    acked(ledger, 1)
    acked(ledger, 2, quantity=50)
    ledger.book([execution(1, 1, 100, "10"), execution(2, 2, 50, "13")], at=NOW)
    acked(ledger, 3, side="sell", quantity=150)

    (part,) = ledger.book([execution(3, 3, 60, "12", "sell")], at=NOW)
    (rest,) = ledger.book([execution(4, 3, 90, "9", "sell")], at=NOW)

    # average cost (100 x 10 + 50 x 13) / 150 = 11
    assert part.realised_pnl == Decimal(60)
    assert rest.realised_pnl == Decimal(-180)
    (closed,) = ledger.positions.closed()
    assert (closed.quantity, closed.realised_pnl, closed.exit_price) == (0, Decimal(-120), Decimal(9))
    assert ledger.positions.shares() == {}


def test_a_fill_is_not_kept_when_its_position_cannot_be(ledger):
    acked(ledger, 1, side="sell")

    with pytest.raises(DisagreementError, match="the ledger knows of 0"):
        ledger.book([execution(1, 1, 100, "10", "sell")], at=NOW)

    assert ledger.executions.since(NOW - timedelta(days=1)) == ()
    assert ledger.orders.by_broker_id("1").filled_quantity == 0


def test_a_manual_trade_is_kept_without_an_order_and_moves_no_position(ledger):
    (booked,) = ledger.book([execution(1, "foreign", 5, "10")], at=NOW)

    assert booked.order is None
    assert ledger.positions.shares() == {}
    assert ledger.executions.since(NOW)[0].order_id is None


@given(
    fills=st.lists(
        st.tuples(st.integers(1, 500), st.decimals("0.01", "900", places=2)), min_size=1, max_size=8
    ),
    repeats=st.lists(st.integers(0, 7), max_size=10),
)
def test_any_order_of_reports_books_every_share_once(fills, repeats):
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        total = sum(quantity for quantity, _ in fills)
        order = acked(ledger, 1, quantity=total)
        reports = [execution(n, 1, quantity, price) for n, (quantity, price) in enumerate(fills)]
        for index in repeats:
            ledger.book(reports[: index % len(reports) + 1], at=NOW)
        ledger.book(reversed(reports), at=NOW)

        assert ledger.orders.get(order.client_order_id).filled_quantity == total
        assert ledger.positions.shares() == {"TQQQ": total}
        cost = sum(quantity * price for quantity, price in fills)
        assert (
            abs(ledger.positions.get("golden", "TQQQ").entry_price * total - cost) < Decimal("0.001") * total
        )


def test_positions_of_two_variants_are_separate(ledger):
    ledger.positions.buy("golden", "TQQQ", 10, Decimal(5), session=DAY)
    ledger.positions.buy("ema", "TQQQ", 3, Decimal(6), session=DAY)

    assert ledger.positions.shares() == {"TQQQ": 13}
    assert ledger.positions.shares("ema") == {"TQQQ": 3}
    with pytest.raises(DisagreementError):
        ledger.positions.sell("ema", "TQQQ", 4, Decimal(6), session=DAY, reason="exit")


def test_a_second_entry_after_a_close_is_a_new_row(ledger):
    for price in ("5", "7"):
        ledger.positions.buy("golden", "TQQQ", 10, Decimal(price), session=DAY)
        ledger.positions.sell("golden", "TQQQ", 10, Decimal(6), session=DAY, reason="trend_break")

    assert [p.realised_pnl for p in ledger.positions.closed()] == [Decimal(10), Decimal(-10)]
    assert {p.exit_reason for p in ledger.positions.closed("golden")} == {"trend_break"}


def test_stops_splits_and_vanished_positions(ledger):
    held = ledger.positions.buy("ema", "AAPL", 10, Decimal(100), session=DAY, needs_stop=True)
    ledger.positions.set_stop(held.id, stop_price=Decimal(90), stop_broker_order_id="s1", stop_expires_at=NOW)
    assert ledger.positions.unprotected() == ()

    split = ledger.positions.adjust(held.id, quantity=40, entry_price=Decimal(25), stop_broker_order_id=None)
    assert (split.quantity, split.entry_price, split.stop_price) == (40, Decimal(25), Decimal(90))
    assert len(ledger.positions.unprotected()) == 1

    gone = ledger.positions.close(held.id, session=DAY, reason="manual_sell_sync", price=Decimal(26))
    assert (gone.status, gone.realised_pnl) == ("closed", Decimal(40))


def test_trades_are_recorded_once_per_order_with_the_slippage_against_us_positive(ledger):
    order = acked(ledger, 1)
    context = TradeContext("close", parameters={"sma_fast": 40}, context={"cell": 1, "t_norm": 0.4})
    assert ledger.trades.record(order, context, at=NOW) is None

    ledger.book([execution(1, 1, 40, "10.10")], at=NOW)
    ledger.trades.record(ledger.orders.by_broker_id("1"), context, at=NOW)
    ledger.book([execution(2, 1, 60, "10.10")], at=NOW)
    trade = ledger.trades.record(ledger.orders.by_broker_id("1"), context, at=NOW + timedelta(hours=1))

    assert (trade.quantity, trade.fill_price, trade.target_price, trade.at) == (
        100,
        Decimal("10.1"),
        Decimal(10),
        NOW,
    )
    assert trade.slippage_pct == pytest.approx(1.0)
    assert trade.parameters == {"sma_fast": 40}
    assert trade.context == {"cell": 1, "t_norm": 0.4}
    assert len(ledger.trades.recent()) == len(ledger.trades.between(DAY, DAY)) == 1
    assert ledger.trades.recent(mode="online_live") == ()


def test_selling_above_the_reference_is_negative_slippage(ledger):
    ledger.positions.buy("golden", "TQQQ", 100, Decimal(5), session=DAY)
    acked(ledger, 1, side="sell")
    ledger.book([execution(1, 1, 100, "10.20", "sell")], at=NOW)

    trade = ledger.trades.record(ledger.orders.by_broker_id("1"), TradeContext("close"), at=NOW)

    assert trade.slippage_pct == pytest.approx(-2.0)


def signal(day, variant="golden", memory=None):
    return GeneratedSignal(day, variant, "primary", "p.json", "{}", "a" * 64, "b" * 64, NOW, memory or {})


def test_only_completed_files_move_the_memory_on(ledger):
    days = [DAY + timedelta(days=n) for n in range(5)]
    outcomes = ["completed", "skipped", "failed", "partial", "gated"]
    assert ledger.signals.last_memory("golden") == {}
    for number, (day, outcome) in enumerate(zip(days, outcomes, strict=True)):
        ledger.signals.record(signal(day, memory={"h": number}))
        ledger.signals.finish(day, "golden", outcome)

    assert ledger.signals.last_memory("golden") == {"h": 0}
    assert ledger.signals.last_memory("titan") == {}
    assert ledger.for_account("live").signals.last_memory("golden") == {}
    assert ledger.signals.previous(days[3], "golden").session == days[2]


def test_a_regenerated_file_loses_its_approval(ledger):
    ledger.signals.record(signal(DAY))
    approved = ledger.signals.approve(DAY, "golden", sha256="c" * 64, by="ann", at=NOW, expires_at=NOW)
    assert (approved.approved_sha256, approved.answer) == ("c" * 64, "approve")

    again = ledger.signals.record(signal(DAY))

    assert (again.approved_sha256, again.answer, again.outcome) == (None, None, "pending")
    assert len(ledger.signals.recent()) == 1


def test_saying_skip_takes_the_approval_back(ledger):
    ledger.signals.record(signal(DAY))
    ledger.signals.approve(DAY, "golden", sha256="c" * 64, by="ann", at=NOW, expires_at=NOW)

    assert ledger.signals.answer(DAY, "golden", "skip").approved_sha256 is None


def test_the_run_log_has_one_row_per_session_and_names_missing_ones(ledger):
    days = [DAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    ledger.runs.due(days[0], "golden", role="primary", mode="offline_mock", due_at=NOW)
    ledger.runs.generated(days[0], "golden", role="primary", mode="offline_mock", at=NOW)
    ledger.runs.executed(days[0], "golden", at=NOW, exit_code=0, outcome="completed")
    ledger.runs.generated(days[2], "golden", role="primary", mode="offline_mock", at=NOW, exit_code=5)
    ledger.runs.missed(days[1], "golden")

    row = ledger.runs.get(days[0], "golden")
    assert (row.generator_exit, row.executor_exit, row.outcome, row.missed) == (0, 0, "completed", False)
    assert ledger.runs.missing_sessions(days, "golden") == tuple(days[1:])
    assert ledger.runs.last_session() == days[2]
    assert ledger.runs.get(days[1], "golden").missed


def test_shadow_decisions_settle_once(ledger):
    book = Book(500.0, {"QQQ": OpenPosition("QQQ", 3, 100.5, DAY, None, {"a": 1})})
    for _ in range(2):
        ledger.shadow.propose("titan", DAY, decision={"n": 1}, memory={"h": 1}, cash=1.0, equity=2.0)
    assert ledger.shadow.last_memory("titan") == {}

    assert ledger.shadow.settle("titan", DAY, book, equity=801.5, fills={"QQQ": 3}) is True
    assert ledger.shadow.settle("titan", DAY, Book(0.0), equity=0.0, fills={}) is False

    assert ledger.shadow.pending("titan") == ()
    assert ledger.shadow.book("titan").book == book
    assert ledger.shadow.book("titan").equity == 801.5
    assert ledger.shadow.last_memory("titan") == {"h": 1}


def test_snapshots_know_returns_and_drawdown(ledger):
    equities = [100.0, 110.0, 99.0, 121.0]
    for number, equity in enumerate(equities):
        ledger.snapshots.add(
            "golden", DAY + timedelta(days=number), at=NOW, mode="offline_mock", equity=equity, cash=1.0
        )
    # written again: the same row
    ledger.snapshots.add(
        "golden", DAY + timedelta(days=3), at=NOW, mode="offline_mock", equity=121.0, cash=1.0
    )

    rows = ledger.snapshots.series("golden")
    assert [row.daily_return for row in rows] == [
        None,
        pytest.approx(0.1),
        pytest.approx(-0.1),
        pytest.approx(2 / 9),
    ]
    assert [row.drawdown for row in rows] == [0.0, 0.0, pytest.approx(-0.1), 0.0]
    assert rows[-1].cumulative_return == pytest.approx(0.21)
    assert ledger.snapshots.variants() == ("golden",)
    assert ledger.snapshots.latest("golden").equity == 121.0


def test_the_kill_switch_holds_for_every_account_and_programs_never_lower_it(ledger):
    live = ledger.for_account("schwab-1")
    assert live.state.kill_level() == "none"
    ledger.state.set_kill("entries", reason="stop failed", by="executor", at=NOW)
    live.state.set_kill("all", reason="worried", by="ann", at=NOW)
    kept = ledger.state.set_kill("entries", reason="again", by="executor", at=NOW)

    assert (kept.level, kept.reason) == ("all", "worried")
    assert ledger.state.clear_kill(by="ann", at=NOW).level == "all"
    assert live.state.kill_level() == "none"


def test_online_needs_the_exact_words_once_per_account(ledger):
    from backtest.core.errors import UsageError

    with pytest.raises(UsageError, match="type exactly"):
        ledger.state.confirm_online("yes", by="ann", at=NOW)
    assert not ledger.state.online_confirmed()

    ledger.state.confirm_online("  Trade real  money ", by="ann", at=NOW)

    assert ledger.state.online_confirmed()
    assert not ledger.for_account("other").state.online_confirmed()
    ledger.state.withdraw_online(at=NOW)
    assert not ledger.state.online_confirmed()


def test_alerts_stay_in_the_outbox_until_sent(ledger):
    alert = ledger.alerts.add("stop_failed", level="critical", title="t", body="b", at=NOW)
    ledger.alerts.mark_failed(alert.id, "timeout")
    (waiting,) = ledger.alerts.unsent()
    assert (waiting.attempts, waiting.error) == (1, "timeout")
    assert ledger.alerts.unsent(max_attempts=1) == ()

    ledger.alerts.mark_sent(alert.id, at=NOW)

    assert ledger.alerts.unsent() == ()
    assert ledger.alerts.recent()[0].sent_at == NOW
    # 04:59 UTC on the 21st is still the 20th in New York
    late = ledger.alerts.add(
        "late", level="info", title="", body="", at=datetime(2026, 11, 21, 4, 59, tzinfo=UTC)
    )
    assert ledger.alerts.seen(late.key, DAY)
    assert not ledger.alerts.seen(late.key, DAY + timedelta(days=1))


def test_overrides_hold_for_their_time_and_the_latest_wins(ledger):
    config = ledger.config
    config.set("paper.fault", "slow", at=NOW, by="ann")
    config.set("paper.fault", "reject", at=NOW, by="ann", effective_until=NOW + timedelta(hours=1))
    config.set("mode", "online_live", at=NOW, by="ann", effective_from=NOW + timedelta(days=1))

    assert config.active(NOW) == {"paper.fault": "reject"}
    assert config.active(NOW + timedelta(hours=1)) == {"paper.fault": "slow"}
    assert config.active(NOW + timedelta(days=2)) == {"paper.fault": "slow", "mode": "online_live"}
    assert config.unset("paper.fault", at=NOW + timedelta(minutes=1)) == 2
    assert config.active(NOW + timedelta(minutes=2)) == {}
    assert len(config.overrides()) == 3
    assert config.remember("a", "{}", by="ann", reason="r", at=NOW) is True
    assert config.remember("a", "{}", by="ann", reason="r", at=NOW) is False


def test_a_transaction_keeps_all_or_nothing_even_when_the_caller_swallows_the_error(ledger):
    from live.ledger.errors import LedgerError

    def careless():
        with ledger.transaction():
            ledger.state.set("a", "1", at=NOW)
            with contextlib.suppress(DisagreementError):
                ledger.positions.sell("golden", "TQQQ", 1, Decimal(1), session=DAY, reason="x")

    with pytest.raises(LedgerError, match="nothing of it was kept"):
        careless()

    assert ledger.state.get("a") is None


def test_what_is_returned_is_a_copy(ledger):
    order = acked(ledger, 1)
    order.quantity = 1

    assert ledger.orders.by_broker_id("1").quantity == 100


def test_a_position_knows_its_mode_its_value_and_when_it_changed(ledger):
    later = NOW + timedelta(hours=1)
    ledger.positions.buy("golden", "TQQQ", 10, Decimal(5), session=DAY, mode="offline_mock", at=NOW)
    held = ledger.positions.buy("golden", "TQQQ", 10, Decimal(6), session=DAY, at=later)
    assert (held.mode, held.created_at, held.last_updated) == ("offline_mock", NOW, later)
    assert held.current_value == Decimal(120)

    ledger.positions.value("golden", {"TQQQ": 6.5, "QQQ": 1.0}, at=later + timedelta(hours=1))
    held = ledger.positions.get("golden", "TQQQ")
    assert (held.current_value, held.last_updated) == (Decimal(130), later + timedelta(hours=1))

    ledger.positions.value("golden", {}, at=later + timedelta(hours=2))
    assert ledger.positions.get("golden", "TQQQ").last_updated == held.last_updated
    sold = ledger.positions.sell("golden", "TQQQ", 20, Decimal(7), session=DAY, reason="exit", at=later)
    assert (sold.position.current_value, sold.position.created_at) == (Decimal(0), NOW)

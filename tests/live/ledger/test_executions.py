"""Executions are booked once, whatever is reported how often, and never with other figures."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UnresolvedError
from live.ledger.ledger import Ledger
from live.model.order_state import JournalState as S
from tests.support.ledger_samples import DAY, NOW, acked, execution


def test_booking_again_changes_nothing(ledger: Any) -> None:
    ledger.cash.reconciled(Decimal(10000), at=NOW)
    acked(ledger, 1)
    fills = [execution(1, 1, 40, "10"), execution(2, 1, 60, "11")]
    ledger.book(fills[:1], at=NOW)

    assert [b.execution.execution_id for b in ledger.book(fills, at=NOW)] == ["2"]
    assert ledger.book(fills, at=NOW) == ()
    assert ledger.positions.shares() == {"TQQQ": 100}
    assert ledger.cash.estimate().cash == Decimal(8940)


def test_a_changed_execution_stops_and_keeps_the_old_one(ledger: Any) -> None:
    acked(ledger, 1)
    ledger.book([execution(1, 1, 40, "10")], at=NOW)

    with pytest.raises(UnresolvedError, match="booked was 40"):
        ledger.book([execution(2, 1, 10, "10"), execution(1, 1, 41, "10")], at=NOW)

    assert ledger.positions.shares() == {"TQQQ": 40}
    assert len(ledger.executions.since(NOW - timedelta(days=1))) == 1


def test_a_manual_trade_is_kept_without_an_order_and_moves_no_position(ledger: Any) -> None:
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
def test_any_order_of_reports_books_every_share_once(fills: Any, repeats: Any) -> None:
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


def test_the_order_list_may_say_more_than_the_executions_but_never_less(ledger: Ledger) -> None:
    order = acked(ledger, 1)
    ledger.orders.transition(order.client_order_id, S.PARTIAL, at=NOW, filled_quantity=70)
    ledger.executions.book([execution(1, 1, 40, "10")], at=NOW)
    row = ledger.orders.get(order.client_order_id)
    assert row is not None
    assert (row.filled_quantity, row.average_price) == (70, Decimal(10))
    ledger.executions.book([execution(2, 1, 60, "11", commission="0.35")], at=NOW)
    row = ledger.orders.get(order.client_order_id)
    assert row is not None
    # (40 x 10 + 60 x 11) / 100 = 10.60
    assert (row.filled_quantity, row.average_price, row.commission) == (100, Decimal("10.6"), Decimal("0.35"))


@pytest.mark.parametrize(("quantity", "price"), [(41, "10"), (40, "10.01")])
def test_a_known_execution_with_other_figures_keeps_the_whole_batch_out(
    ledger: Ledger, quantity: int, price: str
) -> None:
    acked(ledger, 1)
    ledger.executions.book([execution(1, 1, 40, "10")], at=NOW)
    with pytest.raises(UnresolvedError, match="booked was 40 @ 10") as caught:
        ledger.executions.book([execution(2, 1, 5, "10"), execution(1, 1, quantity, price)], at=NOW)
    assert caught.value.exit_code == 8
    assert ledger.executions.known(["1", "2"]) == {"1"}


def test_a_price_with_more_digits_than_are_kept_is_still_the_same_execution(ledger: Ledger) -> None:
    acked(ledger, 1)
    fill = execution(1, 1, 40, "10.00000049")
    assert ledger.executions.book([fill], at=NOW) == (fill,)
    assert ledger.executions.book([fill], at=NOW) == ()


def test_executions_are_found_by_order_session_and_instant(ledger: Ledger) -> None:
    order = acked(ledger, 1)
    acked(ledger, 2, symbol="QQQ")
    ledger.executions.book([execution(1, 1, 40, "10"), execution(2, 2, 5, "20", symbol="QQQ")], at=NOW)
    ledger.executions.book([execution(3, "foreign", 5, "10")], at=NOW)
    assert [row.execution_id for row in ledger.executions.of_order(order.client_order_id)] == ["1"]
    assert [row.execution_id for row in ledger.executions.of_session(DAY)] == ["1", "2"]
    assert ledger.executions.of_session(DAY + timedelta(days=1)) == ()
    assert len(ledger.executions.since(NOW)) == 3
    assert ledger.executions.since(NOW + timedelta(microseconds=1)) == ()


def test_executions_of_another_account_are_not_seen(ledger: Ledger) -> None:
    ledger.executions.book([execution(1, 1, 40, "10")], at=NOW)
    other = ledger.for_account("other").executions
    assert other.known(["1"]) == frozenset()
    assert len(other.book([execution(1, 1, 40, "12")], at=NOW)) == 1

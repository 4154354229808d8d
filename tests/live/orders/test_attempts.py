"""All tries of one intent: what is filled, open, refused and left, whatever the states are."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Side
from live.ledger.tables import Order
from live.model.order_ids import base_id
from live.model.order_state import JournalState as S
from live.orders.attempts import CANCEL_ASKED, Attempts, by_intent, may_fill, of_intent
from tests.support.ledger_samples import acked, changed

NAME = "20261120_TQQQ_entry_buy"


@pytest.fixture(scope="module")
def row() -> Any:
    from live.ledger.ledger import Ledger
    from tests.support.ledger_samples import NOW

    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        return acked(opened, 1)


def tries(row: Order, *states: Any, quantity: int = 100, filled: int = 0, **changes: Any) -> Attempts:
    """Return the tries of one intent in these states; the last one has the filled shares."""
    found = []
    for number, state in enumerate(states):
        name = NAME + (f"_r{number}" if number else "")
        done = filled if number == len(states) - 1 else 0
        found.append(
            changed(
                row, client_order_id=name, state=state, quantity=quantity, filled_quantity=done, **changes
            )
        )
    return Attempts(tuple(found))


states = st.sampled_from(list(S))


@given(st.lists(states, max_size=4), st.integers(0, 100), st.integers(1, 300))
def test_what_holds_for_any_tries(row: Any, names: Any, filled: Any, wanted: Any) -> None:
    found = tries(row, *names, filled=filled if names else 0)
    assert found.left(wanted) + found.filled == found.target(wanted)
    assert bool(found) == bool(names)
    for order in found.open_attempts:
        assert not S(order.state).terminal
        assert order.state != S.PLANNED
    assert {o.client_order_id for o in found.open_attempts} == {
        o.client_order_id for o in found.tries if may_fill(o)
    }
    if found.refused:
        assert not found.refused_with_stop
        assert found.planned is None
    if found.planned is not None:
        assert not may_fill(found.planned)


def test_nothing_was_tried() -> None:
    nothing = Attempts()
    assert (nothing.filled, nothing.open_attempts, nothing.left(70)) == (0, (), 70)
    assert (nothing.refused, nothing.refused_with_stop, nothing.replaced_by_hand) == (False, False, False)
    assert nothing.last is nothing.planned is None


@pytest.mark.parametrize(
    ("state", "side", "stop", "refused", "with_stop"),
    [
        (S.REFUSED, "buy", None, True, False),
        (S.REFUSED, "buy", Decimal(9), False, True),
        (S.REFUSED, "sell", Decimal(9), True, False),
        (S.REJECTED, "buy", Decimal(9), True, False),
        (S.REPLACED, "buy", None, True, False),
        (S.CANCELED, "buy", None, True, False),
        (S.CANCELED, "sell", None, False, False),
        (S.PLANNED, "buy", Decimal(9), False, False),
    ],
)
def test_only_a_buy_refused_with_its_stop_may_go_again(
    row: Any, state: Any, side: Side, stop: Decimal | None, refused: bool, with_stop: bool
) -> None:
    found = tries(row, S.CANCELED, state, side=side, stop_price=stop)
    assert (found.refused, found.refused_with_stop) == (refused, with_stop)


def test_the_first_try_bounds_what_is_left(row: Any) -> None:
    found = tries(row, S.CANCELED, S.CANCELED, quantity=40, filled=15)
    assert found.left(100) == 25
    assert found.left(30) == 15


@given(st.permutations(["", "_r1", "_r2"]), st.sampled_from(["TQQQ", "BRK.B", "X_R1"[:1]]))
def test_tries_are_found_by_their_intent(row: Any, suffixes: Any, symbol: Any) -> None:
    name = f"{date(2026, 11, 20):%Y%m%d}_{symbol}_entry_buy"
    other = f"{date(2026, 11, 20):%Y%m%d}_{symbol}_exit_sell"
    rows = [changed(row, client_order_id=name + suffix) for suffix in suffixes]
    rows.insert(1, changed(row, client_order_id=other))
    mine = of_intent(rows, name)
    assert [base_id(o.client_order_id) for o in mine.tries] == [name] * 3
    assert by_intent(rows) == {name: mine, other: of_intent(rows, other)}


def test_a_buy_that_this_program_cancelled_may_go_again(row: Any) -> None:
    asked = tries(row, S.CANCELED, side="buy", details={CANCEL_ASKED: True})
    by_hand = tries(row, S.CANCELED, side="buy", details={})
    assert (asked.refused, asked.cancelled_by_hand) == (False, False)
    assert (by_hand.refused, by_hand.cancelled_by_hand) == (True, True)

"""Cash nobody traded: explained by the broker's own list, told, asked about, or a stop."""

import shutil
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import BrokerError, DisagreementError
from live.model.broker import CashMovement, OrderRequest
from live.reconciliation.adopt import adopt
from live.reconciliation.cash import explaining
from live.reconciliation.compare import compared
from tests.support.exec_world import NEXT_DAY, Wrapped, enter, order, run_detail, tomorrow
from tests.support.paths import PROJECT

LAST = date(2025, 3, 5)


def holding(made: Any) -> Any:
    """A book of 10,000 in shares and 90,000 in cash, one session old."""
    enter(made, order("AAA", "entry", 100, 100.0))
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    made.open()
    return made.broker


def cash(made: Any, amount: str) -> None:
    """Cash changes and the broker says nothing about it."""
    store = made.broker._store
    with store.transaction():
        store.set_cash(store.cash() + Decimal(amount))


def adopted(made: Any) -> None:
    runtime = made.open()
    account = runtime.broker.account()
    adopt(runtime.ledger, account, compared(runtime.context, account, {}), at=made.clock.now(), by="me")


@pytest.mark.parametrize("kind", ["dividend", "interest", "fee", "deposit"])
@pytest.mark.parametrize("amount", ["12.34", "-9000", "60000"])
def test_what_the_broker_lists_is_explained_whatever_its_size(made: Any, kind: Any, amount: str) -> None:
    holding(made).move_cash(NEXT_DAY, kind, Decimal(amount), "T 100 shares")
    assert made.executor() == 0
    (flow,) = made.ledger.cash_flows.all()
    assert (flow.day, flow.kind, flow.amount, flow.note) == (NEXT_DAY, kind, Decimal(amount), "T 100 shares")
    assert made.ledger.cash.estimate().cash == made.broker.account().cash
    assert run_detail(made, NEXT_DAY)["warnings"] == []
    assert made.executor() == 0
    assert len(made.ledger.cash_flows.all()) == 1


@pytest.mark.parametrize(
    ("amount", "code", "warned"),
    [("-400", 0, False), ("400", 0, False), ("-600", 0, True), ("-1900", 0, True), ("-2100", 4, False),
     ("-9000", 4, False), ("-11000", 4, False), ("2100", 4, False)],
)  # fmt: skip
def test_the_rest_is_told_asked_about_or_a_stop(made: Any, amount: str, code: int, *, warned: bool) -> None:
    """Equity is 100,000: half a percent warns, two ask, ten stop. Nine percent went without a word."""
    holding(made)
    cash(made, amount)
    if not code:
        assert made.executor() == 0
        assert any("no transaction" in text for text in run_detail(made, NEXT_DAY)["warnings"]) is warned
        return
    for _ in range(2):
        with pytest.raises(DisagreementError) as stopped:
            made.executor()
        assert stopped.value.exit_code == code
        assert "no transaction explains it" in str(stopped.value.findings[0])
    adopted(made)
    assert made.executor() == 0


def test_only_the_unexplained_part_counts(made: Any) -> None:
    """A deposit of 50,000 that is listed does not hide 3,000 that are not."""
    holding(made).move_cash(NEXT_DAY, "deposit", Decimal(50_000), "wire")
    cash(made, "-5000")
    with pytest.raises(DisagreementError):
        made.executor()
    assert [flow.amount for flow in made.ledger.cash_flows.all()] == [Decimal(50_000)]


def test_cash_below_nothing_always_stops(made: Any) -> None:
    holding(made).move_cash(NEXT_DAY, "fee", Decimal("-90000.01"), "margin")
    for force in (False, True):
        with pytest.raises(DisagreementError, match="cash") as stopped:
            made.executor(force=force)
        assert "less than none" in str(stopped.value.findings[0])
    adopted(made)
    with pytest.raises(DisagreementError):
        made.executor()
    made.broker.move_cash(NEXT_DAY, "deposit", Decimal(100), "wire")
    assert made.executor() == 0


def test_a_list_that_cannot_be_read_explains_nothing(made: Any) -> None:
    holding(made).move_cash(NEXT_DAY, "dividend", Decimal(5000), "T")

    def broken(*_: Any) -> Any:
        raise BrokerError("no answer")

    made.wrap = lambda broker: Wrapped(broker, cash_movements=broken)
    with pytest.raises(DisagreementError):
        made.executor()
    made.wrap = None
    assert made.executor() == 0


def test_shares_of_a_symbol_that_a_book_trades_and_none_owns_are_a_difference(made: Any) -> None:
    shutil.copy(PROJECT / "config" / "strategies" / "golden.yaml", made.folder / "golden.yaml")
    made.feed.prices |= {"TQQQ": 50.0, "ACME": 10.0}
    broker = made.open().broker
    broker.submit(OrderRequest("a", "TQQQ", "buy", 10))
    broker.submit(OrderRequest("b", "ACME", "buy", 10))
    runtime = made.open()
    found = {line.symbol: line.kind for line in compared(runtime.context, runtime.broker.account(), {}).lines}
    assert found == {"ACME": "foreign", "TQQQ": "differs"}
    account = runtime.broker.account()
    changes = adopt(
        runtime.ledger,
        account,
        compared(runtime.context, account, {}),
        at=made.clock.now(),
        by="me",
        owners={"TQQQ": "golden"},
    )
    assert "TQQQ: 10 shares taken into the book of golden" in changes
    assert compared(runtime.context, account, {}).agrees


moves = st.builds(
    CashMovement,
    st.uuids().map(str),
    st.integers(-5, 5).map(lambda n: LAST + timedelta(days=n)),
    st.just("dividend"),
    st.decimals("-500", "500", places=2),
)


@given(
    st.lists(moves, max_size=6, unique_by=lambda m: m.movement_id),
    st.lists(moves, max_size=6, unique_by=lambda m: m.movement_id),
)
def test_later_movements_are_found_beside_those_the_last_figure_had(
    before: list[CashMovement], after: list[CashMovement]
) -> None:
    old = [m for m in before if m.day <= LAST]
    new = [m for m in after if m.day > LAST]
    missing = sum((m.amount for m in new), Decimal(0))
    found = explaining(missing, [*old, *new], LAST)
    assert sum((m.amount for m in found), Decimal(0)) == missing


@given(st.lists(moves, max_size=6, unique_by=lambda m: m.movement_id), st.decimals("-5000", "5000", places=2))
def test_an_explanation_never_makes_it_larger(listed: list[CashMovement], missing: Decimal) -> None:
    found = explaining(missing, listed, LAST)
    assert abs(missing - sum((m.amount for m in found), Decimal(0))) <= abs(missing)
    assert len({m.movement_id for m in found}) == len(found)

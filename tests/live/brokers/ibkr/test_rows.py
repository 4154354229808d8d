"""The library's memory as rows: which list counts, whose order it is, what its numbers mean when unset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.brokers.ibkr.port import IbFill, IbOrder
from live.brokers.ibkr.rows import fill_rows, order_rows, trade_key

ACCOUNT = "DU1234567"
AT = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)
#: what the library writes for a number that IB did not give
UNSET = 1.7976931348623157e308
NAME = "20250305_AAA_entry_buy"


def entry(status: str, message: str = "", code: int = 0) -> Any:
    return SimpleNamespace(time=AT, status=status, message=message, errorCode=code)


def trade(
    order_id: int = 1,
    perm_id: int = 900,
    *,
    status: str = "Submitted",
    filled: float = 0.0,
    log: Sequence[Any] | None = None,
    symbol: str = "AAA",
    **order: Any,
) -> Any:
    fields: dict[str, Any] = {
        "orderId": order_id,
        "clientId": 17,
        "permId": perm_id,
        "parentId": 0,
        "parentPermId": 0,
        "orderRef": NAME,
        "account": ACCOUNT,
        "action": "BUY",
        "totalQuantity": 10.0,
        "filledQuantity": UNSET,
        "orderType": "MKT",
        "auxPrice": UNSET,
        "tif": "DAY",
    }
    return SimpleNamespace(
        order=SimpleNamespace(**(fields | order)),
        contract=SimpleNamespace(symbol=symbol),
        orderStatus=SimpleNamespace(status=status, filled=filled),
        log=[entry(status)] if log is None else list(log),
    )


def completed(perm_id: int = 900, *, status: str = "Filled", **order: Any) -> Any:
    """Return a trade as IB lists it when it ended: no order id, no client, and no quantity once filled."""
    return trade(0, perm_id, status=status, log=(), clientId=0, **order)


def one(
    *, open_now: Sequence[Any] = (), session: Sequence[Any] = (), ended: Sequence[Any] = (), **more: Any
) -> IbOrder:
    (row,) = order_rows(open_now, session, ended, account=ACCOUNT, **more)
    return row


def test_an_open_order_with_everything_it_has() -> None:
    stop = trade(order_id=2, perm_id=901, orderType="STP", auxPrice=90.5, tif="GTC", action="SELL")
    assert one(open_now=[stop], session=[stop], placed_here=[(17, 2)]) == IbOrder(
        perm_id=901, reference=NAME, symbol="AAA", action="SELL", quantity=Decimal(10), filled=Decimal(0),
        order_type="STP", tif="GTC", status="Submitted", stop_price=Decimal("90.5"), entered_at=AT,
        listed="open", confirmed=True,
    )  # fmt: skip


def test_unset_numbers_count_as_nothing() -> None:
    row = one(session=[trade()])
    assert (row.filled, row.stop_price, row.parent_perm_id) == (Decimal(0), None, 0)


def test_an_order_of_an_earlier_session_has_no_time() -> None:
    assert one(session=[trade()]).entered_at is None
    assert one(session=[trade(log=())], placed_here=[(17, 1)]).entered_at is None


def test_a_completed_order_gets_back_the_quantity_that_ib_left_out() -> None:
    row = one(ended=[completed(totalQuantity=0, filledQuantity=10.0)])
    assert (row.quantity, row.filled, row.listed, row.status) == (
        Decimal(10),
        Decimal(10),
        "completed",
        "Filled",
    )
    assert row.confirmed


def test_session_and_completed_are_one_order_and_the_end_counts() -> None:
    row = one(
        session=[trade(status="Submitted", filled=4.0)],
        ended=[completed(status="Cancelled", totalQuantity=10.0, filledQuantity=6.0)],
    )
    assert (row.perm_id, row.status, row.filled, row.listed) == (900, "Cancelled", Decimal(6), "completed")


def test_an_order_that_still_lives_is_open_although_a_completed_row_has_its_number() -> None:
    living = trade(status="Submitted")
    row = one(open_now=[living], session=[living], ended=[completed(status="Cancelled")])
    assert (row.listed, row.status) == ("open", "Submitted")


def test_orders_of_other_accounts_are_left_out_and_a_nameless_one_is_ours() -> None:
    rows = order_rows(
        (), [trade(1, 900), trade(2, 901, account="DU7"), trade(3, 902, account="")], (), account=ACCOUNT
    )
    assert [row.perm_id for row in rows] == [900, 902]


@pytest.mark.parametrize(
    ("log", "confirmed"),
    [
        ([entry("Cancelled")], True),
        ([entry("Cancelled", "Order Canceled - reason:", 202)], True),
        ([entry("Cancelled", "rejected", 201)], True),
        ([entry("Cancelled", "Order TIF was set to DAY", 10349)], False),
        ([entry("Submitted"), entry("Cancelled", "odd", 10148)], False),
        ([entry("Submitted")], False),
        ([], False),
    ],
)
def test_an_end_that_the_library_concluded_is_not_confirmed(log: list[Any], *, confirmed: bool) -> None:
    assert one(session=[trade(status="Cancelled", log=log)]).confirmed is confirmed


@pytest.mark.parametrize(("code", "rejected"), [(0, False), (201, True), (404, False)])
def test_inactive_is_an_end_only_with_a_rejection(code: int, *, rejected: bool) -> None:
    log = [entry("Inactive", "held while locating shares", code)]
    assert one(session=[trade(status="Inactive", log=log)]).confirmed is rejected


def test_the_newest_message_is_shown() -> None:
    log = [entry("Submitted", "first"), entry("Submitted", "second"), entry("Submitted")]
    assert one(session=[trade(log=log)]).message == "second"
    assert one(session=[trade(log=())]).message == ""


@pytest.mark.parametrize(
    "child",
    [
        trade(2, 901, parentPermId=900),
        trade(2, 901, parentId=1),
        trade(2, 901, orderRef=f"{NAME}:stop"),  # completed or seen by a later process
    ],
    ids=["permanent id", "order id", "reference"],
)
def test_a_stop_knows_its_buy(child: Any) -> None:
    rows = order_rows((), [trade(1, 900), child], (), account=ACCOUNT)
    assert {row.perm_id: row.parent_perm_id for row in rows} == {900: 0, 901: 900}


def test_the_number_of_another_clients_order_is_no_parent() -> None:
    rows = order_rows(
        (), [trade(1, 900), trade(2, 901, parentId=1, clientId=3, orderRef="x")], (), account=ACCOUNT
    )
    assert rows[1].parent_perm_id == 0


def test_a_trade_is_known_by_client_and_number_or_by_its_permanent_id() -> None:
    assert trade_key(trade(7)) == (17, 7)
    assert trade_key(completed(900)) == 900


def fill(
    exec_id: str, *, price: float = 100.0, account: str = ACCOUNT, commission: float | None = 0.35
) -> Any:
    return SimpleNamespace(
        execution=SimpleNamespace(
            execId=exec_id, acctNumber=account, permId=900, shares=10.0, price=price, time=AT
        ),
        commissionReport=SimpleNamespace(
            execId="" if commission is None else exec_id, commission=commission or 0.0
        ),
    )


def test_an_execution_with_and_without_its_commission() -> None:
    with_it, without = fill_rows([fill("a.01"), fill("b.01", commission=None)], account=ACCOUNT)
    assert with_it == IbFill("a", 900, Decimal(10), Decimal(100), AT, Decimal("0.35"))
    assert without.commission is None


def test_executions_of_other_accounts_are_left_out() -> None:
    found = fill_rows([fill("a.01", account="DU7"), fill("b.01", account="")], account=ACCOUNT)
    assert [row.execution_id for row in found] == ["b"]


@given(st.permutations(range(1, 13)))
def test_of_a_corrected_execution_the_last_version_counts_in_any_order(versions: list[int]) -> None:
    """Versions have two digits; a broker that stops padding them must not bring an old price back."""
    for text in ("{:02d}", "{}"):
        fills = [fill(f"0000e0d5.1a.{text.format(n)}", price=float(n)) for n in versions]
        (row,) = fill_rows(fills, account=ACCOUNT)
        assert (row.execution_id, row.price) == ("0000e0d5.1a", Decimal(12))

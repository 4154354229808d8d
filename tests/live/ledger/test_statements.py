"""The text of statements: every part in its place, and values only ever as parameters."""

from __future__ import annotations

from datetime import date

import pytest

from live.ledger.statements import inserting, matching, select, updating, within
from live.ledger.tables import CashFlow

DAY = date(2026, 11, 20)


def test_a_whole_row_names_every_column_of_its_table() -> None:
    query = select(CashFlow, matching("account"))
    assert query.columns == tuple(CashFlow.__columns__)
    assert query.text == (
        f"SELECT {', '.join(f'cash_flows.{name}' for name in CashFlow.__columns__)} "
        "FROM cash_flows WHERE account = :account"
    )


def test_every_part_has_its_place() -> None:
    query = select(
        CashFlow,
        matching("account", of="orders"),
        order="day, id",
        limit=3,
        columns=("amount",),
        join="JOIN orders ON orders.id = cash_flows.id",
        apply="max",
        distinct=True,
    )
    assert query.text == (
        "SELECT DISTINCT max(cash_flows.amount) FROM cash_flows JOIN orders ON orders.id = cash_flows.id "
        "WHERE orders.account = :account ORDER BY day, id LIMIT 3"
    )


def test_no_limit_is_no_limit_and_none_is_one() -> None:
    assert "LIMIT" not in select(CashFlow, "1").text
    assert select(CashFlow, "1", limit=0).text.endswith("LIMIT 0")
    with pytest.raises(ValueError, match="format code"):
        select(CashFlow, "1", limit="1; DROP TABLE orders")  # type: ignore[arg-type]  # text must never get in


def test_conditions() -> None:
    assert matching("account", "variant") == "account = :account AND variant = :variant"
    assert within("a", None, None) == "a"
    assert within("a", DAY, None) == "a AND session >= :since"
    assert within("a", None, DAY) == "a AND session <= :until"
    assert within("a", DAY, DAY) == "a AND session >= :since AND session <= :until"


def test_writing_names_its_columns_and_never_a_value() -> None:
    assert inserting("t", ("a", "b")) == "INSERT INTO t (a, b) VALUES (:a, :b)"
    # the new value of a column and the one it is looked for by do not meet
    assert updating("t", ("id", "a"), ("a",)) == "UPDATE t SET a = :new_a WHERE id = :id AND a = :a"

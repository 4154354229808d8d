"""Signal files that must never be traded: documented exit code, no order, the paper account untouched."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.user_world import FIRST, SECOND, Ran, User


def first_order(**changes: Any) -> Callable[..., Any]:
    return lambda data: data["orders"][0].update(changes)


def drop(*path: Any) -> Callable[..., Any]:
    def change(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return change


def put(value: dict[Any, Any] | list[list[list[list[Any]]]] | str | None, *path: Any) -> Callable[..., Any]:
    def change(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


def duplicated(data: dict[str, Any]) -> None:
    data["orders"].append(copy.deepcopy(data["orders"][0]))


INVALID = {
    "quantity as text": (first_order(quantity="304"), "$.orders[0].quantity"),
    "quantity as float": (first_order(quantity=304.5), "$.orders[0].quantity"),
    "quantity true": (first_order(quantity=True), "$.orders[0].quantity"),
    "quantity zero": (first_order(quantity=0), "$.orders[0].quantity"),
    "quantity negative": (first_order(quantity=-304), "$.orders[0].quantity"),
    "quantity beyond exact": (first_order(quantity=10**30), "$.orders[0].quantity"),
    "price zero": (first_order(reference_price=0), "$.orders[0].reference_price"),
    "price negative": (first_order(reference_price=-1.5), "$.orders[0].reference_price"),
    "price huge": (first_order(reference_price=1e300), "$.orders[0].reference_price"),
    "price NaN": (first_order(reference_price=float("nan")), "$.orders[0].reference_price"),
    "price infinite": (first_order(reference_price=float("inf")), "$.orders[0].reference_price"),
    "unknown symbol": (first_order(symbol="GME"), "$.orders[0].symbol"),
    "lower-case symbol": (first_order(symbol="qqq"), "$.orders[0].symbol"),
    "duplicated order": (duplicated, "$.orders[2].client_order_id"),
    "id of another day": (
        first_order(client_order_id="20240103_QQQ_entry_buy"),
        "$.orders[0].client_order_id",
    ),
    "id that is none": (first_order(client_order_id="hello"), "$.orders[0].client_order_id"),
    "id with a date that does not exist": (
        first_order(client_order_id="20240231_QQQ_entry_buy"),
        "$.orders[0].client_order_id",
    ),
    "sells what is not held": (
        first_order(side="sell", intent="exit", client_order_id="20240102_QQQ_exit_sell"),
        "$.orders[0]",
    ),
    "unknown side": (first_order(side="short"), "$.orders[0].side"),
    "unknown key": (first_order(limit_price=3), "$.orders[0].limit_price"),
    "orders missing": (drop("orders"), "$.orders"),
    "seal missing": (drop("seal"), "$.seal"),
    "orders null": (put(None, "orders"), "$.orders"),
    "orders an object": (put({}, "orders"), "$.orders"),
    "wrong date": (put("2024-01-03", "trade_date"), "$.trade_date"),
    "no date": (put("2024-02-31", "trade_date"), "$.trade_date"),
    "wrong strategy": (put("Something_Else", "strategy", "name"), "$.strategy.name"),
    "unknown variant": (put("platinum", "strategy", "variant"), "$.strategy.variant"),
    "wrong mode": (put("online_live", "mode"), "$.mode"),
    "wrong role": (put("shadow", "strategy", "role"), "$.strategy.role"),
    "future schema": (put("9.0.0", "schema_version"), "$.schema_version"),
    "another window": (put("open", "execution_window", "name"), "$.execution_window"),
    "stale decision": (put("2023-12-28", "decision", "decided_on"), "$.decision.decided_on"),
    "naive time": (put("2024-01-02T15:55:00", "as_of"), "$.as_of"),
    "deep nesting": (
        put(json.loads("[" * 60 + "]" * 60), "decision", "diagnostics"),
        "$.decision.diagnostics",
    ),
}


def refused(place: User, content: bytes, *more: str) -> Ran:
    path = place.root / "given.json"
    path.write_bytes(content)
    account = place.paper_account()
    ran = place.execute(FIRST, "--signals-file", str(path), *more)
    assert place.orders() == []
    assert place.paper_account() == account
    assert "Traceback" not in ran.text
    return ran


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_file_is_refused_with_its_path(fresh_file: User, name: str) -> None:
    change, path = INVALID[name]
    data = json.loads(fresh_file.file(FIRST).read_text())
    change(data)
    content = json.dumps(data, indent=2).encode()
    for flags in ((), ("--accept-edits", "--force", "--skip-time-check")):
        ran = refused(fresh_file, content, *flags)
        assert ran.code == 2, ran.text
        assert path in ran.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"{",
        b"null",
        b"[]",
        b"42",
        b'"text"',
        b"\xff\xfe{}",
        b"{}" * 2,
        b'{"orders": [], "orders": []}',
        b"[" * 100_000,
        b"{}" + b" " * 6_000_000,
        b"\x00" * 100,
    ],
    ids=lambda content: repr(content[:12]),
)
def test_bytes_that_are_no_signal_file(fresh_file: User, content: bytes) -> None:
    ran = refused(fresh_file, content)
    assert ran.code == 2


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_file(fresh_file: User, share: float) -> None:
    content = fresh_file.file(FIRST).read_bytes()
    ran = refused(fresh_file, content[: int(len(content) * share)], "--accept-edits")
    assert ran.code == 2
    assert "truncated" in ran.err


def test_all_findings_are_listed_together(fresh_file: User) -> None:
    data = json.loads(fresh_file.file(FIRST).read_text())
    data["trade_date"] = "2024-01-03"
    data["orders"][0].update(quantity=-1, reference_price=float("nan"))
    data["orders"][1].update(symbol="GME", side="short")
    data["unknown"] = 1
    ran = refused(fresh_file, json.dumps(data).encode())
    assert ran.code == 2
    for path in (
        "$.trade_date",
        "$.orders[0].quantity",
        "$.orders[0].reference_price",
        "$.orders[1].symbol",
        "$.orders[1].side",
        "$.unknown",
    ):
        assert path in ran.err, path


@pytest.mark.parametrize("quantity", [400_000, 10**9])
def test_a_valid_file_over_a_limit_is_7(fresh_file: User, quantity: int) -> None:
    data = json.loads(fresh_file.file(FIRST).read_text())
    data["orders"][0]["quantity"] = quantity
    ran = refused(fresh_file, json.dumps(data, indent=2).encode(), "--accept-edits")
    assert ran.code == 7
    assert "$.orders[0].quantity" in ran.err


def test_a_file_of_another_ledger_is_nobodys_word(fresh_file: User, tmp_path: Path) -> None:
    """Even a sealed, unedited file is refused where nobody generated it."""
    ran = fresh_file.execute(FIRST, "--state-db", str(tmp_path / "empty" / "ledger.db"))
    assert ran.code == 2
    assert "never generated" in ran.err
    assert fresh_file.rows("orders", database=tmp_path / "empty" / "ledger.db") == []


def test_a_missing_or_unreadable_file(fresh_file: User, tmp_path: Path) -> None:
    missing = fresh_file.execute(FIRST, "--signals-file", str(tmp_path / "none.json"))
    assert missing.code == 2
    assert fresh_file.execute(FIRST, "--signals-file", str(tmp_path)).code == 2
    assert fresh_file.orders() == []


def test_yesterdays_file_copied_over_todays(invested: User) -> None:
    invested.file("2024-01-05").write_bytes(invested.file(SECOND).read_bytes())
    account, orders = invested.paper_account(), invested.orders()
    ran = invested.execute("2024-01-05")
    assert ran.code == 2
    assert "$.trade_date" in ran.err
    assert (invested.paper_account(), invested.orders()) == (account, orders)

"""Client order ids: what is written is read back, and retries count from the first try."""

from __future__ import annotations

from datetime import date

import pytest

from live.model.order_ids import OrderName, attempt_of, base_id, parse, retry_id

FIRST = "20250305_AAA_entry_buy"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (FIRST, OrderName(date(2025, 3, 5), "AAA", "entry", "buy")),
        (
            "ema_p10_20250305_BRK.B_exit_sell_r2",
            OrderName(date(2025, 3, 5), "BRK.B", "exit", "sell", "ema_p10", 2),
        ),
    ],
)
def test_the_parts_of_an_id(text: str, name: OrderName) -> None:
    assert parse(text) == name
    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20250230_AAA_entry_buy",  # no such day
        "20250305_aaa_entry_buy",
        "20250305_AAA_entry_hold",
        "20250305_AAA_entry_buy_r0",
        "20250305_AAA_entry_buy_extra",
        "Golden_20250305_AAA_entry_buy",
    ],
)
def test_what_is_no_id_has_no_parts(text: str) -> None:
    assert parse(text) is None


def test_a_retry_of_a_retry_is_numbered_from_the_first_try() -> None:
    second = retry_id(FIRST, 1)
    assert (second, attempt_of(second), base_id(second)) == (f"{FIRST}_r1", 1, FIRST)
    assert retry_id(second, 2) == f"{FIRST}_r2"
    assert (attempt_of(FIRST), base_id(FIRST)) == (0, FIRST)

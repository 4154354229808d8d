"""Client order ids: what is written is read back, and retries count from the first try."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Side
from backtest.core.planned_orders import Intent
from live.model.order_ids import PATTERN, OrderName, attempt_of, base_id, parse, retry_id, with_account

FIRST = "20250305_AAA_entry_buy"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (FIRST, OrderName(date(2025, 3, 5), "AAA", "entry", "buy")),
        (
            "ema_p10_20250305_BRK.B_exit_sell_r2",
            OrderName(date(2025, 3, 5), "BRK.B", "exit", "sell", "ema_p10", 2),
        ),
        (
            "ira-ema_p10_20250305_AAA_entry_buy_r1",
            OrderName(date(2025, 3, 5), "AAA", "entry", "buy", "ema_p10", 1, "ira"),
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
        "ira-20250305_AAA_entry_buy",
        "my_ira-golden_20250305_AAA_entry_buy",
        "a-b-golden_20250305_AAA_entry_buy",
    ],
)
def test_what_is_no_id_has_no_parts(text: str) -> None:
    assert parse(text) is None


def test_a_retry_of_a_retry_is_numbered_from_the_first_try() -> None:
    second = retry_id(FIRST, 1)
    assert (second, attempt_of(second), base_id(second)) == (f"{FIRST}_r1", 1, FIRST)
    assert retry_id(second, 2) == f"{FIRST}_r2"
    assert (attempt_of(FIRST), base_id(FIRST)) == (0, FIRST)


NAMES = st.builds(
    OrderName,
    session=st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)),
    symbol=st.from_regex(r"[A-Z][A-Z0-9./-]{0,9}", fullmatch=True),
    intent=st.sampled_from(get_args(Intent)),
    side=st.sampled_from(get_args(Side)),
    variant=st.one_of(st.just(""), st.from_regex(r"[a-z][a-z0-9_]{0,8}[a-z0-9]", fullmatch=True)),
    attempt=st.integers(min_value=0, max_value=999),
)


@given(NAMES)
def test_an_order_id_is_read_as_it_is_written(name: Any) -> None:
    text = str(name)
    assert re.match(PATTERN, text)
    assert parse(text) == name
    assert attempt_of(text) == name.attempt
    assert str(OrderName(name.session, name.symbol, name.intent, name.side, name.variant)) == base_id(text)


@given(NAMES, st.integers(min_value=1, max_value=99))
def test_a_retry_is_numbered_from_the_first_try(name: Any, attempt: Any) -> None:
    again = retry_id(str(name), attempt)
    assert (base_id(again), attempt_of(again)) == (base_id(str(name)), attempt)


@given(st.text(max_size=40))
def test_any_text_has_a_first_id_and_no_second_one(text: Any) -> None:
    assert base_id(retry_id(text, 3)) == base_id(text) or "_r" in base_id(text)
    assert parse(text) is None or str(parse(text)) == text.rstrip("\n")


ACCOUNT = st.one_of(st.just(""), st.from_regex(r"\A[a-z][a-z0-9]{0,15}\Z"))


@given(first=ACCOUNT, second=ACCOUNT, variant=st.from_regex(r"\A[a-z][a-z0-9_]{0,9}\Z"))
def test_two_accounts_never_make_the_same_id(first: str, second: str, variant: str) -> None:
    def made(account: str) -> str:
        prefix = with_account(account, variant)
        return str(OrderName.of(prefix, session=date(2025, 3, 5), symbol="AAA", intent="entry", side="buy"))

    assert (made(first) == made(second)) == (first == second)
    found = parse(made(first))
    assert found is not None
    assert (found.account, found.variant) == (first, variant)

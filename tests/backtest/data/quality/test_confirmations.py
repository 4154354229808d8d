"""Confirmed prices: read, written, compared to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.data.quality.confirmations import Confirmations, ConfirmedPrice, parse_confirmations

DAY = date(2024, 6, 5)


@given(
    st.lists(st.tuples(st.sampled_from(["QQQ", "BRK-B"]), st.dates(), st.decimals("0.01", "1e6", places=3)))
)
def test_lines_come_back(items: list[tuple[str, date, Decimal]]) -> None:
    confirmed = tuple(ConfirmedPrice(*item) for item in items if item[2] >= Decimal("0.01"))
    text = "".join(item.line() + "\n" for item in confirmed)
    assert parse_confirmations(text, "file") == confirmed


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"symbol": "QQQ", "session": "2024-06-05"}',
        '{"symbol": "QQQ", "session": "yesterday", "price": "1"}',
        '{"symbol": "QQQ", "session": "2024-06-05", "price": "NaN"}',
        '{"symbol": "QQQ", "session": "2024-06-05", "price": "-1"}',
        '{"symbol": "QQQ", "session": "2024-06-05", "price": "abc"}',
    ],
)
def test_a_damaged_line_is_named_by_its_number(line: str) -> None:
    good = ConfirmedPrice("QQQ", DAY, Decimal(1)).line()
    with pytest.raises(DataError, match=r"c\.jsonl:3"):
        parse_confirmations(f"{good}\n\n{line}\n", "c.jsonl")


def test_only_the_same_cent_is_covered() -> None:
    known = Confirmations([ConfirmedPrice("qqq", DAY, Decimal("871.234"))])
    assert known.cover("QQQ", DAY, 871.2301)
    assert not known.cover("QQQ", DAY, 871.24)
    assert not known.cover("QQQ", DAY, None)
    assert not known.cover("QQQ", DAY, float("nan"))
    assert not known.cover("QQQ", DAY, 1e300)

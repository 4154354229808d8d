"""What is stored for each kind of column, and that it comes back as it was."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from live.ledger.column_types import SERVER, SQLITE, Codec, round_amount, to_json

NOW = dt.datetime(2026, 11, 20, 20, 55, 1, 250, tzinfo=dt.UTC)


@pytest.mark.parametrize("codec", [SQLITE, SERVER], ids=["sqlite", "server"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("datetime", NOW),
        ("datetime", NOW.replace(microsecond=0).astimezone(dt.timezone(dt.timedelta(hours=-5)))),
        ("date", NOW.date()),
        ("Decimal", Decimal("999999999.999999")),
        ("bool", True),
        ("bool", False),
        ("float", 0.1),
        ("str", "ü"),
        ("dict[str, Any]", {"a": [1, None], "ü": 1.5}),
        ("list[str]", ["a"]),
        ("list[str]", None),
        ("datetime", None),
    ],
)
def test_a_value_comes_back_as_it_was(codec: Codec, kind: str, value: Any) -> None:
    stored = codec.stored(kind, value)
    decode = codec.decode.get(kind, lambda kept: kept)
    assert (None if stored is None else decode(stored)) == value


@pytest.mark.parametrize("codec", [SQLITE, SERVER], ids=["sqlite", "server"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("datetime", dt.datetime(2026, 1, 1)),
        ("Decimal", Decimal("NaN")),
        ("Decimal", Decimal("Infinity")),
        ("dict[str, Any]", {"a": float("nan")}),
    ],
)
def test_what_cannot_be_kept_is_refused(codec: Codec, kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"naive|not an amount|JSON"):
        codec.stored(kind, value)


def test_an_instant_is_compared_as_it_is_stored() -> None:
    day = dt.date(2026, 11, 20)
    assert [SQLITE.compared(value) for value in (NOW, day, "a", 1, None)] == [
        "2026-11-20 20:55:01.000250", "2026-11-20", "a", 1, None
    ]  # fmt: skip
    assert SERVER.compared(NOW) == NOW.replace(tzinfo=None)


@given(st.decimals("-999999999.999999", "999999999.999999", places=6))
def test_every_amount_below_a_billion_is_exact_in_both_databases(amount: Decimal) -> None:
    for codec in (SQLITE, SERVER):
        assert codec.decode["Decimal"](codec.stored("Decimal", amount)) == amount


@given(st.datetimes(timezones=st.timezones()))
def test_every_instant_comes_back_as_the_same_instant(at: dt.datetime) -> None:
    assume(1 < at.year < 9999)  # room for the way to UTC
    for codec in (SQLITE, SERVER):
        back = codec.decode["datetime"](codec.stored("datetime", at))
        assert (back, back.tzinfo) == (at.astimezone(dt.UTC), dt.UTC)


@given(st.lists(st.datetimes(timezones=st.just(dt.UTC)), min_size=2))
def test_instants_sort_as_text_as_they_do_in_time(times: list[dt.datetime]) -> None:
    assert sorted(times) == sorted(times, key=lambda at: str(SQLITE.stored("datetime", at)))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0.1, "0.100000"),
        ("1.0000005", "1.000000"),  # half to even
        ("1.0000015", "1.000002"),
        (Decimal("-2.5"), "-2.500000"),
        (1e21, "1000000000000000000000.000000"),
    ],
)
def test_amounts_have_six_places(value: Decimal | float | str, kept: str) -> None:
    assert str(round_amount(value)) == kept


@pytest.mark.parametrize(
    "value", ["", "ten", float("nan"), float("-inf"), Decimal("NaN"), 1e23, Decimal("1e60")]
)
def test_what_is_no_amount_is_refused(value: Decimal | float | str) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        round_amount(value)


@pytest.mark.parametrize("value", [2, "yes", None])
def test_a_flag_is_true_or_false(value: object) -> None:
    encode = SQLITE.encode["bool"]
    with pytest.raises(TypeError, match="neither true nor false"):
        encode(value)


def test_details_hold_what_json_has_no_word_for_as_text() -> None:
    day = dt.date(2026, 11, 20)
    text = to_json({"price": Decimal("1.50"), "day": day, "at": NOW, "names": ("a",), "one": frozenset({1})})
    assert json.loads(text) == {
        "price": "1.50",
        "day": "2026-11-20",
        "at": NOW.isoformat(),
        "names": ["a"],
        "one": [1],
    }
    with pytest.raises(TypeError, match="object cannot be kept"):
        to_json({"a": object()})

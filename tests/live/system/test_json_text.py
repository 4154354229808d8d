"""Values of ours as plain JSON data and as one line of text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.system.json_text import in_every_text, plain, value_text


@dataclass(frozen=True)
class Inner:
    """A field that is a keyword, and a table."""

    from_: date
    rows: tuple[Decimal, ...]


@dataclass(frozen=True)
class Outer:
    """A dataclass in a dataclass."""

    inner: Inner
    path: Path


def test_dataclasses_become_objects_in_the_order_of_their_fields() -> None:
    found = plain(Outer(Inner(date(2025, 3, 5), (Decimal("1.50"),)), Path("a/b")))
    assert found == {"inner": {"from": "2025-03-05", "rows": [1.5]}, "path": "a/b"}
    assert list(found) == ["inner", "path"]


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (datetime(2025, 3, 5, 14, 30, tzinfo=UTC), "2025-03-05T14:30:00+00:00"),
        ({1: (2, None)}, {"1": [2, None]}),
        (frozenset({"x"}), ["x"]),
        (Outer, Outer),
    ],
)
def test_other_values(value: object, data: object) -> None:
    assert plain(value) == data


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.dates() | st.decimals(-9, 9)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)))
def test_whatever_is_made_plain_is_json_and_stays_as_it_is(value: Any) -> None:
    data = plain(value)
    assert plain(data) == data
    assert json.loads(json.dumps(data, allow_nan=False)) == data


@pytest.mark.parametrize(
    ("value", "text"), [("plain text", "plain text"), (True, "true"), ([1, "ü"], '[1, "ü"]'), (None, "null")]
)
def test_a_value_is_one_line(value: object, text: str) -> None:
    assert value_text(value) == text


def test_texts_are_changed_at_every_depth_and_keys_are_not() -> None:
    data = {"a": ["a", {"b": "a"}, 1, None, True], "c": 2.5}
    assert in_every_text(data, str.upper) == {"a": ["A", {"b": "A"}, 1, None, True], "c": 2.5}

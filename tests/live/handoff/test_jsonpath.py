"""JSON paths as findings show them."""

from __future__ import annotations

import re
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.handoff.jsonpath import at, of


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ((), "$"),
        (("orders", 2, "quantity"), "$.orders[2].quantity"),
        (("inputs", "BRK.B"), '$.inputs["BRK.B"]'),
        (("a b", "", '"'), '$["a b"][""]["\\""]'),
        (("name\n",), '$["name\\n"]'),
    ],
)
def test_a_path_is_written_as_a_person_would_look_for_it(keys: tuple[str | int, ...], path: str) -> None:
    assert of(keys) == path


KEYS = st.lists(st.one_of(st.text(max_size=6), st.integers(min_value=0, max_value=99)), max_size=5)


@given(KEYS)
def test_a_chain_is_its_members_one_after_the_other(keys: list[str | int]) -> None:
    assert of(keys) == reduce(at, keys, "$")


@given(KEYS, KEYS)
def test_two_places_never_share_a_path(one: list[str | int], other: list[str | int]) -> None:
    assert (of(one) == of(other)) == (one == other)


@given(KEYS)
def test_a_path_is_one_line(keys: list[str | int]) -> None:
    assert re.search(r"[\r\n]", of(keys)) is None

"""Conditions of study files: what they mean, and that nothing but conditions is read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from backtest.research.expressions import parse_condition

NAMES = ("a", "b", "flag")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", [True, False, False]),
        ("a + 1 <= b", [True, False, False]),
        ("1 < a < 3", [False, True, False]),
        ("a * 2 == b or b / 2 < 0.6", [True, False, True]),
        ("not flag", [False, True, False]),
        ("not (a > 1 and flag)", [True, True, False]),
        ("-a > -2.5", [True, True, False]),
        ("a != 2", [True, False, True]),
        ("a / (b - 2) < 0", [False, False, True]),  # a / 0, a / 0, -3
        ("a / (b - 2) > 0", [False, False, False]),
        ("not (a / (b - 2) > 0)", [False, False, True]),
        ("a / (b - 2) != 5", [False, False, True]),
        ("b == 2 or a / (b - 2) < 0", [True, True, True]),
        ("a == 2 and not (b == 2 and a / (b - 2) > 0)", [False, False, False]),
        ("not (a == 1 and a / (b - 2) > 0)", [False, True, True]),
        ("1 / (a / (b - 2)) == 0", [False, False, False]),
        ("flag and a", [True, False, True]),
        ("(a < b) + (a < 3) == 2", [True, False, False]),
    ],
)
def test_meaning(text: str, expected: list[bool]) -> None:
    columns = {"a": np.array([1, 2, 3]), "b": np.array([2, 2, 1]), "flag": np.array([True, False, True])}
    got = parse_condition(text, NAMES).holds(columns, 3)
    assert got.tolist() == expected


def test_scalars_and_columns_mix() -> None:
    assert parse_condition("a < b", NAMES).holds({"a": 1, "b": np.array([0, 2])}, 2).tolist() == [False, True]
    assert parse_condition("a < 2", NAMES).holds({"a": 1}, 3).tolist() == [True] * 3


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b < 1",
        "a[0] < 1",
        "a ** 9 < 1",
        "a if b else a",
        "(lambda: a)() < 1",
        "a < 'x'",
        "a in b",
        "a is b",
        "f'{a}' < 1",
        "[a] < [b]",
        "a := 1",
        "True < a",
        "a < 1j",
        "a & b",
        "",
        "a <",
        "a\x00<1",
        "a",
        "a + b",
        "5",
        "a < 1; b < 2",
        "a" + "+a" * 400 + " < 1",
        "(" * 300 + "a" + ")" * 300 + " < 1",
    ],
)
def test_everything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_condition(text, NAMES)
    assert "\n" not in error.value.line()


@pytest.mark.parametrize("raw", [None, 3, True, ["a < b"], {"a": 1}])
def test_only_texts_are_conditions(raw: object) -> None:
    with pytest.raises(UsageError, match="must be a text"):
        parse_condition(raw, NAMES)


def test_a_misspelt_name_is_corrected() -> None:
    with pytest.raises(UsageError, match="did you mean flag"):
        parse_condition("flagg", NAMES)


@given(st.text("abflgndort 0123.<>=!+-*/()[]'\0\n", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        condition = parse_condition(text, NAMES)
    except UsageError:
        return
    assert condition.names <= set(NAMES)
    condition.holds({"a": 1.0, "b": 2.0, "flag": True}, 1)

"""A value changes in its own line; comments, order and everything else stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from live.settings.yaml_lines import commented_out, renamed, scalar, with_section, with_value

TEMPLATE = (Path(__file__).parents[3] / "config" / "live.yaml").read_text()
LEAVES = [
    "mode",
    "data.source",
    "data.second_source",
    "execution.limits.max_total_leverage",
    "approval.on_no_answer.entry",
    "paper.initial_cash",
    "broker.schwab.timeout_seconds",
    "broker.alpaca.paper",
    "logging.keep_days",
]


def value_of(text: str, name: str) -> Any:
    """Return the value a YAML reader finds under a dotted name."""
    found = yaml.safe_load(text)
    for part in name.split("."):
        found = found[part]
    return found


@given(
    name=st.sampled_from(LEAVES),
    value=st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**9), 10**9),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40),
    ),
)
def test_one_value_changes_and_nothing_else(name: str, value: Any) -> None:
    changed = with_value(TEMPLATE, name, value)
    assert changed is not None
    found = value_of(changed, name)
    assert found == value
    assert type(found) is type(value) or (isinstance(value, float) and value.is_integer())
    different = [
        (old, new) for old, new in zip(TEMPLATE.splitlines(), changed.splitlines(), strict=True) if old != new
    ]
    assert len(different) <= 1
    for old, new in different:
        assert old.partition("  # ")[2] == new.partition("# ")[2] or '"' in new


def test_comments_keep_their_column_where_there_is_room() -> None:
    text = "data:\n  source: demo                # demo: made-up market\n"
    assert with_value(text, "data.source", "alpaca") == (
        "data:\n  source: alpaca              # demo: made-up market\n"
    )


def test_the_same_key_in_another_section_is_left_alone() -> None:
    text = "first:\n  name: a\nsecond:\n  name: b\n"
    assert with_value(text, "second.name", "c") == "first:\n  name: a\nsecond:\n  name: c\n"


@pytest.mark.parametrize("name", ["data.nothing", "nothing.source", "source"])
def test_what_has_no_line_is_not_guessed(name: str) -> None:
    assert with_value(TEMPLATE, name, 1) is None


def test_flow_style_is_not_found() -> None:
    assert with_value("data: {source: demo}\n", "data.source", "store") is None


def test_a_section_is_replaced_up_to_the_next() -> None:
    text = "books:\n  - primary: a\n    run: daily   # comment\n\n# about data\ndata:\n  source: demo\n"
    assert with_section(text, "books", ["  - primary: b"]) == (
        "books:\n  - primary: b\n\n# about data\ndata:\n  source: demo\n"
    )
    assert with_section(text, "nothing", []) is None


@pytest.mark.parametrize("text", ["true", "No", "null", "1.5", "a: b", "#c", "", "on", "0x1", " padded "])
def test_text_that_reads_as_something_else_is_quoted(text: str) -> None:
    assert yaml.safe_load(f"key: {scalar(text)}") == {"key": text}


def test_a_key_gets_another_name_in_its_own_line() -> None:
    assert renamed("a:\n  old: 1  # why\n", "a.old", "new") == "a:\n  new: 1  # why\n"
    assert renamed("a: {old: 1}\n", "a.old", "new") is None


def test_an_entry_becomes_a_comment_with_what_belongs_to_it() -> None:
    text = "a:\n  old:\n    deep: 1\n  kept: 2\n"
    assert commented_out(text, "a.old") == "a:\n  # old:\n  #   deep: 1\n  kept: 2\n"
    assert commented_out(text, "a.none") is None

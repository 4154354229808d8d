"""Bytes of a signal file: well-formed JSON that means one thing, or every fault with its path."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import SignalFileError
from live.handoff.canonical import as_data, render
from live.handoff.model import MAX_EXACT_INTEGER
from live.handoff.read import MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, account_in, parse, read, read_bytes
from live.handoff.rules import Expectations
from live.handoff.validate import judge
from tests.support.handoff_samples import sample

EXPECTED = Expectations(session=date.fromisoformat(sample().trade_date))


def faults(content: bytes) -> list[tuple[str, str]]:
    """Return (path, problem) of every finding."""
    return [(finding.path, finding.problem) for finding in parse(content).findings]


@given(st.binary(max_size=200))
def test_any_bytes_are_data_or_findings_and_never_an_error(content: bytes) -> None:
    parsed = parse(content)
    assert parsed.readable or parsed.findings


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_EXACT_INTEGER, MAX_EXACT_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_json_is_read_as_it_is_written(value: object) -> None:
    parsed = parse(json.dumps(value).encode())
    assert (parsed.data, parsed.findings, parsed.readable) == (value, (), True)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b'{"a": 1', "truncated JSON at line 1"),
        (b'{"a": "text', "truncated JSON at line 1"),
        (b'{"a": 1,\n "b": oops}', "malformed JSON at line 2"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b"[" * 100_000, "nested deeper"),
        (b" " * (MAX_BYTES + 1), "larger than 1,000,000 bytes"),
    ],
)
def test_what_cannot_be_read_says_where_it_breaks(content: bytes, problem: str) -> None:
    parsed = parse(content)
    assert (parsed.data, parsed.readable) == (None, False)
    assert [finding.path for finding in parsed.findings] == ["$"]
    assert problem in parsed.findings[0].problem


def test_everything_ambiguous_is_found_at_once_with_its_path() -> None:
    content = b'{"orders": [{"quantity": NaN, "rank": 1e999}, {"id": "a", "id": "b"}], "n": 9007199254740993}'
    assert faults(content) == [
        ("$.orders[0].quantity", "not a finite number"),
        ("$.orders[0].rank", "not a finite number"),
        ("$.orders[1].id", "this key is written twice"),
        ("$.n", "an integer too large to be exact"),
    ]


def test_an_integer_with_absurdly_many_digits_is_a_finding_not_a_wait() -> None:
    assert faults(b"[" + b"9" * 100_000 + b"]") == [("$[0]", "not a finite number")]


def test_text_that_no_encoder_could_write_is_a_finding() -> None:
    assert faults(rb'{"a": "\ud800"}') == [("$.a", "text with a lone surrogate")]
    assert faults(rb'{"\udc00": 1}') == [("$", "a key with a lone surrogate")]


def test_depth_is_limited_where_the_values_are() -> None:
    fine = b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH
    assert parse(fine).findings == ()
    assert [problem for _, problem in faults(b"[" + fine + b"]")] == [
        f"nested deeper than {MAX_DEPTH} levels"
    ]


def test_a_file_is_returned_with_its_exact_bytes(tmp_path: Path) -> None:
    content = render(sample())
    path = tmp_path / "signal.json"
    path.write_bytes(content)
    assert read(path) == (content, json.loads(content))


def test_a_file_that_is_not_there_or_not_well_formed_is_exit_2(tmp_path: Path) -> None:
    path = tmp_path / "signal.json"
    with pytest.raises(SignalFileError, match="no such signal file") as missing:
        read(path)
    path.write_text('{"a": 1, "a": 2}')
    with pytest.raises(SignalFileError, match="not well-formed") as doubled:
        read(path)
    assert (missing.value.exit_code, doubled.value.exit_code) == (2, 2)
    assert [finding.path for finding in doubled.value.findings] == ["$.a"]
    with pytest.raises(SignalFileError, match="cannot read"):
        read(tmp_path)


def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "signals.json"
    os.mkfifo(fifo)
    with pytest.raises(SignalFileError, match="not a regular file"):
        read_bytes(fifo)


def test_a_folder_a_device_and_a_link_to_itself_are_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    for path in (tmp_path, Path("/dev/zero"), loop):
        with pytest.raises(SignalFileError):
            read_bytes(path)


def test_a_link_to_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    assert read(tmp_path / "link.json") == (b"{}", {})


def test_more_than_a_megabyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(SignalFileError, match="larger than 1,000,000 bytes"):
        read(path)


def documents() -> dict[str, Any]:
    good = as_data(sample())
    return {
        "100,000 empty orders": {**good, "orders": [{}] * 100_000},
        "5,000 empty orders": {**good, "orders": [{}] * 5_000},
        "5,000 times the same order": {**good, "orders": good["orders"][:1] * 1_000},
        "unknown keys": {**good, **{f"key{n}": n for n in range(50_000)}},
        "lists in lists": {**good, "orders": [[[{}] * 100] * 100]},
        "warnings of a wrong kind": {**good, "warnings": [1] * 5_000},
    }


@pytest.mark.parametrize("name", documents())
def test_a_hostile_file_is_judged_in_a_second_with_few_findings(name: str) -> None:
    content = json.dumps(documents()[name]).encode()
    judge(json.dumps(as_data(sample())).encode(), expectations=EXPECTED)  # the schema is loaded

    verdict = judge(content, expectations=EXPECTED)

    assert 0 < len(verdict.problems) <= MAX_FINDINGS + 1


@pytest.mark.parametrize(
    ("content", "account"),
    [
        ('{"inputs": {"account": {"reference": "ira/paper"}}}', "ira"),
        ('{"inputs": {"account": {"reference": "paper"}}}', None),
        ('{"inputs": []}', None),
        ("no json", None),
        (None, None),
    ],
)
def test_the_account_a_file_names(tmp_path: Path, content: str | None, account: str | None) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    assert account_in(path) == account

"""Strategy files are read strictly: no key twice, floats as people write them, one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.documents import _parsed, read_document
from backtest.core.errors import UsageError


def written(tmp_path: Path, text: str | bytes, name: str = "a.yaml") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1e-3", 1e-3),
        ("a: -1E+3", -1000.0),
        ("a: .5e2", 50.0),
        ("a: 1.5", 1.5),
        ("a: 1e", "1e"),
        ("a: '1e-3'", "1e-3"),
        ("a: yes", True),
        ("a:", None),
    ],
)
def test_values(tmp_path: Path, text: str, value: object) -> None:
    found = read_document(written(tmp_path, text))
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_json_is_read_by_its_name_or_its_first_character(tmp_path: Path) -> None:
    for name in ("a.json", "a.yaml"):
        assert read_document(written(tmp_path, '  {"a": [1, 2]}', name)) == {"a": [1, 2]}
    assert read_document(written(tmp_path, b"\xef\xbb\xbfa: 1")) == {"a": 1}  # a mark some editors write


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2\n", "key 'a' appears twice"),
        ("a: {b: 1, b: 2}\n", "key 'b' appears twice"),
        ('{"a": 1, "a": 2}', "key 'a' appears twice"),
        ("a: [1, 2\n", "not readable"),
        ('{"a": ', "not readable"),
        ("a: !!python/object/apply:os.system ['true']", "not readable"),
        ("- 1\n", "holds no mapping"),
        ("", "holds no mapping"),
        ("[" * 100_000, "not readable"),
        ("a: " + "{b: " * 5_000, "not readable"),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_document(written(tmp_path, text))
    assert "\n" not in caught.value.line()
    assert caught.value.exit_code == 2


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(UsageError):
        read_document(tmp_path)
    with pytest.raises(UsageError, match="not UTF-8"):
        read_document(written(tmp_path, b"a: \xff\xfe"))


def test_a_caller_that_changes_its_copy_changes_no_other(tmp_path: Path) -> None:
    path = written(tmp_path, "a: [1]")
    read_document(path)["a"].append(2)
    assert read_document(path) == {"a": [1]}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_what_was_written_as_json_is_read_back(document: dict[str, object]) -> None:
    assert _parsed(json.dumps(document), is_json=True) == document

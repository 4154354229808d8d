"""The list at the beginning of an archive."""

from __future__ import annotations

import json

import pytest

from live.archive.document import KIND, Described, Document, read_document

GOOD = Document(
    "2026-11-27T21:30:00+00:00", "0.1", "paper", "state/l.db", None, {"state/l.db": Described(3, "ab")}
)


def test_it_is_read_as_it_was_written() -> None:
    assert read_document(GOOD.written()) == GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "another"},
        {"files": {}},
        {"files": {"state/l.db": {"size": -1, "sha256": ""}}},
        {"files": {"state/l.db": {"sha256": ""}}},
        {"files": [1]},
        {"paper": "state/none.db"},
        {"ledger": 7},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_wrong_in_it_is_named(change: dict[str, object]) -> None:
    data = {**json.loads(GOOD.written()), **change}
    with pytest.raises(ValueError):
        read_document(json.dumps(data).encode())
    assert KIND


def test_what_is_no_document_at_all() -> None:
    for content in (b"", b"[]", b"\xff"):
        with pytest.raises(ValueError):
            read_document(content)

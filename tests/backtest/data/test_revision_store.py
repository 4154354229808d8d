"""Values that were told differently later: kept in order, and undone from the newest back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from backtest.data.quality.revisions import Revision, revisions
from backtest.data.revision_store import RevisionStore, undone
from tests.support.source_world import history

MADE = history("QQQ", date(2024, 3, 1), date(2024, 3, 12))


def test_they_come_back_in_the_order_they_were_made(tmp_path: Path) -> None:
    store = RevisionStore(tmp_path)
    assert store.read("QQQ") == ()
    first, second = (
        Revision(date(2024, 3, 6), "close", 1.1, 1.2),
        Revision(date(2024, 3, 4), "open", 2.0, 3.0),
    )
    store.add("QQQ", [first], 1)
    store.add("QQQ", [], 2)
    store.add("QQQ", [second, first], 3)
    assert [(kept.revision, kept.batch) for kept in store.read("QQQ")] == [
        (first, 1),
        (second, 3),
        (first, 3),
    ]
    assert store.read("TLT") == ()


def test_undoing_gives_back_what_was(tmp_path: Path) -> None:
    versions = [MADE]
    store = RevisionStore(tmp_path)
    for batch in range(1, 4):
        close = versions[-1].close.copy()
        close[batch : batch + 2] += batch
        versions.append(replace(versions[-1], close=close))
        store.add("QQQ", revisions(versions[-2], versions[-1]), batch)
    kept = store.read("QQQ")
    for batch, version in enumerate(versions):
        assert undone(versions[-1], kept, batch).sha256() == version.sha256()


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    store = RevisionStore(tmp_path)
    store.path("QQQ").parent.mkdir()
    store.path("QQQ").write_bytes(b"gone")
    with pytest.raises(DataError, match="QQQ-1d"):
        store.read("QQQ")

"""Pages survive a kill, belong to one request, and a torn line is no page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from live.feeds.sources.model import BarRequest, Page
from live.feeds.sync.spool import Spool
from tests.support.source_world import columns_of, history

REQUEST = BarRequest("BRK/B", "1d", date(2024, 3, 1), date(2024, 3, 12), "split")
MADE = history("BRK/B", REQUEST.first, REQUEST.last)
PAGES = [
    Page(MADE.dates[:3], columns_of(MADE)[:, :3], "a", (date(2024, 3, 6),)),
    Page(MADE.dates[3:], columns_of(MADE)[:, 3:] / 3, None),
]


def filled(folder: Path) -> Spool:
    spool = Spool(folder, "alpaca", REQUEST)
    for n, page in enumerate(PAGES):
        spool.add(page, first=n == 0)
    return spool


def equal(found: Page, wanted: Page) -> bool:
    return (
        np.array_equal(found.stamps, wanted.stamps)
        and np.array_equal(found.columns, wanted.columns)
        and (found.cursor, found.gaps) == (wanted.cursor, wanted.gaps)
    )


def test_pages_come_back_bit_for_bit(tmp_path: Path) -> None:
    filled(tmp_path)
    found = Spool(tmp_path, "alpaca", REQUEST).pages()
    assert all(map(equal, found, PAGES))
    assert len(found) == 2
    assert found[0].stamps.dtype == PAGES[0].stamps.dtype


def test_minutes_come_back_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "alpaca", replace(REQUEST, timeframe="1m"))
    minutes = np.array(["2024-03-12T13:30", "2024-03-12T13:31"], dtype="datetime64[m]")
    page = Page(minutes, np.ones((5, 2)))
    spool.add(page, first=True)
    (found,) = spool.pages()
    assert equal(found, page)


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, last=date(2024, 3, 13)),
        replace(REQUEST, basis="raw"),
        replace(REQUEST, symbol="QQQ"),
    ],
)
def test_pages_of_another_request_are_not_taken(tmp_path: Path, other: BarRequest) -> None:
    spool = filled(tmp_path)
    mine = Spool(tmp_path, "alpaca", other)
    assert mine.pages() == []
    mine.add(PAGES[1], first=True)
    assert len(mine.pages()) == 1
    assert len(spool.pages()) == (2 if other.symbol == "QQQ" else 0)


def test_a_kill_at_any_byte_loses_the_last_page_at_most(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    whole = spool.path.read_bytes()
    second = whole.rindex(b"\n", 0, len(whole) - 1) + 1
    for cut in (*range(0, len(whole), 37), second, len(whole) - 1):
        spool.path.write_bytes(whole[:cut])
        kept = spool.pages()
        assert len(kept) == (0 if cut < second else 1)
        spool.add(PAGES[len(kept)], first=not kept)
        again = spool.pages()
        assert all(map(equal, again, PAGES))
        assert len(again) == len(kept) + 1


def test_clearing_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    spool.clear()
    spool.clear()
    assert spool.pages() == []

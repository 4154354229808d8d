"""What was recognised in a file, in one line and as a document."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import Bars
from backtest.data.quality.actions import CorporateAction
from backtest.data.sources.csv_dialect.model import Dialect, Judged, no_bars, refused

DAYS = np.array(["2024-03-04", "2024-03-05"], dtype="datetime64[D]")
ONES = np.ones(2)
BARS = Bars("QQQ", DAYS, ONES, ONES, ONES, ONES, ONES, source="csv")
DIALECT = Dialect(
    file="q.csv",
    symbol="QQQ",
    symbol_from="from its name",
    columns={"date": "Date", "close": "Last", "open": "Open"},
    dates="YYYY-MM-DD",
    newest_first=False,
    basis="split",
)
SPLIT = CorporateAction("QQQ", date(2024, 3, 5), "split", Fraction(2))


def judged(actions: tuple[CorporateAction, ...] = (), gaps: tuple[date, ...] = (), **about: Any) -> Judged:
    return Judged(BARS, (), replace(DIALECT, **about), actions, gaps)


def test_one_line_says_what_a_file_was_taken_for() -> None:
    assert judged().recognised() == (
        "q.csv: QQQ (from its name), 2 bars 2024-03-04 to 2024-03-05; "
        "columns date, close=Last, open; dates YYYY-MM-DD, oldest first; utf-8, comma, decimal dot; "
        "basis split"
    )


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"plain": True}, "plain format, YYYY-MM-DD, oldest first"),
        ({"newest_first": True}, "newest first"),
        ({"unused": ("vwap", "n")}, ", not used: vwap, n"),
        ({"header_lines": 3}, ", 3 header rows"),
        ({"header_lines": 3, "skipped": 2}, ", 2 line(s) above the header skipped"),
        ({"decimal": "comma", "writing": "cp1252, semicolon"}, "cp1252, semicolon, decimal comma"),
        ({"notes": ("first", "second")}, "basis split; first; second"),
    ],
)
def test_what_is_special_is_said(about: dict[str, Any], said: str) -> None:
    assert said in judged(**about).recognised()
    assert said not in judged().recognised()


@pytest.mark.parametrize(("count", "said"), [(1, "1 row without prices"), (5, "5 rows without prices")])
def test_rows_without_prices_are_counted_and_the_first_named(count: int, said: str) -> None:
    text = judged(gaps=tuple(date(2024, 4, n) for n in range(1, count + 1))).recognised()
    assert said in text
    assert "2024-04-01" in text
    assert text.rstrip(".").endswith("...") is False
    assert ("2024-04-04" in text, "..." in text) == (False, count > 3)


@pytest.mark.parametrize(("count", "more"), [(1, False), (3, False), (5, True)])
def test_actions_are_named_and_the_many_counted(count: int, more: bool) -> None:
    text = judged(actions=(SPLIT,) * count).recognised()
    assert text.count(SPLIT.describe()) == min(count, 3)
    assert ("and 2 more" in text) is more


def test_a_document_is_json_and_holds_the_line() -> None:
    document = judged(actions=(SPLIT,), gaps=(date(2024, 3, 6),)).document()
    assert json.loads(json.dumps(document)) == document | {"unused": [], "notes": []}
    assert document["line"] == judged(actions=(SPLIT,), gaps=(date(2024, 3, 6),)).recognised()
    assert (document["symbol"], document["gaps"]) == ("QQQ", ["2024-03-06"])
    assert document["actions"] == [SPLIT.describe()]


def test_a_file_refused_as_a_whole_was_taken_for_nothing() -> None:
    one = refused("qqq", "q.csv:3", "is empty", "get it again")
    assert one.bars.symbol == no_bars("QQQ").symbol == "QQQ"
    assert len(one.bars) == 0
    assert (one.recognised(), one.dialect, one.document()["line"]) == ("", None, "")
    (found,) = one.findings
    assert (found.day, found.finding.path, found.finding.problem) == (None, "q.csv:3", "is empty")
    assert Judged(no_bars("QQQ"), (), DIALECT).recognised() == ""  # no row, nothing to say

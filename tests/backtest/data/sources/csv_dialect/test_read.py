"""Bytes of a file become bars or findings, each with its line and the session it concerns."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from backtest.data.sources.csv_dialect.model import Judged
from backtest.data.sources.csv_dialect.options import CsvOptions
from backtest.data.sources.csv_dialect.read import judge

HEAD = "Date,Open,High,Low,Close,Volume"
MON, TUE, WED, THU = (f"2024-03-{day:02d}" for day in (4, 5, 6, 7))
DAYS = (MON, TUE, WED, THU)
IMPORT = CsvOptions(importing=True)


def read(*lines: str, head: str = HEAD, options: CsvOptions = IMPORT, gaps: bool = False) -> Judged:
    text = "\n".join([head, *lines]) + "\n"
    return judge(text.encode(), "q.csv", options, symbol="QQQ", allow_gaps=gaps)


def row(day: str, close: str = "10.5", volume: str = "1000") -> str:
    return f"{day},10,11,9,{close},{volume}"


def found(judged: Judged) -> list[tuple[str, str | None]]:
    return [(one.finding.path, None if one.day is None else str(one.day)) for one in judged.findings]


@given(st.booleans(), st.integers(2, 4))
def test_bars_are_oldest_first_whatever_the_order_of_the_file(reverse: bool, count: int) -> None:
    lines = [row(day, f"10.{n}") for n, day in enumerate(DAYS[:count])]
    judged = read(*(lines[::-1] if reverse else lines))
    assert judged.findings == ()
    assert [str(day) for day in judged.bars.dates] == list(DAYS[:count])
    assert judged.bars.close.tolist() == [float(f"10.{n}") for n in range(count)]
    assert judged.dialect is not None
    assert judged.dialect.newest_first is reverse


def test_the_delimiter_that_makes_a_head_is_taken() -> None:
    lines = [HEAD.replace(",", ";"), f"{MON};10,5;11,0;9,0;10,75;1000"]
    judged = judge("\n".join(lines).encode(), "q.csv", IMPORT, symbol="QQQ")
    assert judged.findings == ()
    assert judged.bars.close.tolist() == [10.75]
    assert judged.dialect is not None
    assert (judged.dialect.writing, judged.dialect.decimal) == ("utf-8, semicolon", "comma")


@pytest.mark.parametrize("reverse", [False, True])
def test_findings_follow_the_lines_and_name_the_session_they_concern(reverse: bool) -> None:
    lines = [row(MON), row(TUE, "ten"), row(WED, "10.5", ""), f"{THU},10,11"]
    judged = read(*(lines[::-1] if reverse else lines))
    wanted = [(f"q.csv:{n}", day) for n, day in zip((3, 4, 5), (TUE, WED, THU), strict=True)]
    swapped = [(f"q.csv:{n}", day) for n, day in zip((2, 3, 4), (THU, WED, TUE), strict=True)]
    assert found(judged) == (swapped if reverse else wanted)
    problems = " ".join(one.finding.problem for one in judged.findings)
    assert "close 'ten' is not a number" in problems
    assert "volume is blank" in problems


def test_a_row_without_a_date_concerns_the_day_before_it() -> None:
    judged = read(row(MON), row(TUE), row("someday"), row(THU), gaps=True)
    assert found(judged) == [("q.csv:4", TUE)]


def test_a_session_without_a_row_is_a_finding_unless_gaps_are_allowed() -> None:
    lines = (row(MON), row(WED))
    assert [one.day for one in read(*lines).findings] == [date(2024, 3, 5)]
    assert read(*lines, gaps=True).findings == ()


def test_a_row_of_nulls_is_a_gap_when_a_person_imports_and_a_finding_when_a_program_reads() -> None:
    lines = (row(MON), f"{TUE},null,null,null,null,null", row(WED))
    taken = read(*lines)
    assert (taken.findings, taken.gaps) == ((), (date(2024, 3, 5),))
    assert [one.day for one in read(*lines, options=CsvOptions()).findings] == [date(2024, 3, 5)]
    at_the_end = read(row(MON), f"{TUE},null,null,null,null,null")
    assert (at_the_end.findings, at_the_end.gaps, len(at_the_end.bars)) == ((), (), 1)


def test_impossible_prices_are_named_with_their_line() -> None:
    judged = read(row(MON), f"{TUE},10,11,-1,10.5,1000", row(WED))
    assert found(judged) == [("q.csv:3", TUE)]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([f"{day} {hour}:00" for day in DAYS[:2] for hour in (10, 11, 12)], "6 rows for 2 days"),
        ([], "no rows"),
    ],
)
def test_what_is_no_file_of_daily_bars_is_refused_whole(lines: list[str], problem: str) -> None:
    judged = read(*(row(line) for line in lines))
    assert len(judged.bars) == 0
    (only,) = judged.findings
    assert only.day is None
    assert problem in only.finding.problem
    assert only.finding.path.startswith("q.csv")


def test_rows_without_a_single_price_are_no_bars() -> None:
    (only,) = read(f"{MON},null,null,null,null,null").findings
    assert only.finding.problem == "no row has prices"


def test_adjusted_closes_scale_every_price_or_are_left_out_with_a_note() -> None:
    head = "Date,Open,High,Low,Close,Adj Close,Volume"
    line = f"{MON},10,12,8,10,5,1000"
    left, taken = read(line, head=head), read(line, head=head, options=CsvOptions(use_adj_close=True))
    assert (left.bars.high.tolist(), left.bars.basis) == ([12.0], "split")
    assert "Adj Close is not (--use-adj-close takes it)" in left.recognised()
    assert (taken.bars.high.tolist(), taken.bars.close.tolist(), taken.bars.basis) == ([6.0], [5.0], "total")
    assert taken.bars.volume.tolist() == [1000.0]
    assert "all four prices scaled by Adj Close / Close" in taken.recognised()


def test_dividends_without_a_basis_are_pointed_out() -> None:
    head = HEAD + ",Dividends"
    lines = (row(MON) + ",0", row(TUE) + ",0.25")
    judged = read(*lines, head=head)
    assert [str(action.amount) for action in judged.actions] == ["0.25"]
    assert "no --basis given" in judged.recognised()
    stated = read(*lines, head=head, options=CsvOptions(basis="split", importing=True))
    assert "no --basis given" not in stated.recognised()


@given(st.binary(max_size=200))
def test_no_content_raises(content: bytes) -> None:
    judged = judge(content, "q.csv", IMPORT, symbol="QQQ")
    assert judged.findings or np.isfinite(judged.bars.close).all()


def test_options_that_contradict_each_other_are_no_finding_of_a_file() -> None:
    with pytest.raises(UsageError):
        CsvOptions(use_adj_close=True, basis="raw")

"""A folder of reports as one candidate list."""

import json
from datetime import date
from pathlib import Path

import pytest

from backtest.candidates.directory import deduplicated, read_folder
from backtest.core.candidate import Candidate, Grade
from backtest.core.errors import UsageError


def candidate(ticker: str = "AAA", score: float | None = None, day: int = 1, grade: Grade = "B") -> Candidate:
    return Candidate(ticker, date(2026, 3, day), grade, score)


def test_the_first_of_a_day_stays_unless_only_a_later_one_has_a_score() -> None:
    rows = [candidate(score=None), candidate(score=80.0), candidate(score=90.0), candidate(day=2)]
    assert [(c.report_date.day, c.score) for c in deduplicated(rows)] == [(1, 80.0), (2, None)]


def test_files_are_read_in_name_order_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    html = (
        "<html><div class='card'><b class='ticker'>{}</b><i class='grade-badge'>B - 82 pts</i></div></html>"
    )
    (tmp_path / "earnings_2026-03-03.html").write_text(html.format("CCC"))
    (tmp_path / "earnings_2026-03-02.html").write_text(html.format("BBB"))
    (tmp_path / "no_date.html").write_text(html.format("DDD"))
    (tmp_path / "candidates_2026-03-01.json").write_text("{")
    entry = {"ticker": "AAA", "grade": "A", "score": 91, "price": 50}
    (tmp_path / "candidates_2026-03-04.json").write_text(json.dumps({"candidates": [entry]}))
    (tmp_path / "notes.txt").write_text("x")
    found, findings = read_folder(tmp_path)
    assert [(c.ticker, c.report_date.day) for c in found] == [("BBB", 2), ("CCC", 3), ("AAA", 4)]
    named = " ".join(finding.path for finding in findings)
    assert "candidates_2026-03-01.json" in named
    assert "no_date.html" in named


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="report in this folder"):
        read_folder(tmp_path)

"""What reading a report gives, as JSON, and the date in its name."""

from __future__ import annotations

from datetime import date

import pytest

from backtest.candidates.report import CandidateReport, date_in_name, rejected
from backtest.core.candidate import Candidate
from backtest.core.errors import Finding

DAY = date(2024, 3, 5)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("report_2024-03-05.html", DAY),
        ("2024-03-05T0915.json", DAY),
        ("2024-13-05_2024-03-05.html", DAY),  # the first is no date
        ("2024-03-05_2024-03-06.html", DAY),
        ("12024-03-05.html", None),
        ("2024-03-055.html", None),
        ("2024-02-30.html", None),
        ("report.html", None),
    ],
)
def test_the_date_in_a_name(name: str, day: date | None) -> None:
    assert date_in_name(name) == day


def test_candidates_and_findings_as_json() -> None:
    found = Candidate("AAA", DAY, "A", 91.5, 12.25, 8.0, "Triple A", "html")
    finding = Finding("card 2", "no_price: two prices: 1 and 2", "look")
    shown = CandidateReport(DAY, (found,), (finding,)).as_json()
    assert shown["candidates"] == [
        {
            "ticker": "AAA",
            "grade": "A",
            "score": 91.5,
            "price": 12.25,
            "gap": 8.0,
            "company": "Triple A",
            "grade_source": "html",
            "report_date": "2024-03-05",
            "gap_size": 8.0,
            "company_name": "Triple A",
        }
    ]
    assert shown["findings"] == [
        {"where": "card 2", "reason": "no_price", "problem": "two prices: 1 and 2", "remedy": "look"}
    ]


def test_of_a_rejected_report_nothing_may_be_used() -> None:
    made = rejected(DAY, [Finding("file", "wrong: all")], "wrong")
    assert (made.accepted, made.reason, made.candidates, len(made.findings)) == (False, "wrong", (), 1)

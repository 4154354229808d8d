"""One stock of one earnings report, as decisions and signal files carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

Grade = Literal["A", "B", "C", "D"]
GradeSource = Literal["html", "inferred", "json"]
GRADES: Final[tuple[Grade, ...]] = get_args(Grade)
SOURCES: Final[tuple[GradeSource, ...]] = get_args(GradeSource)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One stock of one report.

    Attributes:
        ticker: symbol as the report writes it, without ``$``.
        report_date: date of the report.
        grade: A (best) to D.
        score: 0..100, None when the report states none.
        price: reference price in currency per share, None when not certain.
        gap_size: opening gap in percent with its sign, None when not certain.
        company_name: None when not stated.
        grade_source: displayed in the page, inferred from the score, or from a JSON report.
        session: the session it is for where the report's date does not lead there (made after a close).
    """

    ticker: str
    report_date: date
    grade: Grade
    score: float | None = None
    price: float | None = None
    gap_size: float | None = None
    company_name: str | None = None
    grade_source: GradeSource = "json"
    session: date | None = None

    @property
    def rank(self) -> float:
        """Score for ordering; a missing score counts as -1."""
        return -1.0 if self.score is None else self.score

    def as_json(self) -> dict[str, Any]:
        """Return the fields JSON-ready, in a fixed order; `session` only where it is known."""
        own = {} if self.session is None else {"session": self.session.isoformat()}
        return {
            "ticker": self.ticker,
            "report_date": self.report_date.isoformat(),
            "grade": self.grade,
            "grade_source": self.grade_source,
            "score": self.score,
            "price": self.price,
            "gap_size": self.gap_size,
            "company_name": self.company_name,
            **own,
        }

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Candidate:
        """Return the candidate that `as_json` wrote; ValueError for a date that is none."""
        days = {name: date.fromisoformat(row[name]) for name in ("report_date", "session") if name in row}
        return cls(**{**row, **days})

"""Filters and order of earnings candidates, and candidate lists for simulation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from backtest.core.candidate import GRADES, SOURCES, Candidate, Grade
from backtest.core.errors import Finding, UsageError
from backtest.core.files import LARGE, read_regular, why

_LARGEST: Final = 1e9
#: capitals and digits, then perhaps the class of the share: one letter (BRK-B, MOG.A); A-GRADE is none
TICKER_FORM: Final = r"[A-Z][A-Z0-9]{0,5}(?:[./-][A-Z])?"
TICKER: Final = re.compile(TICKER_FORM)
_LISTED_TICKER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}")
_INFERRED: Final[tuple[tuple[float, Grade], ...]] = ((85.0, "A"), (70.0, "B"), (55.0, "C"))


def inferred_grade(score: float) -> Grade:
    """Return the grade that belongs to a score when the report shows none."""
    return next((grade for lowest, grade in _INFERRED if score >= lowest), "D")


def meets_grade(candidate: Candidate, minimum: Grade) -> bool:
    """Tell whether the grade is at least `minimum` (A is best)."""
    return GRADES.index(candidate.grade) <= GRADES.index(minimum)


def ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Order by score, highest first, missing scores last; ties keep their order."""
    return tuple(sorted(candidates, key=lambda candidate: -candidate.rank))


@dataclass(frozen=True, slots=True)
class QualityFilter:
    """Drops cheap stocks, and big gaps that were already rewarded with a high score.

    Prices in currency per share, gap in percent, score 0..100.
    """

    price_from: float = 0.0
    price_below: float = 30.0
    gap_at_least: float = 10.0
    score_at_least: float = 85.0

    def reason(self, candidate: Candidate) -> str | None:
        """Return why a candidate is dropped, None when it passes. Unknown values never drop it."""
        if candidate.price is not None and self.price_from <= candidate.price < self.price_below:
            return f"filter_low_price_{self.price_from:g}_{self.price_below:g}"
        if candidate.gap_size is None or candidate.score is None:
            return None
        if candidate.gap_size >= self.gap_at_least and candidate.score >= self.score_at_least:
            return f"filter_high_gap_score_{self.gap_at_least:g}_{self.score_at_least:g}"
        return None


def read_candidate_list(path: Path) -> tuple[Candidate, ...]:
    """Read a candidate list for simulation: ``{"candidates": [...]}``, in processing order.

    Missing scores and prices are allowed and nothing is de-duplicated: a simulation plays many days.

    Raises:
        UsageError: the file cannot be read or an entry is unusable; every defect is listed.
    """
    try:
        document = json.loads(read_regular(path, LARGE))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"not readable as JSON ({why(error)})", where=str(path), remedy="check the file"
        ) from error
    rows = document.get("candidates") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise UsageError(
            'expected {"candidates": […]}',
            where=str(path),
            remedy="one object per candidate: ticker, report_date, grade, score, price",
        )
    findings: list[Finding] = []
    candidates = [_listed(row, f"candidates[{index}]", findings) for index, row in enumerate(rows)]
    if findings:
        raise UsageError(f"{len(findings)} defects, first: {findings[0]}", where=str(path), findings=findings)
    return tuple(candidate for candidate in candidates if candidate is not None)


def _listed(row: object, where: str, findings: list[Finding]) -> Candidate | None:
    if not isinstance(row, dict):
        findings.append(Finding(where, "is not an object"))
        return None
    found = len(findings)
    ticker, grade = row.get("ticker"), row.get("grade")
    if not isinstance(ticker, str) or not _LISTED_TICKER.fullmatch(ticker):
        findings.append(Finding(f"{where}.ticker", f"not a ticker: {ticker!r}"))
    if grade is None or grade not in GRADES:
        findings.append(Finding(f"{where}.grade", f"must be one of A B C D, is {grade!r}"))
    try:
        report_date = date.fromisoformat(str(row.get("report_date")))
    except ValueError:
        findings.append(Finding(f"{where}.report_date", f"not a date: {row.get('report_date')!r}"))
    numbers = {key: _number(row, key, where, findings) for key in ("score", "price", "gap_size")}
    if len(findings) > found:
        return None
    company, source = row.get("company_name"), row.get("grade_source")
    return Candidate(
        ticker=str(ticker),
        report_date=report_date,
        grade=GRADES[GRADES.index(grade or "D")],
        company_name=company if isinstance(company, str) else None,
        grade_source=next((known for known in SOURCES if known == source), "json"),
        score=numbers["score"],
        price=numbers["price"],
        gap_size=numbers["gap_size"],
    )


def _number(row: dict[str, Any], key: str, where: str, findings: list[Finding]) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not abs(value) <= _LARGEST:
        findings.append(Finding(f"{where}.{key}", f"must be a number or null, is {str(value)[:40]}"))
        return None
    return float(value)

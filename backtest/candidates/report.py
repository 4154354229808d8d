"""What reading a report gives: candidates, and a reason for everything that was not taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from backtest.core.candidate import Candidate
from backtest.core.errors import Finding

_DATE: Final = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class CandidateReport:
    """A report that was read.

    Attributes:
        report_date: from the file (JSON) or its name, None when neither says it.
        candidates: in the order of the report.
        findings: everything rejected or missing, with its reason.
        accepted: False when the whole report must not be traded on; there are no candidates then.
        reason: code of the first defect of a rejected report, "" otherwise.
        counters_agree: whether the stocks per grade equal the page's own counters; None without counters.
        generated_at: aware instant the report was made, None when it does not say (or not readably).
    """

    report_date: date | None
    candidates: tuple[Candidate, ...] = ()
    findings: tuple[Finding, ...] = ()
    accepted: bool = True
    reason: str = ""
    counters_agree: bool | None = None
    generated_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return candidates and findings JSON-ready.

        A candidate also carries the names of the candidate list format, so the output can be simulated.
        """
        return {
            "candidates": [_shown(candidate) for candidate in self.candidates],
            "findings": [_reasoned(finding) for finding in self.findings],
        }


def _shown(candidate: Candidate) -> dict[str, Any]:
    return {
        "ticker": candidate.ticker,
        "grade": candidate.grade,
        "score": candidate.score,
        "price": candidate.price,
        "gap": candidate.gap_size,
        "company": candidate.company_name,
        "grade_source": candidate.grade_source,
        "report_date": candidate.report_date.isoformat(),
        "gap_size": candidate.gap_size,
        "company_name": candidate.company_name,
    }


def _reasoned(finding: Finding) -> dict[str, str]:
    """Return where, the reason code before the first colon, and the sentence after it."""
    reason, _, problem = finding.problem.partition(": ")
    return {"where": finding.path, "reason": reason, "problem": problem, "remedy": finding.remedy}


def rejected(report_date: date | None, findings: list[Finding], reason: str) -> CandidateReport:
    """Return a report of which nothing may be used."""
    return CandidateReport(report_date, (), tuple(findings), accepted=False, reason=reason)


def date_in_name(name: str) -> date | None:
    """Return the first valid YYYY-MM-DD of a file name, None without one."""
    for match in _DATE.finditer(name):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            continue
    return None

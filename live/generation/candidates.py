"""Candidates for a positions strategy: from a report file, judged before anything may be bought on them.

A report that is missing, defective or of another day blocks entries and rotation; exits still run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from backtest.candidates.schedule import EntryMode, entry_session
from backtest.core.candidate import Candidate
from backtest.core.decision import Skip
from backtest.core.errors import UsageError

MAX_LISTED = 5


@dataclass(frozen=True, slots=True)
class CandidateInput:
    """What stage 1 knows about today's candidates.

    Attributes:
        candidates: None blocks entries and rotation.
        facts: what the signal file says about the report (no paths: they differ between machines).
        problems: why it blocks; each is a warning in the file and part of an alert.
        excluded: candidates that this account cannot buy for this variant.
    """

    candidates: tuple[Candidate, ...] | None = None
    facts: dict[str, Any] | None = field(default=None)
    problems: tuple[str, ...] = ()
    excluded: tuple[Skip, ...] = ()

    def without(self, taken: Mapping[str, str]) -> CandidateInput:
        """Return the report without candidates that somebody else on this account holds or may trade.

        Args:
            taken: symbol -> who has it: another variant, or ``outside`` for shares that no book owns.
        """
        if self.candidates is None or not any(c.ticker in taken for c in self.candidates):
            return self
        kept = tuple(c for c in self.candidates if c.ticker not in taken)
        gone = tuple(
            Skip(c.ticker, "held_elsewhere", {"by": taken[c.ticker]})
            for c in self.candidates
            if c.ticker in taken
        )
        return replace(self, candidates=kept, excluded=gone)

    def blocked(self, why: str) -> CandidateInput:
        """Return the report without its candidates: nothing is entered, and nothing is sold to make room."""
        return replace(self, candidates=None, problems=(*self.problems, why))


NO_REPORT = CandidateInput()


def simulated_report(candidates: Sequence[Candidate]) -> CandidateInput:
    """Return candidates of a list for simulation, past the strict reader (replay)."""
    return CandidateInput(tuple(candidates), _facts("list", candidates, accepted=True))


def read_report(path: Path, *, session: date, entry_mode: EntryMode, mode: str) -> CandidateInput:
    """Read the report of one session.

    Args:
        path: `.json` (strict: any defect rejects it) or an HTML page.
        session: the session that trades; the report must lead to it.
        entry_mode: ``report_open`` or ``next_day_open``.
        mode: HTML may open positions only in offline_mock (settled point 35).

    Raises:
        UsageError: the file cannot be read at all: a wrong path is a mistake to correct, not a day to skip.
    """
    from backtest.candidates.html.reader import read_html
    from backtest.candidates.json_reader import read_strict

    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the report cannot be read: {error.strerror}",
            where=str(path),
            remedy="check --report-file; leave it out to run the exits only",
        ) from error
    html = path.suffix.lower() in {".html", ".htm"}
    report = (read_html if html else read_strict)(content, path.name)
    problems: list[str] = []
    if not report.accepted:
        listed = "; ".join(str(finding) for finding in report.findings[:MAX_LISTED])
        more = len(report.findings) - MAX_LISTED
        problems.append(f"report rejected: {listed}" + (f" and {more} more" if more > 0 else ""))
    if html and mode == "online_live":
        problems.append("HTML reports never open positions in online_live; give the JSON report")
    if report.counters_agree is False:
        problems.append("the page's own counters disagree with the stocks that were found")
    if report.accepted and report.report_date is not None:
        meant = entry_session(report.report_date, entry_mode)
        if meant != session:
            problems.append(f"the report of {report.report_date} is for session {meant}, not {session}")
    facts = _facts("html" if html else "json", report.candidates, accepted=not problems) | {
        "report_date": None if report.report_date is None else report.report_date.isoformat(),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if problems:
        blocked = tuple(f"entries and rotation are blocked: {problem}" for problem in problems)
        return CandidateInput(None, facts, blocked)
    return CandidateInput(report.candidates, facts)


def _facts(kind: str, candidates: Sequence[Candidate], *, accepted: bool) -> dict[str, Any]:
    return {
        "format": kind,
        "accepted": accepted,
        "count": len(candidates),
        "tickers": sorted({candidate.ticker for candidate in candidates}),
    }

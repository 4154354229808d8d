"""Candidates for a positions strategy: from a report file, judged before anything may be bought on them.

A report that is missing, defective or of another day blocks entries and rotation; exits still run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from backtest.candidates.report import CandidateReport
from backtest.candidates.schedule import EntryMode, entry_session, session_of_report
from backtest.core.candidate import Candidate
from backtest.core.decision import Skip
from backtest.core.errors import DataError, UsageError
from backtest.core.files import LARGE, read_regular
from live.model.run import Mode

MAX_LISTED: Final = 5
LIST: Final = "list"
HTML: Final = frozenset({".html", ".htm"})
BLOCKED: Final = "entries and rotation are blocked"
REPORT_AGAIN: Final = (
    "Put a valid report for the session into the book's folder of reports (or name it with --report-file) "
    "and run `python -m live.signal_generator` again while there is time."
)


@dataclass(frozen=True, slots=True)
class CandidateInput:
    """What stage 1 knows about today's candidates.

    Attributes:
        candidates: None blocks entries and rotation.
        facts: what the signal file says about the report (no paths: they differ between machines).
        problems: why it blocks; each is a warning in the file and part of an alert.
        remedies: what a person does about them, as sentences.
        excluded: candidates that this account cannot buy for this variant.
        notes: what else a reader of the file must know about the report.
    """

    candidates: tuple[Candidate, ...] | None = None
    facts: dict[str, Any] | None = field(default=None)
    problems: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    excluded: tuple[Skip, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str | None:
        """Digest of the report's bytes, None without a report."""
        return None if self.facts is None else self.facts.get("sha256")

    @property
    def from_list(self) -> bool:
        """Whether it is a list for simulation and no report."""
        return self.facts is not None and self.facts.get("format") == LIST

    def without(self, taken: Mapping[str, str]) -> CandidateInput:
        """Return the report without candidates that somebody else on this account holds or may trade.

        Args:
            taken: symbol -> who has it: another variant, or ``outside`` for shares that no book owns.
        """
        gone = {ticker: Skip(ticker, "held_elsewhere", {"by": who}) for ticker, who in taken.items()}
        if (
            self.candidates is None
            or not {*self._tickers(), *(s.symbol for s in self.excluded)} & gone.keys()
        ):
            return self
        before = tuple(gone.get(skip.symbol, skip) for skip in self.excluded)  # the reason that lasts
        return replace(self, excluded=before).less(gone)

    def _tickers(self) -> frozenset[str]:
        return frozenset(candidate.ticker for candidate in self.candidates or ())

    def without_unknown(self, unknown: Collection[str]) -> CandidateInput:
        """Return the report without tickers nobody has a price of: they must not use up a daily place."""
        return self.less({ticker: Skip(ticker, "no_price_data") for ticker in unknown})

    def less(self, gone: Mapping[str, Skip]) -> CandidateInput:
        """Return the report without the tickers of `gone`, whose skips say why."""
        listed = self.candidates or ()
        kept = tuple(c for c in listed if c.ticker not in gone)
        skips = tuple(gone[c.ticker] for c in listed if c.ticker in gone)
        return replace(self, candidates=kept, excluded=(*self.excluded, *skips))

    def blocked(self, why: str, *remedies: str) -> CandidateInput:
        """Return the report without its candidates: nothing is entered, and nothing is sold to make room."""
        problems, known = (*self.problems, why), (*self.remedies, *remedies)
        return replace(self, candidates=None, problems=problems, remedies=known)


NO_REPORT = CandidateInput()


def no_candidates(*problems: str, facts: dict[str, Any] | None = None) -> CandidateInput:
    """Return a report that blocks entries because of itself: it is missing or cannot be used."""
    lines = tuple(f"{BLOCKED}: {problem}" for problem in problems)
    return CandidateInput(None, facts, lines, (REPORT_AGAIN,))


def simulated_report(candidates: Sequence[Candidate]) -> CandidateInput:
    """Return candidates of a list for simulation, past the strict reader (replay)."""
    return CandidateInput(tuple(candidates), _facts(LIST, candidates, accepted=True))


def read_report(path: Path, *, session: date, entry_mode: EntryMode, mode: Mode) -> CandidateInput:
    """Read the report of one session.

    Args:
        path: `.json` (strict: any defect rejects it) or an HTML page.
        session: the session that trades; the report must lead to it.
        entry_mode: ``report_open`` or ``next_day_open``.
        mode: HTML may open positions only in offline_mock (settled point 35).

    Raises:
        UsageError: the file cannot be read at all: a wrong path is a mistake to correct, not a day to skip.
    """
    try:
        found = load_report(path)
    except OSError as error:
        raise UsageError(
            f"the report cannot be read: {error.strerror}",
            where=str(path),
            remedy="check --report-file; leave it out to run the exits only",
        ) from error
    return judged_report(found, session=session, entry_mode=entry_mode, mode=mode)


@dataclass(frozen=True, slots=True)
class LoadedReport:
    """A report with the bytes it was read from."""

    name: str
    content: bytes
    report: CandidateReport
    html: bool

    def session(self, entry_mode: EntryMode, *, by_date: bool = False) -> date | None:
        """Return the session it is for (`by_date`: by its date alone); None without one in the calendar."""
        if self.report.report_date is None:
            return None
        made = None if by_date else self.report.generated_at
        try:
            return session_of_report(self.report.report_date, entry_mode, made)
        except DataError:
            return None


def load_report(path: Path) -> LoadedReport:
    """Read a report file as what its name says it is. OSError: it is no regular file that can be read."""
    from backtest.candidates.html.reader import read_html
    from backtest.candidates.json_reader import read_strict

    content = read_regular(path, LARGE)
    html = path.suffix.lower() in HTML
    return LoadedReport(path.name, content, (read_html if html else read_strict)(content, path.name), html)


def judged_report(found: LoadedReport, *, session: date, entry_mode: EntryMode, mode: Mode) -> CandidateInput:
    """Return the candidates of a report for one session, or why it blocks entries (see `read_report`)."""
    report, meant = found.report, found.session(entry_mode)
    problems: list[str] = []
    if not report.accepted:
        problems.append(f"report rejected: {findings_text(report)}")
    if found.html and mode == "online_live":
        problems.append("HTML reports never open positions in online_live; give the JSON report")
    if report.counters_agree is False:
        problems.append("the page's own counters disagree with the stocks that were found")
    if report.accepted and report.report_date is not None and meant != session:
        problems.append(f"the report of {report.report_date} is for session {meant}, not {session}")
    facts = _facts("html" if found.html else "json", report.candidates, accepted=not problems) | {
        "report_date": None if report.report_date is None else report.report_date.isoformat(),
        "sha256": hashlib.sha256(found.content).hexdigest(),
    }
    if problems:
        return no_candidates(*problems, facts=facts)
    return CandidateInput(tuple(_meant_for(c, session, entry_mode) for c in report.candidates), facts)


def findings_text(report: CandidateReport) -> str:
    """Return the first findings of a report in one line."""
    more = len(report.findings) - MAX_LISTED
    listed = "; ".join(str(finding) for finding in report.findings[:MAX_LISTED])
    return listed + (f" and {more} more" if more > 0 else "")


def _meant_for(candidate: Candidate, session: date, entry_mode: EntryMode) -> Candidate:
    """Name the session where the report's date alone does not lead there."""
    usual = entry_session(candidate.report_date, entry_mode)
    return candidate if usual == session else replace(candidate, session=session)


def _facts(kind: str, candidates: Sequence[Candidate], *, accepted: bool) -> dict[str, Any]:
    return {
        "format": kind,
        "accepted": accepted,
        "count": len(candidates),
        "tickers": sorted({candidate.ticker for candidate in candidates}),
    }

"""A folder of reports as one candidate list for simulation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from backtest.candidates.html.reader import read_html
from backtest.candidates.json_reader import read_loose
from backtest.candidates.report import CandidateReport
from backtest.core.candidate import Candidate
from backtest.core.errors import Finding, UsageError
from backtest.core.files import LARGE, read_regular

_HTML = (".html", ".htm")


def read_folder(folder: Path) -> tuple[tuple[Candidate, ...], tuple[Finding, ...]]:
    """Read every HTML and JSON report of a folder, sorted by file name; a bad file never stops the rest.

    Returns:
        The candidates by report date, then in the order of the reports, and every finding with its file name.

    Raises:
        UsageError: the folder holds no report.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (*_HTML, ".json"))
    if not paths:
        raise UsageError("no .html or .json report in this folder", where=str(folder))
    candidates: list[Candidate] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            content = read_regular(path, LARGE)
        except OSError as error:
            findings.append(Finding(path.name, f"unreadable: {error.strerror}"))
            continue
        report = _read(content, path)
        candidates += report.candidates
        findings += [Finding(f"{path.name}: {f.path}", f.problem, f.remedy) for f in report.findings]
    return deduplicated(candidates), tuple(findings)


def _read(content: bytes, path: Path) -> CandidateReport:
    reader = read_html if path.suffix.lower() in _HTML else read_loose
    return reader(content, path.name)


def deduplicated(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Keep the first candidate of a report date and ticker; one with a score replaces one without.

    The result is ordered by report date; within a date the order is kept.
    """
    kept: dict[tuple[date, str], Candidate] = {}
    for candidate in candidates:
        key = (candidate.report_date, candidate.ticker)
        first = kept.get(key)
        if first is None or (first.score is None and candidate.score is not None):
            kept[key] = candidate
    return tuple(sorted(kept.values(), key=lambda candidate: candidate.report_date))

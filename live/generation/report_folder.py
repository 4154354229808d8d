"""The folder a book's reports arrive in: which of them is for a session, and which of those counts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.candidates.report import date_in_name
from backtest.candidates.schedule import EntryMode
from live.generation.candidates import (
    BLOCKED,
    HTML,
    CandidateInput,
    LoadedReport,
    findings_text,
    judged_report,
    load_report,
    no_candidates,
    read_report,
)
from live.model.run import Mode

if TYPE_CHECKING:
    from live.books.variants import BookVariant
    from live.runtime.runtime import RunContext
    from live.settings.load import LoadedSettings

LOG = logging.getLogger("jutsu.generator")
#: a file whose name says an earlier date is not opened: no weekend is longer
OLDEST: Final = timedelta(days=14)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def reports_folder(loaded: LoadedSettings, primary: str) -> Path | None:
    """Return the folder of a book's reports, None when the settings name none."""
    book = next((book for book in loaded.settings.books if book.primary == primary), None)
    return None if book is None or book.reports is None else loaded.path(book.reports)


def todays_report(context: RunContext, variant: BookVariant, day: date, file: Path | None) -> CandidateInput:
    """Return the candidates of a session: of `file` when a person named one, else of the book's folder.

    Raises:
        UsageError: the named file cannot be read.
    """
    mode, entry_mode = context.settings.mode, variant.strategy.terms.entry_mode
    if file is not None:
        return read_report(file, session=day, entry_mode=entry_mode, mode=mode)
    folder = reports_folder(context.loaded, variant.follows)
    if folder is None:
        return CandidateInput()
    return newest_report(folder, session=day, entry_mode=entry_mode, mode=mode)


def newest_report(folder: Path, *, session: date, entry_mode: EntryMode, mode: Mode) -> CandidateInput:
    """Return the newest valid report of a session; without one, why entries are blocked.

    Newest is the latest report date, then the latest `generated_at`, then the last file name; JSON comes
    before HTML. A rejected report never hides a valid one, but is named.

    Args:
        folder: where reports are dropped; other files in it are left alone.
        session: the session that trades.
        entry_mode: how a report's date leads to a session.
        mode: see `read_report`.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if _may_be_for(path, session))
    except OSError as error:
        return no_candidates(f"the folder of the reports cannot be read: {error.strerror}")
    loaded = sorted(_loaded(paths, session, entry_mode), key=_age, reverse=True)
    rejected: list[CandidateInput] = []
    unused: list[str] = []
    for found in loaded:
        judged = judged_report(found, session=session, entry_mode=entry_mode, mode=mode)
        if judged.candidates is not None:
            return replace(judged, notes=tuple(f"{text}; {found.name} is used" for text in unused))
        rejected.append(judged)
        unused.append(f"the newer report {found.name} was not used: {_why(found, judged)}")
    if rejected:
        return rejected[0]
    return no_candidates(f"there is no report for {session} in the folder of reports")


def _may_be_for(path: Path, session: date) -> bool:
    """Tell by the name whether a file is a report worth opening."""
    if path.suffix.lower() not in {".json", *HTML} or path.name.startswith("."):
        return False
    named = date_in_name(path.name)
    return named is None or session - OLDEST <= named <= session


def _loaded(paths: list[Path], session: date, entry_mode: EntryMode) -> Iterator[LoadedReport]:
    """Yield the reports for the session; one without a date counts when its name has the session's."""
    for path in paths:
        try:
            found = load_report(path)
        except OSError as error:
            LOG.warning("%s: not read: %s", path, error.strerror)
            continue
        if found.session(entry_mode) == session:
            yield found


def _age(found: LoadedReport) -> tuple[bool, date, datetime, str]:
    report = found.report
    return (
        not found.html,
        report.report_date or date.min,
        report.generated_at or _NEVER,
        Path(found.name).stem,
    )


def _why(found: LoadedReport, judged: CandidateInput) -> str:
    if not found.report.accepted:
        return f"rejected: {findings_text(found.report)}"
    return "; ".join(text.removeprefix(f"{BLOCKED}: ") for text in judged.problems)

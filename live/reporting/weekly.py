"""The weekly report as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.reporting.book_sections import book_sections
from live.reporting.document import Document, Section, days
from live.reporting.files import StoredReport

if TYPE_CHECKING:
    from live.views.weekly_report import WeeklyReport


def weekly_report(model: WeeklyReport) -> StoredReport:
    """Return the report of a week."""
    word = "GO" if model.go else "NO-GO"
    count = len(model.open_questions)
    document = Document(
        subject=f"weekly report {days(model.first, model.last)} {word}",
        headline=f"account {model.account}, {model.mode}, {count or 'no'} open question(s)",
        tone="good" if model.go else "bad",
        sections=(
            Section("open questions", lines=model.open_questions, tone="bad"),
            *(section for book in model.books for section in book_sections(book)),
            Section("missing", lines=model.missing, tone="notice"),
        ),
    )
    return StoredReport("weekly", model.day, None, model, document)

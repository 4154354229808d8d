"""The weekly report: the answer is in the subject, open questions come first."""

from __future__ import annotations

from dataclasses import replace

from live.reporting.text import text_of
from live.reporting.weekly import weekly_report
from tests.support.report_samples import weekly_sample


def test_the_subject_is_the_answer() -> None:
    sample = weekly_sample()
    assert weekly_report(sample).document.subject == "weekly report 2026-11-23 to 2026-11-29 NO-GO"
    good = weekly_report(replace(sample, go=True, open_questions=()))
    assert good.document.subject.endswith(" GO")
    assert good.document.tone == "good"
    assert good.document.headline.endswith("no open question(s)")
    assert (good.kind, good.name) == ("weekly", "weekly_2026-11-29")


def test_open_questions_come_first_and_missing_inputs_last() -> None:
    shown = text_of(weekly_report(replace(weekly_sample(), missing=("no bars",))).document)
    headings = [line for line in shown.splitlines() if line.isupper()]
    assert (headings[0], headings[-1]) == ("OPEN QUESTIONS", "MISSING")
    assert shown.endswith("MISSING\n  - no bars\n")

"""The files of a report: names, privacy, the same bytes for the same model, and the reviewed samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from live.reporting.files import StoredReport, contents, keep, kept, name_of
from tests.support.report_samples import DAY, GOLDEN, execution_sample, reports

FILES = sorted(path.name for path in GOLDEN.iterdir())


@pytest.mark.parametrize(
    ("report", "ending"), [(report, ending) for report in reports() for ending in ("json", "txt", "html")]
)
def test_a_report_is_what_was_reviewed(report: StoredReport, ending: str) -> None:
    """`python -m tests.support.report_samples` refreshes them."""
    reviewed = (GOLDEN / f"{report.name}.{ending}").read_text(encoding="utf-8")
    assert contents(report)[ending].decode() == reviewed


def test_nothing_was_reviewed_that_is_not_made() -> None:
    assert sorted(f"{r.name}.{ending}" for r in reports() for ending in ("json", "txt", "html")) == FILES


def test_the_files_are_private_and_the_same_each_time(tmp_path: Path) -> None:
    (report, *_) = reports()
    first = {path.name: path.read_bytes() for path in keep(tmp_path / "reports", report)}
    again = {path.name: path.read_bytes() for path in keep(tmp_path / "reports", report)}
    assert first == again
    assert sorted(first) == [f"execution_{DAY}_golden.{ending}" for ending in ("html", "json", "txt")]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "reports").iterdir()} == {0o600}


def test_what_was_kept_is_read_and_what_is_broken_is_not_there(tmp_path: Path) -> None:
    (report, *_) = reports()
    keep(tmp_path, report)
    found = kept(tmp_path, name_of("execution", DAY, "golden"))
    assert found is not None
    assert [leg["shares"] for leg in found["legs"]] == [leg.shares for leg in execution_sample().legs]
    (tmp_path / f"{report.name}.json").write_text("[1, 2")
    assert kept(tmp_path, report.name) is None
    (tmp_path / f"{report.name}.json").write_text("[1, 2]")
    assert kept(tmp_path, report.name) is None
    assert kept(tmp_path, "weekly_2026-11-29") is None


def test_a_report_about_every_book_has_no_variant_in_its_name() -> None:
    (report, *_) = reports()
    assert replace(report, kind="weekly", variant=None).name == f"weekly_{DAY}"

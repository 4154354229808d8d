"""The screen of a replay: one line a book, every failure, warnings unless they were asked away."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from live.cli.replay_screen import show, show_last_trades
from live.views.performance import BookPerformance, ReplayView
from tests.support.exec_world import ENTRY, enter, world

BOOK = BookPerformance("golden", date(2024, 1, 2), date(2024, 1, 3), 100_000.0, 107_123.45, 0.0712345, -0.05)
VIEW = ReplayView(
    2,
    ("2024-01-03 executor 7: no order [was] filled",),
    (BOOK,),
    Path("out/e.csv"),
    Path("out/o.csv"),
    ("a wide quote",),
)


def test_books_warnings_failures_and_where_the_files_are(capsys: pytest.CaptureFixture[str]) -> None:
    show(VIEW)
    text = capsys.readouterr().out
    assert "2 sessions replayed" in text
    (line,) = [line for line in text.splitlines() if "golden" in line]
    assert all(cell in line for cell in ("2024-01-02", "100,000.00", "107,123.45", "7.12 %", "-5.00 %"))
    assert "warning: a wide quote" in text
    assert "failed: 2024-01-03 executor 7: no order [was] filled" in text
    assert text.rstrip().endswith("signal files and CSVs: out")


def test_a_failure_stays_when_warnings_are_asked_away(capsys: pytest.CaptureFixture[str]) -> None:
    show(VIEW, warnings=False)
    text = capsys.readouterr().out
    assert "wide quote" not in text
    assert "failed:" in text


def test_the_last_trades_show_the_words_of_their_day_not_its_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = world(tmp_path)
    enter(made, ENTRY)
    capsys.readouterr()
    show_last_trades(made.open().ledger)
    text = capsys.readouterr().out
    assert all(word in text for word in ("DEMO data", "AAA", "buy (entry)", "100.00", "BullStrong", "Low"))
    assert "trend" in text

"""Which of the reports in a folder is for a session."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from backtest.candidates.schedule import EntryMode
from live.generation.candidates import CandidateInput
from live.generation.report_folder import newest_report
from live.model.run import Mode

FRI, SAT, SUN, MON, TUE = (
    date(2026, 1, 9),
    date(2026, 1, 10),
    date(2026, 1, 11),
    date(2026, 1, 12),
    date(2026, 1, 13),
)


def drop(
    folder: Path, day: date, ticker: str, *, made: str | None = None, name: str = "", broken: bool = False
) -> Path:
    path = folder / (name or f"earnings_trade_candidates_{day}.json")
    row = {"ticker": ticker, "grade": "A", "score": 80.0, "price": 100.0}
    document = {"report_date": day.isoformat(), "generated_at": made, "candidates": [row]}
    text = json.dumps(document)
    path.write_text(text[: len(text) // 2] if broken else text)
    return path


def newest(
    folder: Path, session: date, *, entry_mode: EntryMode = "report_open", mode: Mode = "online_live"
) -> CandidateInput:
    return newest_report(folder, session=session, entry_mode=entry_mode, mode=mode)


def tickers(found: CandidateInput) -> list[str] | None:
    return None if found.candidates is None else [candidate.ticker for candidate in found.candidates]


def test_the_report_of_the_session_counts_and_no_other(tmp_path: Path) -> None:
    drop(tmp_path, FRI, "AAA")
    drop(tmp_path, MON, "BBB")
    drop(tmp_path, TUE, "CCC")
    assert tickers(newest(tmp_path, MON)) == ["BBB"]


@pytest.mark.parametrize("day", [SAT, SUN])
def test_a_weekend_report_is_for_monday(tmp_path: Path, day: date) -> None:
    drop(tmp_path, day, "AAA")
    found = newest(tmp_path, MON)
    assert tickers(found) == ["AAA"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("made", "session"),
    [
        ("2026-01-09T08:00:00-05:00", FRI),
        ("2026-01-09T15:59:00-05:00", FRI),
        ("2026-01-09T16:00:00-05:00", MON),
        ("2026-01-09T18:30:00", MON),  # without an offset it is New York time
        ("2026-01-09T21:00:00Z", MON),
        ("2026-01-11T12:00:00-05:00", MON),
        ("2026-01-12T08:00:00-05:00", FRI),  # an old report, written again
        ("Friday evening", FRI),
        (None, FRI),
    ],
)
def test_a_report_made_after_the_close_is_for_the_next_session(
    tmp_path: Path, made: str | None, session: date
) -> None:
    drop(tmp_path, FRI, "AAA", made=made)
    for day in (FRI, MON, TUE):
        assert tickers(newest(tmp_path, day)) == (["AAA"] if day == session else None)


def test_its_candidates_know_the_session_the_date_does_not_lead_to(tmp_path: Path) -> None:
    drop(tmp_path, FRI, "AAA", made="2026-01-09T18:30:00")
    (candidate,) = newest(tmp_path, MON).candidates or ()
    assert (candidate.report_date, candidate.session) == (FRI, MON)
    drop(tmp_path, MON, "AAA")
    (candidate,) = newest(tmp_path, MON).candidates or ()
    assert candidate.session is None


def test_the_newest_of_several_counts(tmp_path: Path) -> None:
    drop(tmp_path, FRI, "AAA", made="2026-01-09T18:30:00")
    assert tickers(newest(tmp_path, MON)) == ["AAA"]
    drop(tmp_path, SUN, "BBB")
    assert tickers(newest(tmp_path, MON)) == ["BBB"]
    drop(tmp_path, MON, "CCC", made="2026-01-12T08:00:00-05:00")
    assert tickers(newest(tmp_path, MON)) == ["CCC"]
    drop(tmp_path, MON, "DDD", made="2026-01-12T08:50:00-05:00", name="a.json")
    assert tickers(newest(tmp_path, MON)) == ["DDD"], "generated later, whatever its name"
    drop(tmp_path, MON, "EEE", made="2026-01-12T08:50:00-05:00", name="a_corrected.json")
    assert tickers(newest(tmp_path, MON)) == ["EEE"], "the last name among equals"


def test_a_rejected_report_never_hides_a_valid_one_and_is_named(tmp_path: Path) -> None:
    drop(tmp_path, SUN, "AAA")
    drop(tmp_path, MON, "BBB", broken=True)
    found = newest(tmp_path, MON)
    assert tickers(found) == ["AAA"]
    assert found.problems == ()
    (note,) = found.notes
    assert note.startswith(f"the newer report earnings_trade_candidates_{MON}.json was not used: rejected: ")
    assert note.endswith(f"; earnings_trade_candidates_{SUN}.json is used")


def test_without_a_valid_report_entries_are_blocked_and_it_says_why(tmp_path: Path) -> None:
    assert newest(tmp_path, MON).problems == (
        "entries and rotation are blocked: there is no report for 2026-01-12 in the folder of reports",
    )
    drop(tmp_path, MON, "BBB", broken=True)
    found = newest(tmp_path, MON)
    assert found.candidates is None
    assert "report rejected" in found.problems[0]
    (problem,) = newest(tmp_path / "absent", MON).problems
    assert "cannot be read" in problem


def test_a_page_counts_offline_only_and_after_json(tmp_path: Path) -> None:
    page = tmp_path / f"earnings_trade_analysis_{MON}.html"
    page.write_text(
        "<html><body><div class='stock-card'><b class='ticker'>AEO</b><i class='grade-badge'>B - 82 pts</i>"
        "<div><i>Price</i><b>$17.28</b></div></div></body></html>"
    )
    assert tickers(newest(tmp_path, MON, mode="offline_mock")) == ["AEO"]
    assert "never open positions in online_live" in newest(tmp_path, MON).problems[0]
    drop(tmp_path, SUN, "AAA")
    for mode in ("offline_mock", "online_live"):
        assert tickers(newest(tmp_path, MON, mode=mode)) == ["AAA"]


def test_other_things_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    drop(tmp_path, MON, "AAA")
    (tmp_path / "notes.txt").write_text("{")
    (tmp_path / f".earnings_{MON}.json").write_text("{")
    (tmp_path / f"old_{MON}.json").mkdir()
    os.mkfifo(tmp_path / f"pipe_{MON}.json")
    (tmp_path / f"gone_{MON}.json").symlink_to(tmp_path / "nowhere")
    found = newest(tmp_path, MON)
    assert tickers(found) == ["AAA"]
    assert found.notes == ()


def test_on_the_session_after_the_report_date_too(tmp_path: Path) -> None:
    drop(tmp_path, FRI, "AAA")
    assert tickers(newest(tmp_path, MON, entry_mode="next_day_open")) == ["AAA"]
    assert tickers(newest(tmp_path, FRI, entry_mode="next_day_open")) is None

"""Candidates for stage 1: a report that leaves any doubt blocks entries, and says why."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backtest.core.candidate import Candidate
from backtest.core.errors import UsageError
from live.generation.candidates import NO_REPORT, CandidateInput, read_report, simulated_report
from live.model.run import Mode

FRIDAY, MONDAY = date(2026, 1, 9), date(2026, 1, 12)


def report(folder: Path, *tickers: str, **changes: Any) -> Path:
    """Write a JSON report of a Friday."""
    path = folder / "report.json"
    rows = [{"ticker": t, "grade": "A", "score": 80.0, "price": 100.0, "gap_size": 5.0} for t in tickers]
    document = {"schema_version": "1.0", "report_date": FRIDAY.isoformat(), "candidates": rows, **changes}
    path.write_text(json.dumps(document))
    return path


def read(path: Path, *, session: date = MONDAY, mode: Mode = "offline_mock") -> CandidateInput:
    return read_report(path, session=session, entry_mode="next_day_open", mode=mode)


def test_a_sound_report_gives_its_candidates_and_says_what_it_was(tmp_path: Path) -> None:
    found = read(report(tmp_path, "BBB", "AAA"))
    assert found.problems == ()
    assert found.candidates is not None
    assert [c.ticker for c in found.candidates] == ["BBB", "AAA"]
    assert found.facts is not None
    assert (found.facts["format"], found.facts["accepted"], found.facts["tickers"]) == (
        "json",
        True,
        ["AAA", "BBB"],
    )
    assert str(tmp_path) not in json.dumps(found.facts)


@pytest.mark.parametrize("session", [FRIDAY, date(2026, 1, 13)])
def test_a_report_for_another_session_blocks_entries(tmp_path: Path, session: date) -> None:
    found = read(report(tmp_path, "AAA"), session=session)
    assert found.candidates is None
    assert found.problems == (
        f"entries and rotation are blocked: the report of {FRIDAY} is for session {MONDAY}, not {session}",
    )


def test_a_defective_report_blocks_entries_and_lists_what_is_wrong(tmp_path: Path) -> None:
    found = read(report(tmp_path, "AAA", "AAA"))
    assert found.candidates is None
    assert "report rejected" in found.problems[0]
    path = tmp_path / "broken.json"
    path.write_text("{")
    assert read(path).candidates is None


def test_a_page_never_opens_positions_with_real_money(tmp_path: Path) -> None:
    page = tmp_path / "earnings_trade_analysis_2026-01-09.html"
    page.write_text("<html><body><p>nothing here</p></body></html>")
    assert any("never open positions in online_live" in p for p in read(page, mode="online_live").problems)
    assert not any("online_live" in p for p in read(page).problems)


def test_a_file_that_cannot_be_read_is_a_mistake_of_the_person(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read") as refused:
        read(tmp_path / "absent.json")
    assert refused.value.exit_code == 2


def listed(*tickers: str) -> CandidateInput:
    return simulated_report([Candidate(ticker, FRIDAY, "A") for ticker in tickers])


def test_what_somebody_else_holds_is_left_out_and_named() -> None:
    found = listed("AAA", "BBB").without({"AAA": "golden", "CCC": "outside"})
    assert found.candidates is not None
    assert [c.ticker for c in found.candidates] == ["BBB"]
    assert [(s.symbol, s.reason, s.details) for s in found.excluded] == [
        ("AAA", "held_elsewhere", {"by": "golden"})
    ]
    same = listed("AAA")
    assert same.without({"CCC": "outside"}) is same
    assert NO_REPORT.without({"AAA": "golden"}) is NO_REPORT


def test_blocked_is_not_the_same_as_an_empty_report() -> None:
    assert listed().candidates == ()
    blocked = listed("AAA").blocked("kill switch is on")
    assert (blocked.candidates, blocked.problems) == (None, ("kill switch is on",))

"""The screen of `jutsu status`: problems first, a missing stop in words, every window with its books."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from live.cli.status import _windows, show
from live.views.status import BookStatus, HeldPosition, StatusView
from tests.support.user_world import new_user

OPENS, CLOSES = datetime(2024, 3, 15, 19, 45, tzinfo=UTC), datetime(2024, 3, 15, 19, 55, tzinfo=UTC)


def book(variant: str = "golden", **changes: Any) -> BookStatus:
    made = BookStatus(
        variant=variant, role="primary", strategy="s", window_opens=OPENS, window_closes=CLOSES,
        early_close=False, last_session=date(2024, 3, 14), last_outcome="completed", equity=99_991.43,
        cash=30_086.9, drawdown=-0.0036, cumulative_return=0.0712, positions=(),
    )  # fmt: skip
    return replace(made, **changes)


def view(*books: BookStatus, **changes: Any) -> StatusView:
    made = StatusView(
        account="paper", mode="offline_mock", data_source="store", kill_switch="none",
        next_session=date(2024, 3, 15), books=books, unfinished_orders=(), unresolved_orders=(),
        naked_positions=(), missed_sessions=(), missed_steps=(), problems=(),
    )  # fmt: skip
    return replace(made, **changes)


def shown(seen: StatusView, capsys: pytest.CaptureFixture[str]) -> str:
    show(seen)
    return capsys.readouterr().out


def test_a_good_day(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(view(book()), capsys)
    assert text.startswith("all is well\n")
    assert "next: 2024-03-15, 15:45-15:55 New York" in text
    assert "99,991.43" in text
    assert "7.12 %" in text
    assert "DEMO" not in text
    assert "no run yet" not in text


def test_problems_come_first_and_then_nothing_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(view(book(), problems=("the login is dead", "[bold]AAA[/bold] has no stop")), capsys)
    assert text.splitlines()[0] == "PROBLEM  the login is dead"
    assert "[bold]AAA[/bold] has no stop" in text  # words are words, never markup
    assert "all is well" not in text


def test_a_position_without_its_stop_is_naked(capsys: pytest.CaptureFixture[str]) -> None:
    held = (
        HeldPosition("AAA", 10, 50.0, 45.0, protected=False),
        HeldPosition("BBB", 20, 60.0, 54.0, protected=True),
        HeldPosition("CCC", 30, 70.0, None, protected=None),
    )
    text = shown(view(book(positions=held)), capsys).splitlines()
    lines = {name: line for name in ("AAA", "BBB", "CCC") for line in text if name in line}
    assert "NAKED" in lines["AAA"]
    assert "54.00" in lines["BBB"]
    assert "NAKED" not in lines["BBB"] + lines["CCC"]


def test_before_the_first_run_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    new = book(
        last_session=None, last_outcome=None, equity=None, cash=None, drawdown=None, cumulative_return=None
    )
    text = shown(view(new, data_source="demo"), capsys)
    assert "no run yet: `jutsu doctor`" in text
    assert "never" in text
    assert "(DEMO data)" in text


def test_what_is_open_and_missed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    seen = view(book(), unfinished_orders=("20240315_AAA_entry_buy",), missed_sessions=(date(2024, 3, 13),))
    text = shown(seen, capsys)
    assert "unfinished orders: 20240315_AAA_entry_buy" in text
    assert "missed sessions: 2024-03-13" in text


def test_books_share_a_window_or_are_named_with_theirs() -> None:
    assert _windows(view()) == "no strategy runs daily"
    assert _windows(view(book("a"), book("b"))) == "15:45-15:55 New York"
    later = book("c", window_opens=datetime(2024, 3, 15, 13, 30, tzinfo=UTC), window_closes=OPENS)
    assert _windows(view(book("a"), book("b"), later)) == "15:45-15:55 (a, b), 09:30-15:45 (c) New York"
    monday = book("d", window_opens=datetime(2024, 3, 18, 19, 45, tzinfo=UTC), window_closes=CLOSES)
    assert _windows(view(book("a"), monday)) == "15:45-15:55 New York"


def test_a_channel_that_cannot_be_reached_is_a_problem(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    assert "alerts:" not in user.jutsu("status").text
    user.set(alerts={"channels": {"critical": ["sms"]}})
    assert "PROBLEM  alerts: no address: sms; `jutsu alerts test`" in user.jutsu("status").text

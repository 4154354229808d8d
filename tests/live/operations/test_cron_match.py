"""The lines that `jutsu schedule` writes start every stage of a year; those of another zone do not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from live.operations.cron_lines import cron_lines
from live.operations.cron_match import not_started
from live.operations.installed import with_block
from live.operations.next_starts import session_starts
from live.operations.schedule import EXECUTOR, GENERATOR, VALIDATE, Project, ScheduledBook, starts

FOLDER = Path("/srv/a project")
BOOKS = (ScheduledBook("golden", "close"), ScheduledBook("ema_p10", "open", reads_candidates=True))
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Sydney", "UTC")


def crontab(
    zone: str, books: tuple[ScheduledBook, ...] = BOOKS, programs: str = ".venv/bin", flags: str = ""
) -> str:
    project = Project(FOLDER, flags, programs=Path(programs))
    lines = cron_lines(project, starts(books, ZoneInfo(zone), BEGIN.date()))
    return with_block("0 3 * * * backup\n", FOLDER, list(lines))


@pytest.mark.parametrize("zone", ZONES)
def test_the_lines_of_a_zone_start_every_stage_of_a_year(zone: str) -> None:
    year = islice(session_starts(BOOKS, BEGIN), 800)
    assert not_started(crontab(zone), FOLDER, year, ZoneInfo(zone)) is None
    quoted = crontab(zone, programs="/opt/my programs/bin")
    assert not_started(quoted, FOLDER, islice(session_starts(BOOKS, BEGIN), 50), ZoneInfo(zone)) is None


@pytest.mark.parametrize(("made_in", "now_in"), [(a, b) for a in ZONES for b in ZONES if a != b])
def test_lines_of_another_zone_are_found(made_in: str, now_in: str) -> None:
    found = not_started(crontab(made_in), FOLDER, islice(session_starts(BOOKS, BEGIN), 20), ZoneInfo(now_in))
    assert found is not None
    assert found.at.date() == date(2026, 1, 5)


def test_a_book_that_was_added_later_is_found() -> None:
    text = crontab("UTC", BOOKS[:1])
    found = not_started(text, FOLDER, islice(session_starts(BOOKS, BEGIN), 20), ZoneInfo("UTC"))
    assert found is not None
    assert found.command in {GENERATOR, f"{EXECUTOR} --phase place"}
    assert found.at < datetime(2026, 1, 5, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "35 9 * * 1-5 cd /srv && python -m live.executor\n"])
def test_without_a_block_of_the_project_nothing_is_said(text: str) -> None:
    coming = islice(session_starts(BOOKS, BEGIN), 20)
    assert not_started(text, FOLDER, coming, ZoneInfo("UTC")) is None
    coming = islice(session_starts(BOOKS, BEGIN), 20)
    assert not_started(crontab("UTC"), Path("/srv/another"), coming, ZoneInfo("UTC")) is None


def test_what_panic_switched_off_starts_nothing() -> None:
    lines = [f"# {line}" for line in crontab("UTC").splitlines() if not line.startswith(("#", "0 3"))]
    coming = islice(session_starts(BOOKS, BEGIN), 20)
    assert not_started(with_block("", FOLDER, lines), FOLDER, coming, ZoneInfo("UTC")) is not None


@pytest.mark.parametrize(
    ("flags", "account", "missing"),
    [
        ("--account all", "ira", None),
        ("--account ira", "ira", None),
        ("--config /c.yaml --account all", "ira", None),
        ("--account taxable", "ira", GENERATOR),
        ("", "ira", VALIDATE),  # lines of before there were accounts: validation wants a name
        ("", "", None),
        ("--account all", "", GENERATOR),  # and of before there were none any more
    ],
)
def test_lines_of_another_account_start_nothing_of_this_one(
    flags: str, account: str, missing: str | None
) -> None:
    coming = islice(session_starts(BOOKS[:1], BEGIN), 20)
    text = crontab("UTC", BOOKS[:1], flags=flags)
    found = not_started(text, FOLDER, coming, ZoneInfo("UTC"), account)
    assert (None if found is None else found.command) == missing


def test_the_lines_of_a_book_of_breakouts_stand_for_no_stage() -> None:
    project = Project(FOLDER, breakouts=True)
    text = with_block("", FOLDER, list(cron_lines(project, [])))
    assert "* * * * *  cd" in text
    for books in (BOOKS[:1], BOOKS[1:]):
        found = not_started(text, FOLDER, islice(session_starts(books, BEGIN), 20), ZoneInfo("UTC"))
        assert found is not None

"""Agents for launchd, read back with plistlib (nothing here was run on a Mac)."""

import plistlib
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from live.operations.launchd import launchd_files
from live.operations.schedule import UNITS, Project, ScheduledBook, starts

GOLDEN = ScheduledBook("golden", "close")


def agents(zone: str) -> dict[str, dict[str, object]]:
    planned = starts([GOLDEN], ZoneInfo(zone), date(2026, 11, 28))
    project = Project(Path("/my & folder"), "--state-db '/a b/l.db'")
    return {name: plistlib.loads(text.encode()) for name, text in launchd_files(project, planned)}


def test_an_entry_per_offset_and_weekday() -> None:
    entries = agents("Europe/Berlin")["org.jutsu.executor.plist"]["StartCalendarInterval"]
    assert isinstance(entries, list)
    times = {(e["Hour"], e["Minute"]) for e in entries}
    assert times == {(18, 55), (20, 55), (21, 55)}
    assert len(entries) == 5 * len(times)


def test_days_follow_the_zone() -> None:
    entries = agents("Australia/Sydney")["org.jutsu.executor.plist"]["StartCalendarInterval"]
    assert isinstance(entries, list)
    assert {e["Weekday"] for e in entries} == {2, 3, 4, 5, 6}


def test_words_and_folders_are_those_of_the_project() -> None:
    agent = agents("UTC")["org.jutsu.validate.plist"]
    words = ["/my & folder/.venv/bin/jutsu", "validate", "--state-db", "/a b/l.db"]
    assert agent["ProgramArguments"] == words
    assert agent["WorkingDirectory"] == "/my & folder"


def test_every_command_that_starts_has_an_agent() -> None:
    names = {f"org.jutsu.{name}.plist" for name in UNITS if name not in {"executor-place", "executor-poll"}}
    assert set(agents("UTC")) == names

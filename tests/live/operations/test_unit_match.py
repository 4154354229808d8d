"""Units and agents that start another account, or none, are found; those of another project are not ours."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.operations.launchd import launchd_files
from live.operations.schedule import Project, ScheduledBook, starts
from live.operations.systemd import systemd_files
from live.operations.unit_match import not_about

FOLDER = Path("/srv/a project")
BOOKS = (ScheduledBook("golden", "close"),)
KINDS = {"systemd": systemd_files, "launchd": launchd_files}


def install(place: Path, kind: str, flags: str, folder: Path = FOLDER) -> None:
    place.mkdir(exist_ok=True)
    for name, text in KINDS[kind](Project(folder, flags), starts(BOOKS, NEW_YORK, date(2026, 1, 5))):
        (place / name).write_text(text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("flags", "account", "missing"),
    [
        ("--account all", "ira", ""),
        ("--account ira", "ira", ""),
        ("--config '/a b/c.yaml' --account all", "ira", ""),
        ("--account taxable", "ira", "signal-generator"),
        ("", "ira", "validate"),  # units of before there were accounts: validation wants a name
        ("", "", ""),
        ("--account all", "", "signal-generator"),  # and of before there were none any more
    ],
)
def test_units_of_another_account_start_nothing_of_this_one(
    tmp_path: Path, kind: str, flags: str, account: str, missing: str
) -> None:
    install(tmp_path / "place", kind, flags)
    found = not_about([tmp_path / "none", tmp_path / "place"], FOLDER, account)
    assert (found or "").rpartition("jutsu")[2].strip("-.").rpartition(".")[0] == missing


@pytest.mark.parametrize("kind", KINDS)
def test_units_of_another_project_are_not_ours(tmp_path: Path, kind: str) -> None:
    install(tmp_path / "place", kind, "--account taxable", Path("/srv/another"))
    assert not_about([tmp_path / "place"], FOLDER, "ira") is None

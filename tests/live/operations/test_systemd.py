"""Units for systemd: times it understands, stages never made up for, everything else is."""

import configparser
import shlex
import shutil
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from live.operations.schedule import STAGES, UNITS, Project, ScheduledBook, Start, new_york_starts
from live.operations.systemd import systemd_files

TODAY = date(2026, 11, 28)
GOLDEN = ScheduledBook("golden", "close")
EARNINGS = ScheduledBook("ema_p10", "open", reads_candidates=True)


@cache
def starts() -> tuple[Start, ...]:
    return new_york_starts([GOLDEN, EARNINGS], TODAY)


def files(folder: str = "/p") -> dict[str, str]:
    return dict(systemd_files(Project(Path(folder)), starts()))


def test_every_command_has_a_service_and_a_timer() -> None:
    assert set(files()) == {f"jutsu-{name}.{kind}" for name in UNITS for kind in ("service", "timer")}
    golden = dict(systemd_files(Project(Path("/p")), new_york_starts([GOLDEN], TODAY)))
    assert len(golden) == 2 * (len(UNITS) - 2), "no auction: nothing is placed or polled"


def test_times_are_those_of_the_exchange() -> None:
    text = files("/my folder")["jutsu-executor.timer"]
    assert "OnCalendar=Mon..Fri 15:55 America/New_York\n" in text
    assert "OnCalendar=Mon..Fri 12:55 America/New_York\n" in text
    assert (
        'ExecStart="/my folder/.venv/bin/python" -m live.executor\n'
        in files("/my folder")["jutsu-executor.service"]
    )


@pytest.mark.parametrize(("name", "command"), UNITS.items())
def test_a_stage_is_never_started_late(name: str, command: str) -> None:
    late = "false" if command in STAGES else "true"
    text = files()[f"jutsu-{name}.timer"]
    assert f"Persistent={late}\n" in text
    assert "AccuracySec=1s\n" in text
    assert text.startswith("[Unit]\n")


def test_every_text_is_a_unit_file() -> None:
    for name, text in files().items():
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
        wanted = {"Unit", "Service"} if name.endswith("service") else {"Unit", "Timer", "Install"}
        assert set(parser.sections()) == wanted


def test_flags_are_quoted_as_systemd_wants_it() -> None:
    """A shell's quotes end inside a word there, % and $ are its own."""
    project = Project(Path("/p"), shlex.join(["--state-db", '/it\'s 100 % "mine"/$x.db']))
    text = dict(systemd_files(project, starts()))["jutsu-executor.service"]
    assert text.endswith('-m live.executor "--state-db" "/it\'s 100 %% \\"mine\\"/$$x.db"\n')


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_understands_the_times() -> None:
    for text in files().values():
        for line in text.splitlines():
            if line.startswith("OnCalendar="):
                subprocess.run(["systemd-analyze", "calendar", line.partition("=")[2]], check=True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "jutsu"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    units = tmp_path / "units"
    units.mkdir()
    for name, text in files(str(tmp_path)).items():
        (units / name).write_text(text)
    paths = [str(units / name) for name in files() if name.endswith(".timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *paths], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if str(units) in line]
    assert complaints == []

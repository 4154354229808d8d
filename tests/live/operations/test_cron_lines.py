"""The lines of a crontab: any folder survives, a failed program says so."""

import shlex
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from live.operations.cron_lines import cron_lines
from live.operations.schedule import (
    BY_CLOCK,
    DOCTOR,
    EXECUTOR,
    Project,
    ScheduledBook,
    Start,
    new_york_starts,
)


@cache
def starts() -> tuple[Start, ...]:
    return new_york_starts([ScheduledBook("golden", "close")], date(2026, 11, 28))


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=20)
)
def test_any_folder_survives_cron_and_shell(name: str) -> None:
    folder = Path("/p") / name
    line = next(text for text in cron_lines(Project(folder), starts()) if EXECUTOR in text)
    command = line.split("  ", 1)[1].replace(r"\%", "%")
    assert shlex.split(command)[:2] == ["cd", str(folder)]
    assert "%" not in line.replace(r"\%", "")


def test_the_line_of_a_failed_program_prints_its_exit_code_and_keeps_its_output(tmp_path: Path) -> None:
    folder = tmp_path / "my trader's 100 %"
    program = folder / ".venv" / "bin" / "jutsu"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "called $@"; exit 6\n')
    program.chmod(0o755)
    project = Project(folder, "--config 'a b.yaml'")
    line = next(text for text in cron_lines(project, []) if DOCTOR in text)
    command = line.split("  ", 1)[1].replace(r"\%", "%")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == f"{DOCTOR}: exit 6, see logs/cron.log\n"
    assert (folder / "logs/cron.log").read_text() == "called doctor --alert --config a b.yaml\n"


def test_what_follows_the_clock_has_one_line_each() -> None:
    fields = {text.split("  ", 1)[0] for text in cron_lines(Project(Path("/p")), []) if "cd /p" in text}
    daily = {"0 0,6,12,18 * * *", "5 * * * *", "20 4 * * *"}
    assert fields == {*daily, "40 4 1 * *", "10 9 * * 0", "15 9 1-7 * *"}
    assert len(fields) == len(BY_CLOCK)


def test_a_book_of_breakouts_follows_the_clock_alone() -> None:
    project = Project(Path("/p"), breakouts=True)
    added = set(cron_lines(project, [])) - set(cron_lines(Project(Path("/p")), []))
    assert {line.split("  ", 1)[0] for line in added} == {"35 * * * *", "* * * * *"}
    assert any("live.signal_generator --strategy orb" in line for line in added)
    assert any("live.executor --phase session" in line for line in added)

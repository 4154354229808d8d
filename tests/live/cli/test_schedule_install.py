"""`jutsu schedule --install | --remove` on a machine that writes down what it is told."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from live.cli.schedule_install import text_of
from live.operations.schedule import Project


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a `crontab`, `systemctl` and `launchctl` of its own; they write down what they are told."""
    programs = tmp_path / "programs"
    programs.mkdir()
    cron = tmp_path / "crontab.txt"
    cron.write_text("0 3 * * * mine\n")
    bodies = {
        "crontab": f'if test "$1" = -l; then cat {cron}; else cat > {cron}; fi',
        "systemctl": f'echo "$@" >> {tmp_path}/calls; case "$2" in\n'
        f'is-enabled) test -e "{tmp_path}/on-$3" ;;\nenable) touch "{tmp_path}/on-$4" ;;\n'
        f'disable) rm -f "{tmp_path}/on-$4" ;;\nesac',
        "launchctl": f'echo "$@" >> {tmp_path}/calls',
    }
    for name, body in bodies.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


def test_a_block_is_installed_once_and_removed_whole(lines: Any, machine: Path) -> None:
    first = lines("Europe/Berlin", "--install")
    assert any(text.startswith("+") and "live.executor" in text for text in first)
    text = (machine / "crontab.txt").read_text()
    assert text.startswith("0 3 * * * mine\n# >>> jutsu schedule of ")
    assert (machine / "crontab.old").read_text() == "0 3 * * * mine\n"
    assert lines("Europe/Berlin", "--install") == ["nothing to change"]
    moved = lines("America/New_York", "--install")
    assert any(line.startswith("-55 21 ") for line in moved), "the machine moved: the block follows"
    lines("UTC", "--remove")
    assert (machine / "crontab.txt").read_text() == "0 3 * * * mine\n"


def test_units_are_installed_once_and_removed_whole(lines: Any, machine: Path) -> None:
    shown = lines("UTC", "--systemd", "--install")
    units = machine / ".config" / "systemd" / "user"
    names = {path.name for path in units.iterdir()}
    assert {"jutsu-executor.timer", "jutsu-backup.service", "jutsu-alerts.timer"} <= names
    calls = (machine / "calls").read_text()
    assert "--user daemon-reload" in calls
    assert "--user enable --now jutsu-executor.timer" in calls
    assert any("enable-linger" in text for text in shown)
    assert lines("UTC", "--systemd", "--install")[0] == "nothing to change"
    assert calls.count("enable --now") == (machine / "calls").read_text().count("enable --now")
    (machine / "on-jutsu-executor.timer").unlink()  # somebody stopped it
    lines("UTC", "--systemd", "--install")
    assert (machine / "on-jutsu-executor.timer").exists()
    lines("UTC", "--remove")
    assert not [path for path in units.iterdir() if path.suffix != ".old"]
    assert not list(machine.glob("on-*"))


def test_agents_are_installed_and_removed(lines: Any, machine: Path) -> None:
    lines("UTC", "--launchd", "--install")
    agents = machine / "Library" / "LaunchAgents"
    assert (agents / "org.jutsu.executor.plist").exists()
    assert f"bootstrap gui/{os.getuid()} {agents}/org.jutsu.executor.plist" in (machine / "calls").read_text()
    assert lines("UTC", "--launchd", "--install") == ["nothing to change"]
    lines("UTC", "--remove")
    assert not [path for path in agents.iterdir() if path.suffix == ".plist"]


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=20)
)
def test_a_compose_file_holds_any_folder(name: str) -> None:
    folder = Path("/p") / name
    text = "\n".join(text_of("container", Project(folder, shlex.join(["--state-db", name])), ()))
    service = yaml.safe_load(text)["services"]["jutsu"]
    plain = str(folder).replace("$", "$$")  # what compose takes back to one
    assert service["working_dir"] == plain
    assert service["volumes"] == [{"type": "bind", "source": plain, "target": plain}]
    assert service["command"][-2:] == ["--state-db", name.replace("$", "$$")]

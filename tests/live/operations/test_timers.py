"""systemd timers that panic stops and resume starts again, on a `systemctl` of our own."""

import os
from typing import Any

import pytest

from live.operations import timers
from live.system import programs

EXECUTOR, GENERATOR = "jutsu-executor.timer", "jutsu-signal-generator.timer"


@pytest.fixture
def systemd(tmp_path: Any, monkeypatch: Any) -> Any:
    """A manager whose enabled units are files; a unit named `stuck` beside them cannot be changed."""
    units = tmp_path / "units"
    units.mkdir()
    path = tmp_path / "systemctl"
    path.write_text(
        f"""#!/bin/sh
cd {units}
case "$2" in
  is-enabled)
    scope=$1
    shift 2
    for unit in "$@"; do test -e "./$scope $unit" && exit 0; done
    exit 1 ;;
  disable) test ! -e stuck && rm "./$1 $4" ;;
  enable) test ! -e stuck && touch "./$1 $4" ;;
esac
"""
    )
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return units


def enabled(units: Any) -> Any:
    return sorted(path.name for path in units.iterdir())


def test_start_restores_exactly_what_stop_stopped(systemd: Any, tmp_path: Any) -> None:
    (systemd / f"--user {EXECUTOR}").touch()
    assert timers.stop(tmp_path) == timers.Changed((EXECUTOR,))
    assert enabled(systemd) == []
    assert (tmp_path / timers.RECORD).stat().st_mode & 0o777 == 0o600
    assert timers.stop(tmp_path) == timers.Changed()  # a second panic forgets nothing
    assert timers.start(tmp_path) == timers.Changed((EXECUTOR,))
    assert enabled(systemd) == [f"--user {EXECUTOR}"]
    assert timers.start(tmp_path) == timers.Changed()


def test_what_cannot_be_changed_is_named_and_stays_noted(systemd: Any, tmp_path: Any) -> None:
    (systemd / f"--system {GENERATOR}").touch()
    assert timers.stop(tmp_path).done == (GENERATOR,)
    (systemd / "stuck").touch()
    assert timers.start(tmp_path).failed == (f"systemctl --system {GENERATOR}",)
    (systemd / "stuck").unlink()
    assert timers.start(tmp_path).done == (GENERATOR,)


def test_every_timer_that_starts_a_stage_is_stopped(systemd: Any, tmp_path: Any) -> None:
    """The phases of an opening auction have timers of their own."""
    for unit in timers.TIMERS:
        (systemd / f"--user {unit}").touch()
    assert {"jutsu-executor-place.timer", "jutsu-executor-poll.timer"} < set(timers.TIMERS)
    assert timers.enabled() == timers.TIMERS
    assert timers.stop(tmp_path).done == timers.TIMERS
    assert timers.enabled() == ()


def test_a_machine_without_systemd_has_none(monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert timers.stop(tmp_path) == timers.Changed() == timers.start(tmp_path)


def test_a_manager_that_does_not_answer_or_cannot_be_run_counts_as_none(
    systemd: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    """The executor asks before it trades: what hangs there must not end it."""
    monkeypatch.setattr(programs, "PATIENCE", 0.3)
    (systemd / f"--user {EXECUTOR}").touch()
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    assert timers.enabled() == ()
    assert timers.stop(tmp_path) == timers.Changed()
    program.write_bytes(b"\x7fELF")
    assert timers.enabled() == ()

"""Every program that cron starts tells the dead man's switch, and nothing else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.model.run import DAILY
from live.runtime.lifecycle import watched
from live.runtime.options import Options
from live.settings.templates import write_templates
from live.system.lock import AnotherRunError
from tests.fakes.ping_service import Service, serving
from tests.support.paths import PROJECT

STAGES = ("live.signal_generator", "live.executor")


@pytest.fixture
def service() -> Iterator[Service]:
    """Serve on loopback."""
    with serving() as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, service: Service) -> Path:
    """Return a new project whose secrets name the service."""
    write_templates(tmp_path)
    secrets = tmp_path / "state" / "secrets.env"
    secrets.parent.mkdir()
    secrets.write_text(f"JUTSU_PING_URL={service.url}\n")
    secrets.chmod(0o600)
    return tmp_path


def call(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of ours as cron does."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("command", [*STAGES, "live.cli validate", "live.cli doctor --alert"])
def test_start_and_exit_code_are_told(project: Path, service: Service, command: str) -> None:
    done = call(project, *command.split())
    last = [path.rpartition("/")[2] for path in service.asked]
    assert last == ["start", str(done.returncode)], done.stderr
    (kept,) = json.loads((project / "state" / "pings.json").read_text()).values()
    assert (kept["code"], kept["problem"]) == (done.returncode, "")
    assert "abc-secret" not in done.stdout + done.stderr
    assert all("abc-secret" not in log.read_text() for log in project.rglob("*.log"))


def test_settings_that_cannot_be_read_are_told(project: Path, service: Service) -> None:
    (project / "config" / "live.yaml").write_text("nonsense: 1\n")
    assert call(project, STAGES[1]).returncode == 2
    assert [path.rpartition("/")[2] for path in service.asked] == ["start", "2"]


@pytest.mark.parametrize(
    "command",
    [
        f"{STAGES[0]} --as-of 2025-06-20",
        f"{STAGES[0]} --dry-run",
        "live.cli status",
        *(
            pytest.param(command, marks=pytest.mark.long)
            for command in (
                f"{STAGES[1]} --as-of 2025-06-20",
                "live.cli demo --sessions 3",
                "live.cli doctor",
                "live.cli validate --date 2025-06-20",
            )
        ),
    ],
)
def test_what_a_person_or_a_replay_starts_is_not_told(project: Path, service: Service, command: str) -> None:
    call(project, *command.split())
    assert service.asked == []


def test_a_ping_that_did_not_arrive_is_said_by_the_next_run(project: Path, service: Service) -> None:
    service.answers = [500] * 4
    first = call(project, STAGES[1])
    second = call(project, STAGES[1])
    assert first.returncode == second.returncode
    assert "did not arrive" not in first.stderr
    assert "warning: the last ping of executor did not arrive" in second.stderr
    assert "warning" in call(project, "live.cli", "doctor", "--json").stdout


def test_a_second_run_that_stands_aside_is_not_told(project: Path, service: Service) -> None:
    options = Options(config=project / "config" / "live.yaml")
    with pytest.raises(AnotherRunError), watched("executor", options, DAILY):
        raise AnotherRunError("another run is at work")
    with pytest.raises(KeyboardInterrupt), watched("executor", options, DAILY):
        raise KeyboardInterrupt
    assert [path.rpartition("/")[2] for path in service.asked] == ["start", "start", "130"]


def test_alerts_test_asks_without_counting_as_a_run(project: Path, service: Service) -> None:
    secrets = project / "state" / "secrets.env"
    secrets.write_text(secrets.read_text() + "JUTSU_ALERT_HERE=json://127.0.0.1:9/\n")
    done = call(project, "live.cli", "alerts", "test", "--json")
    assert [path.rpartition("/")[2] for path in service.asked] == ["log"]
    rows = {row["channel"]: row["delivered"] for row in json.loads(done.stdout)}
    assert rows["ping of generator, executor, validate, doctor"] is True

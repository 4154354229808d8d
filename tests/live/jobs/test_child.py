"""The process of a job: exit codes, the last line of its log, its end with its parent."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from live.jobs.child import PROGRESS, REQUEST, ProgressFile, main
from tests.support.user_world import User


def ask(folder: Path, user: User, **request: Any) -> Path:
    folder.mkdir()
    document = {
        "kind": "backtest",
        "request": {"variant": "golden", "start_date": "2023-12-01", **request},
        "config": str(user.config),
        "state_db": None,
        "at": "2024-01-05T18:00:00-05:00",
    }
    (folder / REQUEST).write_text(json.dumps(document))
    return folder


def test_a_refusal_is_the_last_line_and_the_exit_code(
    user: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(ask(tmp_path / "job", user, variant="nobody"))]) == 2
    assert "nobody" in capsys.readouterr().err.splitlines()[-1]


def test_what_it_found_lies_in_the_folder(user: User, tmp_path: Path) -> None:
    folder = ask(tmp_path / "job", user)
    assert main([str(folder)]) == 0
    assert {"result.json", "equity.csv", "trades.csv", "metrics.json", "report.html", PROGRESS} <= {
        path.name for path in folder.iterdir()
    }


def test_progress_is_written_now_and_then(tmp_path: Path) -> None:
    heard = ProgressFile(tmp_path / PROGRESS)
    for done in range(1, 1000):
        heard(done / 1000)
    assert float((tmp_path / PROGRESS).read_text()) < 0.9


def test_it_ends_with_the_program_that_started_it() -> None:
    code = (
        "import sys, time; from live.jobs import child; child.give_way(); child.end_with_parent();"
        "print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.close()
        assert process.wait(20) == 130

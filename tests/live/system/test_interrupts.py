"""Ctrl-C and SIGTERM in real processes: before a program has begun, and while a stage works."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LOADING = """
import os, signal, sys, types
__spec__ = types.SimpleNamespace(name=sys.argv[1])
import live.system.startup
os.kill(os.getpid(), int(sys.argv[2]))
"""
WORKING = """
import os, signal, sys, types
__spec__ = types.SimpleNamespace(name=sys.argv[1])
import live.system.startup
from live.runtime.lifecycle import guarded
live.system.startup.finished()
sys.exit(guarded(lambda: os.kill(os.getpid(), int(sys.argv[2])), lambda: None))
"""
STAGE, COMMAND = "live.executor", "live.cli.__main__"


def ended(code: str, program: str, number: int, root: Path, *, ignored: bool = False) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-c", code, program, str(number)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=(lambda: signal.signal(number, signal.SIG_IGN)) if ignored else None,
    )
    return run.returncode, run.stderr


@pytest.mark.parametrize(
    ("program", "number", "code"),
    [(STAGE, signal.SIGINT, 130), (STAGE, signal.SIGTERM, 143), (COMMAND, signal.SIGINT, 130)],
)
def test_a_signal_while_modules_load_is_one_line(
    program: str, number: int, code: int, project_root: Path
) -> None:
    line = "interrupted: nothing was begun; run the same command again\n"
    assert ended(LOADING, program, number, project_root) == (code, line)


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(signal.SIGINT, 130, "interrupted: "), (signal.SIGTERM, 143, "interrupted by SIGTERM: ")],
)
def test_a_signal_while_a_stage_works_is_one_line(
    number: int, code: int, words: str, project_root: Path
) -> None:
    line = f"{words}nothing half-done is left behind; run the same command again\n"
    assert ended(WORKING, STAGE, number, project_root) == (code, line)


@pytest.mark.parametrize("code", [LOADING, WORKING])
def test_what_the_parent_ignores_stays_ignored(code: str, project_root: Path) -> None:
    assert ended(code, STAGE, signal.SIGINT, project_root, ignored=True) == (0, "")


def test_sigterm_of_a_command_is_left_to_the_system(project_root: Path) -> None:
    assert ended(WORKING, COMMAND, signal.SIGTERM, project_root) == (-signal.SIGTERM, "")

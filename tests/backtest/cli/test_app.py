"""The command line itself: pipes that close, refusals."""

import os
import subprocess
import sys

import pytest

from backtest.cli.app import READER_LEFT


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["audit", "--help"]])
def test_a_reader_that_leaves_is_no_traceback(project_root, arguments):
    """What `| head -1` does to the writer: the pipe has no reader when the text is written."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-m", "backtest", *arguments],
        cwd=project_root,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert process.stderr == ""
    assert process.returncode in {0, READER_LEFT}  # argparse ignores it when nothing is buffered


@pytest.mark.shared
def test_audit_into_a_closed_pipe(project_root, shared_data):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [
            *(sys.executable, "-m", "backtest", "audit", "--strategy", "golden", "--samples", "1"),
            *("--prices", str(shared_data / "daily")),
        ],
        cwd=project_root,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert process.stderr == ""
    assert process.returncode == READER_LEFT

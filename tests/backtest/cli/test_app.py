"""The command line itself: pipes that close, refusals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backtest.cli.app import main
from backtest.core.errors import READER_LEFT


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["audit", "--help"]])
def test_a_reader_that_leaves_is_no_traceback(project_root: Path, arguments: list[str]) -> None:
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
def test_audit_into_a_closed_pipe(project_root: Path, shared_data: Path) -> None:
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


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["audit", "--strategy", "nowhere.yaml", "--prices", "x", "--json"], 2, "cannot be read"),
        (
            ["audit", "--strategy", "golden", "--prices", "nowhere", "--json"],
            5,
            "no such folder",
        ),
        (["audit", "--strategy", "golden", "--json"], 2, "required: --prices"),
        (["run", "--json", "--cash", "lots"], 2, "'lots' is not a number"),
    ],
)
def test_refusals_are_json_when_json_was_asked_for(
    project_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    problem: str,
) -> None:
    monkeypatch.chdir(project_root)
    assert main(words) == code
    screen = capsys.readouterr()
    error = json.loads(screen.out)["error"]
    assert error["exit_code"] == code
    assert problem in error["problem"]
    assert screen.err == ""


def test_without_json_a_refusal_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--cash", "lots"]) == 2
    screen = capsys.readouterr()
    assert screen.out == ""
    assert screen.err == "backtest: argument --cash: 'lots' is not a number → python -m backtest run --help\n"


@pytest.mark.shared
def test_audit_as_json(
    project_root: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project_root)
    words = [
        "audit",
        "--strategy",
        "golden",
        "--prices",
        str(shared_data / "daily"),
        "--samples",
        "1",
        "--json",
    ]
    assert main(words) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["clean"] is True
    assert [check["change"] for check in document["checks"]] == ["cut", "scramble", "distort"]
    assert {check["difference"] for check in document["checks"]} == {None}

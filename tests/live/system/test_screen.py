"""What a person sees: redacted, and a screen that fails keeps nobody from trading."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from live.system.redaction import MASK, register_secret
from live.system.screen import complain, say, visible
from tests.support.paths import PROJECT


def test_results_and_problems_go_to_their_own_streams_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    register_secret("s3cr3t-of-the-screen-test")
    say("wrote s3cr3t-of-the-screen-test")
    complain("error 2: s3cr3t-of-the-screen-test")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (f"wrote {MASK}\n", f"error 2: {MASK}\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand a column", "two\nlines\tand a column"),
        ("\x1b[2Jcleared", "\\x1b[2Jcleared"),
        ("\rPROBLEM hidden", "\\rPROBLEM hidden"),
        ("sell \u202e001 yub", "sell \\u202e001 yub"),
        ("\x9b31m, \x00, \x7f, \ud800", "\\x9b31m, \\x00, \\x7f, \\ud800"),
        ("Zürich, 株, €, █\xa0", "Zürich, 株, €, █\xa0"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(
    text: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert visible(text) == shown
    say(text)
    complain(text)
    assert capsys.readouterr() == (f"{shown}\n", f"{shown}\n")


def run(code: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a program with a screen of its own."""
    program = f"from live.system.screen import *\n{code}"
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, text=True, check=False, **more
    )
    return done


def test_a_full_disk_behind_the_screen_does_not_end_the_run() -> None:
    with open("/dev/full", "w") as full:
        done = run(
            "say('lost'); say('lost too'); complain('still at work')", stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 0
    assert "still at work" in done.stderr


def test_a_closed_pipe_does_not_end_the_run() -> None:
    code = "import sys\nfor _ in range(20_000): say('x' * 80)\ncomplain('done')"
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()
    done = run(code, stdout=reader.stdin, stderr=subprocess.PIPE)
    if reader.stdin is not None:
        reader.stdin.close()
    assert (done.returncode, done.stderr.strip().endswith("done")) == (0, True)


def test_a_screen_that_knows_fewer_characters_shows_a_question_mark() -> None:
    done = run(
        "print_text(); say('3 × 4')",
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(PROJECT), "PATH": ""},
    )
    assert (done.returncode, done.stdout) == (0, "3 ? 4\n")

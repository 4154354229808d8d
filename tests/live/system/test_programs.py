"""Programs beside ours: what they print, and every way in which they do not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.system import programs
from live.system.programs import run_program, succeeded


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only program of the search path, `beside`; /bin/sh runs what is written into it."""
    path = tmp_path / "beside"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    return path


def test_what_it_printed_comes_back(program: Path) -> None:
    program.write_text('#!/bin/sh\necho "$1 and $(cat)"\n')
    done = run_program("beside", "one", given="two")
    assert done is not None
    assert (done.returncode, done.stdout) == (0, "one and two\n")


@pytest.mark.parametrize("code", [0, 1, 7])
def test_its_exit_code_comes_back(program: Path, code: int) -> None:
    program.write_text(f"#!/bin/sh\nprintf '\\377'; exit {code}\n")
    done = run_program("beside")
    assert done is not None
    assert (done.returncode, done.stdout) == (code, "\ufffd")
    assert succeeded("beside") == (code == 0)


def test_what_it_complains_of_reaches_the_screen_only_when_it_is_asked_for(
    program: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program.write_text("#!/bin/sh\necho bad minute >&2\n")
    run_program("beside")
    assert capfd.readouterr().err == ""
    run_program("beside", quiet=False)
    assert capfd.readouterr().err == "bad minute\n"


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF", b"#!/bin/sh\nexec sleep 60\n"],
    ids=["cannot be run", "does not answer"],
)
def test_no_answer_is_none(program: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PATIENCE", 1.0)
    program.write_bytes(content)
    assert run_program("beside", given="") is None
    assert not succeeded("beside")


def test_a_program_that_is_not_there_is_none(program: Path) -> None:
    program.unlink()
    assert run_program("beside") is None
    assert not succeeded("beside")

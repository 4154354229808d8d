"""`jutsu init` as a person runs it: at a terminal, with flags, twice, interrupted."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.alerts import delivery, pings
from live.cli.init import _require_usable

FLAGS = ("--data", "store", "--strategy", "titan", "--cash", "2500", "--approval", "required")
SILENCE = ("--silence", "entry=trade", "--silence", "stop=skip")
SECRETS = ("--ping", "https://ping.example/abc-secret")
LAST = ("--schedule", "none")
CALL = (sys.executable, "-m", "live.cli", "init")


def environment() -> dict[str, str]:
    """Return the environment of a person without settings of ours."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("JUTSU_")}
    return {**plain, "PYTHONPATH": str(Path(__file__).parents[3]), "TERM": "dumb", "COLUMNS": "200"}


def call(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run it without a terminal."""
    return subprocess.run(
        [*CALL, *flags],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Terminal:
    """The program at a terminal of its own, and a person who waits for each question."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.pid, self.handle = pty.fork()
        if self.pid == 0:  # pragma: no cover - the other process
            os.chdir(folder)
            os.execve(sys.executable, [*CALL, *flags], environment())
        self.said = ""

    def read_until(self, text: str) -> None:
        """Wait until `text` was shown after the last answer."""
        deadline = time.monotonic() + 60
        start = len(self.said)
        while text not in self.said[start:]:
            ready, _, _ = select.select([self.handle], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{text!r} did not come: {self.said}"
            try:
                part = os.read(self.handle, 65536).decode(errors="replace")
            except OSError:
                part = ""
            assert part, f"{text!r} did not come: {self.said}"
            self.said += part

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and type an answer."""
        self.read_until(question)
        os.write(self.handle, f"{text}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C; again when nothing comes of it: one pressed between two reads of a line is lost."""
        for _ in range(10):
            os.write(self.handle, b"\x03")
            deadline, seen = time.monotonic() + 4, ""
            while not seen.replace("^C", "").strip():
                ready, _, _ = select.select([self.handle], [], [], max(0.0, deadline - time.monotonic()))
                if not ready:
                    break
                try:
                    part = os.read(self.handle, 65536).decode(errors="replace")
                except OSError:
                    return
                seen += part
                self.said += part
            else:
                return

    def end(self) -> int:
        """Read the rest and return the exit code; a program that does not end within a minute is killed."""
        deadline = time.monotonic() + 60
        while True:
            ready, _, _ = select.select([self.handle], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
            try:
                part = os.read(self.handle, 65536)
            except OSError:
                part = b""
            if not part:
                break
            self.said += part.decode(errors="replace")
        os.close(self.handle)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below config and the secrets."""
    files = [*(folder / "config").rglob("*"), folder / "state" / "secrets.env"]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files if file.is_file()}


def test_answers_at_a_terminal_give_the_bytes_of_the_flags(tmp_path: Path) -> None:
    asked, flagged = tmp_path / "asked", tmp_path / "flagged"
    asked.mkdir()
    flagged.mkdir()
    person = Terminal(asked)
    person.answer("demo / store / schwab / alpaca [demo]", "stoer")
    person.answer("demo / store / schwab / alpaca [demo]", "store")
    person.answer("[golden]", "titan")
    person.answer("[100000.0]", "-3")
    person.answer("[100000.0]", "2500")
    person.answer("[mode]", "required")
    answers = {"entry": "trade", "stop": "skip"}
    for _ in range(5):
        person.read_until("]: ")
        intent = re.findall(r"order of kind (\w+)", person.said)[-1]
        os.write(person.handle, f"{answers.get(intent, '')}\n".encode())
    person.answer("as apprise URL (empty: later): ", "")  # the blank: echo is off from there on
    person.answer("when nothing runs (empty: later): ", "https://ping.example/abc-secret")
    person.answer("print / cron / systemd / launchd / none", "none")
    person.answer("write this?", "y")
    person.end()
    assert "abc-secret" not in person.said
    assert "'stoer' is none of them" in person.said
    done = call(flagged, "--yes", *FLAGS, *SILENCE, *SECRETS, *LAST)
    assert "abc-secret" not in done.stdout + done.stderr
    assert contents(asked) == contents(flagged)
    assert b"abc-secret" not in contents(asked)["config/live.yaml"]
    assert all("abc-secret" not in log.read_text() for log in asked.rglob("*.log"))


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    first = call(tmp_path, "--yes")
    assert first.returncode == 0, first.stderr
    assert "healthy" in first.stdout
    before = contents(tmp_path)
    second = call(tmp_path, "--yes")
    assert second.returncode == 0
    assert "nothing to change" in second.stdout
    assert contents(tmp_path) == before
    assert not (tmp_path / "config" / "live.yaml.bak").exists()


def test_ctrl_c_writes_nothing(tmp_path: Path) -> None:
    person = Terminal(tmp_path)
    person.answer("[demo]", "store")
    person.read_until("[golden]")
    person.interrupt()
    assert person.end() == 130
    assert "nothing was changed" in person.said
    assert list(tmp_path.iterdir()) == []


def test_a_kill_at_a_question_writes_nothing(tmp_path: Path) -> None:
    person = Terminal(tmp_path)
    person.read_until("[demo]")
    os.kill(person.pid, signal.SIGKILL)
    assert person.end() == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_no_at_the_end_writes_nothing(tmp_path: Path) -> None:
    person = Terminal(tmp_path, *FLAGS, *SECRETS, *LAST, "--alerts", "")
    for _ in range(5):
        person.answer("]: ", "")
    person.answer("write this?", "n")
    assert person.end() == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_an_address_nobody_could_be_reached_at_is_not_kept() -> None:
    for flag, address, unusable in (
        ("--alerts", "nowhere", delivery.unusable),
        ("--ping", "nowhere", pings.unusable),
        ("--ping", "http://example.org", pings.unusable),
        ("--ping", "https://", pings.unusable),
    ):
        with pytest.raises(UsageError, match="nothing was written") as refused:
            _require_usable(flag, address, unusable)
        assert refused.value.where == flag
    _require_usable("--alerts", "json://localhost:1/", delivery.unusable)
    _require_usable("--ping", "https://ping.example/abc", pings.unusable)
    _require_usable("--ping", "", pings.unusable)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "there is no terminal to ask at"),
        (("/dev/null", "--yes"), "this can be no project folder"),
        (("a\nb", "--yes"), "this can be no project folder"),
        (("--yes", "--data", "nowhere"), "--data: 'nowhere' is no answer"),
        (("--yes", "--strategy", "nobody"), "--strategy: 'nobody' is no answer"),
        (("--yes", "--cash", "0"), "--cash: 0 is no amount"),
        (("--yes", "--cash", "nan"), "--cash: nan is no amount"),
        (("--yes", "--silence", "entry"), "--silence: 'entry' is not understood"),
        (("--yes", "--schedule", "never"), "--schedule: 'never' is no answer"),
    ],
)
def test_a_wrong_answer_is_one_line(tmp_path: Path, flags: tuple[str, ...], said: str) -> None:
    done = call(tmp_path, *flags)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_schedule_is_installed_and_doctor_finds_it(tmp_path: Path) -> None:
    programs, table = tmp_path / "bin", tmp_path / "crontab.txt"
    programs.mkdir()
    table.write_text("0 3 * * * mine\n")
    (programs / "crontab").write_text(
        f'#!/bin/sh\nif test "$1" = -l; then cat {table}; else cat > {table}; fi\n'
    )
    (programs / "crontab").chmod(0o755)
    path = {**environment(), "PATH": f"{programs}:{os.environ['PATH']}"}
    words = [*CALL, str(tmp_path / "p"), "--yes", "--schedule", "cron"]
    done = subprocess.run(words, env=path, capture_output=True, text=True, check=False)
    assert "both stages are scheduled" in done.stdout, done.stderr
    assert table.read_text().startswith(f"0 3 * * * mine\n# >>> jutsu schedule of {tmp_path / 'p'}\n")
    again = subprocess.run(words, env=path, capture_output=True, text=True, check=False)
    assert "nothing to change" in again.stdout
    assert table.read_text().count(">>>") == 1


def test_what_doctor_finds_is_the_exit_code(tmp_path: Path) -> None:
    done = call(tmp_path, "--yes", "--data", "store")
    assert done.returncode == 1
    assert "check(s) failed" in done.stdout


def test_both_stages_run_in_what_was_made(tmp_path: Path) -> None:
    assert call(tmp_path, "--yes").returncode == 0
    for stage in ("live.signal_generator", "live.executor"):
        done = subprocess.run(
            [sys.executable, "-m", stage, "--as-of", "2025-06-20"],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr

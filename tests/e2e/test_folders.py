"""Folders that cannot be written, and things that lie where a signal file belongs."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.paths import PROJECT
from tests.support.unprivileged import unprivileged
from tests.support.user_world import FIRST, Ran, User


def unprivileged_run(user: User, module: str, *more: str) -> Ran:
    """A program as a user who must obey the permission bits."""
    done = subprocess.run(
        [*unprivileged(), sys.executable, "-m", module, *user.flags(FIRST), *more],
        cwd=user.root,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def closed(folder: Path) -> Callable[[], None]:
    """Take the right to write a folder; what is returned gives it back (else it cannot be cleaned up)."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o500)
    return lambda: folder.chmod(0o700)


def test_a_signals_folder_that_cannot_be_written_stops_both_stages(user: User) -> None:
    opened = closed(user.signals)
    try:
        made = unprivileged_run(user, "live.signal_generator")
        assert (made.code, "Permission denied" in made.err) == (2, True), made.text
        ran = unprivileged_run(user, "live.executor")
    finally:
        opened()
    assert (ran.code, ran.out) == (2, "")
    assert "was generated, but is not here" in ran.err
    assert user.orders() == []
    back = unprivileged_run(user, "live.signal_generator")  # the way the message tells
    assert (back.code, "back as generated" in back.out) == (0, True), back.text
    assert unprivileged_run(user, "live.executor").code == 0
    assert len(user.orders()) == 2


def test_a_signals_folder_that_cannot_be_entered_is_said(fresh_file: User) -> None:
    fresh_file.signals.chmod(0o000)
    try:
        runs = [unprivileged_run(fresh_file, f"live.{stage}") for stage in ("signal_generator", "executor")]
    finally:
        fresh_file.signals.chmod(0o700)
    for ran in runs:
        assert (ran.code, "Permission denied" in ran.err, "Traceback" in ran.err) == (2, True, False)


def test_a_logs_folder_that_cannot_be_written_is_one_line_and_the_run_goes_on(user: User) -> None:
    opened = closed(user.root / "logs")
    try:
        runs = [unprivileged_run(user, f"live.{stage}") for stage in ("signal_generator", "executor")]
    finally:
        opened()
    for ran in runs:
        assert ran.code == 0
        assert ran.err.count("no log is kept") == 1
        assert "Permission denied" in ran.err
    assert len(user.orders()) == 2


def test_a_file_in_place_of_the_logs_folder_is_one_line(user: User) -> None:
    (user.root / "logs").write_text("")
    ran = user.generate(FIRST)
    assert (ran.code, ran.err.count("no log is kept")) == (0, 1)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listener(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("make", "kind"),
    [(pipe, "a pipe"), (Path.mkdir, "a folder"), (listener, "a socket"), (device, "a device")],
)
@pytest.mark.parametrize("known", [True, False])
def test_what_is_no_file_is_named_by_both_stages(
    request: pytest.FixtureRequest, make: Callable[[Path], None], kind: str, known: bool
) -> None:
    """Also with a file the ledger knows already: "already done" would be a lie."""
    place: User = request.getfixturevalue("fresh_file" if known else "user")
    path = place.file(FIRST)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)
    for ran in (place.generate(FIRST), place.generate(FIRST, "--force"), place.execute(FIRST)):
        assert (ran.code, ran.out) == (2, "")
        assert f"not a regular file but {kind}" in ran.err
    assert place.rows("orders") == []


def test_a_deleted_file_is_no_day_without_one(fresh_file: User) -> None:
    fresh_file.file(FIRST).unlink()
    ran = fresh_file.execute(FIRST)
    assert (ran.code, "was generated, but is not here" in ran.err) == (2, True)
    assert "back as generated" in fresh_file.generate(FIRST).out
    assert fresh_file.execute(FIRST).code == 0
    fresh_file.file(FIRST).unlink()  # carried out: it may go
    ran = fresh_file.execute(FIRST)
    assert (ran.code, "no signal file is due" in ran.out) == (0, True)

"""Files a person named: read whole when they are regular and small, refused at once when they are not."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from backtest.core.files import append_line, read_regular, require_regular, why


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("make", "kind"),
    [(pipe, "a pipe"), (folder, "a folder"), (device, "a device"), (listener, "a socket")],
)
def test_what_is_no_file_is_refused_without_waiting_and_named(
    tmp_path: Path, make: Callable[[Path], None], kind: str
) -> None:
    path = tmp_path / "thing"
    make(path)
    with pytest.raises(OSError) as caught:
        read_regular(path)
    assert why(caught.value) == f"not a regular file but {kind}"
    with pytest.raises(OSError, match=f"not a regular file but {kind}"):
        require_regular(path)


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_file_up_to_the_bound_comes_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    assert read_regular(path, 100) == b"x" * size


def test_a_larger_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_001)
    with pytest.raises(OSError) as caught:
        read_regular(path, 1_000)
    assert why(caught.value) == "larger than 1,000 bytes"


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "nothing")
    require_regular(tmp_path / "nothing")


def test_lines_are_appended_and_a_torn_one_keeps_its_own(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    append_line(log, b"one")
    append_line(log, b"two")
    assert log.read_bytes() == b"one\ntwo\n"
    log.write_bytes(b"one\ntw")
    append_line(log, b"three")
    assert log.read_bytes() == b"one\ntw\nthree\n"

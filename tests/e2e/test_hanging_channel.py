"""An alert server that answers a byte a second, without end: the program ends all the same, with its code."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.paths import PROJECT
from tests.support.user_world import new_user


@contextmanager
def dripping() -> Iterator[int]:
    """Serve `200 OK` and then a byte a second to everybody; yield the port."""
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not ended.wait(1.0):
                connection.sendall(b"x")

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield int(server.getsockname()[1])
        finally:
            ended.set()


def ran_against_it(folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """`jutsu alerts test` as a process of its own, with statements before it."""
    user = new_user(folder / "jutsu")
    program = "; ".join((*before, "from live.cli import app", "app.program()"))
    command = [sys.executable, "-c", program, "alerts", "test", "--config", str(user.config)]
    with dripping() as port:
        environ = {**os.environ, "JUTSU_ALERT_DRIP": f"json://127.0.0.1:{port}/"}
        return subprocess.run(
            command, cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=60, check=False
        )


def test_a_channel_that_never_ends_keeps_no_program(tmp_path: Path) -> None:
    shortly = "live.alerts.delivery.deliver.__kwdefaults__['within'] = 1.0"
    ran = ran_against_it(tmp_path, "import live.alerts.delivery", shortly)
    assert ran.returncode == 1, ran.stderr
    assert "no answer within 1.0 s" in ran.stdout


@pytest.mark.long
def test_it_is_given_up_after_the_time_that_is_promised(tmp_path: Path) -> None:
    ran = ran_against_it(tmp_path)
    assert ran.returncode == 1, ran.stderr
    assert "no answer within 15.0 s" in ran.stdout

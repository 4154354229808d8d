"""An alert server that answers a byte a second, without end: the program ends all the same, with its code."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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


def test_a_channel_that_never_ends_keeps_no_program(tmp_path: Path) -> None:
    user = new_user(tmp_path / "jutsu")
    command = [sys.executable, "-m", "live.cli", "alerts", "test", "--config", str(user.config)]
    with dripping() as port:
        environ = {**os.environ, "JUTSU_ALERT_DRIP": f"json://127.0.0.1:{port}/"}
        ran = subprocess.run(
            command, cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
    assert ran.returncode == 1, ran.stderr
    assert "no answer within" in ran.stdout

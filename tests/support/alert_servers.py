"""Servers that alerts are delivered to: mail, webhook, one that never answers, one that refuses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

LOOPBACK = "127.0.0.1"


@dataclass
class Mailbox:
    """A mail server on the loopback interface; `refuse` is answered to a message instead of taking it."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuse: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        return f"mailto://{LOOPBACK}:{self.port}?from=jutsu@example.com&to=me@example.com"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        if self.refuse:
            return self.refuse
        self.recipients.append(envelope.rcpt_tos)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a mail server."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname=LOOPBACK, port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


class Webhook(ThreadingHTTPServer):
    """Keeps the messages it got, or refuses each with a status."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        self.messages: list[dict[str, Any]] = []
        self.asked = 0
        self.status = status
        super().__init__((LOOPBACK, 0), _Handler)

    @property
    def url(self) -> str:
        return f"json://{LOOPBACK}:{self.server_port}/a-path"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        if self.server.status == 200:
            self.server.messages.append(message)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: str) -> None:
        pass


@contextmanager
def webhook(status: int = 200) -> Iterator[Webhook]:
    """Run a webhook server."""
    with Webhook(status) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@contextmanager
def hanging_port() -> Iterator[int]:
    """Listen and never answer; yields the port."""
    with socket.socket() as listening:
        listening.bind((LOOPBACK, 0))
        listening.listen(64)
        yield listening.getsockname()[1]

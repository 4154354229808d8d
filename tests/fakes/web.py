"""The HTTP part shared by the imitation servers: replies, broken replies, request log, control door."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.clock import VirtualClock
from tests.fakes.faults import CONTROL, Faults, Rule


@dataclass
class Request:
    """One request as the applications see it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Reply:
    """One reply; `fate` says whether it arrives whole."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fate: str = "whole"
    order_id: str | None = None
    pause_after: bool = False

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})

    @classmethod
    def html(cls, status: int, text: str) -> Reply:
        return cls(status, text.encode(), {"Content-Type": "text/html"})


class App:
    """What a concrete server provides: `route` answers requests, `control` obeys tests."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.faults = Faults()
        self.log: list[dict[str, Any]] = []
        self.lock = threading.RLock()

    def route(self, request: Request, rule: Rule | None) -> Reply:
        raise NotImplementedError

    def control(self, name: str, data: Any) -> Any:
        raise NotImplementedError

    def handle(self, request: Request) -> Reply:
        """Answer one request, applying the scripted fault that matches it."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        rule = self.faults.take(request.method, request.path, request.body)
        entry = self._note(request, rule)
        if rule is not None and rule.point == "before":
            early = self._break_before(rule, entry)
            if early is not None:
                entry["status"] = early.status
                return early
        with self.lock:
            reply = self.route(request, rule)
        entry["status"] = reply.status
        entry["order_id"] = reply.order_id
        entry["accepted"] = reply.order_id is not None
        if rule is not None and rule.point == "after":
            reply = self._break_after(rule, reply, entry)
        entry["replied"] = reply.fate == "whole"
        return reply

    def _note(self, request: Request, rule: Rule | None) -> dict[str, Any]:
        entry = {
            "n": len(self.log) + 1,
            "at": self.clock.now().isoformat(),
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body": request.body,
            "fault": rule.action if rule else None,
        }
        self.log.append(entry)
        return entry

    def _break_before(self, rule: Rule, entry: dict[str, Any]) -> Reply | None:
        if rule.action == "pause":
            self.faults.pause({"n": entry["n"], "point": "before"}, rule.params.get("limit", 60.0))
            return None
        if rule.action == "delay":
            time.sleep(rule.params["seconds"])
            return None
        if rule.action == "status":
            return status_reply(rule)
        if rule.action in {"drop", "reset", "truncate", "hang"}:
            return _broken(rule, Reply())
        return None

    def _break_after(self, rule: Rule, reply: Reply, entry: dict[str, Any]) -> Reply:
        if rule.action == "pause":
            self.faults.pause({"n": entry["n"], "point": "after"}, rule.params.get("limit", 60.0))
        elif rule.action == "delay":
            time.sleep(rule.params["seconds"])
        elif rule.action == "status":
            broken = status_reply(rule)
            broken.order_id = reply.order_id
            return broken
        elif rule.action in {"drop", "reset", "truncate", "hang"}:
            return _broken(rule, reply)
        elif rule.action == "headers":
            return _with_headers(rule, reply)
        elif rule.action == "patch" and reply.status == 200:
            value = json.loads(reply.body or b"null")
            reply.body = json.dumps(patched(value, rule.params.get("patch"))).encode()
        return reply

    def _control(self, request: Request) -> Reply:
        name = request.path.removeprefix(CONTROL)
        if name == "release":
            self.faults.release()
            return Reply.of({"ok": True})
        if name == "paused":
            return Reply.of(self.faults.paused)
        if name == "log":
            since = int(request.query.get("since", "0"))
            return Reply.of([entry for entry in self.log if entry["n"] > since])
        if name == "faults":
            if request.method == "DELETE":
                self.faults.clear()
            else:
                self.faults.add(request.json())
            return Reply.of({"ok": True})
        with self.lock:
            try:
                return Reply.of(self.control(name, request.json()))
            except (KeyError, ValueError, TypeError) as error:
                return Reply.of({"error": f"{type(error).__name__}: {error}"}, 400)


def status_reply(rule: Rule) -> Reply:
    """The scripted status with its body and headers."""
    body = rule.params.get("body", "")
    kind = rule.params.get("content_type", "application/json")
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": kind, **rule.params.get("headers", {})}
    return Reply(int(rule.params["status"]), text.encode(), headers)


def _broken(rule: Rule, reply: Reply) -> Reply:
    if rule.action == "hang":
        time.sleep(rule.params.get("seconds", 5.0))
        reply.fate = "drop"
    else:
        reply.fate = rule.action
    return reply


def _with_headers(rule: Rule, reply: Reply) -> Reply:
    for name in rule.params.get("remove", []):
        reply.headers.pop(name, None)
    reply.headers.update(rule.params.get("headers", {}))
    return reply


def patched(value: Any, patch: Any) -> Any:
    """Deep-merge `patch` into `value`; a patch for a list is applied to each of its rows."""
    if isinstance(value, list) and isinstance(patch, dict):
        return [patched(row, patch) for row in value]
    if isinstance(value, dict) and isinstance(patch, dict):
        merged = dict(value)
        for key, new in patch.items():
            if new == "__remove__":
                merged.pop(key, None)
            else:
                merged[key] = patched(merged.get(key), new) if key in merged else new
        return merged
    return patch


class Handler(BaseHTTPRequestHandler):
    """Turns sockets into requests and replies into (possibly broken) bytes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet per reply, or the client waits 40 ms for an acknowledgement
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def log_message(self, *args: object) -> None:
        """Stay quiet; the request log is on the application."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.app.clock.shown(), usegmt=True)

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode() if length else ""
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        request = Request(self.command, parts.path, query, dict(self.headers.items()), body)
        reply = self.server.app.handle(request)
        with contextlib.suppress(ConnectionError):
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.fate == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        if reply.fate in {"drop", "reset"}:
            self.close_connection = True
            return
        if reply.fate == "truncate":
            self._cut(reply)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("X-Rehearsal-Time", self.server.app.clock.now().isoformat())
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()

    def _cut(self, reply: Reply) -> None:
        """Send half a reply: half of its body where it has one, else half of its first line."""
        self.close_connection = True
        if not reply.body:
            self.wfile.write(b"HTTP/1.1 201 Crea")
        else:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2])
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """Loopback only; a client that vanishes is normal here."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, app: App, port: int = 0) -> None:
        self.app = app
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Killed clients break connections; that is what these servers are for."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

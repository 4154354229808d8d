"""Serving the application: one process, one loop, threads for the views."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from backtest.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_STOP_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served; certificate and key for TLS, proxies that are believed."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The page's address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"


def bound(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        UsageError: 2, the port is taken or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise UsageError(
            f"cannot listen: {error.strerror}",
            where=f"{host}:{port}",
            remedy="end the other program (`ss -ltnp` names it), or give another --port",
        ) from error
    return found


def server_of(app: FastAPI, address: Address, ready: Callable[[], None]) -> uvicorn.Server:
    """Return a server; `run(sockets=[…])` serves until SIGINT or SIGTERM, open requests get five seconds.

    Args:
        app: the application.
        address: where.
        ready: called once requests are answered.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(address.proxies),
        forwarded_allow_ips=list(address.proxies),
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        timeout_graceful_shutdown=_STOP_SECONDS,
        ws="websockets-sansio",
        ws_max_size=4096,
        limit_concurrency=500,
    )
    return _Server(config, ready)


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets=sockets)
        if not self.should_exit:
            self._ready()

"""The application: routes, the door before them, what errors look like, the files of the page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from backtest.core.errors import JutsuError
from live.web import problems, refusals
from live.web.accounts import Accounts
from live.web.alerting import tell_of_logins
from live.web.answers import answer
from live.web.auth.sessions import Logins
from live.web.auth.store import Store
from live.web.document import describe
from live.web.guard import Door, Doorkeeper, needs
from live.web.push import Push
from live.web.rates import Rates
from live.web.routes import (
    alerts,
    books,
    control,
    data,
    jobs,
    login,
    machine,
    mode,
    orb,
    parameters,
    records,
    regime,
    settings,
    signals,
    strategies,
)
from live.web.world import World

LOG = logging.getLogger("jutsu.web")
STATIC: Final = Path(__file__).parent / "static"
_API: Final = "/api/v1"
_READS_A_MINUTE: Final = 1000
_CHANGES_A_MINUTE: Final = 100


@dataclass(frozen=True, slots=True)
class Serving:
    """How the page is served.

    Attributes:
        hosts: accepted `Host` headers. origins: accepted `Origin` headers.
        secure: over TLS. beyond: reachable from other machines. read_only: nothing may be changed.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    secure: bool = False
    beyond: bool = False
    read_only: bool = False

    @classmethod
    def at(
        cls,
        port: int,
        *,
        host: str = "127.0.0.1",
        names: Iterable[str] = (),
        secure: bool = False,
        beyond: bool = False,
        read_only: bool = False,
    ) -> Serving:
        """Return how the page at a host and port is served; `names` are further ones, port included."""
        own = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]", host)}
        hosts = frozenset(name.lower() for name in (*own, *names))
        origins = frozenset(f"{scheme}://{name}" for name in hosts for scheme in _schemes(secure=secure))
        return cls(hosts, origins, secure=secure, beyond=beyond, read_only=read_only)


def _schemes(*, secure: bool) -> tuple[str, ...]:
    return ("https",) if secure else ("http",)


def create_app(
    world: World, store: Store, serving: Serving, *, changes_a_minute: int = _CHANGES_A_MINUTE
) -> FastAPI:
    """Return the application of one project.

    Args:
        world: the project.
        store: who may log in.
        serving: how it is reached.
        changes_a_minute: requests of one visitor that change something.
    """
    push = Push()
    accounts = Accounts(world, push)
    app = FastAPI(
        title="jutsu",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    door = Door(
        logins=Logins(store, world.clock, lambda address: tell_of_logins(accounts.first().world, address)),
        store=store,
        clock=world.clock,
        rates=Rates(changes_a_minute, _READS_A_MINUTE),
        hosts=serving.hosts,
        origins=serving.origins,
        secure=serving.secure,
        beyond=serving.beyond,
        read_only=serving.read_only,
    )
    app.state.accounts, app.state.push, app.state.door = accounts, push, door
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(Doorkeeper, door=lambda: door)
    _mount(app)
    app.add_exception_handler(problems.ProblemError, refusals.of_refusal)
    app.add_exception_handler(JutsuError, refusals.of_error)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, problems.of_bug)
    return app


def described_app() -> FastAPI:
    """Return an application that is only described: it serves no project."""
    app = FastAPI(openapi_url=None)
    _mount(app)
    return app


def _mount(app: FastAPI) -> None:
    for router in (
        books.router,
        signals.router,
        control.router,
        mode.router,
        machine.router,
        alerts.router,
        records.router,
        jobs.router,
        regime.router,
        orb.router,
        data.router,
        parameters.router,
        strategies.router,
        settings.router,
        login.router,
    ):
        app.include_router(router, prefix=_API)
    _founding_paths(app)
    app.add_api_route("/health", _health, include_in_schema=False)
    app.add_api_route("/metrics", records.metrics, include_in_schema=False)
    app.add_api_route(f"{_API}/health", _health)
    app.add_api_route(f"{_API}/health/ready", _ready)
    app.add_api_route("/api/openapi.json", _openapi, include_in_schema=False)
    app.add_api_websocket_route("/ws/live", _live)
    app.add_api_route("/{path:path}", _page, include_in_schema=False)


def _founding_paths(app: FastAPI) -> None:
    """Serve the paths of the founding PRD by the same functions, outside the description."""
    read: list[Any] = [needs("read")]
    same: tuple[tuple[str, str, Callable[..., Any], list[Any]], ...] = (
        ("GET", "/api/status", books.status, read),
        ("GET", "/api/trades", books.trades, read),
        ("GET", "/api/trades/export", books.export, read),
        ("GET", "/api/performance", books.performance, read),
        ("GET", "/api/indicators", regime.indicators, read),
        ("GET", "/api/config", settings.settings, []),
        ("PUT", "/api/config", settings.change, []),
        ("POST", "/api/control/stop", control.kill, []),
        ("POST", "/api/control/start", control.resume, []),
    )
    for method, path, function, dependencies in same:
        app.add_api_route(
            path,
            function,
            methods=[method],
            dependencies=dependencies,
            include_in_schema=False,
            response_model=None,
        )
    for path, function in (("/control/stop", control.kill), ("/control/start", control.resume)):
        app.add_api_route(f"{_API}{path}", function, methods=["POST"], response_model=None)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    watching = asyncio.create_task(app.state.accounts.watch())
    if not app.state.door.read_only:
        app.state.accounts.start_jobs()
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await app.state.push.close()
        await asyncio.to_thread(app.state.accounts.close)
        app.state.door.store.close()


async def _health() -> Response:
    """Say that this process answers; nothing else."""
    return answer({"ok": True})


def _ready(request: Request) -> Response:
    """Say whether settings and ledger of every account can be read. JutsuError: what keeps them."""
    accounts: Accounts = request.app.state.accounts
    for served in accounts.all():
        with served.world.reading():
            pass
    return answer({"ready": True})


def _openapi(request: Request) -> Response:
    """Return the description of this API."""
    return answer(describe(request.app))


async def _live(socket: WebSocket) -> None:
    await socket.app.state.push.serve(socket, socket.app.state.door)


def _page(path: str) -> Response:
    """Return a file of the page; every other address is the page itself, which finds its own way."""
    if path.startswith(("api/", "ws/")):
        raise problems.ProblemError(404, "not-found", "there is nothing at this address")
    found = _file(path)
    if found is not None:
        hashed = path.startswith("assets/")
        kept = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return FileResponse(found, headers={"Cache-Control": kept})
    if not (STATIC / "index.html").is_file():
        raise problems.ProblemError(404, "no-page", "the page was not built", remedy="run `make web`")
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


def _file(path: str) -> Path | None:
    """Return the file of the page at an address, None where there is none."""
    try:
        found = (STATIC / path).resolve()
        inside = bool(path) and found.is_file() and found.is_relative_to(STATIC.resolve())
    except (OSError, ValueError):  # a name no file can have
        return None
    return found if inside else None


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    findings = [
        {"path": ".".join(str(part) for part in one["loc"]), "problem": str(one["msg"]), "remedy": ""}
        for one in error.errors()
    ]
    return problems.problem(
        422,
        "request",
        "the request is not what this address takes",
        instance=request.url.path,
        findings=findings,
    )


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problems.problem(
        error.status_code, f"http-{error.status_code}", str(error.detail), instance=request.url.path
    )

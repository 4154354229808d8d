"""The door: which requests are answered at all, by whom, and what every answer forbids the browser.

Order: host, size and content type, visitor (session cookie, key or token), rate, then for a browser's unsafe
request the origin and the CSRF text, then the scope of the route.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends, Query
from fastapi.dependencies.models import Dependant
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from live.web.auth import tokens
from live.web.auth.sessions import Logins, Visitor
from live.web.auth.sessions import Scope as Permission
from live.web.problems import ProblemError, of_refusal

if TYPE_CHECKING:
    from live.system.clock import Clock
    from live.web.auth.store import Store
    from live.web.rates import Rates

Account = Annotated[
    str | None,
    Query(max_length=40, description="One of `accounts:` in the settings; needed where there are several."),
]
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_BODY: Final = 1_000_000
#: the chart library's logo brings one style of its own
_LOGO_STYLE: Final = "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; "
    f"style-src 'self' {_LOGO_STYLE}; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Door:
    """What the door knows.

    Attributes:
        hosts: accepted `Host` headers, port included.
        origins: accepted `Origin` headers.
        secure: the page is served over TLS.
        beyond: it is reachable from other machines.
        read_only: nobody may change anything.
    """

    logins: Logins
    store: Store
    clock: Clock
    rates: Rates
    hosts: frozenset[str]
    origins: frozenset[str]
    secure: bool = False
    beyond: bool = False
    read_only: bool = False
    device_cookie: str = field(init=False)
    session_cookie: str = field(init=False)

    def __post_init__(self) -> None:
        """Name the cookies; `__Host-` binds them to this host where the page has TLS."""
        prefix = "__Host-" if self.secure else ""
        object.__setattr__(self, "session_cookie", f"{prefix}jutsu")
        object.__setattr__(self, "device_cookie", f"{prefix}jutsu_device")

    def visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Return who asks, None when nobody is logged in."""
        kind, _, given = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            if given.startswith("jk_"):
                return self.logins.by_key(given)
            return tokens.read(self.store, given, self.clock.now().timestamp())
        secret = connection.cookies.get(self.session_cookie)
        return None if secret is None else self.logins.visitor(secret)

    def require_known_host(self, headers: Headers) -> None:
        """Raise ProblemError 400: another name than ours leads here (DNS rebinding)."""
        if headers.get("host", "").lower() not in self.hosts:
            raise ProblemError(
                400, "unknown-host", "this host name is not served here", remedy="add it to dashboard.hosts"
            )

    def require_own_page(self, connection: HTTPConnection) -> None:
        """Raise ProblemError 403: the request does not come from our own page."""
        if connection.headers.get("origin") not in self.origins:
            raise ProblemError(403, "foreign-origin", "the request comes from another page")

    def require_csrf(self, request: Request, visitor: Visitor) -> None:
        """Raise ProblemError 403: an unsafe request is not of our page or lacks the session's text."""
        self.require_own_page(request)
        given = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
            raise ProblemError(
                403, "csrf", "the text of this session is missing", remedy="load the page again"
            )

    def require_rate(self, who: str, *, unsafe: bool) -> None:
        """Raise ProblemError 429: too many requests of this visitor."""
        wait = self.rates.wait(who, "unsafe" if unsafe else "read", self.clock.now().timestamp())
        if wait:
            raise ProblemError(
                429, "rate", "too many requests", remedy="wait", headers={"Retry-After": str(int(wait) + 1)}
            )


def address_of(connection: HTTPConnection) -> str:
    """Return the network address of the other side."""
    return "" if connection.client is None else connection.client.host


def who(visitor: Visitor) -> str:
    """Return whose bucket a request is taken from."""
    return visitor.session or visitor.name


def needs(scope: Permission) -> Any:
    """Return the dependency of a route that only visitors with this scope may use."""

    def visitor(request: Request, account: Account = None) -> Visitor:
        request.state.account = account
        door: Door = request.app.state.door
        found = door.visitor(request)
        if found is None:
            raise ProblemError(
                401, "log-in", "nobody is logged in", remedy="`jutsu dashboard link`, or log in on the page"
            )
        request.state.visitor, request.state.scope = found, scope
        unsafe = request.method not in SAFE
        door.require_rate(who(found), unsafe=unsafe)
        _require_known_names(request)
        if unsafe and found.kind == "browser":
            door.require_csrf(request, found)
        if scope not in found.scopes:
            raise ProblemError(
                403, "scope", f"this needs the scope {scope}", remedy="log in, or use another key"
            )
        if unsafe and door.read_only and scope != "metrics":
            raise ProblemError(
                403, "read-only", "this dashboard only looks", remedy="start it without --read-only"
            )
        return found

    visitor.__jutsu_scope__ = scope  # type: ignore[attr-defined]
    return Depends(visitor)


def _require_known_names(request: Request) -> None:
    """Raise ProblemError 422: the question has a name that the route does not know."""
    known = _question_names(request.scope["route"].dependant)
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ProblemError(
            422,
            "unknown-name",
            f"unknown: {', '.join(unknown)[:200]}",
            remedy=f"known: {', '.join(sorted(known))}",
        )


def _question_names(dependant: Dependant) -> set[str]:
    """Return the names of the query that a route and what it depends on know."""
    own = {field.alias for field in dependant.query_params}
    return own.union(*(_question_names(inner) for inner in dependant.dependencies))


class Doorkeeper:
    """ASGI middleware: what is judged before any route, and the headers of every answer."""

    def __init__(self, app: ASGIApp, door: Callable[[], Door]) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        guarded = _with_headers(send, secure=self._door().secure)
        try:
            self._door().require_known_host(request.headers)
            if request.method not in SAFE:
                _require_small_json(request)
        except ProblemError as error:
            await of_refusal(request, error)(scope, receive, guarded)
            return
        await self._app(scope, _bounded(receive), guarded)


def _require_small_json(request: Request) -> None:
    length = request.headers.get("content-length")
    if length is not None and (not length.isdigit() or int(length) > LARGEST_BODY):
        raise ProblemError(413, "too-large", f"at most {LARGEST_BODY} bytes")
    has_body = length not in {None, "0"} or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise ProblemError(415, "json-only", "the body must be application/json")


def _bounded(receive: Receive) -> Receive:
    """Return `receive` that ends a body of unknown length when it grows too large."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise HTTPException(413, f"at most {LARGEST_BODY} bytes")  # FastAPI lets only its own through
        return message

    return bounded


def _with_headers(send: Send, *, secure: bool) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if secure:
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        await send(message)

    return guarded

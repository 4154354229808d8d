"""Coming in and going out; keys of programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from backtest import __version__
from backtest.core.errors import SettingsError
from live.settings.model import DashboardSettings
from live.web.answers import answer
from live.web.auth import tokens
from live.web.auth.sessions import DEVICE_SECONDS, SESSION_SECONDS, Opened, Scope, Visitor
from live.web.guard import Door, address_of, needs
from live.web.problems import ProblemError
from live.web.routes.common import accounts_of, not_found, require_proven
from live.web.routes.signals import Body

router = APIRouter(prefix="/auth")
Anybody = Annotated[Visitor, needs("read")]
Controller = Annotated[Visitor, needs("control")]


class Login(Body):
    """A one-time link, or a password with the code of the second factor; `remember` keeps the device."""

    link: str = Field(default="", max_length=128)
    password: str = Field(default="", max_length=1024)
    code: str = Field(default="", max_length=32)
    remember: bool = False


class Proof(Body):
    """The password and the code, where they were set."""

    password: str = Field(default="", max_length=1024)
    code: str = Field(default="", max_length=32)


class NewKey(Body):
    """A key for a program, of at most a year."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[\w .-]+$")
    scopes: tuple[Scope, ...] = Field(min_length=1)
    days: int = Field(default=90, ge=1, le=365)


@router.post("/login")
def login(request: Request, body: Login) -> Response:
    """Open a session."""
    door: Door = request.app.state.door
    door.require_own_page(request)
    address = address_of(request)
    if body.link:
        if door.beyond:
            raise ProblemError(401, "wrong", "links work on this machine only", remedy="log in by password")
        opened = door.logins.by_link(body.link, address, remember=body.remember)
    elif body.password:
        opened = door.logins.by_password(body.password, body.code, address, remember=body.remember)
    else:
        opened = door.logins.by_device(request.cookies.get(door.device_cookie, ""), address)
    return _let_in(request, opened)


@router.get("/session")
def session(request: Request, visitor: Anybody) -> Response:
    """Who is logged in, what they may do, and the text unsafe requests repeat."""
    return answer(_described(request, visitor))


@router.post("/logout")
def logout(request: Request, visitor: Anybody) -> Response:
    """End this session."""
    door: Door = request.app.state.door
    door.logins.end(visitor)
    response = answer({"ended": True})
    response.delete_cookie(
        door.session_cookie, path="/", secure=door.secure, httponly=True, samesite="strict"
    )
    return response


@router.post("/elevate")
def elevate(request: Request, visitor: Anybody, body: Proof) -> Response:
    """Prove oneself again: for five minutes the grave actions are possible."""
    door: Door = request.app.state.door
    if visitor.kind != "browser":
        raise ProblemError(403, "scope", "only a person proves themselves again")
    return _let_in(request, door.logins.elevate(visitor, body.password, body.code, address_of(request)))


@router.post("/token")
def token(request: Request, visitor: Anybody) -> Response:
    """Give a program a short token for its key."""
    door: Door = request.app.state.door
    if visitor.kind != "key":
        raise ProblemError(403, "scope", "a token is given for a key", remedy="send the key as bearer")
    text = tokens.issue(door.store, visitor, door.clock.now().timestamp())
    return answer({"token": text, "expires_in": tokens.SECONDS})


@router.get("/keys")
def keys(request: Request, _: Controller) -> Response:
    """The keys, without their secrets, the open sessions, and the remembered devices."""
    logins = request.app.state.door.logins
    return answer({"keys": logins.keys(), "sessions": logins.sessions(), "devices": logins.devices()})


@router.post("/keys")
def new_key(request: Request, visitor: Controller, body: NewKey) -> Response:
    """Make a key; its secret is shown once."""
    door: Door = request.app.state.door
    if visitor.kind != "browser":
        raise ProblemError(403, "scope", "only a person makes keys")
    require_proven(request, visitor, grave=True)  # the key acts without one, for up to a year
    return answer({"key": door.logins.new_key(body.name, body.scopes, body.days * 86400.0)}, 201)


@router.post("/devices")
def remember(request: Request, visitor: Controller) -> Response:
    """Remember this device: it reads and approves without a login for ninety days."""
    door: Door = request.app.state.door
    if visitor.kind != "browser":
        raise ProblemError(403, "scope", "only a browser is remembered")
    return _with_cookies(
        door, answer({"remembered": True}), {door.device_cookie: door.logins.remember(visitor)}
    )


@router.delete("/devices/{ident}")
def forget(request: Request, _: Controller, ident: str) -> Response:
    """Forget a remembered device at once."""
    door: Door = request.app.state.door
    if not door.logins.forget(ident):
        raise not_found("device of this id")
    return answer({"forgotten": ident})


@router.delete("/keys/{ident}")
def revoke(request: Request, _: Controller, ident: str) -> Response:
    """Take a key away at once."""
    door: Door = request.app.state.door
    if not door.logins.revoke(ident):
        raise not_found("key of this id")
    return answer({"revoked": ident})


def _described(request: Request, visitor: Visitor) -> dict[str, Any]:
    door: Door = request.app.state.door
    return {
        "name": visitor.name,
        "kind": visitor.kind,
        "scopes": sorted(visitor.scopes),
        "csrf": visitor.csrf,
        "elevated": visitor.elevated_until > door.clock.now().timestamp(),
        "second_factor": door.logins.has_totp,
        "password": door.logins.has_password,
        "read_only": door.read_only,
        "beyond": door.beyond,
        "accounts": accounts_of(request).names(),
        "locale": _locale(request),
        "version": __version__,
    }


def _locale(request: Request) -> str:
    """Return how numbers are written; settings that cannot be read keep nobody from coming in."""
    try:
        return accounts_of(request).first().world.settings_of_file().settings.dashboard.locale
    except SettingsError:
        return DashboardSettings().locale


def _let_in(request: Request, opened: Opened) -> Response:
    door: Door = request.app.state.door
    kept = {door.session_cookie: opened.secret, door.device_cookie: opened.device}
    return _with_cookies(door, answer(_described(request, opened.visitor)), kept)


def _with_cookies(door: Door, response: Response, kept: Mapping[str, str | None]) -> Response:
    """Return the response with cookies only this page's server reads; None leaves one as it is."""
    for name, value in kept.items():
        if value is not None:
            response.set_cookie(
                name,
                value,
                max_age=int(DEVICE_SECONDS if name == door.device_cookie else SESSION_SECONDS),
                path="/",
                secure=door.secure,
                httponly=True,
                samesite="strict",
            )
    return response

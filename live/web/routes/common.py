"""What the endpoints share: who asks, what is answered, pages of lists, texts of paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar

from fastapi import Path as PathParameter
from fastapi import Query
from starlette.requests import Request

from backtest.core.errors import LimitError
from live.actions.audited import Via
from live.web.auth.sessions import Visitor
from live.web.guard import Door, address_of
from live.web.problems import ElevationNeededError, ProblemError

if TYPE_CHECKING:
    from starlette.responses import Response

    from live.views.inputs import ViewInputs
    from live.web.accounts import Accounts, Served
    from live.web.world import World

Row = TypeVar("Row")
LARGEST_PAGE: Final = 500
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many, newest first.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]
SessionDay = Annotated[date, PathParameter(description="Session, YYYY-MM-DD.")]
VariantName = Annotated[str, PathParameter(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A part of a list, and the cursor of the next one (None: this was the last)."""

    items: tuple[Row, ...]
    next: str | None


def page(rows: Sequence[Row], limit: int, cursor: str | None, key: Callable[[Row], str]) -> Page[Row]:
    """Return the rows after the one whose key is the cursor. ProblemError 422: no row has it (any more)."""
    begin = 0
    if cursor is not None:
        places = [place for place, row in enumerate(rows) if key(row) == cursor]
        if not places:
            raise ProblemError(422, "cursor", "no row has this cursor", remedy="begin at the first page")
        begin = places[0] + 1
    items = tuple(rows[begin : begin + limit])
    more = begin + limit < len(rows)
    return Page(items, key(items[-1]) if more and items else None)


def show(request: Request, make: Callable[[ViewInputs], Any]) -> Response:
    """Answer with a view, or 304."""
    return served_of(request).answers.view(request, make)


def accounts_of(request: Request) -> Accounts:
    """Return the accounts this process serves."""
    found: Accounts = request.app.state.accounts
    return found


def served_of(request: Request) -> Served:
    """Return the account a request is about. AccountNeeded, UsageError 2: none of several, or unknown."""
    return accounts_of(request).of(request.state.account)


def world_of(request: Request) -> World:
    """Return the project of the account a request is about. AccountNeeded, UsageError 2: as `served_of`."""
    return served_of(request).world


def actor_of(visitor: Visitor) -> str:
    """Return the name the audit log keeps."""
    return f"web:{visitor.name}"


def via_of(request: Request) -> Via:
    """Return where an action came from."""
    return Via("web", address_of(request))


def require_proven(request: Request, visitor: Visitor, *, grave: bool = False) -> None:
    """Want a browser to have proven itself within five minutes: from other machines, and for what is grave.

    A program cannot; what is grave it does only with `dashboard.api_control` in the settings file, as they
    are read for the account it is about.

    Raises:
        ElevationNeededError: 403, the browser did not. LimitError: 7, the program may not.
        SettingsError: 2, a program asks, and the settings of that account cannot be read.
    """
    door: Door = request.app.state.door
    if visitor.kind != "browser":
        settings = world_of(request).settings_of_file().settings
        if grave and not settings.dashboard.api_control:
            raise LimitError(
                "programs do not do this where orders are real",
                where="dashboard.api_control",
                remedy="do it on the page, or set it to true in the settings file",
            )
        return
    if not (grave or door.beyond):
        return
    if visitor.elevated_until <= door.clock.now().timestamp():
        raise ElevationNeededError("prove yourself again first", remedy="POST /auth/elevate")


def changed(request: Request, *topics: str) -> None:
    """Tell every open page that something changed, without waiting for the watcher."""
    served_of(request).watcher.changed(topics)


def not_found(what: str) -> ProblemError:
    """Return the refusal of something that is not there."""
    return ProblemError(404, "not-found", f"there is no {what}")

"""Signal files: read, edit, approve, skip; every change names the bytes the person saw."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from backtest.core.decision import Side
from live.actions import answers as person
from live.actions.order import OrdersEdited, edit_orders
from live.books.variants import id_prefix
from live.handoff.canonical import bytes_sha256
from live.handoff.model import SignalFile
from live.handoff.order_edits import NewOrder, OrderChange, added, dropped
from live.handoff.order_edits import changed as order_changed
from live.handoff.read import read_bytes
from live.views.review import FileView, ReviewView, read_review
from live.views.review_case import present_file, read_case
from live.views.today import FileLine, file_line
from live.web.answers import answer, enveloped
from live.web.auth.sessions import Visitor
from live.web.document import answered
from live.web.guard import Door, needs
from live.web.problems import ProblemError
from live.web.routes.common import (
    Cursor,
    Limit,
    Page,
    SessionDay,
    VariantName,
    actor_of,
    changed,
    not_found,
    page,
    show,
    via_of,
    world_of,
)

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

router = APIRouter(prefix="/signals")
Reader = Annotated[Visitor, needs("read")]
Approver = Annotated[Visitor, needs("approve")]
_DIGEST: Final = re.compile(r'"?([0-9a-f]{64})"?')
_LISTED: Final = 200


class Body(BaseModel):
    """Base of request bodies: unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(Body):
    """A person's answer to the bytes they saw; `code` of the second factor where one is needed."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    code: str = Field(default="", max_length=32)


class ChangedOrder(Body):
    """What is different in one order; what is left out stays, `stop_price` null takes the stop out."""

    client_order_id: str = Field(max_length=128)
    enabled: bool | None = None
    quantity: int | None = Field(default=None, ge=1, strict=True)
    stop_price: float | None = Field(default=None, gt=0)
    note: str | None = Field(default=None, max_length=500)


class AddedOrder(Body):
    """A market order by hand."""

    symbol: str = Field(pattern=r"^[A-Z][A-Z0-9.\-]{0,15}$")
    side: Side
    quantity: int = Field(ge=1, strict=True)
    price: float | None = Field(default=None, gt=0)
    stop_price: float | None = Field(default=None, gt=0)
    note: str = Field(default="", max_length=500)


class Edit(Body):
    """Every edit of one save."""

    orders: tuple[ChangedOrder, ...] = Field(default=(), max_length=200)
    add: tuple[AddedOrder, ...] = Field(default=(), max_length=50)
    delete: tuple[str, ...] = Field(default=(), max_length=200)


@router.get("", responses=answered(Page[FileLine]))
def files(request: Request, _: Reader, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The newest files, shadows included."""

    def make(inputs: ViewInputs) -> Page[FileLine]:
        rows = page(
            inputs.ledger.signals.recent(_LISTED), limit, cursor, lambda row: f"{row.session} {row.variant}"
        )
        return Page(tuple(file_line(inputs, row) for row in rows.items), rows.next)

    return show(request, make)


@router.get("/{session}/{variant}", responses=answered(ReviewView))
def file(request: Request, session: SessionDay, variant: VariantName, _: Reader) -> Response:
    """One file with everything to judge it by; its ETag is the digest of its bytes."""
    with world_of(request).reading() as inputs:
        view: FileView = read_review(inputs, read_case(inputs, _path(inputs, session, variant)))
        body = enveloped(inputs, view)
    return answer(body, headers={"ETag": f'"{view.sha256}"'})


@router.get("/{session}/{variant}/raw")
def raw(request: Request, session: SessionDay, variant: VariantName, _: Reader) -> Response:
    """The exact bytes."""
    with world_of(request).reading() as inputs:
        content = read_bytes(_path(inputs, session, variant))
    headers = {"ETag": f'"{bytes_sha256(content)}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/json", headers=headers)


@router.get("/{session}/{variant}/diff", responses=answered(dict[str, Any]))
def diff(request: Request, session: SessionDay, variant: VariantName, _: Reader) -> Response:
    """What was edited since the file was generated, and what moved since the session before."""

    def make(inputs: ViewInputs) -> dict[str, Any]:
        case = read_case(inputs, _path(inputs, session, variant))
        return {"edits": case.edits, "since_previous": case.moved}

    return show(request, make)


@router.put("/{session}/{variant}", responses=answered(OrdersEdited, bare=True))
def edit(
    request: Request,
    session: SessionDay,
    variant: VariantName,
    body: Edit,
    visitor: Approver,
    if_match: Annotated[str, Header(description="The digest of the bytes the person saw.")] = "",
) -> Response:
    """Write the file with its orders edited; approval is a separate act."""
    sha256 = _digest(if_match)
    with world_of(request).writing() as inputs:
        path = _path(inputs, session, variant)

        def edited(data: Mapping[str, Any], signal: SignalFile) -> dict[str, Any]:
            return _edited(inputs, data, signal, body)

        done = edit_orders(inputs, path, edited, actor=actor_of(visitor), sha256=sha256, via=via_of(request))
    changed(request, "signals")
    return answer(done, headers={"ETag": f'"{done.sha256}"'})


@router.post("/{session}/{variant}/approve", responses=answered(person.Approved, bare=True))
def approve(
    request: Request, session: SessionDay, variant: VariantName, body: Answer, visitor: Approver
) -> Response:
    """Approve exactly the bytes that were seen, until the window closes."""
    return _answered(request, session, variant, body, visitor, person.approve)


@router.post("/{session}/{variant}/skip", responses=answered(person.Skipped, bare=True))
def skip(
    request: Request, session: SessionDay, variant: VariantName, body: Answer, visitor: Approver
) -> Response:
    """Send nothing of this file."""
    return _answered(request, session, variant, body, visitor, person.skip)


def _answered(
    request: Request,
    session: date,
    variant: str,
    body: Answer,
    visitor: Visitor,
    act: Callable[..., person.Approved | person.Skipped],
) -> Response:
    _require_second_factor(request, visitor, body.code)
    with world_of(request).writing() as inputs:
        done = act(
            inputs,
            _path(inputs, session, variant),
            actor=actor_of(visitor),
            sha256=body.sha256,
            via=via_of(request),
        )
    changed(request, "signals", "status")
    return answer(done)


def _require_second_factor(request: Request, visitor: Visitor, code: str) -> None:
    """Take a code from a browser that is not on this machine."""
    door: Door = request.app.state.door
    if door.beyond and visitor.kind == "browser":
        door.logins.require_code(code)


def _path(inputs: ViewInputs, session: date, variant: str) -> Path:
    """Return where the file of a session lies. ProblemError 404: this ledger never made one."""
    row = inputs.ledger.signals.get(session, variant)
    if row is None:
        raise not_found(f"signal file of {variant} for {session}")
    return present_file(inputs, row)


def _digest(text: str) -> str:
    found = _DIGEST.fullmatch(text.strip())
    if found is None:
        raise ProblemError(
            428, "if-match", "the bytes you saw are not named", remedy="send their digest as If-Match"
        )
    return found.group(1)


def _edited(inputs: ViewInputs, data: Mapping[str, Any], signal: SignalFile, body: Edit) -> dict[str, Any]:
    """Return the file's data with every edit made; each is judged against what the ones before left."""
    found = dict(data)
    for change in body.orders:
        given = change.model_fields_set
        found = order_changed(
            found,
            _typed(found),
            change.client_order_id,
            OrderChange(
                quantity=change.quantity,
                stop=change.stop_price,
                without_stop="stop_price" in given and change.stop_price is None,
                note=change.note,
                enabled=change.enabled,
            ),
        )
    for name in body.delete:
        found = dropped(found, _typed(found), name)
    prefix = id_prefix(inputs.settings, inputs.strategies, signal.strategy.variant)
    for order in body.add:
        new = NewOrder(
            order.symbol, order.side, order.quantity, order.price, order.stop_price, order.note, prefix
        )
        found = added(found, _typed(found), new)
    return found


def _typed(data: Mapping[str, Any]) -> SignalFile:
    return SignalFile.model_validate_json(json.dumps(data))

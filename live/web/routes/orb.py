"""The book of breakouts. Scope `read`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from live.views.orb import OrbView, read_orb
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import show

router = APIRouter(dependencies=[needs("read")])


@router.get("/orb", responses=answered(OrbView))
def orb(request: Request) -> Response:
    """Today's session of breakouts, each strategy beside its history, days, alerts, trades."""
    return show(request, read_orb)

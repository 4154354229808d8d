"""What ran and who did what: runs, alerts, audit. Scope `read`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from live.operations.run_lines import RunLine
from live.operations.watch import expected_books, run_lines_between
from live.views.alerts import AlertLine, alert_lines
from live.views.audit import ActionRow, AuditState, read_actions, verify_actions
from live.web.document import answered
from live.web.guard import needs
from live.web.routes.common import Cursor, Limit, Page, page, show

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

router = APIRouter(dependencies=[needs("read")])
_SHOWN_DAYS = 60
_MOST = 5000


@router.get("/runs", responses=answered(tuple[RunLine, ...]))
def runs(request: Request, since: Annotated[date | None, Query()] = None) -> Response:
    """Every session that was due and what became of it, oldest first; without `since` of sixty days."""

    def make(inputs: ViewInputs) -> Any:
        books = expected_books(inputs.settings, inputs.strategies, inputs.overrides)
        first = since or inputs.today - timedelta(days=_SHOWN_DAYS)
        return run_lines_between(inputs.ledger, books, first, inputs.now)

    return show(request, make)


@router.get("/alerts", responses=answered(Page[AlertLine]))
def alerts(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The newest alerts and whether they were delivered."""

    def make(inputs: ViewInputs) -> Page[AlertLine]:
        return page(alert_lines(inputs.ledger, _MOST), limit, cursor, lambda row: str(row.id))

    return show(request, make)


@router.get("/audit", responses=answered(Page[ActionRow]))
def audit(request: Request, limit: Limit = 50) -> Response:
    """What people did, newest first; refusals too."""
    return show(request, lambda inputs: Page(read_actions(inputs.ledger, limit), None))


@router.get("/audit/verify", responses=answered(AuditState))
def verify(request: Request) -> Response:
    """Whether the chain of the audit log holds."""
    return show(request, lambda inputs: verify_actions(inputs.ledger))

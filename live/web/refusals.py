"""Refused actions leave a row in the audit log, whoever refused: the door, a rule of the page, the action."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from backtest.core.errors import JutsuError
from live.actions.audited import in_audit_log
from live.ledger.audit import Action
from live.web import problems
from live.web.guard import SAFE, Door
from live.web.routes.common import accounts_of, actor_of, via_of
from live.web.world import WRITE_SECONDS

if TYPE_CHECKING:
    from live.web.auth.sessions import Visitor

LOG = logging.getLogger("jutsu.web")
#: what visitors with these scopes do is in the audit log, done or refused; jobs are kept where jobs are
AUDITED: Final = frozenset({"approve", "settings", "control"})
#: who asks too often, or while another writes, asks again: nothing was decided
_ASK_AGAIN: Final = frozenset({429, 503})


def of_refusal(request: Request, error: Exception) -> Response:
    """Answer to a refusal of the web side; of an action it is in the audit log."""
    response = problems.of_refusal(request, error)
    _note(request, response.status_code, str(error))
    return response


def of_error(request: Request, error: Exception) -> Response:
    """Answer to an error of ours; of an action it is in the audit log, once."""
    assert isinstance(error, JutsuError)
    response = problems.of_error(request, error)
    if not in_audit_log(error):
        _note(request, response.status_code, error.line())
    return response


def _note(request: Request, status: int, text: str) -> None:
    """Write the refusal of an action a known visitor asked for; a page that only looks writes nothing.

    The row is in the log of the account it was about, of the first one where none of several was named. It is
    written beside a run too and by the last settings that could be read. A ledger that cannot be written is
    named in the log file: the refusal holds all the same.
    """
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    door: Door = request.app.state.door
    audited = getattr(request.state, "scope", None) in AUDITED
    if visitor is None or not audited or request.method in SAFE or status in _ASK_AGAIN or door.read_only:
        return
    via = via_of(request)
    route = request.scope["route"]
    refusal = Action(
        name=route.name.replace("_", " "),
        actor=actor_of(visitor),
        subject=request.url.path,
        via=via.program,
        address=via.address,
        before="",
        after="",
        outcome=f"refused: {text}",
    )
    try:
        accounts, named = accounts_of(request), request.state.account
        served = accounts.first() if named is None else accounts.of(named)
        with served.world.stopping(WRITE_SECONDS) as (ledger, at):
            ledger.audit.append(refusal, at=at)
    except JutsuError as problem:
        LOG.warning("refused %s of %s is not in the audit log: %s", route.name, visitor.name, problem.line())

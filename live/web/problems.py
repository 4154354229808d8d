"""Errors as `application/problem+json` (RFC 9457): the one line, the remedy, the findings, the exit code."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from backtest.core.errors import JutsuError, LimitError
from live.actions.errors import FileChangedError, SettingChangedError
from live.jobs.errors import NoSuchJobError
from live.ledger.errors import LedgerMissing, LedgerTooNew, LedgerUnavailable
from live.settings.accounts import AccountNeeded
from live.system import run_facts
from live.system.redaction import redact
from live.web.world import RunInProgressError

LOG = logging.getLogger("jutsu.web")
MEDIA_TYPE: Final = "application/problem+json"
#: exit code -> HTTP status
_STATUS: Final = {2: 422, 3: 409, 4: 409, 5: 503, 6: 503, 7: 409, 8: 409}
_TITLES: Final = {
    400: "Bad request",
    401: "Log in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed here",
    409: "Not possible now",
    412: "It changed meanwhile",
    413: "Too large",
    415: "JSON only",
    422: "Refused",
    428: "Say what you saw",
    429: "Too many requests",
    500: "A bug",
    503: "Not available now",
}


class ElevationNeededError(LimitError):
    """A person must prove again that it is them."""


class ProblemError(Exception):
    """A refusal of the web side itself.

    Attributes:
        status: HTTP status. kind: last part of the problem's `type`.
        detail: one line. remedy: what to do. headers: further headers of the answer.
    """

    def __init__(
        self, status: int, kind: str, detail: str, *, remedy: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail, self.remedy = status, kind, detail, remedy
        self.headers = headers or {}


def problem(
    status: int,
    kind: str,
    detail: str,
    *,
    remedy: str = "",
    instance: str = "",
    exit_code: int | None = None,
    findings: list[dict[str, str]] | None = None,
    accounts: Sequence[str] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the answer that says what is wrong; `accounts` are the names a request may give."""
    body: dict[str, Any] = {
        "type": f"about:jutsu#{kind}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": redact(detail),
        "instance": instance,
        "remedy": redact(remedy),
        "findings": findings or [],
    }
    if run := run_facts.current().run:
        body["run"] = run
    if exit_code is not None:
        body["exit_code"] = exit_code
    if accounts:
        body["accounts"] = list(accounts)
    return JSONResponse(
        body, status, headers={"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA_TYPE
    )


def of_refusal(request: Request, error: Exception) -> Response:
    """Return the answer to a refusal of the web side."""
    assert isinstance(error, ProblemError)
    return problem(
        error.status,
        error.kind,
        error.detail,
        remedy=error.remedy,
        instance=request.url.path,
        headers=error.headers,
    )


def of_error(request: Request, error: Exception) -> Response:
    """Return the answer to an error of ours: its line, its remedy, every finding, its exit code."""
    assert isinstance(error, JutsuError)
    status, kind, headers = _classified(error)
    findings = [
        {"path": redact(f.path), "problem": redact(f.problem), "remedy": redact(f.remedy)}
        for f in error.findings
    ]
    detail = f"{error.where}: {error.problem}" if error.where else error.problem
    return problem(
        status,
        kind,
        detail,
        remedy=error.remedy,
        instance=request.url.path,
        exit_code=error.exit_code,
        findings=findings,
        accounts=error.names if isinstance(error, AccountNeeded) else (),
        headers=headers,
    )


def of_bug(request: Request, error: Exception) -> Response:
    """Return the answer to anything unexpected: only the place of its traceback in the log."""
    mark = secrets.token_hex(4)
    LOG.error("unexpected (%s) at %s %s", mark, request.method, request.url.path, exc_info=error)
    return problem(
        500,
        "bug",
        f"an unexpected error; the log has it under {mark}",
        remedy="jutsu logs --grep " + mark,
        instance=request.url.path,
    )


def _classified(error: JutsuError) -> tuple[int, str, dict[str, str]]:
    match error:
        case FileChangedError() | SettingChangedError():
            return 412, "changed-meanwhile", {}
        case AccountNeeded():
            return 422, "account-needed", {}
        case RunInProgressError():
            return 409, "run-in-progress", {"Retry-After": "5"}
        case LedgerUnavailable():
            return 503, "ledger-busy", {"Retry-After": "1"}
        case LedgerTooNew():
            return 503, "restart-dashboard", {}
        case ElevationNeededError():
            return 403, "elevate", {}
        case NoSuchJobError():
            return 404, "not-found", {}
        case LedgerMissing():
            return 409, "no-ledger", {}
        case _:
            return _STATUS.get(error.exit_code, 500), f"exit-{error.exit_code}", {}

"""A person's answer to a signal file: approve its exact bytes, or skip it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from backtest.core.errors import LimitError, SignalFileError, UsageError
from live.actions.audited import TERMINAL, Via, audited
from live.actions.errors import FileChangedError
from live.views.review_case import ReviewCase, read_case, require_row, require_valid

if TYPE_CHECKING:
    from live.handoff.model import SignalFile
    from live.views.inputs import ViewInputs

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ACTOR_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval that was stored.

    Attributes:
        file, sha256: the bytes it binds.
        expires_at: end of the execution window, ISO 8601 with offset.
        edits: one line per difference from the generated original.
        orders, enabled: how many orders the file has, and how many of them may be sent.
    """

    file: Path
    sha256: str
    expires_at: str
    answer: Literal["approve"]
    edits: tuple[str, ...]
    orders: int
    enabled: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A skip that was stored: nothing of this file will be sent unless it is approved later."""

    file: Path
    answer: Literal["skip"]


def approve(
    inputs: ViewInputs, path: Path, *, actor: str, sha256: str | None = None, via: Via = TERMINAL
) -> Approved:
    """Bind the approval of a file to its bytes, until its execution window closes.

    Args:
        inputs: ledger, settings and the instant of the approval.
        path: the signal file.
        actor: who approves, kept in the ledger.
        sha256: digest of the bytes the person saw (64 hexadecimal digits); None: the bytes there now.
        via: where the answer came from.

    Raises:
        FileChangedError, SignalFileError: exit 2; other bytes than shown, an invalid or unknown file, a
            shadow, or another version was executed.
        LimitError: exit 7; a limit is exceeded or the window is over.
        UsageError: exit 2; `sha256` is no digest.
    """
    with audited(inputs.ledger, "approve", actor=actor, subject=path.name, at=inputs.now, via=via) as effect:
        case, signal = _approve(inputs, path, actor, sha256)
        effect.after = f"sha256 {case.sha256}"
    return Approved(
        file=path,
        sha256=case.sha256,
        expires_at=signal.execution_window.closes_at,
        answer="approve",
        edits=tuple(edit.line() for edit in case.edits),
        orders=len(signal.orders),
        enabled=sum(order.enabled for order in signal.orders),
    )


def _approve(inputs: ViewInputs, path: Path, actor: str, sha256: str | None) -> tuple[ReviewCase, SignalFile]:
    """Judge a file and bind its approval; return what was judged."""
    case = _case(inputs, path, sha256)
    row, signal = require_row(case), require_valid(case)
    if row.role != "primary":
        raise SignalFileError("a shadow is never executed", where=str(path), remedy="nothing to approve")
    if row.executed_sha256 is not None and row.executed_sha256 != case.sha256:
        raise SignalFileError(
            "another version of this file was already executed",
            where=str(path),
            remedy="later edits have no effect; see jutsu status",
        )
    if row.executed_sha256 is not None and row.outcome == "completed":
        raise SignalFileError(
            "the file was already executed: there is nothing left to approve",
            where=str(path),
            remedy="see jutsu status",
        )
    closes_at = require_open(inputs, case)
    ledger = inputs.ledger
    ledger.signals.approve(
        row.session,
        row.variant,
        sha256=case.sha256,
        by=actor[:_ACTOR_LENGTH],
        at=case.at,
        expires_at=closes_at.astimezone(UTC),
    )
    ledger.runs.approved(row.session, row.variant, at=case.at)
    return case, signal


def skip(
    inputs: ViewInputs, path: Path, *, actor: str, sha256: str | None = None, via: Via = TERMINAL
) -> Skipped:
    """Send nothing of a file; `approve` takes this back. Arguments as in `approve`.

    Raises:
        FileChangedError, SignalFileError: exit 2; other bytes than shown, an unknown file, or one that was
            already executed.
        LimitError: exit 7; the window is over.
        UsageError: exit 2; `sha256` is no digest.
    """
    with audited(inputs.ledger, "skip", actor=actor, subject=path.name, at=inputs.now, via=via):
        case = _case(inputs, path, sha256)
        row = require_row(case)
        if row.executed_sha256 is not None:
            raise SignalFileError(
                "the file was already executed", where=str(path), remedy="see jutsu status; panic sells"
            )
        require_open(inputs, case)
        inputs.ledger.signals.answer(row.session, row.variant, "skip")
        inputs.ledger.runs.approved(row.session, row.variant, at=None)
    return Skipped(path, "skip")


def require_open(inputs: ViewInputs, case: ReviewCase) -> datetime:
    """Return the end of the execution window. LimitError 7: it is over, or a later session is known."""
    if case.closes_at is None or case.window_over:
        when = "" if case.closes_at is None else f" at {case.closes_at.isoformat()}"
        problem = f"the execution window closed{when}"
    else:
        newest, session = inputs.ledger.runs.last_session(), require_row(case).session
        if newest is None or newest <= session:
            return case.closes_at
        problem = f"its session {session} is past: the ledger already knows {newest}"
    remedy = "nothing can be executed any more; the next session proposes again"
    raise LimitError(problem, where=str(case.path), remedy=remedy)


def _case(inputs: ViewInputs, path: Path, sha256: str | None) -> ReviewCase:
    """Read the file once: what is compared is what is judged and bound."""
    require_digest(sha256)
    case = read_case(inputs, path)
    require_same(path, case.sha256, sha256)
    return case


def require_digest(sha256: str | None) -> None:
    """Raise UsageError unless `sha256` is None or 64 lower-case hexadecimal digits."""
    if sha256 is not None and _SHA256.fullmatch(sha256) is None:
        raise UsageError(
            f"{sha256!r} is no SHA-256",
            where="--sha256",
            remedy="give the 64 digits that `jutsu review --json` shows",
        )


def require_same(path: Path, found: str, shown: str | None) -> None:
    """Raise FileChangedError unless the digest `found` is the one that was shown (None: any)."""
    if shown is not None and found != shown:
        raise FileChangedError(
            f"the file changed since it was shown: it is {found[:12]} now, not {shown[:12]}",
            where=str(path),
            remedy="`jutsu review` it again",
        )

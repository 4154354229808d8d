"""A person's answer to a plan of breakouts, before its first window: approve its bytes, or skip its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.errors import LimitError
from live.actions.answers import require_digest, require_same
from live.actions.audited import TERMINAL, Via, audited
from live.model.run import ORB_BOOK
from live.views.orb_plan import PlanCase, orb_ledger, read_case

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

_ACTOR_LENGTH = 64


@dataclass(frozen=True, slots=True)
class PlanAnswered:
    """An answer that was stored; `edits` are one line per difference from the generated plan."""

    file: Path
    sha256: str
    answer: str
    edits: tuple[str, ...]


def approve_plan(
    inputs: ViewInputs, path: Path, *, actor: str, sha256: str | None = None, via: Via = TERMINAL
) -> PlanAnswered:
    """Bind an approval to the bytes of a plan; it holds for the whole day.

    Args:
        inputs: ledger, settings and the instant of the approval.
        path: the plan file.
        actor: who approves.
        sha256: digest of the bytes the person saw; None: the bytes there now.
        via: where the answer came from.

    Raises:
        FileChangedError, SignalFileError, UsageError: 2, other bytes than shown, a broken or unknown plan.
        LimitError: 7, the first window has started.
    """
    require_digest(sha256)
    with audited(inputs.ledger, "approve", actor=actor, subject=path.name, at=inputs.now, via=via) as effect:
        case = _case(inputs, path, sha256)
        case.judged.required(str(path))
        ledger = orb_ledger(inputs.ledger)
        ledger.signals.approve(
            case.row.session,
            ORB_BOOK,
            sha256=case.sha256,
            by=actor[:_ACTOR_LENGTH],
            at=inputs.now,
            expires_at=case.begins.astimezone(UTC),
        )
        ledger.runs.approved(case.row.session, ORB_BOOK, at=inputs.now)
        effect.after = f"sha256 {case.sha256}"
    return PlanAnswered(path, case.sha256, "approve", tuple(edit.line() for edit in case.judged.edits))


def skip_plan(
    inputs: ViewInputs, path: Path, *, actor: str, sha256: str | None = None, via: Via = TERMINAL
) -> PlanAnswered:
    """Trade nothing on the day of a plan; `approve_plan` takes this back. Raises as `approve_plan`.

    Raises:
        FileChangedError, SignalFileError, UsageError: 2. LimitError: 7, the first window has started.
    """
    require_digest(sha256)
    with audited(inputs.ledger, "skip", actor=actor, subject=path.name, at=inputs.now, via=via):
        case = _case(inputs, path, sha256)
        ledger = orb_ledger(inputs.ledger)
        ledger.signals.answer(case.row.session, ORB_BOOK, "skip")
        ledger.runs.approved(case.row.session, ORB_BOOK, at=None)
    return PlanAnswered(path, case.sha256, "skip", ())


def _case(inputs: ViewInputs, path: Path, sha256: str | None) -> PlanCase:
    case = read_case(inputs, path)
    require_same(path, case.sha256, sha256)
    if inputs.now >= case.begins or case.row.executed_sha256 is not None:  # begun, whatever --as-of says
        raise LimitError(
            f"the first window started {case.begins:%Y-%m-%d %H:%M} UTC",
            where=str(path),
            remedy="no answer counts any more on this day; `jutsu kill` keeps entries out",
        )
    return case

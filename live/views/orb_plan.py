"""What a reviewer sees of a plan of breakouts before its session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.core.errors import Finding, SignalFileError
from live.handoff.approval import Standing, State
from live.handoff.canonical import bytes_sha256
from live.handoff.orb_plan import OrbPlan, PlanLimits, PlanSizing, PlanStrategy, PlanWindow, plan_name
from live.handoff.orb_plan_check import PlanJudgement, judge_plan, plan_of, plan_standing
from live.handoff.read import read_bytes
from live.model.run import ORB_BOOK
from live.runtime.account import ORB_ACCOUNT

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import SignalRow
    from live.views.inputs import ViewInputs

_GENERATE = "python -m live.signal_generator --strategy orb"


@dataclass(frozen=True, slots=True)
class PlanCase:
    """A plan file, its record, and every judgement about it.

    Attributes:
        path, sha256: the exact bytes.
        row: the ledger's record. original: the generated plan.
        judged: against the original. standing: what approval and settings say now.
        begins: start of the first window: no answer counts after it.
    """

    path: Path
    sha256: str
    row: SignalRow
    original: OrbPlan
    judged: PlanJudgement
    standing: Standing
    begins: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan with everything to judge it by; its parts as the file has them.

    Attributes:
        file, sha256: the exact bytes shown; an approval names this digest.
        standing, standing_reason: what approval and settings say about these bytes now.
        approve_before: ISO 8601, start of the first window. closed: no answer counts any more.
        problems: what keeps it from being traded. edits: one line per difference from the generated plan.
        next: what to do now.
    """

    file: Path
    sha256: str
    trading_day: str
    symbol: str
    contract: str
    standing: State
    standing_reason: str
    approve_before: str
    closed: bool
    warnings: tuple[str, ...]
    problems: tuple[Finding, ...]
    edits: tuple[str, ...]
    strategies: tuple[PlanStrategy, ...]
    windows: tuple[PlanWindow, ...]
    limits: PlanLimits
    sizing: PlanSizing
    portfolio: str
    trials: int
    next: str


def orb_ledger(ledger: Ledger) -> Ledger:
    """Return the ledger of the book of breakouts on the same connection."""
    return ledger.for_account(ORB_ACCOUNT)


def open_plans(inputs: ViewInputs) -> tuple[Path, ...]:
    """Return the newest plan when its first window has not started; nothing where no such book is set up."""
    if inputs.settings.orb.portfolio is None:
        return ()
    rows = orb_ledger(inputs.ledger).signals.recent(1, ORB_BOOK)
    return tuple(
        inputs.signals / plan_name(row.session.isoformat(), inputs.settings.account)
        for row in rows
        if inputs.now < datetime.fromisoformat(plan_of(row.content).approve_before)
    )


def read_case(inputs: ViewInputs, path: Path) -> PlanCase:
    """Read a plan file and everything the ledger and the settings say about it.

    Raises:
        SignalFileError: 2, it cannot be read, or this ledger never generated such a plan.
    """
    content = read_bytes(path)
    ledger = orb_ledger(inputs.ledger)
    row = ledger.signals.get(day, ORB_BOOK) if (day := _day_of(path)) is not None else None
    if row is None:
        raise SignalFileError(
            "this ledger never generated the plan", where=str(path), remedy=f"generate it: {_GENERATE}"
        )
    original = plan_of(row.content)
    begins, sha256 = datetime.fromisoformat(original.approve_before), bytes_sha256(content)
    standing = plan_standing(row, sha256, inputs.settings.approval, inputs.now, begins=begins)
    return PlanCase(path, sha256, row, original, judge_plan(content, original), standing, begins)


def read_plan(inputs: ViewInputs, path: Path) -> PlanView:
    """Return a plan for people; SignalFileError as `read_case`. A broken one is shown as it was generated."""
    case = read_case(inputs, path)
    plan = case.judged.plan or case.original
    closed = inputs.now >= case.begins
    return PlanView(
        file=path,
        sha256=case.sha256,
        trading_day=plan.trading_day,
        symbol=plan.instrument.symbol,
        contract=plan.instrument.contract,
        standing=case.standing.state,
        standing_reason=case.standing.reason,
        approve_before=plan.approve_before,
        closed=closed,
        warnings=plan.warnings,
        problems=case.judged.problems,
        edits=tuple(edit.line() for edit in case.judged.edits),
        strategies=plan.strategies,
        windows=plan.windows,
        limits=plan.limits,
        sizing=plan.sizing,
        portfolio=plan.inputs.portfolio,
        trials=plan.inputs.trials,
        next=_next(case, closed=closed),
    )


def _day_of(path: Path) -> date | None:
    """Return the day that the name of a plan says."""
    try:
        return date.fromisoformat(path.stem.removeprefix("orb_plan_")[:10])
    except ValueError:
        return None


def _next(case: PlanCase, *, closed: bool) -> str:
    if case.row.executed_sha256 is not None:
        return "the session has begun: jutsu orb"
    if case.judged.problems:
        return "correct the file, or generate it again with --force"
    if closed:
        return "the first window has started: no answer counts any more"
    if case.standing.state in {"approved", "auto"}:
        return f"it trades on paper; jutsu skip {case.path} takes it back"
    return f"jutsu approve {case.path} --sha256 {case.sha256}"

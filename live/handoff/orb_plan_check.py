"""Judging a plan of breakouts: is it well-formed, what did a person change, may it trade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from backtest.calendar.trading_days import DayAnchor
from backtest.core.errors import Finding, SignalFileError
from backtest.strategies.opening_range_breakout.instruments import Instrument
from live.handoff import jsonpath
from live.handoff.approval import ApprovalRecord, Standing, effective_policy
from live.handoff.canonical import as_data
from live.handoff.orb_plan import OrbPlan, PlanInstrument
from live.handoff.read import parse
from live.settings.model import ApprovalSettings

#: what a person may change of a strategy
EDITABLE: Final = ("enabled", "max_contracts", "note")
_ABSENT: Final = "(absent)"
_CLOCK: Final = "%H:%M"


@dataclass(frozen=True, slots=True)
class PlanEdit:
    """One difference from the generated plan: where, from what, to what."""

    path: str
    before: Any
    after: Any

    def line(self) -> str:
        """Return it as one line."""
        return f"{self.path}: {self.before!r} -> {self.after!r}"


@dataclass(frozen=True, slots=True)
class PlanJudgement:
    """Everything known about the bytes of a plan.

    Attributes:
        plan: the typed plan, None when it is broken.
        problems: what keeps it from being traded.
        edits: what a person may have changed and did.
    """

    plan: OrbPlan | None
    problems: tuple[Finding, ...]
    edits: tuple[PlanEdit, ...] = ()

    def required(self, where: str) -> OrbPlan:
        """Return the plan. SignalFileError: something about it is wrong; `findings` lists everything."""
        if self.plan is None or self.problems:
            count = len(self.problems)
            raise SignalFileError(
                f"{count} problem{'' if count == 1 else 's'} with the plan",
                where=where,
                remedy="correct the file, or generate it again with --force",
                findings=self.problems,
            )
        return self.plan


def plan_of(content: str | bytes) -> OrbPlan:
    """Return a plan from bytes that were judged before."""
    return OrbPlan.model_validate_json(content)


def instrument_of_plan(one: PlanInstrument) -> Instrument:
    """Return the contract of a plan."""
    at = datetime.strptime(one.day_at, _CLOCK)  # noqa: DTZ007 - of a clock on a wall
    return Instrument(
        symbol=one.symbol,
        point_value=one.point_value,
        commission=one.commission,
        spread=one.spread,
        slippage=one.slippage,
        tick=Decimal(one.tick),
        anchor=DayAnchor(one.day_zone, time(at.hour, at.minute)),
    )


def judge_plan(content: bytes, original: OrbPlan) -> PlanJudgement:
    """Return the judgement over exact bytes against the plan that was generated; never raises."""
    parsed = parse(content)
    if not parsed.readable or not isinstance(parsed.data, dict):
        return PlanJudgement(None, parsed.findings or (Finding("$", "must be an object"),))
    problems = list(parsed.findings)
    plan = None
    try:
        plan = OrbPlan.model_validate_json(content)
    except ValidationError as error:
        parts = error.errors(include_url=False, include_input=False, include_context=False)
        problems += [Finding(jsonpath.of(part["loc"]), part["msg"]) for part in parts]
    edits = tuple(_differences(as_data(original), parsed.data, "$"))
    named = {finding.path for finding in problems}
    problems += [f for f in _forbidden(edits) if f.path not in named]
    return PlanJudgement(plan, tuple(problems), tuple(edit for edit in edits if _may_change(edit.path)))


def plan_standing(
    row: ApprovalRecord | None, sha256: str, settings: ApprovalSettings, now: datetime, *, begins: datetime
) -> Standing:
    """Return what stands behind the bytes of a plan.

    An answer counts when it was given before the first window starts, and then for the whole day.

    Args:
        row: the ledger's record of the plan, None when it was never generated here.
        sha256: of the bytes.
        settings: approval section of the settings.
        now: aware instant.
        begins: start of the first window.
    """
    if row is None:
        return Standing("unknown", "this ledger never generated the plan")
    if row.answer == "skip":
        return Standing("skipped", "a person said skip")
    if row.approved_sha256 == sha256:
        return Standing("approved", "approved by a person")
    if row.bytes_sha256 != sha256:
        return Standing("edited", "edited after it was generated, and nobody approved these bytes")
    if row.approved_sha256 is not None:
        return Standing("edited", "a person approved an edited version of this plan, not these bytes")
    if effective_policy(settings, "offline_mock") == "auto":
        return Standing("auto", "approval is automatic on paper")
    if now < begins:
        return Standing("silent", "nobody answered yet")
    return Standing("silent", "nobody answered before the first window started: no entries on this day")


def _may_change(path: str) -> bool:
    return path.startswith("$.strategies[") and path.rpartition(".")[2] in EDITABLE


def _forbidden(edits: tuple[PlanEdit, ...]) -> Iterator[Finding]:
    for edit in edits:
        if not _may_change(edit.path):
            yield Finding(edit.path, f"{edit.before!r} was changed to {edit.after!r}", "change it back")
        elif edit.path.endswith(".max_contracts") and not _lowered(edit):
            yield Finding(edit.path, f"{edit.after!r} is more than {edit.before!r}", "lower it, or leave it")


def _lowered(edit: PlanEdit) -> bool:
    return isinstance(edit.after, int) and isinstance(edit.before, int) and edit.after <= edit.before


def _differences(before: Any, after: Any, path: str) -> Iterator[PlanEdit]:
    """Yield every value that differs, with its place."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (*before, *(name for name in after if name not in before)):
            yield from _differences(
                before.get(key, _ABSENT), after.get(key, _ABSENT), jsonpath.at(path, str(key))
            )
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, jsonpath.at(path, place))
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield PlanEdit(path, before, after)

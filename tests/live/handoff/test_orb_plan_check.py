"""What a person may change in a plan, and what stands behind its bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backtest.core.errors import SignalFileError
from live.handoff.orb_plan import OrbPlan, plan_name, render_plan
from live.handoff.orb_plan_check import judge_plan, plan_of, plan_standing
from live.settings.model import ApprovalSettings, Policy
from tests.support.orb_live import DAY, OrbWorld

BEGINS = datetime(2024, 1, 4, 23, tzinfo=UTC)
BEFORE, AFTER = BEGINS - timedelta(minutes=1), BEGINS + timedelta(minutes=1)
Edit = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> OrbPlan:
    world = OrbWorld(tmp_path_factory.mktemp("plan")).short()
    return plan_of((world.root / "signals" / plan_name(str(DAY))).read_bytes())


def edited(plan: OrbPlan, change: Edit) -> bytes:
    data = json.loads(render_plan(plan))
    change(data)
    return json.dumps(data).encode()


def strategy(name: str, value: Any) -> Edit:
    return lambda data: data["strategies"][1].__setitem__(name, value)


def test_the_generated_plan_has_no_problem_and_no_edit(plan: OrbPlan) -> None:
    judged = judge_plan(render_plan(plan), plan)
    assert (judged.plan, judged.problems, judged.edits) == (plan, (), ())
    assert judged.required("here") == plan


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (strategy("enabled", False), "$.strategies[1].enabled: True -> False"),
        (strategy("max_contracts", 1), "$.strategies[1].max_contracts: 4 -> 1"),
        (strategy("note", "thin"), "$.strategies[1].note: '' -> 'thin'"),
    ],
)
def test_a_person_may_disable_lower_and_note(plan: OrbPlan, change: Edit, line: str) -> None:
    judged = judge_plan(edited(plan, change), plan)
    assert [edit.line() for edit in judged.edits] == [line]
    assert not judged.problems


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (strategy("max_contracts", 5), "$.strategies[1].max_contracts"),
        (strategy("max_contracts", 0), "$.strategies[1].max_contracts"),
        (strategy("max_contracts", True), "$.strategies[1].max_contracts"),
        (strategy("enabled", 1), "$.strategies[1].enabled"),
        (strategy("filter", "NO_FILTER2"), "$.strategies[1].filter"),
        (strategy("extra", 1), "$.strategies[1].extra"),
        (lambda data: data["limits"].__setitem__("drawdown_halt_r", -50.0), "$.limits.drawdown_halt_r"),
        (lambda data: data["strategies"].pop(), "$.strategies"),
        (lambda data: data.pop("sizing"), "$.sizing"),
        (lambda data: data["seal"].__setitem__("digest", "0" * 64), "$.seal.digest"),
    ],
)
def test_every_other_change_is_refused_with_its_place(plan: OrbPlan, change: Edit, where: str) -> None:
    judged = judge_plan(edited(plan, change), plan)
    assert where in {finding.path for finding in judged.problems}
    with pytest.raises(SignalFileError) as caught:
        judged.required("plan.json")
    assert caught.value.findings == judged.problems


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"a": NaN}', b"null"])
def test_what_is_no_plan_at_all_never_raises(plan: OrbPlan, content: bytes) -> None:
    assert judge_plan(content, plan).problems


@dataclass
class Row:
    bytes_sha256: str = "original"
    approved_sha256: str | None = None
    approval_expires_at: datetime | None = BEGINS
    answer: str | None = None


@pytest.mark.parametrize(
    ("row", "sha", "policy", "at", "state"),
    [
        (None, "original", "auto", BEFORE, "unknown"),
        (Row(), "original", "auto", BEFORE, "auto"),
        (Row(), "original", "auto", AFTER, "auto"),
        (Row(), "original", None, AFTER, "auto"),  # on paper nobody need answer
        (Row(), "original", "required", BEFORE, "silent"),
        (Row(), "original", "required", AFTER, "silent"),
        (Row(), "other", "auto", BEFORE, "edited"),
        (Row(approved_sha256="other"), "other", "required", AFTER, "approved"),  # for the whole day
        (Row(approved_sha256="other"), "original", "auto", AFTER, "edited"),
        (Row(approved_sha256="original"), "original", "required", AFTER, "approved"),
        (Row(answer="skip"), "original", "auto", AFTER, "skipped"),
    ],
)
def test_what_stands_behind_the_bytes(
    row: Row | None, sha: str, policy: Policy | None, at: datetime, state: str
) -> None:
    found = plan_standing(row, sha, ApprovalSettings(policy=policy), at, begins=BEGINS)
    assert found.state == state
    assert ("no entries" in found.reason) == (state == "silent" and at is AFTER)

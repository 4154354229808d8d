from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import LimitError, SignalFileError
from live.actions.errors import FileChangedError
from live.actions.orb_answers import approve_plan, skip_plan
from live.views.inputs import ViewInputs
from live.views.orb_plan import read_case
from tests.support.orb_live import DAY, SHORT, OrbWorld

REQUIRED = SHORT + "approval:\n  policy: required\n"
BEGINS = datetime(2024, 1, 4, 23, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> OrbWorld:
    return OrbWorld(tmp_path).short(settings=REQUIRED)


def plan_file(world: OrbWorld) -> Path:
    return world.root / "signals" / f"orb_plan_{DAY}.json"


def test_an_answer_is_kept_with_its_bytes_and_in_the_audit_log(world: OrbWorld) -> None:
    path = plan_file(world)
    data = json.loads(path.read_text())
    data["strategies"][0]["enabled"] = False
    path.write_text(json.dumps(data))
    with world.opened() as orb:
        inputs = ViewInputs.of(orb.context)
        done = approve_plan(inputs, path, actor="me")
        assert done.edits == ("$.strategies[0].enabled: True -> False",)
        assert read_case(inputs, path).standing.state == "approved"
        skip_plan(inputs, path, actor="me")
        assert read_case(inputs, path).standing.state == "skipped"
        approve_plan(inputs, path, actor="me", sha256=done.sha256)
        assert read_case(inputs, path).standing.state == "approved"
        assert [row.action for row in inputs.ledger.audit.all()] == ["approve", "skip", "approve"]


def test_other_bytes_than_shown_a_broken_plan_and_a_late_answer_are_refused(world: OrbWorld) -> None:
    path = plan_file(world)
    with world.opened() as orb:
        with pytest.raises(FileChangedError):
            approve_plan(ViewInputs.of(orb.context), path, actor="me", sha256="0" * 64)
        world.clock.set(BEGINS)
        for answer in (approve_plan, skip_plan):
            with pytest.raises(LimitError, match="the first window started"):
                answer(ViewInputs.of(orb.context), path, actor="me")
        world.clock.set(datetime(2024, 1, 4, 22, tzinfo=UTC))
        path.write_text("{}")
        with pytest.raises(SignalFileError):
            approve_plan(ViewInputs.of(orb.context), path, actor="me")
        row = orb.context.ledger.signals.get(DAY, "orb")
    assert row is not None
    assert row.answer is None


def test_a_session_that_began_takes_no_answer_whatever_the_instant(world: OrbWorld) -> None:
    world.step(BEGINS)
    world.clock.set(datetime(2024, 1, 4, 22, tzinfo=UTC))  # as `--as-of` would
    with world.opened() as orb:
        for answer in (approve_plan, skip_plan):
            with pytest.raises(LimitError, match="the first window started"):
                answer(ViewInputs.of(orb.context), plan_file(world), actor="me")

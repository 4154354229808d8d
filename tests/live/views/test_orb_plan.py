from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.core.errors import SignalFileError
from live.system.json_text import plain
from live.views.inputs import ViewInputs
from live.views.orb_plan import open_plans, read_case, read_plan
from tests.support.orb_live import DAY, SHORT, OrbWorld

REQUIRED = SHORT + "approval:\n  policy: required\n"


@pytest.fixture
def world(tmp_path: Path) -> OrbWorld:
    return OrbWorld(tmp_path).short(settings=REQUIRED)


def plan_file(world: OrbWorld) -> Path:
    return world.root / "signals" / f"orb_plan_{DAY}.json"


def test_a_plan_is_shown_with_all_of_its_parts_and_what_to_do(world: OrbWorld) -> None:
    path = plan_file(world)
    with world.opened() as orb:
        known = ViewInputs.of(orb.context)
        view = read_plan(known, path)
        assert open_plans(known) == (path,)
    written = json.loads(path.read_text())
    shown = plain(view)
    for name in ("strategies", "windows", "limits", "sizing"):
        assert shown[name] == written[name]
    assert view.next == f"jutsu approve {path} --sha256 {view.sha256}"
    assert (view.standing, view.closed) == ("silent", False)


def test_after_the_first_window_no_answer_counts(world: OrbWorld) -> None:
    world.clock.set(datetime(2024, 1, 4, 23, tzinfo=UTC))
    with world.opened() as orb:
        known = ViewInputs.of(orb.context)
        view = read_plan(known, plan_file(world))
        assert open_plans(known) == ()
    assert view.closed
    assert "no answer counts" in view.next


def test_a_broken_plan_is_shown_as_it_was_generated_with_what_is_wrong(world: OrbWorld) -> None:
    plan_file(world).write_text("{}")
    with world.opened() as orb:
        view = read_plan(ViewInputs.of(orb.context), plan_file(world))
    assert view.problems
    assert len(view.strategies) == 7
    assert view.standing == "edited"


def test_a_plan_that_was_never_generated_here_is_refused(world: OrbWorld) -> None:
    with world.opened() as orb:
        for name in ("orb_plan_2024-01-08.json", "orb_plan_x.json"):
            path = world.root / "signals" / name
            path.write_bytes(plan_file(world).read_bytes())
            with pytest.raises(SignalFileError, match="never generated"):
                read_case(ViewInputs.of(orb.context), path)

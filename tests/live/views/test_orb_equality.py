from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.views.inputs import ViewInputs
from live.views.orb_equality import DayEquality, read_equality
from tests.support.orb_live import DAY, OrbWorld


def found(world: OrbWorld) -> DayEquality:
    with world.opened() as orb:
        return read_equality(ViewInputs.of(orb.context))


def test_the_bars_of_a_session_pass_the_gate(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path).short()
    with pytest.raises(UsageError, match="no session has a bar yet"):
        found(world)
    world.arrive()
    world.look(world.bars[-1].minute + timedelta(minutes=20))
    day = found(world)
    assert (day.trading_day, day.passed, day.differences) == (DAY, True, ())
    assert day.trades > 50  # the whole grid of the plan, not its seven strategies alone

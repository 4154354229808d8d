from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from live.system.json_text import plain
from live.views.inputs import ViewInputs
from live.views.orb import OrbView, read_orb
from tests.support.orb_live import DAY, STRATEGIES, OrbWorld


def view(world: OrbWorld) -> OrbView:
    with world.opened() as orb:
        return read_orb(ViewInputs.of(orb.context))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> OrbWorld:
    made = OrbWorld(tmp_path_factory.mktemp("orb")).short()
    made.whole_day(5)
    return made


def test_a_day_that_is_over_adds_up(world: OrbWorld) -> None:
    shown, engine = view(world), world.expected()
    session = shown.session
    assert session is not None
    assert (session.trading_day, session.state, session.open_trades, session.held) == (DAY, "over", (), "")
    assert session.realised_r == shown.days[-1].total_r == pytest.approx(engine.risk.realised_r, abs=1e-4)
    assert [event.type for event in session.events] == [event.type for event in engine.events]
    assert sum(one.trades for one in shown.strategies) == engine.risk.entries
    assert sum(one.total_r for one in shown.strategies) == pytest.approx(session.realised_r, abs=1e-3)
    assert [one.strategy_id for one in shown.strategies] == [one.key.id("MGC") for one in STRATEGIES]
    assert shown.equity == 50_000 + session.realised_dollars
    assert {limit.name: limit.used for limit in session.limits}["max_daily_trades"] == engine.risk.entries
    assert len(shown.trades) == len(engine.trades)


def test_what_is_not_known_yet_is_said(world: OrbWorld) -> None:
    states = {(alert.name, alert.state) for alert in view(world).alerts}
    assert ("win_rate_drift", "not_enough_data") in states
    assert ("missing_data", "not_enough_data") in states


def test_it_can_be_written_as_json(world: OrbWorld) -> None:
    text = json.dumps(plain(view(world)))
    assert json.loads(text)["session"]["limits"][0]["name"] == "drawdown_halt_r"


def test_a_session_that_runs_shows_its_open_trades(tmp_path: Path) -> None:
    running = OrbWorld(tmp_path).short()
    entry = next(event for event in running.expected().events if event.type == "ENTRY")
    for bar in running.bars[4::5]:
        if bar.minute < entry.ts:
            running.step(bar.minute + timedelta(minutes=1))
    running.step(entry.ts + timedelta(minutes=1))
    session = view(running).session
    assert session is not None
    assert (session.state, session.open_trades) == ("running", (entry.strategy_id,))
    assert session.newest_bar is not None


def test_a_planned_day_and_none_at_all(tmp_path: Path) -> None:
    planned = OrbWorld(tmp_path)
    planned.set_up()
    assert view(planned) == OrbView(True, "", None, None, (), (), (), ())
    planned.plan()
    session = view(planned).session
    assert session is not None
    assert (session.state, session.newest_bar) == ("planned", None)
    assert datetime.fromisoformat(session.first_window) == datetime(2024, 1, 4, 23, tzinfo=UTC)

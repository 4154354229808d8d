"""Stage 1 of a book of breakouts: which day, what the plan says, what happens to one that is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import LimitError, SettingsError, UsageError
from backtest.simulator.intraday.plan import planned
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from backtest.strategies.opening_range_breakout.portfolio_file import write_portfolio
from live.brokers.paper.intraday_store import IntradayStore
from live.generation.orb_plan import flat_at, next_day, price_scale
from live.model.run import DryRun
from tests.support.orb_live import DAY, SHORT, STRATEGIES, OrbWorld, portfolio, strategy

KEYS = planned([one.key for one in STRATEGIES], INSTRUMENTS["MGC"])
NOON = planned([strategy("2300").key], INSTRUMENTS["MGC"])


@pytest.fixture
def world(tmp_path: Path) -> OrbWorld:
    made = OrbWorld(tmp_path)
    made.set_up(settings=SHORT)
    return made


def plan_of(world: OrbWorld) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((world.root / "signals" / f"orb_plan_{DAY}.json").read_text())
    return found


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2024-01-04T22:59", date(2024, 1, 5)),
        ("2024-01-04T23:00", date(2024, 1, 8)),  # the first window has started; then a weekend
        ("2024-01-06T12:00", date(2024, 1, 8)),
        ("2024-01-07T22:59", date(2024, 1, 8)),
    ],
)
def test_the_day_is_the_next_whose_first_window_has_not_started(now: str, day: date) -> None:
    assert next_day(FUTURES_DAY, KEYS, datetime.fromisoformat(f"{now}+00:00")).day == day


def test_a_window_late_in_the_day_can_be_planned_that_day() -> None:
    assert next_day(FUTURES_DAY, NOON, datetime(2024, 1, 5, 12, 59, tzinfo=UTC)).day == DAY
    assert next_day(FUTURES_DAY, NOON, datetime(2024, 1, 5, 13, 0, tzinfo=UTC)).day == date(2024, 1, 8)


def test_the_plan_names_windows_strategies_limits_baselines_and_no_price(world: OrbWorld) -> None:
    said = world.plan()
    assert "7 strategies of MGC" in said
    assert "paper only" in said
    plan = plan_of(world)
    assert (plan["trading_day"], plan["approve_before"]) == ("2024-01-05", "2024-01-04T23:00:00+00:00")
    assert plan["options"]["flat_by"] == "2024-01-05T02:20:00+00:00"
    assert [one["strategy_id"] for one in plan["strategies"]] == [one.key.id("MGC") for one in STRATEGIES]
    assert plan["strategies"][0]["baseline"]["expectancy_r"] == 0.2
    assert plan["sizing"]["equity"] == plan["account"]["equity"] == 50_000
    assert {(one["label"], one["minutes"]) for one in plan["windows"]} == {
        (one.key.label, one.key.minutes) for one in STRATEGIES
    }
    schema = json.loads((world.root / "signals" / "schema" / "orb_plan.schema.json").read_text())
    assert schema["properties"].keys() == plan.keys()


def test_an_account_that_lost_everything_is_not_sized_by_the_equity_of_the_portfolio(world: OrbWorld) -> None:
    with world.opened() as orb:
        account = IntradayStore(orb.paper_file, Decimal(50_000))
        account.move_cash(Decimal(-50_000))
        account.close()
    with pytest.raises(LimitError, match="nothing is left to risk"):
        world.plan()


def test_the_same_inputs_give_the_same_bytes(world: OrbWorld, tmp_path: Path) -> None:
    world.plan()
    other = OrbWorld(tmp_path / "other")
    other.set_up(settings=SHORT)
    other.plan()
    name = Path("signals") / f"orb_plan_{DAY}.json"
    assert (world.root / name).read_bytes() == (other.root / name).read_bytes()


def test_a_plan_that_is_there_stays_comes_back_and_is_made_again_by_force(world: OrbWorld) -> None:
    world.plan()
    path = world.root / "signals" / f"orb_plan_{DAY}.json"
    content = path.read_bytes()
    path.write_text("{}")
    assert "already done" in world.plan()
    assert path.read_text() == "{}"
    path.unlink()
    assert "is back as generated" in world.plan()
    assert path.read_bytes() == content
    write_portfolio(portfolio(STRATEGIES[:2]), world.root / "portfolio.json")
    assert "2 strategies" in world.plan(force=True)


def test_a_session_that_has_begun_is_not_planned_again(tmp_path: Path) -> None:
    late = OrbWorld(tmp_path)
    late.set_up(portfolio([strategy("2300")]))
    assert late.plan() == "too early: the plan of 2024-01-05 is made from 2024-01-05 12:00 UTC on"
    late.plan(force=True)
    late.look(datetime(2024, 1, 5, 13, 0, tzinfo=UTC))
    late.clock.set(datetime(2024, 1, 5, 12, 0, tzinfo=UTC))  # a clock that was set back
    with pytest.raises(LimitError, match="has begun"):
        late.plan(force=True)


def test_a_dry_run_writes_nothing(world: OrbWorld) -> None:
    with world.ledger():
        pass
    before = sorted(world.root.rglob("*"))
    dry = OrbWorld(world.root, run=DryRun())
    assert dry.plan().startswith("dry run: would write")
    assert sorted(world.root.rglob("*")) == before


def test_without_a_portfolio_there_is_no_such_book(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path)
    world.set_up(settings="mode: offline_mock\n")
    with pytest.raises(SettingsError, match="there is no book of breakouts"):
        world.plan()
    world = OrbWorld(tmp_path)
    world.set_up(portfolio([]))
    with pytest.raises(UsageError, match="holds no strategy"):
        world.plan()


def test_filters_of_volume_without_stored_days_say_that_they_do_not_pass(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path)
    world.set_up(portfolio([strategy("1000", name="VOL_RV12_N20")]))
    assert "filters of volume do not pass" in world.plan(force=True)
    assert plan_of(world)["usual_volume"] == {}


def test_prices_are_counted_so_that_ticks_and_targets_are_whole() -> None:
    assert price_scale(INSTRUMENTS["MGC"], KEYS) == 20
    assert price_scale(INSTRUMENTS["MNQ"], NOON) == 100
    assert price_scale(INSTRUMENTS["M6E"], NOON) == 100_000


def test_flat_by_is_a_time_of_the_trading_day() -> None:
    day = FUTURES_DAY.day(DAY)
    assert flat_at("16:55 America/New_York", day) == datetime(2024, 1, 5, 21, 55, tzinfo=UTC)
    assert flat_at("08:00 Australia/Brisbane", day) == datetime(2024, 1, 5, 22, 0, tzinfo=UTC)
    with pytest.raises(SettingsError, match="is no time of a zone"):
        flat_at("16:55 Nowhere", day)

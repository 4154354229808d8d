from __future__ import annotations

import json
from pathlib import Path

import pytest

from live.handoff.canonical import seal
from live.handoff.orb_plan import OrbPlan, plan_name, plan_schema, render_plan, sealed_plan, session_order_id
from live.handoff.orb_plan_check import plan_of
from live.model.run import is_plan_name
from tests.support.orb_live import DAY, OrbWorld


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> OrbPlan:
    world = OrbWorld(tmp_path_factory.mktemp("plan")).short()
    return plan_of((world.root / "signals" / plan_name(str(DAY))).read_bytes())


def test_a_plan_is_written_and_read_without_loss(plan: OrbPlan) -> None:
    assert plan_of(render_plan(plan)) == plan


def test_the_seal_is_that_of_the_content(plan: OrbPlan) -> None:
    assert plan.seal.digest == seal(json.loads(render_plan(plan)))
    other = sealed_plan(plan.model_copy(update={"trading_day": "2024-01-08"}))
    assert other.seal != plan.seal
    assert sealed_plan(other.model_copy(update={"trading_day": plan.trading_day})) == plan


def test_names_and_schema(plan: OrbPlan) -> None:
    assert plan_name("2024-01-05", "ira") == "orb_plan_2024-01-05_ira.json"
    assert is_plan_name(Path("signals/orb_plan_2024-01-05.json").name)
    assert not is_plan_name("trade_signals_2024-01-05_golden.json")
    schema = json.loads(plan_schema())
    assert set(schema["required"]) == set(json.loads(render_plan(plan)))


def test_an_id_is_the_same_on_every_machine(plan: OrbPlan) -> None:
    # sha256("orb_2024-01-05,MGC_0900_E1_RR1.5_CB2_NO_FILTER")
    name = session_order_id(plan, plan.strategies[0].strategy_id, "entry", "sell")
    assert name == "20240105_MGC_entry_sell_d7bbafac"

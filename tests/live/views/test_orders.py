"""Orders and refusals of a file as views show them: every field, none made up."""

from __future__ import annotations

from live.handoff.model import Skipped, Stop
from live.views.orders import NotTaken, PlannedStop, not_taken, planned
from tests.support.handoff_samples import order


def test_an_order_keeps_every_field() -> None:
    of_file = order("TQQQ", stop=Stop(price=45.0, time_in_force="gtc"), note="by hand", enabled=False)
    view = planned(of_file)
    assert view.stop == PlannedStop(45.0, "gtc")
    for name in type(of_file).model_fields:
        if name != "stop":
            assert getattr(view, name) == getattr(of_file, name)


def test_an_order_without_a_stop_has_none() -> None:
    assert planned(order()).stop is None


def test_a_refusal_keeps_its_facts() -> None:
    refused = Skipped(symbol="PSQ", reason="weight_zero", details={"weight": 0.0})
    assert not_taken(refused) == NotTaken("PSQ", "weight_zero", {"weight": 0.0})

"""What a person changed, and what moved since the previous session."""

import json
from collections.abc import Callable
from typing import Any

from live.handoff.canonical import as_data
from live.handoff.diff import changes, since_previous
from live.handoff.model import TargetWeight
from tests.support.handoff_samples import order, sample

ORIGINAL = as_data(sample())


def edited(change: Callable[..., Any]) -> list[tuple[str, str, bool]]:
    data = json.loads(json.dumps(ORIGINAL))
    change(data)
    return [(c.path, c.kind, c.allowed) for c in changes(ORIGINAL, data)]


def test_nothing_changed() -> None:
    assert edited(lambda data: None) == []


def test_the_seal_and_the_order_of_orders_are_no_change() -> None:
    assert edited(lambda data: data["seal"].update(digest="0" * 64)) == []
    assert edited(lambda data: data["orders"].reverse()) == []


def test_each_allowed_edit_has_its_kind_and_path() -> None:
    assert edited(lambda d: d["orders"][0].update(enabled=False)) == [
        ("$.orders[0].enabled", "disabled", True)
    ]
    assert edited(lambda d: d["orders"][1].update(quantity=5)) == [("$.orders[1].quantity", "quantity", True)]
    assert edited(lambda d: d["orders"][1].update(note="x")) == [("$.orders[1].note", "note", True)]
    assert edited(lambda d: d["orders"][1].update(stop=None)) == [("$.orders[1].stop", "stop", True)]
    assert edited(lambda d: d["orders"][1]["stop"].update(price=44.0)) == [
        ("$.orders[1].stop.price", "stop", True)
    ]
    assert edited(lambda d: d["orders"].pop(1)) == [("$.orders[1]", "deleted", True)]
    new = json.loads(order("PSQ", quantity=1, reference=10.0).model_dump_json())
    assert edited(lambda d: d["orders"].append(new)) == [("$.orders[3]", "added", True)]


def test_everything_else_is_forbidden() -> None:
    assert edited(lambda d: d["strategy"]["parameters"].update(sma_fast=41)) == [
        ("$.strategy.parameters.sma_fast", "other", False)
    ]
    assert edited(lambda d: d["orders"][1].update(symbol="PSQ")) == [("$.orders[1].symbol", "other", False)]
    assert edited(lambda d: d["orders"][1].update(enabled="yes")) == [("$.orders[1].enabled", "other", False)]
    assert edited(lambda d: d.update(extra=1)) == [("$.extra", "other", False)]
    assert edited(lambda d: d.pop("warnings")) == [("$.warnings", "other", False)]
    assert edited(lambda d: d.update(orders=None)) == [("$.orders", "other", False)]


def test_the_second_order_of_one_id_is_an_added_one() -> None:
    assert edited(lambda d: d["orders"].append(d["orders"][1])) == [("$.orders[3]", "added", True)]


def test_lines_for_people() -> None:
    data = json.loads(json.dumps(ORIGINAL))
    data["orders"][1]["quantity"] = 600
    data["mode"] = "online_live"
    lines = [change.line() for change in changes(ORIGINAL, data)]
    assert lines == [
        "$.mode: offline_mock → online_live (may not be changed)",
        "$.orders[1].quantity: 20240315_TQQQ_entry_buy 1200 → 600",
    ]


def test_since_the_previous_session() -> None:
    before = sample()
    after = sample(
        targets=(TargetWeight(symbol="TQQQ", weight=1.0),),
        decision=before.decision.model_copy(
            update={"diagnostics": {"z_score": 9.9, "cell": 4, "trend_state": "BullStrong"}}
        ),
    )
    assert since_previous(None, after) == ()
    assert [(c.subject, c.before, c.after) for c in since_previous(before, after)] == [
        ("target TMF", 0.2, 0.0),
        ("target TQQQ", 0.6, 1.0),
        ("cell", 1, 4),
    ]

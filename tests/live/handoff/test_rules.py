"""Rules of a signal file: is it the right one, and do its orders make sense?"""

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.handoff.canonical import render
from live.handoff.model import MovedStop, SignalFile
from live.handoff.rules import rule_findings
from live.handoff.validate import Expectations, judge
from tests.support.handoff_samples import order, sample
from tests.support.signal_edits import EXPECTED, ORIGINAL, bent, found, quantity


def test_a_changed_quantity_may_keep_the_generated_value_but_no_other() -> None:
    assert not judge(bent(quantity(600)), expectations=EXPECTED, original=ORIGINAL).problems
    both = bent(quantity(600), (("orders", 1, "estimated_value"), 30_000.0))
    assert not judge(both, expectations=EXPECTED, original=ORIGINAL).problems
    wrong = bent(quantity(600), (("orders", 1, "estimated_value"), 29_000.0))
    assert "$.orders[1].estimated_value" in found(wrong, original=ORIGINAL)


def test_holdings_come_from_the_file_unless_given() -> None:
    none_held = Expectations(session=date(2024, 3, 15), holdings={})
    problems = {f.path for f in judge(render(ORIGINAL), expectations=none_held).problems}
    assert problems == {"$.orders[0].quantity"}


def test_a_held_symbol_is_known_even_when_no_strategy_names_it() -> None:
    held = {
        "account": {"reference": "paper", "equity": 1e5, "cash": 3e4, "positions": {"OLD": 5, "QQQ": 700}}
    }
    inputs = SignalFile.model_validate_json(bent((("inputs", "account"), held["account"]))).inputs
    base = sample(inputs=inputs, orders=(order("OLD", "sell", "exit", 5, 10.0),))
    assert not judge(render(base), expectations=EXPECTED, original=base).problems


def test_a_run_may_say_which_window_and_decision_it_expects() -> None:
    late = (
        datetime.fromisoformat("2024-03-15T15:55:00-04:00"),
        datetime.fromisoformat("2024-03-15T15:59:00-04:00"),
    )
    expectations = Expectations(session=date(2024, 3, 15), window=late, decided_on=date(2024, 3, 14))
    assert set(found(render(ORIGINAL), expectations=expectations)) == {
        "$.execution_window.opens_at",
        "$.execution_window.closes_at",
        "$.decision.decided_on",
    }


def test_an_opening_window_decides_on_the_session_before() -> None:
    opening = {
        "name": "15min_after_open",
        "opens_at": "2024-03-15T09:45:00-04:00",
        "closes_at": "2024-03-15T10:00:00-04:00",
    }
    changes = ((("execution_window",), opening), (("as_of",), "2024-03-15T09:45:00-04:00"))
    assert set(found(bent(*changes))) == {"$.decision.decided_on"}
    assert not judge(
        bent(*changes, (("decision", "decided_on"), "2024-03-14")), expectations=EXPECTED
    ).problems


def broken(*changes: tuple[Any, ...]) -> list[str]:
    """Return the paths of the rules that a changed sample breaks, schema and types aside."""
    data = json.loads(bent(*changes))
    return [finding.path for finding in rule_findings(data, EXPECTED)]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ((("strategy", "variant"), "nobody"), "$.strategy.variant"),
        ((("strategy", "name"), "earnings_swing"), "$.strategy.name"),
        ((("strategy", "role"), "shadow"), "$.strategy.role"),
        ((("mode",), "online_live"), "$.mode"),
        ((("as_of",), "2024-03-15T15:56:00-04:00"), "$.as_of"),
        ((("as_of",), "2024-03-14T15:56:00-04:00"), "$.as_of"),
        ((("targets", 1, "symbol"), "TQQQ"), "$.targets[1].symbol"),
        ((("targets", 0, "weight"), 0.9), "$.targets"),
        ((("orders", 1, "intent"), "exit"), "$.orders[1].side"),
        ((("orders", 1, "stop", "price"), 50.0), "$.orders[1].stop.price"),
        ((("orders", 0, "stop"), {"price": 1.0, "time_in_force": "gtc"}), "$.orders[0].stop"),
        ((("orders", 1, "client_order_id"), "20240314_TQQQ_entry_buy"), "$.orders[1].client_order_id"),
        ((("orders", 1, "client_order_id"), "20240315_TQQQ_entry_buy_r1"), "$.orders[1].client_order_id"),
        ((("orders", 1, "client_order_id"), "mine"), "$.orders[1].client_order_id"),
        ((("orders", 0, "quantity"), 701), "$.orders[0].quantity"),
    ],
)
def test_each_rule_names_the_place(change: tuple[Any, ...], path: str) -> None:
    assert path in broken(change)


def test_a_file_belongs_to_one_of_several_accounts() -> None:
    def problems(account: str | None, *changes: tuple[Any, ...]) -> list[str]:
        data = json.loads(bent(*changes))
        return [finding.path for finding in rule_findings(data, replace(EXPECTED, account=account))]

    ids = [f"$.orders[{n}].client_order_id" for n in range(len(ORIGINAL.orders))]
    assert problems("") == problems(None) == []
    assert set(problems("ira")) == {"$.inputs.account.reference", *ids}
    variant = ORIGINAL.strategy.variant
    named = [
        (("orders", n, "client_order_id"), f"ira-{variant}_{one.client_order_id}")
        for n, one in enumerate(ORIGINAL.orders)
    ]
    mine = (*named, (("inputs", "account", "reference"), "ira/paper"))
    assert problems("ira", *mine) == []
    assert set(problems("taxable", *mine)) == {"$.inputs.account.reference", *ids}
    assert set(problems("", *mine)) == set(ids)


def test_a_good_file_breaks_no_rule() -> None:
    assert broken() == []


def test_orders_come_once_and_sells_first() -> None:
    data = json.loads(bent())
    sell, first, second = data["orders"]
    again = [*rule_findings({**data, "orders": [sell, first, first]}, EXPECTED)]
    assert [f.path for f in again] == ["$.orders[2].client_order_id"]
    late = [*rule_findings({**data, "orders": [first, sell, second]}, EXPECTED)]
    assert [(f.path, f.problem) for f in late] == [("$.orders[1]", "a sell after a buy: sells come first")]


def test_disabled_sales_sell_nothing() -> None:
    too_much = (("orders", 0, "quantity"), 701)
    value = (("orders", 0, "estimated_value"), 70_100.0)
    assert broken(too_much, value) == ["$.orders[0].quantity"]
    assert broken(too_much, value, (("orders", 0, "enabled"), False)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(json.loads(bent()), JSON)))
def test_parts_of_any_type_are_passed_over_not_crashed_on(parts: dict[str, Any]) -> None:
    list(rule_findings({**json.loads(bent()), **parts}, EXPECTED))


def test_a_sell_cannot_be_limited() -> None:
    assert broken((("orders", 0, "order_type"), "marketable_limit")) == ["$.orders[0].order_type"]
    assert broken((("orders", 1, "order_type"), "marketable_limit")) == []


@pytest.mark.parametrize(
    ("moves", "path"),
    [
        ([("QQQ", 95.0, 90.0)], ""),
        ([("QQQ", 90.0, 90.0)], "$.stops[0].price"),
        ([("ZZZ", 95.0, 90.0)], "$.stops[0].symbol"),
        ([("QQQ", 95.0, 90.0), ("QQQ", 96.0, 90.0)], "$.stops[1].symbol"),
    ],
)
def test_a_stop_moves_up_once_and_of_what_is_held(moves: list[tuple[str, float, float]], path: str) -> None:
    stops = tuple(MovedStop(symbol=s, price=p, before=b, reason="trailing_pct") for s, p, b in moves)
    made = sample(stops=stops)
    problems = [finding.path for finding in judge(render(made), expectations=EXPECTED).problems]
    assert problems == ([path] if path else [])


def test_moved_stops_may_not_be_edited() -> None:
    made = sample(stops=(MovedStop(symbol="QQQ", price=95.0, before=90.0, reason="trailing_pct"),))
    edited = made.model_copy(update={"stops": ()})
    assert "$.stops" in {f.path for f in judge(render(edited), expectations=EXPECTED, original=made).problems}

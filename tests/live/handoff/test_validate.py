"""Every kind of bad signal file is refused, with the JSON path, and everything wrong is listed at once."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import LimitError, SignalFileError
from backtest.core.execution_rules import Limits
from live.handoff.canonical import render
from live.handoff.model import Stop
from live.handoff.read import MAX_BYTES, parse
from live.handoff.validate import Expectations, judge, validate
from tests.support.handoff_samples import order, sample
from tests.support.signal_edits import EXPECTED, ORIGINAL, bent, found, quantity


def test_a_good_file_is_returned_typed() -> None:
    content = render(ORIGINAL)
    assert validate(content, expectations=EXPECTED, original=ORIGINAL) == ORIGINAL
    assert validate(content, expectations=EXPECTED, original=ORIGINAL, trusted=True) == ORIGINAL


# what is wrong -> (changes, path the finding must carry, words it must contain)
BAD = {
    "wrong type": ([quantity("1200")], "$.orders[1].quantity", "whole number"),
    "boolean as number": ([quantity(True)], "$.orders[1].quantity", "whole number"),
    "fraction of a share": ([quantity(10.5)], "$.orders[1].quantity", "whole number"),
    "float that is whole": ([quantity(10.0)], "$.orders[1].quantity", "valid integer"),
    "negative": ([quantity(-1200)], "$.orders[1].quantity", "at least 1"),
    "zero": ([quantity(0)], "$.orders[1].quantity", "at least 1"),
    "NaN": ([quantity(float("nan"))], "$.orders[1].quantity", "not a finite number"),
    "infinite": ([(("orders", 1, "reference_price"), float("inf"))], "$.orders[1].reference_price", "finite"),
    "huge integer": ([quantity(10**30)], "$.orders[1].quantity", "too large"),
    "NaN in free-form data": (
        [(("decision", "diagnostics", "z_score"), float("nan"))],
        "$.decision.diagnostics.z_score",
        "finite",
    ),
    "negative price": ([(("orders", 2, "reference_price"), -3)], "$.orders[2].reference_price", "above 0"),
    "wrong date": ([(("trade_date",), "2024-03-14")], "$.trade_date", "session to trade is 2024-03-15"),
    "no date at all": ([(("trade_date",), "2024-02-30")], "$.trade_date", "day is out of range"),
    "stale": ([(("decision", "decided_on"), "2024-03-14")], "$.decision.decided_on", "stale"),
    "other window": (
        [(("execution_window", "closes_at"), "2024-03-15T15:59:00-04:00")],
        "$.execution_window.closes_at",
        "15:55",
    ),
    "data after the window": ([(("as_of",), "2024-03-15T15:59:00-04:00")], "$.as_of", "after the execution"),
    "instant without offset": ([(("as_of",), "2024-03-15T15:45:00")], "$.as_of", "not well formed"),
    "unknown symbol": ([(("orders", 2, "symbol"), "ZZZ")], "$.orders[2].symbol", "unknown symbol 'ZZZ'"),
    "unknown target": ([(("targets", 0, "symbol"), "ZZZ")], "$.targets[0].symbol", "unknown symbol"),
    "weights over 1": ([(("targets", 0, "weight"), 0.9)], "$.targets", "1.1000"),
    "unknown variant": ([(("strategy", "variant"), "golde")], "$.strategy.variant", "unknown variant"),
    "unknown strategy": ([(("strategy", "name"), "Momentum")], "$.strategy.name", "belongs to"),
    "a shadow": ([(("strategy", "role"), "shadow")], "$.strategy.role", "only a primary is executed"),
    "other mode": ([(("mode",), "online_live")], "$.mode", "this run is offline_mock"),
    "no such mode": ([(("mode",), "live")], "$.mode", "must be one of"),
    "duplicated id": (
        [(("orders", 2), json.loads(render(ORIGINAL))["orders"][1])],
        "$.orders[2].client_order_id",
        "duplicated",
    ),
    "malformed id": (
        [(("orders", 1, "client_order_id"), "buy TQQQ")],
        "$.orders[1].client_order_id",
        "well formed",
    ),
    "id of another day": (
        [(("orders", 1, "client_order_id"), "20240314_TQQQ_entry_buy")],
        "$.orders[1].client_order_id",
        "the session is 2024-03-15",
    ),
    "id of another variant": (
        [(("orders", 1, "client_order_id"), "titan_20240315_TQQQ_entry_buy")],
        "$.orders[1].client_order_id",
        "the variant is golden",
    ),
    "id of a retry": (
        [(("orders", 1, "client_order_id"), "20240315_TQQQ_entry_buy_r1")],
        "$.orders[1].client_order_id",
        "named by the executor",
    ),
    "side against intent": ([(("orders", 1, "side"), "sell")], "$.orders[1].side", "entry order cannot sell"),
    "sell after buy": (
        [
            (("orders", 0), json.loads(render(ORIGINAL))["orders"][2]),
            (("orders", 2), json.loads(render(ORIGINAL))["orders"][0]),
        ],
        "$.orders[2]",
        "sells come first",
    ),
    "selling more than held": ([(("orders", 0, "quantity"), 701)], "$.orders[0].quantity", "700 are held"),
    "stop above the price": ([(("orders", 1, "stop", "price"), 50)], "$.orders[1].stop.price", "not below"),
    "stop on a sell": (
        [(("orders", 0, "stop"), {"price": 90.0, "time_in_force": "gtc"})],
        "$.orders[0].stop",
        "only an order that buys",
    ),
    "half a stop": ([(("orders", 1, "stop"), {"price": 45.0})], "$.orders[1].stop.time_in_force", "missing"),
    "value and quantity differ": (
        [(("orders", 1, "estimated_value"), 6000)],
        "$.orders[1].estimated_value",
        "60,000.00",
    ),
    "missing key": ([(("warnings",), ...)], "$.warnings", "missing"),
    "unknown key": ([(("orders", 1, "qty"), 5)], "$.orders[1].qty", "unknown key"),
    "odd key": ([(("max leverage",), 5)], '$["max leverage"]', "unknown key"),
    "other schema version": ([(("schema_version",), "2.0.0")], "$.schema_version", "well formed"),
    "orders no list": ([(("orders",), {})], "$.orders", "a list"),
    "order no object": ([(("orders", 1), 7)], "$.orders[1]", "an object"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_content_is_refused_with_its_path(name: str) -> None:
    changes, path, words = BAD[name]
    problems = found(bent(*changes))
    assert path in problems
    assert words in problems[path]
    with pytest.raises(SignalFileError) as caught:
        validate(bent(*changes), expectations=EXPECTED)
    assert caught.value.exit_code == 2


def test_everything_wrong_with_one_file_is_listed_together() -> None:
    content = bent(
        (("trade_date",), "2024-03-14"),
        quantity(-5),
        (("orders", 2, "symbol"), "ZZZ"),
        (("orders", 0, "client_order_id"), "20240315_TQQQ_entry_buy"),
        (("inputs", "account", "cash"), float("nan")),
        (("strategy", "variant"), "platinum"),
        (("strategy", "parameters", "sma_fast"), 41),
        (("seal",), ...),
    )
    assert set(found(content, original=ORIGINAL)) >= {
        "$.trade_date",
        "$.orders[1].quantity",
        "$.orders[2].symbol",
        "$.orders[0].client_order_id",
        "$.orders[1].client_order_id",
        "$.inputs.account.cash",
        "$.strategy.variant",
        "$.strategy.parameters.sma_fast",
        "$.seal",
    }


BYTES = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n", "the file is empty"),
    "truncated": (render(ORIGINAL)[:1000], "truncated JSON"),
    "cut in a text": (b'{"a": "b', "truncated JSON"),
    "malformed": (b'{"a": 1,, "b": 2}', "malformed JSON at line 1, column 9"),
    "two documents": (b"{} {}", "malformed JSON"),
    "not UTF-8": (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
    "nested without end": (b"[" * 200_000, "nested deeper"),
    "too large": (b" " * (MAX_BYTES + 1), "larger than"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_json_are_refused(name: str) -> None:
    content, words = BYTES[name]
    assert words in found(content)["$"]


@pytest.mark.parametrize("content", [b"[]", b"null", b"3", b'"text"'])
def test_json_that_is_no_object_is_refused(content: bytes) -> None:
    assert "object" in found(content)["$"]


def test_deep_nesting_duplicate_keys_and_surrogates_are_named() -> None:
    deep = "[" * 40 + "]" * 40
    text = f'{{"a": 1, "b": {{"c": 1, "c": 2}}, "d": {deep}, "e": "\\ud800", "f": 1e999, "g": {"9" * 5000}}}'
    problems = {finding.path: finding.problem for finding in parse(text.encode()).findings}
    assert "written twice" in problems["$.b.c"]
    assert "surrogate" in problems["$.e"]
    assert "finite" in problems["$.f"]
    assert "finite" in problems["$.g"]
    assert any(path.startswith("$.d[0]") and "nested" in problem for path, problem in problems.items())


@given(st.binary(max_size=200))
def test_no_bytes_make_it_crash(content: bytes) -> None:
    assert judge(content, expectations=EXPECTED).problems


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(json.loads(render(ORIGINAL)))), JSON)
def test_no_value_of_any_key_makes_it_crash(key: str, value: Any) -> None:
    verdict = judge(bent(((key,), value)), expectations=EXPECTED, original=ORIGINAL)
    assert verdict.problems or verdict.signal is not None


FORBIDDEN = {
    "a parameter": (("strategy", "parameters", "sma_fast"), 41),
    "true for one": (("strategy", "parameters", "allow_treasury"), 1),
    "an input": (("inputs", "account", "equity"), 200_000.0),
    "a target": (("targets", 0, "weight"), 0.5),
    "the decision": (("decision", "rebalance"), False),
    "what is remembered": (("decision", "memory", "weights", "TQQQ"), 0.1),
    "a reference price": (("orders", 2, "reference_price"), 351.0),
    "a rank": (("orders", 1, "rank"), 9.0),
    "a warning": (("warnings", 0), "all is well"),
    "the residual cash": (("residual_cash",), 0.0),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_edits_no_approval_covers_are_refused_with_their_path(name: str) -> None:
    path, value = FORBIDDEN[name]
    content = bent((path, value))
    where = "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    assert where in found(content, original=ORIGINAL)
    if name not in {"a reference price", "true for one"}:  # these two break a rule or a type by themselves
        assert not judge(content, expectations=EXPECTED).problems


def test_a_person_may_disable_delete_resize_annotate_and_add() -> None:
    manual = json.loads(order("TMV", "buy", "entry", 10, 20.0, reason="hedge").model_dump_json())
    data = json.loads(render(ORIGINAL))
    data["orders"][0]["note"] = "agreed"
    data["orders"][1] |= {"quantity": 600, "note": "half", "stop": {"price": 44.0, "time_in_force": "gtc"}}
    data["orders"][2] = manual
    signal = validate(json.dumps(data).encode(), expectations=EXPECTED, original=ORIGINAL)
    assert [o.quantity for o in signal.orders] == [700, 600, 10]


def test_disabling_the_sale_that_pays_for_the_buys_is_a_limit() -> None:
    verdict = judge(bent((("orders", 0, "enabled"), False)), expectations=EXPECTED, original=ORIGINAL)
    assert not verdict.problems
    assert verdict.limits[0].problem.startswith("exposure would be 150.0 % of equity")  # 70 + 60 + 19.98


LIMITS = {
    "position": (Limits(max_position_pct=59.0), "$.orders[1].quantity", "60.0 % of equity"),
    "exposure": (Limits(max_total_exposure_pct=79.0), "$.orders", "80.0 % of equity"),
    "leverage": (Limits(max_total_leverage=0.79), "$.orders", "0.80"),
    "order value": (Limits(max_order_value=59_999), "$.orders[1].quantity", "60,000.00"),
    "share of equity": (Limits(max_order_value_pct=59), "$.orders[1].quantity", "max_order_value_pct 59"),
    "orders": (Limits(max_orders_per_run=2), "$.orders", "3 orders"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_exit_code_7_with_the_path(name: str) -> None:
    limits, path, words = LIMITS[name]
    expectations = Expectations(session=date(2024, 3, 15), limits=limits)
    with pytest.raises(LimitError) as caught:
        validate(render(ORIGINAL), expectations=expectations)
    assert caught.value.exit_code == 7
    findings = {finding.path: finding.problem for finding in caught.value.findings}
    assert words in findings[path]


@pytest.mark.parametrize("shares", [1_000_000, 90_000_000_000])
def test_an_absurd_quantity_is_a_limit(shares: int) -> None:
    verdict = judge(bent(quantity(shares)), expectations=EXPECTED, original=ORIGINAL)
    assert not verdict.problems
    assert "$.orders[1].quantity" in {finding.path for finding in verdict.limits}


def test_limits_are_silent_while_anything_is_invalid() -> None:
    verdict = judge(bent(quantity(1_000_000), (("trade_date",), "2024-03-14")), expectations=EXPECTED)
    assert verdict.problems
    assert not verdict.limits


def test_disabled_orders_and_pure_sales_exceed_no_limit() -> None:
    tight = Expectations(session=date(2024, 3, 15), limits=Limits(max_position_pct=1.0))
    off = bent((("orders", 1, "enabled"), False), (("orders", 2, "enabled"), False))
    assert not judge(off, expectations=tight).limits


def test_stops_are_counted() -> None:
    stop = Stop(price=1.0, time_in_force="gtc")
    orders = tuple(order(s, quantity=1, reference=2.0, stop=stop) for s in ("PSQ", "TQQQ"))
    expectations = Expectations(
        session=date(2024, 3, 15), symbols=frozenset({"PSQ"}), limits=Limits(max_stop_orders_per_run=1)
    )
    verdict = judge(render(sample(orders=orders)), expectations=expectations)
    assert [finding.path for finding in verdict.limits] == ["$.orders"]


def test_an_account_without_equity_buys_nothing() -> None:
    broke = bent((("inputs", "account", "equity"), 0.0))
    assert [f.path for f in judge(broke, expectations=EXPECTED).limits] == ["$.inputs.account.equity"]

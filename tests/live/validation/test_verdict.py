"""Verdicts and rolling statistics against hand-worked cases; the thresholds are the founding documents'."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.strategies.family import Choice
from live.validation.verdict import (
    Figures,
    Observed,
    OrderFate,
    SessionCheck,
    Slippage,
    differences,
    drift,
    fill_rate,
    judge,
    order_problems,
    rolling,
    worst,
)

DAY = date(2024, 3, 15)
CELL_ONE = Choice(
    facts={"cell": 1, "trend_state": "BullStrong", "vol_state": "Low", "rebalance": True},
    targets={"TQQQ": 0.57, "TMF": 0.19},
)


def observed(**changes: Any) -> Observed:
    values: dict[str, Any] = {
        "session": DAY,
        "variant": "golden",
        "role": "primary",
        "decided_on": DAY,
        "at_execution": CELL_ONE,
        "on_final": CELL_ONE,
    }
    return Observed(**(values | changes))


@pytest.mark.parametrize(
    ("slipped", "verdict"),
    [(None, "GREEN"), (-2.0, "GREEN"), (0.3004, "GREEN"), (0.301, "YELLOW"), (0.5, "YELLOW"), (0.501, "RED")],
)
def test_a_fill_far_from_its_quote_is_no_green_session(slipped: float | None, verdict: str) -> None:
    found = judge(observed(slippages=(Slippage("QQQ", 0.0, 5.0), Slippage("TMF", slipped, None))))
    assert found.verdict == verdict
    assert [reason.split()[0] for reason in found.reasons] == ([] if verdict == "GREEN" else ["TMF"])
    wide = observed(slippages=(Slippage("TMF", slipped, None),), slippage_limits=(1.0, 2.0))
    assert judge(wide).verdict == "GREEN"


@pytest.mark.parametrize(
    ("reference", "final", "percent", "verdict"),
    [
        (100.0, 100.0, 0.0, "GREEN"),
        (100.0, 100.19, 0.19, "GREEN"),
        (1000.0, 1001.999, 0.1999, "GREEN"),
        (100.0, 100.2, 0.2, "YELLOW"),
        (50.0, 49.9, -0.2, "YELLOW"),
        (100.0, 100.5, 0.5, "YELLOW"),
        (200.0, 199.0, -0.5, "YELLOW"),
        (1000.0, 1005.001, 0.5001, "RED"),
        (100.0, 99.0, -1.0, "RED"),
    ],
)
def test_the_largest_drift_decides_when_the_logic_matches(
    reference: float, final: float, percent: float, verdict: str
) -> None:
    item = drift("QQQ", reference, final)
    assert item.drift_pct == pytest.approx(percent, abs=1e-9)
    found = judge(observed(drifts=(drift("TLT", 92.8, 92.8), item)))
    assert found.verdict == verdict
    assert found.logic_match is True
    assert found.max_drift_pct == pytest.approx(abs(percent), abs=1e-9)
    assert found.average_drift_pct == pytest.approx(abs(percent) / 2, abs=1e-6)


@given(st.sampled_from([0.2, 0.5]), st.integers(1, 4_000), st.sampled_from([1, -1]))
def test_an_exact_edge_is_yellow_at_every_price(edge: float, tens: int, sign: int) -> None:
    reference = tens * 10.0  # so that the final price is a round decimal
    final = round(reference * (1 + sign * edge / 100), 4)
    assert judge(observed(drifts=(drift("QQQ", reference, final),))).verdict == "YELLOW"


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_price_has_no_drift(price: float) -> None:
    with pytest.raises(ValueError, match="QQQ"):
        drift("QQQ", 100.0, price)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (
            Choice({**CELL_ONE.facts, "cell": 3}, CELL_ONE.targets),
            "cell: 1 at execution, 3 on the final bars",
        ),
        (
            Choice({**CELL_ONE.facts, "vol_state": "High"}, CELL_ONE.targets),
            "vol_state: Low at execution, High on the final bars",
        ),
        (
            Choice({**CELL_ONE.facts, "rebalance": False}, CELL_ONE.targets),
            "rebalance: True at execution, False on the final bars",
        ),
        (
            Choice(CELL_ONE.facts, {"TQQQ": 0.57}),
            "target TMF: 19.00% at execution, 0.00% on the final bars",
        ),
        (
            Choice({"trend_state": "BullStrong", "vol_state": "Low", "rebalance": True}, CELL_ONE.targets),
            "cell: 1 at execution, none on the final bars",
        ),
    ],
)
def test_another_decision_is_red_without_any_drift(other: Choice, difference: str) -> None:
    found = judge(observed(on_final=other, drifts=(drift("QQQ", 100.0, 100.0),)))
    assert (found.verdict, found.logic_match) == ("RED", False)
    assert found.differences == (difference,)
    assert difference in found.reasons


def test_weights_that_differ_by_rounding_are_the_same() -> None:
    nearly = Choice(CELL_ONE.facts, {"TQQQ": 0.57 + 1e-12, "TMF": 0.19, "PSQ": 0.0})
    assert differences(CELL_ONE, nearly) == ()


def test_positions_are_compared_by_the_symbols_that_leave_and_enter() -> None:
    before = Choice(exits=("AAA", "BBB"), entries=("NEW",))
    after = Choice(exits=("BBB", "CCC"), entries=())
    assert differences(before, after) == (
        "exit AAA: only at execution",
        "exit CCC: only on the final bars",
        "entry NEW: only at execution",
    )


def test_a_decision_that_cannot_be_recomputed_is_never_green() -> None:
    found = judge(observed(on_final=None))
    assert (found.verdict, found.logic_match) == ("YELLOW", None)
    assert found.reasons == ("the decision could not be recomputed",)


@pytest.mark.parametrize(
    ("orders", "problems"),
    [
        ((OrderFate("A", 100, 100),), ()),
        ((OrderFate("A", 100, 60, ("WORKING",)),), ("A: no end yet (WORKING)",)),
        ((OrderFate("A", 100, 0, ("UNKNOWN",)),), ("A: no end yet (UNKNOWN)",)),
        ((OrderFate("A", 100, 0),), ("A: 0 of 100 shares filled",)),
        # one share of 10,000 missing is 0.01 %, but nothing at all of an order is a missing fill
        ((OrderFate("A", 9_999, 9_999), OrderFate("B", 1, 0)), ("B: 0 of 1 shares filled",)),
        ((OrderFate("A", 100, 99),), ()),
        ((OrderFate("A", 1_000, 989),), ("A: 989 of 1000 shares filled",)),
        ((OrderFate("A", 100, 100, recorded=False),), ("A: filled, but not in the trade book",)),
    ],
)
def test_orders_without_an_end_or_without_a_fill_are_red(
    orders: tuple[OrderFate, ...], problems: tuple[str, ...]
) -> None:
    assert order_problems(orders) == problems
    assert judge(observed(orders=orders)).verdict == ("RED" if problems else "GREEN")


def test_the_fill_rate_counts_shares_of_all_orders() -> None:
    assert fill_rate((OrderFate("A", 300, 300), OrderFate("B", 100, 60))) == 90.0
    assert fill_rate(()) is None


def test_problems_are_red_and_cautions_yellow() -> None:
    assert judge(observed(problems=("never ran",))).verdict == "RED"
    assert judge(observed(cautions=("held back",))).verdict == "YELLOW"
    assert judge(observed(notes=("only so you know",))).verdict == "GREEN"
    assert judge(observed(problems=("bad",), cautions=("odd",))).reasons == ("bad", "odd")


def test_figures_keep_the_size_of_slippage_against_the_quote() -> None:
    found = judge(
        observed(
            orders=(OrderFate("A", 100, 90),),
            slippages=(Slippage("TQQQ", -0.25, 0.1), Slippage("TMF", 0.15, None), Slippage("PSQ", None, 0.9)),
            drifts=(drift("QQQ", 100.0, 100.1), drift("TLT", 100.0, 99.7)),
        )
    )
    assert found.figures == Figures(DAY, True, 0.2, 100, 90, (0.25, 0.15))


def test_the_worst_verdict_wins() -> None:
    assert worst(["GREEN", "YELLOW", "GREEN"]) == "YELLOW"
    assert worst(["RED", "YELLOW"]) == "RED"
    assert worst([]) == "GREEN"


def days(count: int) -> list[date]:
    return [DAY + timedelta(days=n) for n in range(count)]


def by_name(history: list[Figures]) -> dict[str, SessionCheck]:
    return {check.name: check for check in rolling(history)}


def test_rolling_statistics_by_hand() -> None:
    # 20 sessions, one with another decision: 19 / 20 = 95 %, just enough.
    # Drift: 10 sessions of 0.1 % and 10 of 0.4 %: 0.25 %. Slippage: 0.2, 0.4 and 0.2 %: 0.2667 %.
    # Fills: 600 + 390 of 1,000: 99 %.
    history = [Figures(day, n != 3, 0.1 if n < 10 else 0.4, 0, 0, ()) for n, day in enumerate(days(20))]
    history[0] = Figures(DAY, True, 0.1, 600, 600, (0.2, 0.4))
    history[5] = Figures(DAY + timedelta(days=5), True, 0.1, 400, 390, (0.2,))
    found = by_name(history)
    logic, drifts, slips, fills = (
        found[name] for name in ("logic match", "average drift", "average slippage", "fill rate")
    )
    assert (logic.value, logic.passed, logic.sessions) == (95.0, True, 20)
    assert (drifts.value, drifts.passed, drifts.sessions) == (0.25, True, 20)
    assert (slips.value, slips.passed, slips.sessions) == (pytest.approx(0.266667), True, 2)
    assert (fills.value, fills.passed, fills.sessions) == (99.0, True, 2)


def test_rolling_statistics_fail_at_their_edges() -> None:
    history = [
        Figures(day, n not in {3, 4}, 0.3, 100, 98 if n else 99, (0.3,)) for n, day in enumerate(days(20))
    ]
    found = by_name(history)
    assert found["logic match"].value == 90.0  # two of twenty
    assert found["average drift"].value == 0.3  # the average must stay below
    assert found["average slippage"].value == 0.3
    assert found["fill rate"].value == pytest.approx(98.05)
    assert [check.passed for check in found.values()] == [False] * 4


def test_rolling_statistics_forget_what_is_older_than_twenty_sessions() -> None:
    history = [Figures(day, n >= 5, 9.0 if n < 5 else 0.1) for n, day in enumerate(days(25))]
    found = by_name(history[::-1])  # the order of the input does not matter
    assert (found["logic match"].value, found["logic match"].sessions) == (100.0, 20)
    assert found["average drift"].value == 0.1


def test_no_data_is_no_pass() -> None:
    found = by_name([Figures(DAY, None, None)])
    assert [(c.passed, c.value, c.sessions) for c in found.values()] == [(None, None, 0)] * 4

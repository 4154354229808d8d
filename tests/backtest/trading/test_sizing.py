"""Decisions to orders: hand-computed plans, limits, and what must hold for any plan."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Book, Decision, EntrySignal, ExitSignal, OpenPosition, Side, Target
from backtest.core.errors import DataError, JutsuError, LimitError
from backtest.core.execution_rules import ExecutionRules, Limits
from backtest.core.planned_orders import Plan
from backtest.trading.fills import fill_market
from backtest.trading.limits import order_value_problem
from backtest.trading.sizing import (
    PlannedOrder,
    afford,
    check_limits,
    cuts,
    plan_orders,
    scaled_weights,
    sizing_equity,
    spendable,
    target_shares,
)

DAY = date(2024, 1, 2)
RULES = ExecutionRules()


def decide(rebalance: bool = True, **weights: float) -> Decision:
    return decide_all(weights, rebalance)


def decide_all(weights: Mapping[str, float], rebalance: bool = True) -> Decision:
    return Decision(DAY, rebalance=rebalance, targets=tuple(Target(s, w) for s, w in weights.items()))


def holding(cash: float, **shares: int) -> Book:
    return Book(cash, {s: OpenPosition(s, n, 1.0, DAY) for s, n in shares.items()})


def short(plan: Plan) -> list[tuple[str, str, str, int]]:
    return [(o.symbol, o.intent, o.side, o.quantity) for o in plan.orders]


def test_equity_counts_cash_and_owned_positions() -> None:
    assert sizing_equity(holding(1000.0, AAA=3, BBB=2), {"AAA": 10.0, "BBB": 5.5, "ZZZ": 9.0}) == 1041.0


@pytest.mark.parametrize("prices", [{}, {"AAA": float("nan")}, {"AAA": 0.0}])
def test_equity_needs_every_price(prices: dict[str, float]) -> None:
    with pytest.raises(DataError, match="AAA"):
        sizing_equity(holding(1000.0, AAA=3), prices)


def test_the_reserve_shrinks_all_weights_by_one_factor() -> None:
    # no cash in the target: 0.95 / 1.0
    assert scaled_weights(decide(TQQQ=0.6, QQQ=0.4), RULES) == pytest.approx({"TQQQ": 0.57, "QQQ": 0.38})
    # 2 % cash, 10 % wanted: 0.9 / 0.98
    ten = ExecutionRules(min_cash_pct=10)
    assert scaled_weights(decide(A=0.49, B=0.49), ten) == pytest.approx({"A": 0.45, "B": 0.45})


def test_enough_cash_leaves_the_weights_alone() -> None:
    assert scaled_weights(decide(A=0.5, B=0.45), RULES) == {"A": 0.5, "B": 0.45}


def test_targets_of_one_symbol_add_up() -> None:
    twice = Decision(DAY, True, (Target("QQQ", 0.3), Target("QQQ", 0.2)))
    assert scaled_weights(twice, RULES) == {"QQQ": 0.5}


@pytest.mark.parametrize("weights", [{"A": -0.1}, {"A": float("nan")}, {"A": 0.7, "B": 0.4}])
def test_impossible_weights_are_a_bug(weights: dict[str, float]) -> None:
    with pytest.raises(JutsuError):
        scaled_weights(decide_all(weights), RULES)


def test_shares_round_down_but_not_on_float_noise() -> None:
    assert target_shares(0.57, 10_000.0, 57.01) == 99
    assert 0.57 * 10_000.0 / 10.0 < 570  # 569.9999999999999 where the exact quotient is 570
    assert target_shares(0.57, 10_000.0, 10.0) == 570


def test_first_purchase() -> None:
    # equity 100,000: 0.57 * 100,000 / 50 = 1140; 0.38 * 100,000 / 210 = 180.95
    plan = plan_orders(decide(TQQQ=0.6, QQQ=0.4), Book(100_000.0), {"TQQQ": 50.0, "QQQ": 210.0}, RULES)
    assert short(plan) == [("TQQQ", "entry", "buy", 1140), ("QQQ", "entry", "buy", 180)]
    assert plan.equity == 100_000.0
    assert plan.residual_cash == 5_200.0  # 100,000 - 57,000 - 37,800
    assert plan.rounding_cash == 200.0  # 38,000 - 37,800
    assert [o.reference_price for o in plan.orders] == [50.0, 210.0]


def test_all_four_intents_in_order() -> None:
    # equity 1000 + 100*10 + 50*20 + 30*50 = 4500 with targets 0.4 / 0.1 / 0 / 0.3
    book = holding(1000.0, UP=100, DOWN=50, GONE=30)
    prices = {"UP": 10.0, "DOWN": 20.0, "GONE": 50.0, "NEW": 30.0}
    plan = plan_orders(decide(UP=0.4, DOWN=0.1, NEW=0.3), book, prices, RULES)
    assert short(plan) == [
        ("DOWN", "reduce", "sell", 28),  # 450 / 20 = 22.5 -> 22
        ("GONE", "exit", "sell", 30),
        ("UP", "increase", "buy", 80),  # 1800 / 10 = 180
        ("NEW", "entry", "buy", 45),  # 1350 / 30 = 45
    ]
    assert plan.residual_cash == 1000 + 560 + 1500 - 800 - 1350
    assert "50 → 22 shares" in plan.orders[0].reason


def test_nothing_without_a_rebalance() -> None:
    plan = plan_orders(decide(rebalance=False, A=0.9), Book(1000.0), {"A": 10.0}, RULES)
    assert plan.orders == ()
    assert plan.residual_cash == 1000.0


def test_drift_trades_only_beyond_its_threshold() -> None:
    # held 0.60 of equity 1000, target 0.50: drift 0.10
    book, prices, calm = holding(400.0, A=60), {"A": 10.0}, decide(rebalance=False, A=0.5)
    assert plan_orders(calm, book, prices, ExecutionRules(max_holdings_drift=0.11)).orders == ()
    wandered = plan_orders(calm, book, prices, ExecutionRules(max_holdings_drift=0.09))
    assert short(wandered) == [("A", "reduce", "sell", 10)]


def test_drift_counts_what_should_not_be_held() -> None:
    # equity 1000: A on target, B 0.1 without a target
    book, prices = holding(400.0, A=50, B=10), {"A": 10.0, "B": 10.0}
    calm = decide(rebalance=False, A=0.5)
    assert short(plan_orders(calm, book, prices, ExecutionRules(max_holdings_drift=0.09))) == [
        ("B", "exit", "sell", 10)
    ]


def test_drift_ignores_what_cannot_trade() -> None:
    # B has no price: neither its missing weight of 0.3 nor the holding of C can be moved by trading
    calm, rules = decide(rebalance=False, A=0.5, B=0.3), ExecutionRules(max_holdings_drift=0.05)
    assert plan_orders(calm, holding(500.0, A=50), {"A": 10.0}, rules).orders == ()
    locked = plan_orders(calm, holding(400.0, A=50, C=10), {"A": 10.0}, rules, marks={"C": 10.0})
    assert locked.orders == ()
    # with a price, the missing weight trades
    both = plan_orders(calm, holding(500.0, A=50), {"A": 10.0, "B": 10.0}, rules)
    assert short(both) == [("B", "entry", "buy", 30)]


def test_small_trades_are_filtered_but_never_exits() -> None:
    # equity 10,000; 1 % is 100. A: 500 -> 495 (50), B: exit worth 60, C: entry worth 90
    book = holding(4440.0, A=50, B=6)
    prices = {"A": 100.0, "B": 10.0, "C": 90.0}
    book = replace(book, cash=10_000.0 - 5000 - 60)
    plan = plan_orders(decide(A=0.495, C=0.0095), book, prices, ExecutionRules(min_trade_pct=1.5))
    assert short(plan) == [("B", "exit", "sell", 6)]
    assert [(s.symbol, s.reason) for s in plan.skipped] == [
        ("A", "below_min_trade"),
        ("C", "below_min_trade"),
    ]


def test_a_leg_without_a_price_stays_in_cash_with_a_warning() -> None:
    plan = plan_orders(decide(A=0.5, B=0.5), Book(1000.0), {"A": 10.0, "B": float("nan")}, RULES)
    assert short(plan) == [("A", "entry", "buy", 47)]  # 0.475 of 1000, not more
    assert [(s.symbol, s.reason) for s in plan.skipped] == [("B", "no_price")]
    assert plan.warnings == ("B: no price, its weight of 47.5% stays in cash",)


def test_a_holding_that_cannot_be_sold_leaves_less_for_the_rest() -> None:
    # equity 1000 of which 400 is stuck in OLD; 0.95 - 0.40 = 0.55 is left for NEW
    plan = plan_orders(decide(NEW=1.0), holding(600.0, OLD=40), {"NEW": 10.0}, RULES, marks={"OLD": 10.0})
    assert short(plan) == [("NEW", "entry", "buy", 55)]
    assert plan.warnings[0] == "OLD: no price, 40 shares kept as they are"
    assert "400.00" in plan.warnings[1]


def test_one_share_too_dear_is_reported() -> None:
    plan = plan_orders(decide(A=0.5), Book(100.0), {"A": 60.0}, RULES)
    assert plan.orders == ()
    assert [(s.symbol, s.reason) for s in plan.skipped] == [("A", "zero_shares")]


def test_positions_family() -> None:
    details = {"score": 88}
    decision = Decision(
        DAY,
        exits=(ExitSignal("OLD", "trend broken"),),
        entries=(
            EntrySignal("LOW", 10, 20.0, 18.0, 50.0, "report", details),
            EntrySignal("TOP", 5, 30.0, 27.0, 90.0, "report"),
        ),
    )
    plan = plan_orders(decision, holding(1000.0, OLD=7), {"OLD": 12.0}, RULES)
    assert short(plan) == [
        ("OLD", "exit", "sell", 7),
        ("TOP", "entry", "buy", 5),
        ("LOW", "entry", "buy", 10),
    ]
    assert [o.stop_price for o in plan.orders] == [None, 27.0, 18.0]
    assert plan.orders[0].reason == "trend broken"
    assert plan.orders[2].details == details
    assert plan.residual_cash == 1000 + 84 - 150 - 200


def test_an_exit_without_a_price_is_kept_and_named() -> None:
    decision = Decision(DAY, exits=(ExitSignal("OLD", "trend broken"),))
    plan = plan_orders(decision, holding(0.0, OLD=7), {}, RULES, marks={"OLD": 12.0})
    assert plan.orders == ()
    assert [(s.symbol, s.reason) for s in plan.skipped] == [("OLD", "no_price")]
    assert "trend broken" in plan.warnings[0]


def test_a_decision_is_of_one_family() -> None:
    both = replace(decide(A=0.5), exits=(ExitSignal("B", "x"),))
    with pytest.raises(JutsuError, match="both"):
        plan_orders(both, holding(1.0, B=1), {"A": 1.0, "B": 1.0}, RULES)


def test_exit_of_something_not_held_is_a_bug() -> None:
    with pytest.raises(JutsuError, match="does not hold"):
        plan_orders(Decision(DAY, exits=(ExitSignal("B", "x"),)), Book(1.0), {"B": 1.0}, RULES)


# --- limits ---------------------------------------------------------------------------------------------


def limited(**limits: Any) -> ExecutionRules:
    return ExecutionRules(min_cash_pct=0, limits=Limits(**limits))


def breach(plan: Plan, book: Book, rules: ExecutionRules) -> list[str]:
    with pytest.raises(LimitError) as caught:
        check_limits(plan, book, rules)
    return [str(finding) for finding in caught.value.findings]


def test_every_breach_is_listed() -> None:
    rules = limited(max_position_pct=50, max_total_exposure_pct=80, max_order_value=550, max_orders_per_run=1)
    prices = {"A": 10.0, "B": 10.0}
    plan = plan_orders(decide(A=0.6, B=0.3), Book(1000.0), prices, rules)
    findings = breach(plan, Book(1000.0), rules)
    assert findings == [
        "A: the order is worth 600.00, max_order_value is 550.00",
        "orders: 2 exceed max_orders_per_run 1",
        "A: 60.0% of equity exceeds max_position_pct (50.0%)",
        "all symbols: 90.0% of equity exceeds max_total_exposure_pct (80.0%)",
    ]


@given(
    value=st.floats(1, 1e9),
    equity=st.floats(1, 1e9),
    most=st.none() | st.floats(1, 1e9),
    share=st.floats(1, 1000),
    side=st.sampled_from(["buy", "sell"]),
)
def test_an_order_is_held_to_an_amount_and_a_buy_to_a_share_of_equity(
    value: float, equity: float, most: float | None, share: float, side: Side
) -> None:
    problem = order_value_problem(
        value, side, equity, Limits(max_order_value=most, max_order_value_pct=share)
    )
    over = most is not None and value > most * (1 + 1e-9)
    assert ("max_order_value is" in problem) == over
    if not over:
        assert bool(problem) == (side == "buy" and value > share / 100 * equity * (1 + 1e-9))


def test_the_first_limits_are_a_share_of_equity_and_no_amount() -> None:
    assert (Limits().max_order_value, Limits().max_order_value_pct) == (None, 100.0)
    assert order_value_problem(100_001, "buy", 100_000, Limits()) != ""
    assert order_value_problem(100_001, "sell", 100_000, Limits()) == ""
    assert order_value_problem(100_001, "buy", None, Limits()) == ""


def test_exactly_at_the_limit_is_allowed() -> None:
    rules = limited(max_position_pct=60, max_total_exposure_pct=90, max_orders_per_run=2, max_order_value=600)
    plan = plan_orders(decide(A=0.6, B=0.3), Book(1000.0), {"A": 10.0, "B": 10.0}, rules)
    check_limits(plan, Book(1000.0), rules)


def test_leverage_counts_nominal_value() -> None:
    rules = limited(max_total_leverage=0.5)
    plan = plan_orders(decide(TQQQ=0.6), Book(1000.0), {"TQQQ": 10.0}, rules)
    assert breach(plan, Book(1000.0), rules) == [
        "all symbols: 60.0% of equity exceeds max_total_leverage (50.0%)"
    ]


def test_golden_cell_one_fits_the_default_limits() -> None:
    prices = {"TQQQ": 50.0, "QQQ": 200.0}
    plan = plan_orders(decide(TQQQ=0.6, QQQ=0.4), Book(100_000.0), prices, RULES)
    check_limits(plan, Book(100_000.0), RULES)


def test_selling_is_never_stopped_by_an_exposure_limit() -> None:
    # A grew to 90 % of equity; the plan reduces it to 70 %, still above the limit
    rules = limited(max_position_pct=50)
    book, prices = holding(100.0, A=90), {"A": 10.0}
    plan = plan_orders(decide(A=0.7), book, prices, rules)
    check_limits(plan, book, rules)


def test_stops_are_counted_apart() -> None:
    entries = tuple(EntrySignal(s, 1, 10.0, 9.0, 1.0, "report") for s in ("A", "B", "C"))
    plan = plan_orders(Decision(DAY, entries=entries), Book(1000.0), {}, RULES)
    assert breach(plan, Book(1000.0), limited(max_stop_orders_per_run=2)) == [
        "orders: 3 exceed max_stop_orders_per_run 2"
    ]


# --- what holds for any plan ------------------------------------------------------------------------------

symbols = st.sampled_from(["AAA", "BBB", "CCC", "DDD", "EEE"])
weights = st.dictionaries(symbols, st.floats(0, 1), max_size=5).map(
    lambda raw: {s: w / max(1.0, sum(raw.values())) for s, w in raw.items()}
)
holdings = st.dictionaries(symbols, st.integers(1, 5000), max_size=5)
price_lists = st.fixed_dictionaries({s: st.floats(0.05, 900) for s in ["AAA", "BBB", "CCC", "DDD", "EEE"]})
rule_sets = st.builds(
    ExecutionRules,
    min_cash_pct=st.floats(0, 40),
    min_trade_pct=st.sampled_from([0.0, 1.0]),
    slippage_pct=st.floats(0, 2),
    commission_per_order=st.floats(0, 5),
    commission_per_share=st.floats(0, 0.1),
)


@given(weights, holdings, price_lists, rule_sets, st.floats(100, 1e6))
def test_any_plan(
    target: dict[str, float],
    held: dict[str, int],
    prices: dict[str, float],
    rules: ExecutionRules,
    cash: float,
) -> None:
    book = holding(round(cash, 2), **held)
    plan = plan_orders(decide_all(target), book, prices, rules)
    scaled = scaled_weights(decide_all(target), rules)
    assert sum(scaled.values()) <= 1 - rules.min_cash_pct / 100 + 1e-12
    sides = [o.side for o in plan.orders]
    assert sides == sorted(sides, reverse=True)  # sells before buys
    buys = [o for o in plan.orders if o.side == "buy"]
    assert [(-o.rank, o.symbol) for o in buys] == sorted((-o.rank, o.symbol) for o in buys)
    assert len({o.symbol for o in plan.orders}) == len(plan.orders)
    after = dict(held)
    for order in plan.orders:
        assert order.quantity >= 1
        sign = 1 if order.side == "buy" else -1
        after[order.symbol] = after.get(order.symbol, 0) + sign * order.quantity
    filtered = {s.symbol for s in plan.skipped if s.reason == "below_min_trade"}
    for symbol, shares in after.items():
        assert shares >= 0
        if symbol not in filtered:
            assert shares * prices[symbol] <= scaled.get(symbol, 0.0) * plan.equity + 1e-6 * prices[symbol]
            assert (shares + 1) * prices[symbol] > scaled.get(symbol, 0.0) * plan.equity - 1e-6
    if not filtered:
        assert plan.residual_cash >= rules.min_cash_pct / 100 * plan.equity - 0.01


@given(weights, holdings, price_lists, st.floats(100, 1e6), st.floats(5, 120), st.floats(5, 120))
def test_a_plan_that_passes_the_limits_is_inside_them(
    target: dict[str, float],
    held: dict[str, int],
    prices: dict[str, float],
    cash: float,
    one: float,
    all_together: float,
) -> None:
    rules = limited(max_position_pct=one, max_total_exposure_pct=all_together)
    book = holding(round(cash, 2), **held)
    plan = plan_orders(decide_all(target), book, prices, rules)
    after = dict(held)
    for order in plan.orders:
        after[order.symbol] = after.get(order.symbol, 0) + order.quantity * (1 if order.side == "buy" else -1)
    parts = {symbol: 100 * shares * prices[symbol] / plan.equity for symbol, shares in after.items()}
    bought = [order.symbol for order in plan.orders if order.side == "buy"]
    excess = [max((parts[symbol] for symbol in bought), default=0.0) - one]
    excess.append(sum(parts.values()) - all_together if bought else -1.0)
    try:
        check_limits(plan, book, rules)
    except LimitError:
        assert max(excess) > -1e-6
    else:
        assert max(excess) < 1e-6


COSTS = ExecutionRules(slippage_pct=0.1, commission_per_order=1.0, commission_per_share=0.01)


def buy(symbol: str, quantity: int, rank: float, price: float = 10.0) -> PlannedOrder:
    return PlannedOrder(symbol, "buy", "entry", quantity, price, rank, "test")


def test_enough_cash_changes_nothing() -> None:
    orders = (buy("A", 40, 0.6), buy("B", 30, 0.3))
    prices = {"A": 10.0, "B": 10.0}
    assert afford(orders, cash=1000.0, equity=1000.0, prices=prices, rules=ExecutionRules()) == orders


def test_the_lowest_rank_is_cut_first() -> None:
    # spendable 950: A takes 600, B gets 35 of 40
    orders = [buy("B", 40, 0.3), buy("A", 60, 0.6)]
    kept = afford(orders, cash=1000.0, equity=1000.0, prices={"A": 10.0, "B": 10.0}, rules=ExecutionRules())
    assert [(o.symbol, o.quantity) for o in kept] == [("A", 60), ("B", 35)]
    assert cuts(orders, kept) == ("B: bought 35 of 40 shares (cash after sells)",)


def test_equal_ranks_go_by_symbol() -> None:
    orders = [buy("B", 60, 0.5), buy("A", 60, 0.5)]
    kept = afford(orders, cash=1000.0, equity=1000.0, prices={"A": 10.0, "B": 10.0}, rules=ExecutionRules())
    assert [(o.symbol, o.quantity) for o in kept] == [("A", 60), ("B", 35)]


def test_slippage_and_commission_are_charged() -> None:
    # spendable 9500. A: 114 * 50.05 + 2.14 = 5707.84, left 3792.16.
    # B: 190 * 20.02 + 2.90 = 3806.70 is too much; 189 * 20.02 + 2.89 = 3786.67 fits.
    orders = [buy("A", 114, 0.57, 50.0), buy("B", 190, 0.38, 20.0)]
    kept = afford(orders, cash=10_000.0, equity=10_000.0, prices={"A": 50.0, "B": 20.0}, rules=COSTS)
    assert [o.quantity for o in kept] == [114, 189]


def test_the_reserve_counts_the_whole_equity() -> None:
    # equity 1000 of which 900 is held; the reserve of 50 leaves 50 of the 100 cash
    kept = afford([buy("A", 10, 1)], cash=100.0, equity=1000.0, prices={"A": 10.0}, rules=ExecutionRules())
    assert [o.quantity for o in kept] == [5]


def test_buying_power_binds_without_a_reserve() -> None:
    rules = ExecutionRules(min_cash_pct=0, max_buying_power_pct=90)
    assert spendable(1000.0, 1000.0, rules) == 900.0
    assert spendable(1000.0, 1000.0, ExecutionRules(min_cash_pct=0, max_buying_power_pct=100)) == 1000.0


def test_no_cash_no_order() -> None:
    assert spendable(40.0, 1000.0, ExecutionRules()) == 0.0
    assert afford([buy("A", 1, 1)], cash=40.0, equity=1000.0, prices={"A": 1.0}, rules=ExecutionRules()) == ()


def test_too_dear_is_dropped_and_a_cheaper_one_still_bought() -> None:
    orders = [buy("DEAR", 1, 0.9, 2000.0), buy("CHEAP", 3, 0.1)]
    prices = {"DEAR": 2000.0, "CHEAP": 10.0}
    kept = afford(orders, cash=1000.0, equity=1000.0, prices=prices, rules=ExecutionRules())
    assert [o.symbol for o in kept] == ["CHEAP"]
    assert cuts(orders, kept) == ("DEAR: bought 0 of 1 shares (cash after sells)",)


def test_no_price_no_purchase() -> None:
    assert afford([buy("A", 1, 1)], cash=1e3, equity=1e3, prices={}, rules=ExecutionRules()) == ()


def test_only_buys_are_recounted() -> None:
    sale = PlannedOrder("A", "sell", "exit", 1, 1.0, 0.0, "test")
    with pytest.raises(JutsuError, match="only buys"):
        afford([sale], cash=1.0, equity=1.0, prices={"A": 1.0}, rules=ExecutionRules())


legs = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.integers(1, 3000), st.floats(0, 1), st.floats(0.02, 600)),
    max_size=5,
    unique_by=lambda leg: leg[0],
)
recount_rules = st.builds(
    ExecutionRules,
    min_cash_pct=st.floats(0, 30),
    max_buying_power_pct=st.floats(50, 100),
    slippage_pct=st.floats(0, 3),
    commission_per_order=st.floats(0, 20),
    commission_per_share=st.floats(0, 0.5),
)


@given(legs, recount_rules, st.floats(0, 500_000), st.floats(0, 500_000))
def test_any_recount(
    rows: list[tuple[str, int, float, float]], rules: ExecutionRules, cash: float, invested: float
) -> None:
    cash, equity = round(cash, 2), round(cash, 2) + invested
    prices = {symbol: price for symbol, _, _, price in rows}
    orders = [buy(symbol, quantity, rank, price) for symbol, quantity, rank, price in rows]
    kept = afford(orders, cash=cash, equity=equity, prices=prices, rules=rules)
    wanted = {o.symbol: o.quantity for o in orders}
    cost = {o.symbol: -fill_market("buy", o.quantity, prices[o.symbol], rules).cash_flow for o in kept}
    limit = max(0.0, min(cash - rules.min_cash_pct / 100 * equity, rules.max_buying_power_pct / 100 * cash))
    assert sum(cost.values()) <= limit + 0.0051  # the bound itself is rounded to the cent
    assert sum(cost.values()) <= cash + 1e-6
    assert [(-o.rank, o.symbol) for o in kept] == sorted((-o.rank, o.symbol) for o in kept)
    assert all(1 <= o.quantity <= wanted[o.symbol] for o in kept)
    # nothing is cut without need: one share more of the first cut order would not have fitted
    left = limit
    for order in sorted(orders, key=lambda o: (-o.rank, o.symbol)):
        got = next((o.quantity for o in kept if o.symbol == order.symbol), 0)
        if got < order.quantity:
            one_more = -fill_market("buy", got + 1, prices[order.symbol], rules).cash_flow
            assert one_more > left - 0.0051
        left -= cost.get(order.symbol, 0.0)
    assert afford(kept, cash=cash, equity=equity, prices=prices, rules=rules) == kept

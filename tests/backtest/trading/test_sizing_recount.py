"""The recount: what cash affords, in rank order, to the cent."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import JutsuError
from backtest.core.execution_rules import ExecutionRules
from backtest.trading.fills import fill_market
from backtest.trading.sizing import PlannedOrder, afford, cuts, spendable

DAY = date(2024, 1, 2)
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
rule_sets = st.builds(
    ExecutionRules,
    min_cash_pct=st.floats(0, 30),
    max_buying_power_pct=st.floats(50, 100),
    slippage_pct=st.floats(0, 3),
    commission_per_order=st.floats(0, 20),
    commission_per_share=st.floats(0, 0.5),
)


@given(legs, rule_sets, st.floats(0, 500_000), st.floats(0, 500_000))
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

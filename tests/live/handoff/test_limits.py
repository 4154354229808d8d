"""Whatever the generator writes passes its own executor; what a person adds is judged as it stands."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backtest.core.decision import Book, Decision, OpenPosition, Target
from backtest.core.errors import LimitError
from backtest.core.execution_rules import ExecutionRules, Limits
from backtest.trading.limits import check_limits
from backtest.trading.sizing import plan_orders
from live.handoff.canonical import render
from live.handoff.limits import limit_findings, require_limits
from live.handoff.validate import Expectations, judge
from tests.support.handoff_samples import order, sample
from tests.support.review_world import DAY

SYMBOLS = ["QQQ", "TQQQ", "TMF"]
target_weights = st.fixed_dictionaries({s: st.floats(0, 1) for s in SYMBOLS}).map(
    lambda raw: {s: w / max(1.0, sum(raw.values())) for s, w in raw.items()}
)
shares_held = st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 900))
prices_of = st.fixed_dictionaries(
    {s: st.integers(50, 90_000).map(lambda cents: cents / 100) for s in SYMBOLS}
)


def planned(weights: Any, held: Any, prices: Any, cash: Any, rules: Any) -> Any:
    targets = tuple(Target(symbol, weight) for symbol, weight in sorted(weights.items()))
    decision = Decision(DAY, rebalance=True, targets=targets)
    positions = {s: OpenPosition(s, n, prices[s], DAY) for s, n in held.items()}
    book = Book(cash=cash, positions=positions)
    return plan_orders(decision, book, prices, rules), book


def file_of(plan: Any, book: Any) -> Any:
    """Return the file the generator makes of a plan: the snapshot of the account is rounded to cents."""
    account = sample().inputs.account.model_copy(
        update={"equity": round(plan.equity, 2), "cash": round(book.cash, 2), "positions": book.shares()}
    )
    inputs = sample().inputs.model_copy(update={"account": account, "quotes": ()})
    orders = tuple(
        order(o.symbol, o.side, o.intent, o.quantity, o.reference_price, rank=o.rank) for o in plan.orders
    )
    return sample(inputs=inputs, orders=orders)


def executor_limits(signal: Any, limits: Any, *, original: Any, trusted: Any) -> Any:
    expected = Expectations(session=DAY, symbols=frozenset(SYMBOLS), limits=limits)
    verdict = judge(render(signal), expectations=expected, original=original, trusted=trusted)
    assert not verdict.problems
    return verdict.limits


@given(
    target_weights,
    shares_held,
    prices_of,
    st.floats(1000, 1e6),
    st.sampled_from([0.0, 5.0, 20.0]),
    st.sampled_from([50.0, 80.0, 100.0, 300.0]),
)
def test_what_the_generator_writes_passes_the_executor(
    weights: Any, held: Any, prices: Any, cash: Any, min_trade: Any, limit: Any
) -> None:
    limits = Limits(max_position_pct=100, max_total_exposure_pct=limit)
    rules = ExecutionRules(min_cash_pct=0, min_trade_pct=min_trade, limits=limits)
    plan, book = planned(weights, held, prices, cash, rules)
    try:
        check_limits(plan, book, rules)
    except LimitError:
        return
    signal = file_of(plan, book)
    try:
        require_limits(signal, limits)
    except LimitError as error:  # cents of the snapshot: the generator says so instead of writing the file
        assume("100.0 %" in str(error) or f"{limit:g}.0 %" in str(error))
        return
    assert executor_limits(signal, limits, original=None, trusted=True) == ()
    assert executor_limits(signal, limits, original=signal, trusted=False) == ()


def overspending() -> Any:
    """Return a plan whose small sell is filtered, so that its buys cost more than cash: 103 %."""
    rules = ExecutionRules(min_cash_pct=0, min_trade_pct=5)
    held, prices = {"QQQ": 530, "TQQQ": 470}, {"QQQ": 100.0, "TQQQ": 100.0, "TMF": 100.0}
    return planned({"QQQ": 0.5, "TQQQ": 0.3, "TMF": 0.2}, held, prices, 0.0, rules), rules


def test_buys_beyond_the_cash_of_the_plan_are_no_exposure_because_the_recount_cuts_them() -> None:
    (plan, book), rules = overspending()
    assert [(o.side, o.symbol, o.quantity) for o in plan.orders] == [
        ("sell", "TQQQ", 170),
        ("buy", "TMF", 200),
    ]
    check_limits(plan, book, rules)
    signal = file_of(plan, book)
    require_limits(signal, rules.limits)
    assert executor_limits(signal, rules.limits, original=signal, trusted=False) == ()


def test_buys_a_person_adds_beyond_the_cash_are_refused() -> None:
    (plan, book), rules = overspending()
    signal = file_of(plan, book)
    more = tuple(
        o.model_copy(update={"quantity": o.quantity + 10, "estimated_value": 21_000.0})
        if o.side == "buy"
        else o
        for o in signal.orders
    )
    edited = signal.model_copy(update={"orders": more})
    found = executor_limits(edited, rules.limits, original=signal, trusted=False)
    assert [f.problem for f in found] == [
        "exposure would be 101.0 % of equity, max_total_exposure_pct is 100"
    ]


def test_a_file_over_a_limit_is_not_written() -> None:
    made = sample()
    assert list(limit_findings(made, Limits(), made)) == []
    with pytest.raises(LimitError, match="max_total_exposure_pct is 50") as caught:
        require_limits(made, Limits(max_total_exposure_pct=50))
    assert caught.value.exit_code == 7

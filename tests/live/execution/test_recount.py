"""What the cash after the sells affords."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from live.model.broker import Holding
from tests.support.exec_world import (
    DAY,
    ENTRY,
    NEXT_DAY,
    Wrapped,
    bought,
    enter,
    next_order,
    order,
    outcome,
    run_detail,
    signal,
    tomorrow,
)


def test_the_recount_cuts_buys_in_rank_order(made: Any) -> None:
    made.feed.prices["AAA"] = 100.9
    made.write(
        signal([order("AAA", "entry", 800, 100.0, rank=2.0), order("BBB", "entry", 390, 50.0, rank=1.0)])
    )
    assert made.executor() == 0
    # 800 x 100.9 = 80,720 leaves 19,280: 385 shares at 50
    assert made.broker.account().shares() == {"AAA": 800, "BBB": 385}
    assert any("385 of 390" in w for w in made.ledger.runs.get(DAY, "golden").detail["warnings"])


def test_two_buys_of_one_symbol_keep_their_own_quantities(made: Any) -> None:
    more = order("AAA", "increase", 5, 100.0, rank=3.0)  # added by hand, ranked first
    made.write(signal([more, ENTRY]))
    made.executor()
    assert bought(made) == {"AAA_increase_buy": 5, "AAA_entry_buy": 100}


def unsettled(inner: Any) -> Any:
    """A cash account in which only 3,000 have settled."""
    account = inner.account()
    settled = min(account.cash, Decimal(3000))
    return replace(account, kind="cash", settled_cash=settled, buying_power=settled)


def test_a_buy_cut_for_unsettled_cash_is_proposed_again(made: Any) -> None:
    made.wrap = lambda broker: Wrapped(broker, account=unsettled)
    made.write(signal([ENTRY], memory={"h": {"AAA": 1.0}}))
    made.executor()
    assert bought(made) == {"AAA_entry_buy": 30}
    assert outcome(made) == "gated"
    assert made.ledger.signals.last_memory("golden", before=date.max) == {}
    assert any("settle" in text for text in run_detail(made)["warnings"])


class LateCash:
    """The account as it was before the first fill, for some reads after it."""

    def __init__(self, reads: int) -> None:
        self.left = reads
        self.before: Any = None

    def __call__(self, inner: Any) -> Any:
        account = inner.account()
        if self.before is None:
            self.before = account
        if account.cash != self.before.cash and self.left:
            self.left -= 1
            return replace(account, cash=self.before.cash, buying_power=None)
        return account


def test_buys_wait_until_the_cash_of_the_sells_is_shown(made: Any) -> None:
    """Some brokers are up to ten seconds late: the buys were cut to nothing."""
    enter(made, order("AAA", "entry", 950, 100.0))
    orders = [next_order("AAA", "exit", 950, 100.0), next_order("BBB", "entry", 1500, 50.0, stop=45.0)]
    tomorrow(made, orders, positions={"AAA": 950}, cash=5_000.0)
    late = LateCash(3)
    made.wrap = lambda broker: Wrapped(broker, account=late)
    assert made.executor() == 0
    assert made.holdings() == {"BBB": 1500}
    assert late.left == 0


def test_cash_that_never_arrives_is_not_spent_and_said(made: Any) -> None:
    enter(made, order("AAA", "entry", 950, 100.0))
    orders = [next_order("AAA", "exit", 950, 100.0), next_order("BBB", "entry", 1500, 50.0, stop=45.0)]
    tomorrow(made, orders, positions={"AAA": 950}, cash=5_000.0)
    late = LateCash(8)
    made.wrap = lambda broker: Wrapped(broker, account=late)
    made.executor()
    assert made.holdings().get("BBB", 0) * 50 <= 5_000
    assert any("the books expect" in text for text in run_detail(made, NEXT_DAY)["warnings"])


def test_money_in_a_sweep_fund_is_named_when_there_is_no_cash(made: Any) -> None:
    def idle(inner: Any) -> Any:
        fund = Holding("SWVXX", Decimal(100_000), Decimal(1), Decimal(100_000), asset_type="mutual_fund")
        nothing = Decimal(0)
        return replace(
            inner.account(), cash=nothing, settled_cash=nothing, buying_power=nothing, holdings=(fund,)
        )

    made.wrap = lambda broker: Wrapped(broker, account=idle)
    made.write(signal([ENTRY]))
    made.executor()
    assert bought(made) == {}
    assert any("SWVXX: money in a sweep or money fund" in text for text in run_detail(made)["warnings"])

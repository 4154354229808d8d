"""Limit buys: what they may pay, what a run does with one that does not fill."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live.execution.marketable import above_quote_pct, limit_of
from live.execution.verdict import OrdersMissed
from live.handoff.model import SignalOrder
from live.settings.model import SafetySettings
from tests.support.exec_world import AT, order, outcome, signal, states

SAFETY = SafetySettings(slippage_abort_pct=2.0)
LIMITED: dict[str, Any] = {"order_type": "marketable_limit", "details": {"limit_above_quote_pct": 1.0}}
ENTRY = order("AAA", "entry", 100, 100.0, stop=90.0, **LIMITED)


def of_file(**changes: Any) -> SignalOrder:
    return SignalOrder.model_validate(order("AAA", "entry", 100, 50.0, **changes))


@pytest.mark.parametrize(
    ("changes", "mid", "percent", "limit"),
    [
        ({}, 100.0, 0.0, None),
        (LIMITED, 100.009, 1.0, Decimal("101.00")),  # the file's distance, down to the tick
        (LIMITED, None, 1.0, Decimal("50.50")),  # no quote: the price of the decision
        ({"order_type": "marketable_limit"}, 100.0, 2.0, Decimal("102.00")),  # a person's order
    ],
)
def test_the_limit_follows_the_quote(
    changes: dict[str, Any], mid: float | None, percent: float, limit: Decimal | None
) -> None:
    made = of_file(**changes)
    assert above_quote_pct(made, SAFETY) == percent
    assert limit_of(made, mid, SAFETY) == limit


def limits(made: Any) -> list[Decimal | None]:
    return [o.limit_price for o in reversed(made.ledger.orders.recent(50)) if o.side == "buy"]


def rises_at_submit(made: Any, *prices: float) -> None:
    """Let the price of AAA jump each time a buy arrives at the broker: the quote it was sent on is gone."""
    steps = iter(prices)

    class Moves:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def submit(self, request: Any) -> Any:
            if request.side == "buy":
                made.feed.prices["AAA"] = next(steps, made.feed.prices["AAA"])
            return self.inner.submit(request)

    made.wrap = Moves


def test_a_quiet_market_fills_it_at_once_and_the_ledger_knows_the_limit(made: Any) -> None:
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    assert made.broker.account().shares() == {"AAA": 100}
    assert limits(made) == [Decimal("101.00")]
    assert outcome(made) == "completed"
    (held,) = made.ledger.positions.open_positions("golden")
    assert "limit_above_quote_pct" not in held.details


def test_a_price_that_ran_away_is_not_paid_and_not_chased(made: Any) -> None:
    rises_at_submit(made, 103.0)
    made.write(signal([ENTRY]))
    with pytest.raises(OrdersMissed, match="no order was filled"):
        made.executor()
    # cancelled and confirmed; at 103 the drift gate holds the next try back
    assert states(made) == [("AAA_entry_buy", "CANCELED", 0)]
    assert made.broker.account().shares() == {}
    assert made.ledger.state.kill_level() == "none"
    alive = [o for o in made.broker.orders(AT, AT + timedelta(hours=1)) if not o.state.terminal]
    assert alive == []


def test_each_try_takes_its_limit_from_the_quote_of_then(made: Any) -> None:
    made.overrides = {"safety": {"max_drift_pct": 10.0}}
    rises_at_submit(made, 102.0, 104.0)
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    # 100 -> limit 101, missed at 102; 102 -> limit 103.02, missed at 104; 104 -> limit 105.04, filled
    assert limits(made) == [Decimal("101.00"), Decimal("103.02"), Decimal("105.04")]
    assert [s[1:] for s in states(made) if "entry" in s[0]] == [
        ("CANCELED", 0), ("CANCELED", 0), ("FILLED", 100),
    ]  # fmt: skip
    assert made.broker.account().shares() == {"AAA": 100}


def test_the_rest_of_a_part_filled_limit_is_cancelled_and_tried_again(made: Any) -> None:
    made.fault = "partial"
    made.write(signal([ENTRY]))
    assert made.executor() == 0
    rows = [s for s in states(made) if "entry" in s[0]]
    assert [row[2] for row in rows] == [50, 25, 12, 6]
    assert made.broker.account().shares() == {"AAA": 93}
    (held,) = made.ledger.positions.open_positions("golden")
    assert (held.quantity, held.stop_price) == (93, Decimal("90.0"))
    stops = [o for o in made.broker.orders(AT, AT + timedelta(hours=1)) if not o.state.terminal]
    assert [o.quantity for o in stops] == [93]


def test_it_never_slips_over_the_abort(made: Any) -> None:
    """The market order that would have bought 1.5 % higher turned entries off; the limit is not filled."""
    rises_at_submit(made, 101.5, 101.5)
    made.overrides = {"polling": {"retries": 1}, "safety": {"max_drift_pct": 1.0}}
    made.write(signal([ENTRY]))
    with pytest.raises(OrdersMissed):
        made.executor()
    assert made.ledger.state.kill_level() == "none"
    assert made.broker.account().shares() == {}


def test_the_recount_reserves_what_the_limit_may_cost(made: Any) -> None:
    made.write(signal([order("AAA", "entry", 1000, 100.0, **LIMITED)]))
    made.executor()
    assert made.broker.account().shares() == {"AAA": 990}  # 100,000 / 101

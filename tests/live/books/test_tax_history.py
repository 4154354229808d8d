"""What tax lots are made from: executions of all books, imported trades, lots a person named."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from backtest.data.quality.actions import CorporateAction
from backtest.trading.lots.model import LotTrade
from live.books.tax_history import (
    assigned,
    executed,
    imported,
    keep_assigned,
    keep_imported,
    read_history,
)
from live.ledger.ledger import Ledger, OrderPlan
from live.model.order_state import JournalState
from live.settings.model import Settings
from tests.support.ledger_samples import DAY, NOW, acked, execution

BOUGHT = LotTrade(
    "import-1",
    "old broker",
    "TQQQ",
    "buy",
    Fraction(5, 2),
    Decimal("9.5"),
    date(2026, 11, 2),
    Decimal("1.25"),
)


@pytest.fixture
def ledger() -> Iterator[Any]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened


def test_executions_of_every_book_are_one_account(ledger: Any) -> None:
    acked(ledger, 1)
    acked(ledger, 2, side="sell")
    ledger.book([execution(1, 1, 40, "10.10"), execution(2, 1, 60, "10.20")], at=NOW)
    ledger.book([execution(3, 2, 100, "10.50", "sell", commission="0.35")], at=NOW)
    first, second, sold = executed(ledger, "paper")
    assert (first.id, first.purchase, first.quantity, first.day) == ("1", "1", 40, DAY)
    assert second.purchase == first.purchase
    assert (sold.side, sold.price, sold.commission) == ("sell", Decimal("10.5"), Decimal("0.35"))


def test_a_loss_of_one_book_moves_into_a_purchase_of_another(ledger: Any) -> None:
    """The account is one, whichever variant traded: 100 shares lose 100, the other book buys 40 of them."""
    for number, variant, side, count, price in (
        (1, "golden", "buy", 100, "10"),
        (2, "golden", "sell", 100, "9"),
        (3, "ema_p10", "buy", 40, "9"),
    ):
        plan = OrderPlan(
            f"20261120_TQQQ_{'entry' if side == 'buy' else 'exit'}_{side}_r{number}",
            variant,
            DAY,
            "offline_mock",
            "TQQQ",
            "buy" if side == "buy" else "sell",
            "entry" if side == "buy" else "exit",
            count,
        )
        ledger.orders.plan(plan, at=NOW)
        ledger.orders.transition(plan.client_order_id, JournalState.SENDING, at=NOW)
        ledger.orders.transition(
            plan.client_order_id, JournalState.ACKED, at=NOW, broker_order_id=str(number)
        )
        fill = execution(number, number, count, price, "buy" if side == "buy" else "sell")
        ledger.book([fill], at=NOW)
    found = read_history(ledger, "paper", Settings()).lots()
    (row,), (lot,) = found.sold, found.open
    assert (row.gain, row.disallowed) == (Decimal("-100.00"), Decimal("40.00"))
    assert (lot.lot, lot.cost, lot.deferred) == ("3", Decimal("400.00"), Decimal("40.00"))


def test_imported_trades_are_kept_once_and_whole(ledger: Any) -> None:
    assert keep_imported(ledger, [BOUGHT], at=NOW) == 1
    assert keep_imported(ledger, [BOUGHT], at=NOW) == 0
    assert imported(ledger) == (BOUGHT,)


def test_named_lots_are_kept_and_taken_back(ledger: Any) -> None:
    keep_assigned(ledger, "7", {"1": Fraction(5, 2)}, at=NOW)
    keep_assigned(ledger, "8", {"2": Fraction(3)}, at=NOW)
    assert assigned(ledger) == {"7": {"1": Fraction(5, 2)}, "8": {"2": 3}}
    keep_assigned(ledger, "7", {}, at=NOW)
    assert assigned(ledger) == {"8": {"2": 3}}


def test_the_history_is_in_the_order_of_days_with_groups_and_splits(ledger: Any) -> None:
    acked(ledger, 1)
    ledger.book([execution(1, 1, 100, "10")], at=NOW)
    keep_imported(ledger, [BOUGHT], at=NOW)
    settings = Settings.model_validate({"tax": {"identical": [["TQQQ", "QLD"]]}})
    split = CorporateAction("TQQQ", date(2026, 11, 10), "split", Fraction(2))
    history = read_history(ledger, "paper", settings, [split])
    assert [trade.id for trade in history.trades] == ["import-1", "1"]
    assert history.symbols == {"TQQQ"}
    assert history.rules.identical == (("TQQQ", "QLD"),)
    assert [(lot.lot, lot.quantity, lot.cost) for lot in history.lots().open] == [
        ("import-1", 5, Decimal("25.00")),
        ("1", 100, Decimal("1000.00")),
    ]


@pytest.mark.parametrize("groups", [[["TQQQ"]], [["TQQQ", "QLD"], ["QLD", "SSO"]], [["tqqq", "qld"]]])
def test_a_group_that_cannot_be_is_refused(groups: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="identical"):
        Settings.model_validate({"tax": {"identical": groups}})

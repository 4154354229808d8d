"""The memory a decision is given: of earlier sessions only, and of those its family asks for."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.decision import Book
from backtest.strategies.registry import build_strategy
from live.books.memory import memory_of_primary, memory_of_shadow, remember_held
from live.ledger.ledger import GeneratedSignal, Ledger
from live.ledger.signal_files import Outcome
from live.model.broker import Account, Holding
from tests.support.ledger_samples import DAY, NOW

ALLOCATION = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {})
POSITIONS = build_strategy("earnings_swing", "golden", {})
TODAY = DAY + timedelta(days=3)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened


def keep(ledger: Ledger, days: int, outcome: Outcome) -> None:
    """Keep a file of `days` after the first session, which remembers that number."""
    day = DAY + timedelta(days=days)
    memory = {"n": days}
    ledger.signals.record(
        GeneratedSignal(day, "golden", "primary", "p.json", "{}", "a" * 64, "b" * 64, NOW, memory)
    )
    ledger.signals.finish(day, "golden", outcome)


@pytest.mark.parametrize(("strategy", "remembered"), [(ALLOCATION, {"n": 0}), (POSITIONS, {"n": 1})])
def test_an_exit_not_carried_out_is_remembered_by_positions_only(
    ledger: Ledger, strategy: Any, remembered: Any
) -> None:
    assert memory_of_primary(ledger, strategy, before=TODAY) == {}
    keep(ledger, 0, "completed")
    keep(ledger, 1, "partial")
    assert memory_of_primary(ledger, strategy, before=TODAY) == remembered


@pytest.mark.parametrize("strategy", [ALLOCATION, POSITIONS])
def test_a_file_made_again_does_not_remember_itself(ledger: Ledger, strategy: Any) -> None:
    keep(ledger, 1, "completed")
    keep(ledger, 3, "completed")  # today's, without orders: `--force` may make it again
    keep(ledger, 4, "completed")  # a later one, when an old session is validated
    assert memory_of_primary(ledger, strategy, before=TODAY) == {"n": 1}


def test_a_shadow_remembers_its_settled_sessions(ledger: Ledger) -> None:
    for days in (0, 3):
        day = DAY + timedelta(days=days)
        ledger.shadow.propose("titan", day, decision={}, memory={"n": days}, cash=1.0, equity=1.0)
    assert memory_of_shadow(ledger, "titan", before=TODAY) == {}
    for days in (0, 3):
        ledger.shadow.settle("titan", DAY + timedelta(days=days), Book(1.0), equity=1.0, fills={})
    assert memory_of_shadow(ledger, "titan", before=TODAY) == {"n": 0}


def account(**shares: tuple[int, float]) -> Account:
    """An account of 10,000 in cash with shares at their price."""
    held = tuple(
        Holding(symbol, Decimal(n), Decimal(1), Decimal(str(n * price)))
        for symbol, (n, price) in shares.items()
    )
    cash = Decimal(10_000)
    return Account("paper", "cash", cash, cash, cash, cash + sum((h.market_value or 0) for h in held), held)


def test_an_adoption_or_panic_is_remembered_until_a_later_file_is_carried_out(ledger: Ledger) -> None:
    keep(ledger, 0, "completed")
    keep(ledger, 1, "failed")
    ledger.positions.buy("golden", "QQQ", 20, Decimal(400), session=DAY)
    remember_held(ledger, "golden", account(QQQ=(20, 500.0)), budget_pct=100, at=NOW)
    second = DAY + timedelta(days=1)
    for before in (second, TODAY):
        assert memory_of_primary(ledger, ALLOCATION, before=before) == {"held": {"QQQ": 0.5}}
    assert memory_of_primary(ledger, ALLOCATION, before=second, as_decided=True) == {"n": 0}
    assert memory_of_primary(ledger, ALLOCATION, before=TODAY, as_decided=True) == {"held": {"QQQ": 0.5}}
    assert memory_of_primary(ledger, POSITIONS, before=TODAY) == {"n": 1}
    keep(ledger, 2, "completed")
    assert memory_of_primary(ledger, ALLOCATION, before=TODAY) == {"n": 2}


def test_what_is_being_sold_and_an_empty_book_are_no_weights(ledger: Ledger) -> None:
    ledger.positions.buy("golden", "QQQ", 20, Decimal(400), session=DAY)
    shown = account(QQQ=(20, 500.0))
    remember_held(ledger, "golden", shown, budget_pct=100, at=NOW, leaving={"QQQ"})
    assert memory_of_primary(ledger, ALLOCATION, before=TODAY) == {"held": {}}

"""What was asked is carried until a file was carried out; a decision is made to trade to its targets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from backtest.core.decision import Book, Decision, Situation, Target
from live.books.realign import REALIGN, RealignRequest, carried, keep, pending, realigned
from live.ledger.ledger import GeneratedSignal, Ledger
from live.ledger.signal_files import Outcome
from tests.support.ledger_samples import DAY, NOW

ASKED = RealignRequest("me", "2026-01-05T10:00:00-05:00")
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened


def write(ledger: Ledger, day: date, outcome: Outcome) -> None:
    """A file of one session that carries what was asked, and what became of it."""
    ledger.signals.record(GeneratedSignal(day, "golden", "primary", "p.json", "{}", "a" * 64, "b" * 64, NOW))
    carried(ledger, "golden", day, {REALIGN: "asked"}, at=NOW)
    ledger.signals.finish(day, "golden", outcome)


def test_nothing_is_carried_that_nobody_asked(ledger: Ledger) -> None:
    carried(ledger, "golden", DAY, {REALIGN: "asked"}, at=NOW)
    assert pending(ledger, "golden", before=NEXT) is None


@pytest.mark.parametrize(
    ("outcome", "again"),
    [("completed", False), ("partial", True), ("failed", True), ("skipped", True), ("expired", True)],
)
def test_it_is_used_by_the_file_that_was_carried_out(ledger: Ledger, outcome: Outcome, again: bool) -> None:
    keep(ledger, "golden", ASKED, at=NOW)
    assert pending(ledger, "golden", before=DAY) == ASKED
    assert pending(ledger, "titan", before=DAY) is None
    write(ledger, DAY, outcome)
    assert pending(ledger, "golden", before=DAY) is not None  # made again, it carries it again
    assert (pending(ledger, "golden", before=NEXT) is not None) == again


def test_what_was_withdrawn_is_gone_and_can_be_asked_anew(ledger: Ledger) -> None:
    keep(ledger, "golden", ASKED, at=NOW)
    keep(ledger, "golden", None, at=NOW)
    assert pending(ledger, "golden", before=DAY) is None
    keep(ledger, "golden", ASKED, at=NOW)
    write(ledger, DAY, "completed")
    keep(ledger, "golden", ASKED, at=NOW)
    assert pending(ledger, "golden", before=NEXT) == ASKED


def situation(memory: dict[str, Any]) -> Situation:
    return Situation(session=DAY, decided_on=DAY, book=Book(1000.0), memory=memory)


def threshold_rule(asked: Situation) -> Decision:
    """Trade when the remembered weights are further away than 0.1."""
    held = asked.memory.get("held", {})
    far = sum(
        abs(held.get(s, 0) - w) for s, w in {"QQQ": 0.6, **dict.fromkeys(held.keys() - {"QQQ"}, 0)}.items()
    )
    targets = (Target("QQQ", 0.6),)
    memory = {"held": {"QQQ": 0.6}} if far > 0.1 else asked.memory
    return Decision(DAY, rebalance=far > 0.1, targets=targets, memory=memory)


def test_a_strategy_that_remembers_its_targets_trades_all_the_same() -> None:
    usual = situation({"held": {"QQQ": 0.6}})
    assert threshold_rule(usual).rebalance is False
    found = realigned(threshold_rule, usual, "asked by me")
    assert (found.rebalance, found.memory) == (True, {"held": {"QQQ": 0.6}})
    assert found.diagnostics[REALIGN] == "asked by me"


def test_one_that_sees_no_deviation_at_all_is_told_to_trade() -> None:
    def stubborn(asked: Situation) -> Decision:
        return Decision(DAY, targets=(Target("QQQ", 0.6),), memory=asked.memory)

    found = realigned(stubborn, situation({"held": {"QQQ": 0.6}, "n": 1}), "asked by me")
    assert (found.rebalance, found.memory) == (True, {"held": {"QQQ": 0.6}, "n": 1})


def test_all_cash_is_a_target_and_a_warm_up_is_none() -> None:
    def all_cash(asked: Situation) -> Decision:
        return Decision(DAY, rebalance=bool(asked.memory["held"]), memory={"held": {}})

    assert realigned(all_cash, situation({"held": {}}), "asked by me").rebalance

    def warm_up(asked: Situation) -> Decision:
        return Decision(DAY, memory=asked.memory)

    found = realigned(warm_up, situation({"held": {"QQQ": 0.6}}), "asked by me")
    assert (found.rebalance, found.memory, REALIGN in found.diagnostics) == (
        False,
        {"held": {"QQQ": 0.6}},
        False,
    )
    assert "it stays asked" in found.warnings[0]

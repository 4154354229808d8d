"""What a session of a ledger says in the terms of a walk."""

from datetime import date
from decimal import Decimal

import pytest

from backtest.reporting.drift.facts import CAUSES, LiveFill, LiveSession, Step

DAY = date(2024, 1, 2)


def test_fills_add_up_by_symbol() -> None:
    fills = (
        LiveFill("AAA", "buy", 7, Decimal(10)),
        LiveFill("AAA", "sell", 3, Decimal(10)),
        LiveFill("BBB", "sell", 2, Decimal(10)),
    )
    assert LiveSession(DAY, fills=fills).filled == {"AAA": 4, "BBB": -2}


@pytest.mark.parametrize(
    ("session", "step"),
    [
        (LiveSession(DAY), None),
        (LiveSession(DAY, carried_out=False, missed=True), Step.MISSED),
        (LiveSession(DAY, carried_out=False, planned={"AAA": 4}), Step.HELD_EDITED),
        (LiveSession(DAY, carried_out=False, planned={"AAA": 4}, wanted={"AAA": 4}), Step.SLIPPAGE),
    ],
)
def test_what_kept_the_memory_back(session: LiveSession, step: Step | None) -> None:
    assert session.not_carried_out_by is step


def test_every_cause_has_a_name() -> None:
    assert [step.cause for step in CAUSES] == [
        "data",
        "held/edited",
        "missed",
        "rounding",
        "timing",
        "slippage",
        "costs",
        "cash flows",
    ]

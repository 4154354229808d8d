"""What a file tells of its candidates: entries, those without room, and those that risk rules refused."""

from datetime import date
from typing import Any

from backtest.strategies.registry import build_strategy
from live.handoff.model import SignalFile, Skipped
from live.validation.file_candidates import candidates_of_file, entered_candidates, measured
from tests.support.handoff_samples import order, sample

PLAIN = build_strategy("earnings_swing", "mine", {})
RISKY = build_strategy("earnings_swing", "mine", {"risk": {"correlation": {}}})
DETAILS: dict[str, Any] = {"grade": "A", "score": 90.0}


def made(accepted: bool = True) -> SignalFile:
    base = sample()
    inputs = base.inputs.model_copy(update={"candidates": {"accepted": accepted, "tickers": []}})
    return base.model_copy(
        update={
            "inputs": inputs,
            "orders": (order("NEW", details=DETAILS), order("MINE")),
            "skipped": (
                Skipped(symbol="FULL", reason="capacity_full", details={"grade": "B", "score": 80.0}),
                Skipped(symbol="HOT", reason="risk_heat", details={**DETAILS, "price": 12.5}),
                Skipped(symbol="BAD", reason="no_price", details={}),
            ),
        }
    )


def test_entries_waiting_and_refused_candidates_are_found_again() -> None:
    day = date.fromisoformat(made().trade_date)
    found = candidates_of_file(made(), PLAIN, day)
    assert found is not None
    assert [(c.ticker, c.grade, c.price) for c in found] == [
        ("NEW", "A", 50.0),
        ("FULL", "B", 1.0),
        ("HOT", "A", 12.5),
    ]
    assert [c.ticker for c in entered_candidates(made(), PLAIN)] == ["NEW"]
    assert candidates_of_file(made(accepted=False), PLAIN, day) is None


def test_bars_are_wanted_where_rules_measure_them() -> None:
    assert measured(made(), PLAIN) == set()
    assert {"NEW", "HOT", "FULL"} <= measured(made(), RISKY)

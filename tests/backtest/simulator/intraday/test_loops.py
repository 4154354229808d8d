"""Walks over bars: the cases made by hand with the reference, and a day walked in another way."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.simulator.intraday import loops
from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.strategy_key import ENTRY_MODELS

CLOSES = st.lists(st.sampled_from([8.0, 9.0, 9.5, 10.0, 11.0]), min_size=1, max_size=12)


def walked(case: dict[str, Any]) -> dict[str, Any]:
    """Return the outcome of a case in the words of the reference."""
    prices = np.array([[bar[name] for bar in case["bars"]] for name in ("open", "high", "low", "close")])
    side = rules.LONG if case["break_dir"] == "long" else rules.SHORT
    entry = (np.full((1, 1, 1), -1), np.zeros((1, 1, 1)))
    exits = tuple(np.zeros((1, 1, 1, 1), dtype=kind) for kind in ("f8", "i8", "i8", "f8", "f8"))
    columns = ([0], [prices.shape[1]], [side], [case["orb_high"]], [case["orb_low"]])
    model, confirm = [ENTRY_MODELS[case["entry_model"]]], [case["confirm_bars"]]
    loops.outcomes(prices, *columns, model, confirm, [case["rr_target"]], [1.0], *entry, *exits)
    row, price = int(entry[0].item()), float(entry[1].item())
    target, exit_row, answer, worst, best = (column.item() for column in exits)
    stop = rules.stop_of(side, case["orb_high"], case["orb_low"])
    return {
        "entry_ts": None if row < 0 else case["bars"][row]["ts_utc"],
        "entry_price": price,
        "stop_price": stop,
        "target_price": target,
        "outcome": ("scratch", "win", "loss", "loss")[answer],
        "exit_ts": None if exit_row < 0 else case["bars"][exit_row]["ts_utc"],
        "mae_r": INSTRUMENTS[case["symbol"]].excursion_r(worst, abs(price - stop)),
        "mfe_r": INSTRUMENTS[case["symbol"]].excursion_r(best, abs(price - stop)),
    }


@pytest.mark.shared
def test_cases_made_by_hand(shared_data: Path) -> None:
    cases = json.loads((shared_data / "reference" / "orb_cases_dev.json").read_text())
    assert len(cases) == 16
    for case in cases:
        expected, found = case["expected"], walked(case)
        if expected["entry_ts"] is None:
            assert found["entry_ts"] is None, case["name"]
            continue
        for name, value in found.items():
            assert value == (pytest.approx(expected[name], abs=1e-4) if "_r" in name else expected[name]), (
                case["name"]
            )


@given(CLOSES, st.integers(1, 4))
def test_the_confirming_row_ends_the_first_run_long_enough(closes: list[float], needed: int) -> None:
    runs = [
        all(close > 10.0 for close in closes[at - needed + 1 : at + 1])
        for at in range(needed - 1, len(closes))
    ]
    expected = runs.index(True) + needed - 1 if True in runs else -1
    assert loops.confirm_row(closes, 0, len(closes), rules.LONG, 10.0, 9.0, needed) == expected


@given(st.lists(st.tuples(st.integers(8, 12), st.integers(0, 3)), max_size=10))
def test_a_limit_order_is_filled_before_the_stop_or_not_at_all(bars: list[tuple[int, int]]) -> None:
    low = [float(bottom) for bottom, _ in bars]
    high = [float(bottom + size) for bottom, size in bars]
    row = loops.limit_row(high, low, 0, len(bars), rules.LONG, 10.0, 9.0)
    if row >= 0:
        assert 9.0 < low[row] <= 10.0
    assert all(bottom > 10.0 for bottom in low[: max(row, 0)])


def test_every_target_has_its_own_exit_and_excursion() -> None:
    prices = [
        [10.5, 11.0, 12.0, 9.5],
        [11.5, 12.5, 14.0, 9.6],
        [10.4, 10.9, 11.0, 8.0],
        [11.0, 12.0, 13.0, 8.5],
    ]
    row, answer, worst, best = [0] * 3, [0] * 3, [0.0] * 3, [0.0] * 3
    loops.exit_rows(
        prices, 0, 4, rules.E1, rules.LONG, 10.5, 9.0, [11.5, 12.5, 20.0], row, answer, worst, best
    )
    assert row == [0, 1, 3]
    assert answer == [rules.TARGET, rules.TARGET, rules.STOP]
    assert worst == pytest.approx([0.1, 0.0, 2.5])  # of the entry bar alone, then of the bars after it
    assert best == pytest.approx([1.0, 2.0, 3.5])

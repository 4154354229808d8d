"""Entries under the rules: by hand, and no limit is ever exceeded whatever is asked."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.core.decision import Book, Decision, EntrySignal, ExitSignal, OpenPosition
from backtest.trading.risk.entries import INITIAL_STOP_PCT, book_equity, managed_entries
from backtest.trading.risk.rules import RiskRules
from backtest.trading.risk.series import PriceSeries

DAY = date(2024, 3, 1)
NAMES = ("AAA", "BBB", "CCC", "DDD")


def bars(symbol: str, close: Sequence[float], wide: float = 1.0) -> Bars:
    column = np.array(close, dtype=float)
    dates = np.array([DAY - timedelta(days=n) for n in range(len(close) - 1, -1, -1)], dtype="M8[D]")
    return Bars(symbol, dates, column, column + wide, column - wide, column, np.ones(len(close)))


def walk(seed: int, last: float = 100.0) -> list[float]:
    steps = np.cumprod(1 + 0.02 * np.random.default_rng(seed).standard_normal(80))
    return [float(value) for value in steps / steps[-1] * last]


PRICES = PriceSeries({name: bars(name, walk(seed)) for seed, name in enumerate(NAMES)})


def entry(symbol: str, rank: float = 1.0, price: float = 100.0, stop: float | None = 90.0) -> EntrySignal:
    details = {"stop_loss_pct": 10.0, "max_order_value": 12_000.0}
    return EntrySignal(symbol, 100, price, stop, rank, "test", details)


def held(symbol: str, quantity: int = 100, stop: float | None = 90.0) -> OpenPosition:
    return OpenPosition(symbol, quantity, 100.0, DAY - timedelta(days=20), stop)


def book(*positions: OpenPosition, cash: float = 100_000.0) -> Book:
    return Book(cash, {position.symbol: position for position in positions})


def rules(**section: Any) -> RiskRules:
    return RiskRules.model_validate(section)


def decide(entries: Sequence[EntrySignal], owned: Book, asked: RiskRules, *exits: ExitSignal) -> Decision:
    return managed_entries(Decision(DAY, exits=exits, entries=tuple(entries)), owned, PRICES, asked, DAY)


def shares(decision: Decision) -> dict[str, int]:
    return {signal.symbol: signal.quantity for signal in decision.entries}


FRACTION = {"method": "fixed_fractional", "risk_pct": 1.0}


def test_equity_is_cash_and_newest_closes() -> None:
    assert book_equity(book(held("AAA"), held("ZZZ")), PRICES, DAY) == 120_000.0


def test_sizes_by_hand() -> None:
    asked = {
        "fixed_fractional": (FRACTION, 100),  # 1,000 over 10 a share
        "with costs": (FRACTION, 99),
        "kelly": (
            {"method": "kelly", "trades": 1000, "wins": 550, "mean_win_pct": 30, "mean_loss_pct": 10},
            200,
        ),
        "no edge": (
            {"method": "kelly", "trades": 1000, "wins": 100, "mean_win_pct": 10, "mean_loss_pct": 10},
            0,
        ),
        "too few": (
            {"method": "kelly", "trades": 29, "wins": 29, "mean_win_pct": 30, "mean_loss_pct": 10},
            0,
        ),
    }
    for name, (sizing, want) in asked.items():
        cost = 0.1 if name == "with costs" else 0.0
        made = decide([entry("AAA")], book(), rules(sizing=sizing, cost_pct=cost))
        assert shares(made).get("AAA", 0) == want, name
        assert [skip.reason for skip in made.skipped] == ([] if want else ["risk_no_shares"]), name


def test_the_value_cap_follows_the_shares() -> None:
    (made,) = decide([entry("AAA")], book(cash=50_000.0), rules(sizing=FRACTION)).entries
    assert (made.quantity, made.details["max_order_value"]) == (50, 6_000.0)
    assert made.details[INITIAL_STOP_PCT] == 10.0


def test_a_first_stop_by_true_range_is_kept_as_a_percent_of_the_fill() -> None:
    flat = PriceSeries({"AAA": bars("AAA", [100.0] * 40, wide=2.0)})
    asked = rules(stops={"initial_atr": 2.0})
    made = managed_entries(Decision(DAY, entries=(entry("AAA"), entry("BBB"))), book(), flat, asked, DAY)
    (signal,) = made.entries
    assert (signal.stop_price, signal.details["stop_loss_pct"]) == (92.0, 8.0)
    assert [(skip.symbol, skip.reason) for skip in made.skipped] == [("BBB", "risk_no_atr_stop")]


def test_heat_is_shared_out_by_rank() -> None:
    # 2 % of 110,000 is 2,200; AAA has 1,000 of it at risk
    made = decide([entry("BBB", 1.0), entry("CCC", 2.0)], book(held("AAA")), rules(heat={"max_pct": 2}))
    assert shares(made) == {"CCC": 100, "BBB": 20}
    assert made.warnings == ("risk: BBB: 20 of 100 shares fit the limits",)
    made = decide([entry("BBB"), entry("CCC", 2.0)], book(held("AAA", stop=None)), rules(heat={"max_pct": 2}))
    assert (shares(made), {skip.reason for skip in made.skipped}) == ({}, {"risk_heat"})


def test_what_is_sold_makes_room_and_a_rotation_is_one_unit() -> None:
    asked = rules(heat={"max_pct": 0.95})
    sold = decide([entry("BBB")], book(held("AAA")), asked, ExitSignal("AAA", "trend_break"))
    assert shares(sold) == {"BBB": 100}
    # a share of BBB alone is over the limit, so AAA stays, and its risk leaves CCC the rest of 1,100
    rotation = ExitSignal("AAA", "rotated_out", makes_room_for="BBB")
    kept = decide(
        [entry("BBB", 9.0, 50_000.0, None), entry("CCC")],
        book(held("AAA")),
        rules(heat={"max_pct": 1}),
        rotation,
    )
    assert (kept.exits, shares(kept)) == ((), {"CCC": 10})
    assert [(skip.symbol, skip.reason) for skip in kept.skipped] == [("BBB", "risk_heat")]


def test_a_pair_that_moves_together_is_not_bought() -> None:
    twin = {name: bars(name, walk(1)) for name in ("AAA", "BBB")} | {"CCC": bars("CCC", walk(2))}
    made = managed_entries(
        Decision(DAY, entries=(entry("BBB", 3.0), entry("CCC", 2.0), entry("NEW", 1.0))),
        book(held("AAA")),
        PriceSeries(twin),
        rules(correlation={}),
        DAY,
    )
    assert shares(made) == {"CCC": 100}
    assert [(skip.symbol, skip.details["beside"]) for skip in made.skipped] == [
        ("BBB", "AAA"),
        ("NEW", "AAA"),
    ]


@st.composite
def sections(draw: st.DrawFn) -> dict[str, Any]:
    sizes = [
        None,
        {**FRACTION, "risk_pct": draw(st.floats(0.1, 10)), "max_position_pct": draw(st.floats(1, 100))},
        {
            "method": "volatility",
            "target_pct": draw(st.floats(1, 50)),
            "max_position_pct": draw(st.floats(1, 100)),
        },
    ]
    return {
        "sizing": draw(st.sampled_from(sizes)),
        "heat": {"max_pct": draw(st.floats(0.5, 30)), "correlated": draw(st.booleans())},
        "max_exposure_pct": draw(st.floats(5, 100)),
    }


@given(
    sections(),
    st.floats(1_000, 1e6),
    st.lists(st.floats(50, 99), min_size=3, max_size=3),
    st.integers(0, 200),
)
def test_no_limit_is_ever_exceeded_by_entries(
    section: dict[str, Any], cash: float, stops: list[float], quantity: int
) -> None:
    asked = rules(**section)
    owned = book(*([held("AAA", quantity)] if quantity else []), cash=cash)
    wanted = [
        entry(name, rank, stop=stop) for rank, (name, stop) in enumerate(zip(NAMES[1:], stops, strict=True))
    ]
    made = decide(wanted, owned, asked)
    equity = book_equity(owned, PRICES, DAY)
    if not made.entries:
        return
    value = quantity * 100.0 + sum(e.quantity * e.reference_price for e in made.entries)
    assert value <= equity * asked.max_exposure_pct / 100 + 1e-6
    assert asked.heat is not None
    if not asked.heat.correlated:
        lost = quantity * 10.0 + sum(e.quantity * (100.0 - (e.stop_price or 0)) for e in made.entries)
        assert lost <= equity * asked.heat.max_pct / 100 + 1e-6
    if asked.sizing is not None:
        most = equity * asked.sizing.max_position_pct / 100
        assert all(e.quantity * e.reference_price <= most + 1e-6 for e in made.entries)


@given(st.floats(1_000, 1e6), st.floats(1_000, 1e6))
def test_more_equity_never_buys_fewer_shares_of_the_first_entry(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for sizing in (FRACTION, {"method": "volatility", "target_pct": 10}):
        asked = rules(sizing=sizing, heat={"max_pct": 1.5})
        sizes = [shares(decide([entry("BBB")], book(cash=cash), asked)).get("BBB", 0) for cash in (low, high)]
        assert sizes[0] <= sizes[1]


def test_nothing_asked_for_changes_nothing_but_the_noted_distance() -> None:
    (made,) = decide([entry("AAA")], book(), rules(max_exposure_pct=100)).entries
    assert made.quantity == 100
    assert made.details == {**entry("AAA").details, INITIAL_STOP_PCT: 10.0}


def test_sizes_without_volatility_are_no_sizes() -> None:
    made = decide([entry("NEW")], book(), rules(sizing={"method": "volatility", "target_pct": 10}))
    assert [skip.reason for skip in made.skipped] == ["risk_no_volatility"]
    with pytest.raises(ValueError, match="method"):
        rules(sizing={"risk_pct": 1})

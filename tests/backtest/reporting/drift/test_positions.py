"""Two weeks of one stock by hand: each fault moves its own cause by a known amount, and all add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.reporting.drift.attribution import Attribution
from backtest.reporting.drift.facts import CAUSES, LiveFill, LiveSession
from backtest.reporting.drift.positions import PositionsBook, PositionSession, attribute_positions
from backtest.simulator.positions.model import PortfolioRules

DAYS = [s.day for s in calendar.sessions(date(2026, 1, 5), date(2026, 1, 16))]
OPEN = (100.0, 101.0, 103.0, 102.0, 104.0, 106.0, 105.0, 107.0, 108.0, 110.0)
CLOSE = (101.0, 103.0, 102.0, 104.0, 106.0, 105.0, 107.0, 108.0, 110.0, 109.0)
ENTRY, EXIT = 0, 5  # Monday, and the Monday seven days later
CASH = Decimal(100_000)
RULES = PortfolioRules(
    trailing_stop=None, max_holding_days=7, stop_loss_pct=10, slippage_pct=0, size_from="reference"
)
FAITHFUL: dict[int, dict[str, Any]] = {
    ENTRY: {"planned": 100, "wanted": 100, "sent": 100, "filled": 100, "price": "100"},
    EXIT: {"planned": -100, "wanted": -100, "sent": -100, "filled": -100, "price": "106"},
}


def bars(low: dict[int, float] | None = None) -> dict[str, Bars]:
    lows = np.minimum(OPEN, CLOSE)
    for row, price in (low or {}).items():
        lows[row] = price
    days = np.array(DAYS, dtype="datetime64[D]")
    columns = (np.array(OPEN), np.maximum(OPEN, CLOSE), lows, np.array(CLOSE), np.full(len(DAYS), 1e6))
    return {"AAA": Bars("AAA", days, *columns)}


def session(row: int, facts: dict[str, Any]) -> LiveSession:
    def shares(name: str) -> dict[str, int]:
        return {"AAA": facts[name]} if facts.get(name) else {}

    fee = Decimal(facts.get("fee", 0))
    filled = facts.get("filled", 0)
    fills: tuple[LiveFill, ...] = ()
    if filled:
        fills = (LiveFill("AAA", "buy" if filled > 0 else "sell", abs(filled), Decimal(facts["price"]), fee),)
    return LiveSession(
        session=DAYS[row],
        figures={},
        planned=shares("planned"),
        wanted=shares("wanted"),
        sent=shares("sent"),
        fills=fills,
        quotes={"AAA": facts["quote"]} if "quote" in facts else {},
        missed=facts.get("missed", False),
        cash_after=Decimal(facts.get("deposit", 0)),
    )


def book(changes: dict[int, dict[str, Any]], stops: dict[int, LiveFill] | None = None) -> PositionsBook:
    """The faithful sessions with changes; its equity is booked here from the fills alone."""
    found, cash, held = [], CASH, 0
    for row in range(len(DAYS)):
        facts = {**FAITHFUL.get(row, {}), **changes.get(row, {})}
        live = session(row, facts)
        stop = (stops or {}).get(row)
        for fill in (*live.fills, *([stop] if stop else [])):
            cash -= fill.change * fill.price + fill.commission
            held += fill.change
        cash += live.cash_after
        live = replace(live, equity=(cash + held * Decimal(str(CLOSE[row]))).quantize(Decimal("0.01")))
        entered = (
            (Candidate("AAA", DAYS[row], "A", 80.0, price=100.0),) if facts.get("planned", 0) > 0 else ()
        )
        exits = frozenset({"AAA"} if facts.get("planned", 0) < 0 else ())
        found.append(PositionSession(live, entered, (stop,) if stop else (), exits=exits))
    return PositionsBook("ema", CASH, tuple(found))


def causes(found: Attribution) -> dict[str, Decimal]:
    last = found.rows[-1]
    assert last.live is not None
    named = {step.cause: amount for step, amount in zip(CAUSES, last.causes, strict=True)}
    named["unexplained"] = last.live - last.explained
    return {name: amount for name, amount in named.items() if amount}


def test_a_faithful_book_has_no_drift() -> None:
    found = attribute_positions(book({}), RULES, bars())
    assert causes(found) == {}
    assert found.rows[-1].backtest == CASH + 600
    assert (len(found.compared), found.disagreements) == (10, ())


FAULTS: dict[str, tuple[dict[int, dict[str, Any]], dict[str, str]]] = {
    "the file sells a session early, at 104 instead of 106": (
        {
            4: {**FAITHFUL[EXIT], "price": "104"},
            EXIT: dict.fromkeys(("planned", "wanted", "sent", "filled"), 0),
        },
        {"data": "-200"},
    ),
    "a person keeps it a session, and sells at 105": (
        {EXIT: {"wanted": 0, "sent": 0, "filled": 0}, 6: {**FAITHFUL[EXIT], "price": "105"}},
        {"held/edited": "-100"},
    ),
    "a person buys 60": (
        {
            ENTRY: dict.fromkeys(("wanted", "sent", "filled"), 60),
            EXIT: {**dict.fromkeys(("planned", "wanted", "sent", "filled"), -60), "price": "106"},
        },
        {"held/edited": "-240"},
    ),
    "nobody runs the executor on Monday": (
        {EXIT: {"sent": 0, "filled": 0, "missed": True}, 6: {**FAITHFUL[EXIT], "price": "105"}},
        {"missed": "-100"},
    ),
    "the recount sends 90": (
        {
            ENTRY: {"sent": 90, "filled": 90},
            EXIT: {**dict.fromkeys(("planned", "wanted", "sent", "filled"), -90), "price": "106"},
        },
        {"rounding": "-60"},
    ),
    "the quote is half a dollar above the open": (
        {ENTRY: {"quote": 100.5, "price": "100.5"}},
        {"timing": "-50"},
    ),
    "the fill is 0.25 above the quote": ({ENTRY: {"quote": 100.0, "price": "100.25"}}, {"slippage": "-25"}),
    "70 of 100 are filled": (
        {
            ENTRY: {"filled": 70},
            EXIT: {**dict.fromkeys(("planned", "wanted", "sent", "filled"), -70), "price": "106"},
        },
        {"slippage": "-180"},
    ),
    "commissions": ({ENTRY: {"fee": "1.50"}, EXIT: {"fee": "2"}}, {"costs": "-3.50"}),
    "a deposit": ({2: {"deposit": "500"}}, {"cash flows": "500"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_moves_its_own_cause_by_what_the_hand_says(fault: str) -> None:
    changes, expected = FAULTS[fault]
    found = causes(attribute_positions(book(changes), RULES, bars()))
    assert found == {name: Decimal(amount) for name, amount in expected.items()}


def test_a_stop_that_was_filled_worse_or_not_at_all_is_slippage() -> None:
    """On Wednesday the low of 89 touches the stop at 90; it is sold at 89.5, or not until Monday at 106."""
    gone = {EXIT: dict.fromkeys(("planned", "wanted", "sent", "filled"), 0)}
    worse = {2: LiveFill("AAA", "sell", 100, Decimal("89.5"))}
    assert causes(attribute_positions(book(gone, worse), RULES, bars({2: 89.0}))) == {
        "slippage": Decimal(-50)
    }
    assert causes(attribute_positions(book({}), RULES, bars({2: 89.0}))) == {"slippage": Decimal(1600)}


def test_a_file_that_sells_otherwise_than_the_final_bars_is_named() -> None:
    changes, _ = FAULTS["the file sells a session early, at 104 instead of 106"]
    (found,) = attribute_positions(book(changes), RULES, bars()).disagreements
    assert found.session == DAYS[4]
    assert ([e.symbol for e in found.of_file.exits], found.final.exits) == (["AAA"], ())


cents = st.integers(9_000, 12_000).map(lambda n: str(Decimal(n) / 100))


@given(
    bought=st.integers(0, 100),
    prices=st.tuples(cents, cents),
    quotes=st.tuples(cents, cents),
    fee=st.integers(0, 500).map(lambda n: str(Decimal(n) / 100)),
    deposit=st.integers(-50_000, 50_000).map(lambda n: str(Decimal(n) / 100)),
)
def test_the_causes_of_many_faults_at_once_add_up(
    bought: int, prices: tuple[str, str], quotes: tuple[str, str], fee: str, deposit: str
) -> None:
    sold = {**dict.fromkeys(("planned", "wanted", "sent", "filled"), -bought), "price": prices[1]}
    changes: dict[int, dict[str, Any]] = {
        ENTRY: {"filled": bought, "price": prices[0], "quote": float(quotes[0]), "fee": fee},
        3: {"deposit": deposit},
        EXIT: {**sold, "quote": float(quotes[1]), "fee": fee},
    }
    found = attribute_positions(book(changes), RULES, bars())
    assert all(row.live == row.explained for row in found.rows)

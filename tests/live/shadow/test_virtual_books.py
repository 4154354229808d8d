"""Virtual books of shadows: settled once, in order, and in every session in which they can change."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.decision import Book, Decision, Json
from backtest.core.errors import DataError
from backtest.core.planned_orders import Plan, PlannedOrder
from backtest.strategies.registry import build_strategy
from live.books.variants import BookVariant
from live.generation.candidates import CandidateInput
from live.generation.due import Due
from live.generation.steps import Proposed
from live.ledger.ledger import Ledger
from live.model.run import DAILY
from live.settings.model import Settings
from live.shadow import virtual_books as shadow
from tests.support.bar_columns import bars_of_columns
from tests.support.calendar_days import session_on
from tests.support.scripted_strategy import ScriptedWeights

MON, TUE, WED, THU = (date(2024, 3, day) for day in (18, 19, 20, 21))
Row = tuple[float, float, float, float]
FLAT = (100.0, 101.0, 99.0, 100.0)
HIT = (98.0, 99.0, 80.0, 97.0)  # through a stop at 90, and back above it


def bars(symbol: str, rows: dict[date, Row]) -> Bars:
    columns = np.array(list(rows.values()), dtype=np.float64).T
    dates = np.array(list(rows), dtype="datetime64[D]")
    return bars_of_columns(symbol, dates, [*columns, np.full(len(rows), 1e6)], "test")


class World(SimpleNamespace):
    """What settling a virtual book takes of a run and of a feed, with days a test adds."""

    def add(self, symbol: str, day: date, row: Row = FLAT) -> None:
        self.rows.setdefault(symbol, {})[day] = row

    def history(self, symbols: Sequence[str], _at: datetime) -> dict[str, Bars]:
        return {symbol: bars(symbol, self.rows[symbol]) for symbol in symbols if symbol in self.rows}


@pytest.fixture
def world() -> Any:
    ledger = Ledger.open("sqlite://", account="paper", now=datetime(2024, 1, 1, tzinfo=UTC))
    settings = Settings.model_validate({"execution": {"slippage_pct": 0.0}})
    made = World(ledger=ledger, settings=settings, rows={})
    made.run, made.bar_store = DAILY, None  # no actions are recorded for a demo market
    made.broker = None  # nobody asks it where the primary has a mark
    return made


@pytest.fixture
def stocks() -> BookVariant:
    rules = {"trailing_stop": None, "max_holding_days": 365, "stop_loss_pct": 10.0}
    return BookVariant(build_strategy("earnings_swing", "nwl_p4", rules), "shadow", "ema_p10")


@pytest.fixture
def funds() -> BookVariant:
    return BookVariant(ScriptedWeights({}, variant="titan"), "shadow", "golden")


def after(day: date) -> datetime:
    return session_on(day).close + timedelta(minutes=1)


def decide(
    world: Any,
    variant: BookVariant,
    day: date,
    *,
    plan: Plan | None = None,
    candidates: tuple[Candidate, ...] | None = None,
    cash: float = 10_000.0,
    memory: Json | None = None,
) -> None:
    session = session_on(day)
    due = Due(session, calendar.window(session, variant.strategy.execution_time), session.open)
    decision = Decision(day, memory=memory or {})
    proposed = Proposed(decision, plan or Plan((), cash, cash))
    report = CandidateInput(candidates)
    shadow.keep_pending(world.ledger, variant, due, Book(cash), proposed, report, replace=False)


def enter(world: Any, variant: BookVariant) -> None:
    """AAA is entered on Monday at 100, its stop at 90."""
    for day in (date(2024, 3, 15), MON):
        world.add("AAA", day)
    decide(world, variant, MON, candidates=(Candidate("AAA", MON, "A", 90.0, 100.0),), memory={"kept": 1})
    shadow.settle(world, world, variant, after(MON))


def book(world: Any, variant: Any) -> Any:
    return world.ledger.shadow.book(variant.name)


def test_a_session_is_settled_after_its_close_and_once(world: Any, stocks: BookVariant) -> None:
    world.add("AAA", MON)
    decide(world, stocks, MON, candidates=(Candidate("AAA", MON, "A", 90.0, 100.0),))
    shadow.settle(world, world, stocks, session_on(MON).close - timedelta(minutes=1))
    assert book(world, stocks) is None
    for _ in range(2):
        shadow.settle(world, world, stocks, after(MON))
        assert book(world, stocks).book.shares() == {"AAA": 100}
    assert [mark.session for mark in world.ledger.snapshots.series("nwl_p4")] == [MON]


def test_a_stop_hit_in_a_missed_session_ends_the_position(world: Any, stocks: BookVariant) -> None:
    enter(world, stocks)
    assert book(world, stocks).book.positions["AAA"].stop_price == 90.0
    world.add("AAA", TUE, HIT)
    world.add("AAA", WED)
    shadow.settle(world, world, stocks, after(WED))

    assert book(world, stocks).book == Book(9_000.0)
    marks = world.ledger.snapshots.series("nwl_p4")
    assert [(mark.session, mark.equity) for mark in marks] == [
        (MON, 10_000.0),
        (TUE, 9_000.0),
        (WED, 9_000.0),
    ]
    missed = world.ledger.shadow.signal("nwl_p4", TUE)
    assert missed.decision["missed"]
    (sold,) = missed.fills["executed"]
    assert (sold["intent"], sold["quantity"], sold["price"]) == ("stop", 100, 90.0)


def test_missed_sessions_before_a_pending_one_come_first(world: Any, stocks: BookVariant) -> None:
    enter(world, stocks)
    for day, row in ((TUE, HIT), (WED, FLAT)):
        world.add("AAA", day, row)
    decide(world, stocks, WED, candidates=(Candidate("AAA", WED, "A", 90.0, 100.0),), cash=0.0)
    shadow.settle(world, world, stocks, after(WED))
    # stopped out on Tuesday, so Wednesday's report may enter it again
    assert book(world, stocks).book.positions["AAA"].entry_date == WED


def test_a_missed_session_leaves_the_memory_and_what_is_held(world: Any, stocks: BookVariant) -> None:
    enter(world, stocks)
    world.add("AAA", TUE)
    shadow.settle(world, world, stocks, after(TUE))
    assert world.ledger.shadow.last_memory("nwl_p4", before=date.max) == {"kept": 1}
    assert book(world, stocks).book.shares() == {"AAA": 100}
    assert book(world, stocks).session == TUE


def test_weights_change_only_by_decisions(world: Any, funds: BookVariant) -> None:
    world.add("AAA", MON)
    buy = PlannedOrder("AAA", "buy", "entry", 50, 100.0, 1.0, "")
    decide(world, funds, MON, plan=Plan((buy,), 10_000.0, 5_000.0))
    shadow.settle(world, world, funds, after(THU))  # no bars of the missed sessions, none needed
    assert book(world, funds).session == MON
    assert book(world, funds).book.shares() == {"AAA": 50}
    assert [mark.session for mark in world.ledger.snapshots.series("titan")] == [MON]


def test_a_book_without_a_bar_of_its_session_stays_pending(world: Any, funds: BookVariant) -> None:
    buy = PlannedOrder("AAA", "buy", "entry", 50, 100.0, 1.0, "")
    decide(world, funds, MON, plan=Plan((buy,), 10_000.0, 5_000.0))
    with pytest.raises(DataError, match="settle"):
        shadow.settle(world, world, funds, after(MON))
    assert [row.session for row in world.ledger.shadow.pending("titan")] == [MON]


def test_a_new_shadow_starts_with_the_equity_of_the_primary_it_follows(
    world: Any, stocks: BookVariant
) -> None:
    mark = {"at": after(MON), "mode": "offline_mock", "equity": 12_345.0, "cash": 1.0}
    world.ledger.snapshots.add("ema_p10", MON, **mark)
    assert shadow.settled_book(world, world.broker, world, stocks, after(MON)) == Book(12_345.0)


def test_a_plan_survives_the_ledger() -> None:
    order = PlannedOrder("AAA", "buy", "entry", 5, 10.5, 0.5, "why", 9.0, {"score": 1.0})
    plan = Plan((order,), 100.0, 47.5)
    assert shadow.plan_from_json(shadow.plan_to_json(plan)) == plan

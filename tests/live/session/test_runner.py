"""A session through both stages: the events of the engine, whatever is restarted; orders, cash, journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.core.errors import DataError, DisagreementError
from backtest.data.sources.minute_csv import read_minutes
from backtest.simulator.intraday.journal import journal_of
from live.brokers.paper.intraday import IntradayPaperBroker
from live.handoff.approval import Standing
from live.handoff.orb_plan_check import plan_of
from live.runtime.orb import OrbContext
from live.session.events import SessionFiles, event_line
from live.session.plan import fill_terms
from live.session.runner import SessionRun
from tests.support.orb_live import DAY, OrbWorld, real_day

AUTO = Standing("auto", "")
#: of the journal, but for numbers and names that the ledger gives
COLUMNS = (
    "entry_ts", "entry_price", "stop_price", "target_price", "signal_price", "exit_ts", "exit_price", "pnl_r",
    "pnl_dollars", "outcome", "contracts", "mae_r", "mfe_r", "exit_reason", "direction", "orb_label",
    "entry_model", "risk_check_passed", "risk_check_reason",
)  # fmt: skip


@contextmanager
def session(orb: OrbContext) -> Iterator[SessionRun]:
    row = orb.context.ledger.signals.get(DAY, "orb")
    assert row is not None
    plan = plan_of(row.content)
    broker = IntradayPaperBroker(
        orb.paper_file, clock=orb.context.clock, terms=fill_terms(plan), initial_cash=50_000, durable=False
    )
    with closing(broker):
        yield SessionRun(orb, plan, AUTO, broker, orb.folder(plan.trading_day))


def expected(world: OrbWorld) -> list[str]:
    return [event_line(event) for event in world.expected().events]


def lines(world: OrbWorld) -> list[str]:
    return (world.folder / "events.jsonl").read_text().splitlines()


def test_the_events_are_those_of_the_engine(played: OrbWorld) -> None:
    assert lines(played) == expected(played)
    assert {"ENTRY", "EXIT", "SCRATCH"} <= {event.type for event in played.expected().events}


def test_the_journal_is_that_of_the_engine_and_adds_up(played: OrbWorld) -> None:
    made = journal_of(played.expected(), "paper", "", created_at=played.clock.now())
    wanted = {row.strategy_id: row for row in made}
    with played.ledger() as ledger:
        rows = ledger.trade_journal.of_day(DAY)
        close = ledger.snapshots.latest("*")
    assert {row.strategy_id for row in rows} == set(wanted)
    for row in rows:
        same = wanted[row.strategy_id]
        for name in COLUMNS:
            assert getattr(row, name) == getattr(same, name), (row.strategy_id, name)
    assert sum(row.pnl_r or 0 for row in rows) == pytest.approx(played.expected().risk.realised_r)
    assert close is not None
    assert close.cash == close.equity == pytest.approx(50_000 + sum(row.pnl_dollars or 0 for row in rows))


def test_every_order_of_the_session_is_filled_once_at_the_price_of_its_event(played: OrbWorld) -> None:
    moved = [e for e in played.expected().events if e.type in {"ENTRY", "EXIT", "SCRATCH"}]
    with played.ledger() as ledger:
        orders = ledger.orders.of_session(DAY)
        assert not ledger.positions.open_positions()  # nothing of it is a holding of shares
    assert {order.state for order in orders} == {"FILLED"}
    by_event = {order.details["event_id"]: order for order in orders}
    assert by_event.keys() == {event.event_id for event in moved}
    assert len(orders) == len(moved)
    for event in moved:
        order = by_event[event.event_id]
        assert order.quantity == order.filled_quantity == event.contracts
        assert order.average_price == Decimal(str(event.price))
        opens = (event.type == "ENTRY") == (event.direction == "long")
        assert order.side == ("buy" if opens else "sell")


@pytest.mark.parametrize("every", [20, pytest.param(1, marks=pytest.mark.long)])
def test_a_restart_at_any_bar_comes_to_the_same_events(tmp_path: Path, every: int) -> None:
    world = OrbWorld(tmp_path).short()
    world.arrive()
    at = world.bars[0].minute
    with world.opened() as orb:
        while at <= world.bars[-1].minute + timedelta(minutes=10):
            at += timedelta(minutes=1 if every == 1 else 5)
            world.clock.set(at)
            with session(orb) as run:  # a new process: everything is read from the files again
                run.advance()
    assert lines(world) == expected(world)


def test_one_engine_in_memory_comes_to_the_same_events_as_restarts(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path).short()
    world.arrive()
    with world.opened() as orb, session(orb) as run:
        for bar in world.bars[:-1:3]:
            world.clock.set(bar.minute + timedelta(minutes=3))
            run.advance()
        world.clock.set(world.bars[-1].minute + timedelta(minutes=9))
        run.advance()
        assert run.engine.over
        run.advance()
    assert lines(world) == expected(world)


#: file, contract, label (empty: all), days: changes of clocks, circuit breakers, missing minutes, a half day
REAL = (
    ("es_rth_1m_2020", "MES", "NYSE0930", ("2020-03-09",)),
    ("es_rth_1m_2020", "MES", "NYSE0930", ("2020-03-06", "2020-03-12", "2020-03-16", "2020-03-18")),
    ("6eh4_1m_202401", "M6E", "", ("2024-01-05", "2024-01-15")),
    ("eurusd_1m_2023_2024", "M6E", "", ("2023-03-10", "2023-03-13", "2023-05-02")),
    ("eurusd_1m_2023_2024", "M6E", "", ("2024-11-01", "2024-11-04", "2024-12-25")),
    ("us100_1m_202512_202603", "MNQ", "", ("2026-03-06", "2026-03-09")),
)

#: trading stopped inside the range, and a half day: without all bars of a range nothing is entered
QUIET = frozenset({"2020-03-16", "2024-12-25"})


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "symbol", "label", "days"),
    [
        pytest.param(*one, marks=[pytest.mark.long] if n else [], id=f"{one[0]}-{one[3][0]}")
        for n, one in enumerate(REAL)
    ],
)
def test_real_days_come_to_the_events_of_the_engine(
    tmp_path: Path, shared_data: Path, file: str, symbol: str, label: str, days: tuple[str, ...]
) -> None:
    """The account fills every trade as the session says, or it would stop."""
    bars = read_minutes(shared_data / "intraday" / f"{file}.csv.gz", symbol)
    for day in days:
        world = real_day(tmp_path / day, bars, date.fromisoformat(day), label)
        world.loop()
        assert SessionFiles(world.root / "state" / "orb" / day).events() == expected(world)
        assert any(event.type == "ENTRY" for event in world.expected().events) or day in QUIET, day


def test_bars_revised_by_the_vendor_change_nothing_that_happened(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path).short()
    half = world.bars[120].minute
    for bar in world.bars[5:121:5]:
        world.step(bar.minute)
    before = lines(world)
    assert before
    kept = world.bars
    world.bars = [type(b)(b.minute, b.open + 5, b.high + 5, b.low + 5, b.close + 5, b.volume) for b in kept]
    world.step(half)
    assert lines(world) == before
    world.bars = kept
    for bar in world.bars[121::5]:
        world.step(bar.minute + timedelta(minutes=9))
    assert lines(world) == expected(world)


def test_events_that_were_changed_by_hand_are_refused(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path).short()
    for bar in world.bars[5:121:5]:
        world.step(bar.minute)
    path = world.folder / "events.jsonl"
    path.write_text(path.read_text().replace('"short"', '"long"'))
    with pytest.raises(DataError, match="not those of the file"):
        world.step(world.bars[125].minute)


def test_an_account_that_lost_its_positions_stops_the_session(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path).short()
    entry = next(event for event in world.expected().events if event.type == "ENTRY")
    at = entry.ts + timedelta(minutes=2)
    for bar in (one for one in world.bars[3::4] if one.minute < at):
        world.step(bar.minute)
    world.step(at)
    for file in (world.root / "state").glob("ledger.orb.db*"):
        file.unlink()
    with pytest.raises(DisagreementError, match="the paper account nothing"):
        world.look(at)


def test_an_account_that_differs_keeps_every_further_entry_out(tmp_path: Path) -> None:
    world = OrbWorld(tmp_path).short()
    first, second = [event.ts for event in world.expected().events if event.type == "ENTRY"][:2]
    for bar in (one for one in world.bars[3::4] if one.minute < second):
        world.step(bar.minute)
    for file in (world.root / "state").glob("ledger.orb.db*"):
        file.unlink()
    assert first < second
    for minutes in (1, 2, 6):
        with pytest.raises(DisagreementError):
            world.step(second + timedelta(minutes=minutes))
    with world.ledger() as ledger:
        assert [order.intent for order in ledger.orders.of_session(DAY)].count("entry") == 1

"""One walk: the last one repeats what live did, share by share."""

from datetime import date
from decimal import Decimal

from backtest.reporting.drift.facts import LiveBook, LiveFill, LiveSession, Step
from backtest.reporting.drift.walk import Sized, Walk
from backtest.simulator.allocation.result import Result
from backtest.simulator.allocation.simulate import simulate
from tests.support.drift_world import CASH, RULES, Fault, HandTraded
from tests.support.scripted_strategy import days

DAYS = days("2024-01-02", "2024-01-03", "2024-01-04")
CLOSES = {"AAA": [Decimal(10), Decimal(11), Decimal(12)], "BBB": [Decimal(20)] * 3}
SCRIPT = {DAYS[0]: {"AAA": 0.5, "BBB": 0.5}, DAYS[1]: {"AAA": 0.5, "BBB": 0.5}, DAYS[2]: {"AAA": 0.2}}


def walked(world: HandTraded, book: LiveBook, step: Step, sized: Sized, *, first: bool = False) -> Result:
    sessions = {live.session: live for live in book.sessions}
    hooks = Walk(world.strategy, sessions, step, sized, first=first)
    return simulate(
        world.strategy, world.bars, start=DAYS[0], end=DAYS[-1], cash=float(CASH), rules=RULES, hooks=hooks
    )


def test_the_last_walk_ends_with_lives_own_shares_and_cash() -> None:
    faults = {DAYS[0]: Fault(sizing=Decimal("1.03"), filled=Decimal("0.7")), DAYS[1]: Fault(missed=True)}
    world = HandTraded(DAYS, CLOSES, SCRIPT, faults)
    book = world.book()
    sized = Sized()
    first = walked(world, book, Step.CASH_FLOWS, sized, first=True)
    again = walked(world, book, Step.CASH_FLOWS, sized)
    traded = [(f.symbol, f.side, f.quantity) for live in book.sessions for f in live.fills]
    assert sorted((t.symbol, t.side, t.quantity) for t in first.trades) == sorted(traded)
    assert again.equity.tolist() == first.equity.tolist()
    assert again.trades == first.trades


def test_an_order_that_a_person_added_trades_at_the_close() -> None:
    world = HandTraded(DAYS, CLOSES, SCRIPT)
    live = LiveSession(
        DAYS[1],
        figures={"cell": 10, "targets": SCRIPT[DAYS[1]]},
        wanted={"BBB": -50},
        sent={"BBB": -50},
        fills=(LiveFill("BBB", "sell", 50, Decimal("19.9")),),
    )
    days_of = {session.session: session for session in world.book().sessions}
    book = LiveBook("hand", CASH, {}, tuple({**days_of, DAYS[1]: live}[day] for day in DAYS))
    found = walked(world, book, Step.HELD_EDITED, Sized())
    sales = [(t.session, t.symbol, t.quantity, t.fill_price) for t in found.trades if t.side == "sell"]
    assert (DAYS[1], "BBB", 50, 20.0) in sales


def test_no_walk_sells_what_it_does_not_hold() -> None:
    world = HandTraded(DAYS, CLOSES, SCRIPT)
    odd = LiveSession(DAYS[1], fills=(LiveFill("AAA", "sell", 5000, Decimal(11)),))
    days_of: dict[date, LiveSession] = {session.session: session for session in world.book().sessions}
    book = LiveBook("hand", CASH, {}, tuple({**days_of, DAYS[1]: odd}[day] for day in DAYS))
    found = walked(world, book, Step.CASH_FLOWS, Sized(), first=True)
    assert found.trades[2].quantity == 500

"""A stop that a file moves: replaced once, never loosened, and safe to be killed anywhere in between."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live.books.owners import RAISED_STOP
from live.execution.raised_stops import raised_level
from live.handoff.canonical import sealed
from live.handoff.model import MovedStop, SignalFile
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    NEXT_DAY,
    World,
    enter,
    hold_two,
    run_detail,
    signal,
    world,
)
from tests.support.exec_world import bars as bars_of

SENDS = frozenset({"submit", "cancel"})
CALLS = SENDS | {"order", "orders", "account"}


class Killed(BaseException):
    """The process is gone: nothing may catch it."""


class Fuse:
    """A broker that dies before or after its n-th call."""

    def __init__(self, inner: Any, calls: frozenset[str], left: list[int], after: bool) -> None:
        self.inner, self.calls, self.left, self.after = inner, calls, left, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in self.calls:
            return found

        def call(*args: Any, **named: Any) -> Any:
            self.left[0] -= 1
            if self.left[0] == 0 and not self.after:
                raise Killed
            result = found(*args, **named)
            if self.left[0] == 0:
                raise Killed
            return result

        return call


def moving(*moves: MovedStop) -> SignalFile:
    held = {"AAA": 100, "BBB": 100} if len(moves) > 1 else {"AAA": 100}
    made = signal([], day=NEXT_DAY, positions=held, cash=90_000.0)
    return sealed(made.model_copy(update={"stops": moves}))


def move(price: float = 95.0, before: float = 90.0) -> MovedStop:
    return MovedStop(symbol="AAA", price=price, before=before, reason="trailing_pct")


def next_session(made: World, *moves: MovedStop) -> None:
    """The file of the next session, at its window; AAA stands at 100."""
    made.clock.set(AT.replace(day=NEXT_DAY.day))
    made.feed.daily = {s: bars_of(s, {NEXT_DAY: (p, p, p, p)}) for s, p in made.feed.prices.items()}
    made.write(moving(*moves))


def alive(made: World) -> list[tuple[int, Decimal | None]]:
    listed = made.broker.orders(AT, made.clock.now())
    return [(o.quantity, o.stop_price) for o in listed if o.order_type == "stop" and not o.state.terminal]


def stop_orders(made: World) -> int:
    return sum(1 for o in made.ledger.orders.recent(50) if o.intent == "stop")


def test_the_stop_is_replaced_once(made: World) -> None:
    enter(made, ENTRY)
    next_session(made, move())
    for _ in range(3):
        assert made.executor() == 0
        assert alive(made) == [(100, Decimal("95.00"))]
        assert stop_orders(made) == 2
    (position,) = made.ledger.positions.open_positions()
    assert position.stop_price == Decimal(95)
    assert not {RAISED_STOP, "stop_loss_pct"} & position.details.keys()


@pytest.mark.parametrize(("price", "before"), [(95.0, 89.0), (90.0, 85.0), (85.0, 80.0)])
def test_a_level_that_is_not_higher_or_not_of_this_stop_moves_nothing(
    made: World, price: float, before: float
) -> None:
    enter(made, ENTRY)
    next_session(made, move(price, before))
    assert made.executor() == 0
    assert alive(made) == [(100, Decimal("90.00"))]
    assert stop_orders(made) == 1


def test_a_stop_that_a_person_moved_stays_theirs(made: World) -> None:
    enter(made, ENTRY)
    next_session(made, move())
    made.open()
    with made.broker._store.transaction():
        made.broker._store._db.execute("UPDATE orders SET stop_price = '85.00' WHERE order_type = 'stop'")
    for _ in range(2):  # in the second run the books know the level of the first
        assert made.executor() == 0
        assert alive(made) == [(100, Decimal("85.00"))]


def test_without_room_for_a_new_stop_the_old_one_is_left_alone(made: World) -> None:
    hold_two(made)
    made.overrides = {"execution": {"limits": {"max_stop_orders_per_run": 1}, "min_cash_pct": 0}}
    next_session(made, move(), MovedStop(symbol="BBB", price=48.0, before=45.0, reason="trailing_pct"))
    assert made.executor() == 0
    assert alive(made) == [(100, Decimal("45.00")), (100, Decimal("95.00"))]
    warnings = run_detail(made, NEXT_DAY)["warnings"]
    assert any("BBB: its stop stays: max_stop_orders_per_run" in text for text in warnings)


def test_a_person_who_said_skip_keeps_the_stop(made: World) -> None:
    enter(made, ENTRY)
    next_session(made, move())
    made.open().ledger.signals.answer(NEXT_DAY, "golden", "skip")
    made.ledger.close()
    made.executor()
    assert alive(made) == [(100, Decimal("90.00"))]


def test_a_market_below_the_new_level_sells(made: World) -> None:
    enter(made, ENTRY)
    made.feed.prices["AAA"] = 94.0
    next_session(made, move())
    made.executor()
    assert made.holdings() == {}
    assert alive(made) == []
    assert any("sold at market" in text for text in run_detail(made, NEXT_DAY)["critical"])


def kill_at(
    folder: Path, calls: frozenset[str], step: int, *, after: bool, attached: bool
) -> tuple[World, bool]:
    """Return the world after a run that died at one of these calls of the broker, and whether it died."""
    folder.mkdir()
    made = world(folder, attached=attached)
    enter(made, ENTRY)
    next_session(made, move())
    left = [step]
    made.wrap = lambda broker: Fuse(broker, calls, left, after)
    died = False
    try:
        made.executor()
    except Killed:
        died = True
    finally:
        made.ledger.close()
    made.wrap = None
    return made, died


def judged(made: World) -> None:
    """After the next run there is one stop, at the new level, for all shares, and nothing was sold."""
    assert made.executor() == 0
    assert alive(made) == [(100, Decimal("95.00"))]
    assert made.holdings() == {"AAA": 100}
    assert made.ledger.positions.unprotected() == ()
    assert stop_orders(made) <= 3


def test_killed_around_cancel_and_new_stop_the_next_run_ends_with_the_new_stop(tmp_path: Path) -> None:
    for number, (step, after) in enumerate(((1, False), (1, True), (2, False), (2, True))):
        made, died = kill_at(tmp_path / str(number), SENDS, step, after=after, attached=False)
        assert died
        judged(made)


@pytest.mark.long
@pytest.mark.parametrize("attached", [True, False])
def test_killed_at_any_call_of_the_broker_the_next_run_ends_with_the_new_stop(
    tmp_path: Path, attached: bool
) -> None:
    deaths = 0
    for step in range(1, 16):
        for after in (False, True):
            made, died = kill_at(tmp_path / f"{step}{after}", CALLS, step, after=after, attached=attached)
            deaths += died
            judged(made)
    assert deaths > 12


def test_a_level_of_an_earlier_session_counts_no_more(made: World) -> None:
    enter(made, ENTRY)
    (position,) = made.ledger.positions.open_positions()
    raised = {"session": DAY.isoformat(), "price": "95.00", "reason": "trailing_pct"}
    position = made.ledger.positions.set_details(position.id, {RAISED_STOP: raised})
    found: Callable[..., Any] = raised_level
    assert found(position, DAY) == Decimal("95.00")
    assert found(position, NEXT_DAY) is None
    assert found(position, None) is None

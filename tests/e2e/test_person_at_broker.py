"""A person at the broker beside the program: an answer is an answer, shares keep a stop, nothing doubles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_imitation import NEXT_DAY, at
from tests.support.http_stage import Stage, stage
from tests.support.person_at_broker import Person, WatchedClock


@dataclass
class Both:
    """The stage and the person, at one of the imitations."""

    stage: Stage
    person: Person

    def while_waiting(self, act: Callable[[], bool]) -> None:
        """Let the person act once, at the first wait of the program in which `act` finds its moment."""
        self.stage.clock = type("Clock", (WatchedClock,), {"acts": [act]})

    def hang(self, symbol: str) -> None:
        """The next buy of a symbol rests without a fill."""
        side = "BUY" if self.person.broker == "schwab" else "buy"
        self.stage.fake.call("scripts", {"match": {"symbol": symbol, "side": side}, "fills": []})

    def next_morning(self) -> None:
        """Both positions are held with their stops; the next session's window is open, nothing is to do."""
        assert self.stage.execute() == 0, self.stage.text
        self.stage.fake.clock(at=at(NEXT_DAY).isoformat())
        held = {symbol: int(n) for symbol, n in self.person.held().items()}
        cash = self.stage.fake.state()["cash"]
        self.stage.project.write([], day=NEXT_DAY, held=held, cash=cash)

    def wait(self) -> None:
        """A minute passes: fills, lists and accounts have settled."""
        for seconds in (1, 59):
            self.stage.fake.clock(advance=seconds)

    def stops(self, symbol: str) -> list[tuple[int, float | None]]:
        return [(order.shares, order.stop) for order in self.person.live(symbol, "stop")]

    def books(self) -> dict[str, int]:
        with self.stage.project.ledger() as ledger:
            return ledger.positions.shares()

    def kill_level(self) -> str:
        with self.stage.project.ledger() as ledger:
            return ledger.state.kill_level()


@pytest.fixture(params=["schwab", "alpaca"])
def both(
    request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Both]:
    with stage(tmp_path / "desk", monkeypatch, capsys, broker=request.param) as made:
        yield Both(made, Person(made.fake, request.param))


def test_a_buy_that_a_person_cancelled_is_not_sent_again(both: Both) -> None:
    both.hang("AAA")

    def cancel() -> bool:
        found = both.person.live("AAA", "market", "buy")
        for order in found:
            both.person.cancel(order)
        return bool(found)

    both.while_waiting(cancel)
    assert both.stage.execute() == 0, both.stage.text
    assert "cancelled at the broker, not by this program: it is not sent again" in both.stage.text
    assert both.stage.execute() == 0
    assert len([order for order in both.person.orders("AAA") if order.side == "buy"]) == 1
    assert both.person.held() == both.books() == {"BBB": 100}


def test_a_buy_that_a_person_replaced_comes_into_the_book_with_its_stop(both: Both) -> None:
    both.hang("AAA")

    def replace() -> bool:
        found = both.person.live("AAA", "market", "buy")
        for order in found:
            both.person.edit(order)
        return bool(found)

    both.while_waiting(replace)
    for _ in range(2):
        assert both.stage.execute() == 8, both.stage.text
        assert "AAA buy 100 market day, 100 filled" in both.stage.text
    (order,) = [seen.id for seen in both.person.orders("AAA") if seen.side == "buy" and seen.filled]
    assert both.person.held() == {"AAA": 100, "BBB": 100}
    adopt = ("resolve", "--broker-order", order, "--adopt", "--variant", "ema_p10")
    assert both.stage.jutsu(*adopt) == 0, both.stage.text
    assert both.stage.execute() == 0, both.stage.text
    assert both.person.held() == both.books() == {"AAA": 100, "BBB": 100}
    assert both.stops("AAA") == [(100, 90.0)]


def test_shares_sold_by_hand_during_the_run_are_not_called_unprotected(both: Both) -> None:
    def sell() -> bool:
        stops = both.person.live("AAA", "stop")
        if not stops or not both.person.orders("BBB"):
            return False
        both.person.cancel(stops[0])
        both.person.sell("AAA", 100)
        both.wait()
        return True

    both.while_waiting(sell)
    assert both.stage.execute() == 0, both.stage.text
    assert "100 shares of ema_p10 were sold by hand" in both.stage.text
    assert "NO STOP" not in both.stage.text
    assert "split" not in both.stage.text
    assert both.person.held() == both.books() == {"BBB": 100}
    assert both.kill_level() == "none"


def test_shares_sold_by_hand_between_two_runs_are_closed(both: Both) -> None:
    both.next_morning()
    both.person.cancel(both.person.live("AAA", "stop")[0])
    both.person.sell("AAA", 100)
    both.wait()
    assert both.stage.execute() == 0, both.stage.text
    assert "NO STOP" not in both.stage.text
    assert both.books() == {"BBB": 100}
    assert both.kill_level() == "none"


def test_a_moved_stop_is_kept(both: Both) -> None:
    both.next_morning()
    both.person.edit(both.person.live("AAA", "stop")[0], price="95.00")
    both.wait()
    assert both.stage.execute() == 0, both.stage.text
    assert "not sent by this program protects it and is kept" in both.stage.text
    assert both.stops("AAA") == [(100, 95.0)]


@pytest.mark.parametrize("answer", ["--foreign", "--adopt"])
def test_a_stop_moved_with_another_count_is_asked_about_and_never_reset(both: Both, answer: str) -> None:
    both.next_morning()
    order = both.person.edit(both.person.live("AAA", "stop")[0], price="95.00", shares=60)
    both.wait()
    assert both.stage.execute() == 8, both.stage.text
    assert f"AAA sell 60 stop gtc, 0 filled, WORKING (order {order})" in both.stage.text
    assert sorted(both.stops("AAA")) == [(40, 90.0), (60, 95.0)]  # the others have their stop meanwhile
    assert "NO STOP" not in both.stage.text
    variant = ("--variant", "ema_p10") if answer == "--adopt" else ()
    assert both.stage.jutsu("resolve", "--broker-order", order, answer, *variant) == 0, both.stage.text
    assert both.stage.execute() == 0, both.stage.text
    kept = [(100, 95.0)] if answer == "--adopt" else [(40, 90.0), (60, 95.0)]
    assert sorted(both.stops("AAA")) == kept


def test_a_stop_edited_in_place_with_another_count_keeps_its_level(both: Both) -> None:
    if both.person.broker != "schwab":
        pytest.skip("Alpaca makes a new order of every edit")
    both.next_morning()
    (stop,) = both.person.live("AAA", "stop")
    both.stage.fake.call("change", {"id": stop.id, "stop_price": "95.00", "quantity": 60})
    assert both.stage.execute() == 0, both.stage.text
    assert "was moved at the broker" in both.stage.text
    assert both.stops("AAA") == [(100, 95.0)]


def test_a_persons_own_stop_for_all_shares_counts_as_protection(both: Both) -> None:
    both.next_morning()
    both.person.cancel(both.person.live("AAA", "stop")[0])
    both.person.stop("AAA", 100, "93.00")
    both.wait()
    assert both.stage.execute() == 0, both.stage.text
    assert both.stops("AAA") == [(100, 93.0)]
    assert both.kill_level() == "none"


def test_a_stop_is_sized_to_what_is_held(both: Both) -> None:
    both.next_morning()
    both.person.cancel(both.person.live("AAA", "stop")[0])
    both.person.sell("AAA", 40)
    both.wait()
    for _ in range(2):
        assert both.stage.execute() == 4, both.stage.text
        assert "the account shows 60 of the 100 shares of the books" in both.stage.text
        assert "NO STOP" not in both.stage.text
        assert both.stops("AAA") == [(60, 90.0)]
    assert both.stage.jutsu("reconcile", "--adopt") == 0, both.stage.text
    assert both.stage.execute() == 0, both.stage.text
    assert both.stops("AAA") == [(60, 90.0)]
    assert both.books() == {"AAA": 60, "BBB": 100}

"""`jutsu panic` with ten positions and their stops at the imitation: everything closed, in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.schwab.account import Position
from tests.support.http_imitation import DAY, PRICES
from tests.support.http_stage import Stage, stage
from tests.support.http_world import wanted

TEN = tuple(f"S{letter}" for letter in "ABCDEFGHIJ")


@pytest.fixture
def holding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    # a variant without a limit of entries per day
    with stage(tmp_path / "desk", monkeypatch, capsys, variant="golden") as run:
        for symbol in TEN:
            monkeypatch.setitem(PRICES, symbol, 10.0)
        run.fake.prices(**dict.fromkeys(TEN, 10.0))
        run.project.write([wanted(symbol, "entry", 100, stop=9.0) for symbol in TEN])
        assert run.execute() == 0, run.text
        state = run.fake.state()
        assert state["positions"] == dict.fromkeys(TEN, 100.0)
        assert sum(o["status"] == "WORKING" for o in state["orders"]) == 10
        yield run


def test_panic_closes_ten_positions_in_well_under_half_a_minute(
    holding: Stage, record_property: Callable[..., Any]
) -> None:
    began_there = holding.fake.app.clock.now()
    began = time.monotonic()
    assert holding.jutsu("panic", "--yes") == 0, holding.text
    seconds = time.monotonic() - began
    played = (holding.fake.app.clock.now() - began_there).total_seconds()
    record_property("seconds", round(seconds, 2))
    assert max(seconds, played) < 30

    state = holding.fake.state()
    assert state["positions"] == {}
    assert [o["id"] for o in state["orders"] if o["status"] not in {"FILLED", "CANCELED"}] == []
    sells = [o for o in state["orders"] if o["side"] == "SELL" and o["type"] == "MARKET"]
    assert sorted(o["symbol"] for o in sells) == sorted(TEN)
    assert {o["filled"] for o in sells} == {100.0}
    with holding.project.ledger() as ledger:
        assert ledger.positions.shares() == {}
        assert ledger.orders.unfinished() == ()
        assert ledger.state.kill_level() == "all"
        assert float(ledger.cash.estimate().cash) == state["cash"]
    assert holding.execute() == 3, holding.text


def test_panic_again_finds_nothing_to_do(holding: Stage) -> None:
    assert holding.jutsu("panic", "--yes") == 0, holding.text
    sent = holding.sent()
    assert holding.jutsu("panic", "--yes") == 0, holding.text
    assert holding.sent() == sent


def test_shares_no_book_owns_are_named_and_everything_sells_them_too(holding: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(PRICES, "ZZZ", 20.0)
    holding.fake.prices(ZZZ=20.0)
    holding.fake.app.account.positions["ZZZ"] = Position(30.0, 20.0)
    assert holding.jutsu("panic", "--yes") == 4, holding.text
    assert "ZZZ: 30 shares that no book owns" in holding.text
    assert holding.fake.state()["positions"] == {"ZZZ": 30.0}
    assert holding.jutsu("panic", "--yes", "--everything") == 0, holding.text
    assert "foreign: ZZZ 30 shares" in holding.text
    assert holding.fake.state()["positions"] == {}
    with holding.project.ledger() as ledger:
        assert ledger.positions.shares() == {}


def test_panic_without_a_typed_confirmation_does_nothing(holding: Any, monkeypatch: Any) -> None:
    sent = holding.sent()
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "no")
    assert holding.jutsu("panic") == 2, holding.text
    assert holding.sent() == sent
    assert DAY.isoformat() in holding.fake.state()["now"]

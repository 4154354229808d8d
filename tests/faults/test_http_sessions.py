"""Runs that meet: two executors at once as real processes, and what today left open for tomorrow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.schwab.orders import FakeOrder
from tests.support.http_imitation import NEXT_DAY, at
from tests.support.http_stage import Stage, entries, stage
from tests.support.http_world import wanted

NAME = "20261119_AAA_entry_buy"


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    with stage(tmp_path / "desk", monkeypatch, capsys) as made:
        yield made


def test_two_executors_at_once_as_real_processes(run: Stage) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "live.executor"],
            cwd=run.project.folder,
            env=run.project.environ(run.fake.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    texts = [process.communicate(timeout=60)[0] for process in both]
    codes = sorted(process.returncode for process in both)
    # the other one waits for the login and finds the work done, or says that somebody is at work
    assert codes[0] == 0, texts
    assert codes[1] in {0, 6, 7}, texts
    assert run.sent() == 2
    run.finish()
    assert run.sent() == 2


@pytest.fixture
def lost(run: Stage) -> Stage:
    """The first order never arrived and nobody can know: exit 8, and nothing else was sent."""
    run.fake.fault(method="POST", path="/orders$", action="drop", point="before")
    assert run.execute() == 8, run.text
    assert NAME in run.text
    assert "jutsu resolve" in run.text
    assert run.sent() == 1
    return run


def test_the_same_day_a_person_must_answer(lost: Stage) -> None:
    assert lost.execute() == 8, lost.text
    assert lost.sent() == 1
    assert lost.jutsu("resolve", NAME, "--absent") == 0, lost.text
    lost.finish()
    assert lost.sent() == 3


def test_the_next_session_knows_that_it_never_arrived(lost: Stage) -> None:
    lost.fake.clock(at=at(NEXT_DAY).isoformat())
    lost.project.write(entries(NEXT_DAY), day=NEXT_DAY)
    lost.finish()
    with lost.project.ledger() as ledger:
        assert ledger.orders.get(NAME).state == "ABSENT"


def test_the_next_session_finds_what_was_listed_too_late(run: Stage) -> None:
    """Accepted, the reply lost, and listed only after the search had ended."""
    run.fake.call("lag", {"seconds": 90})
    run.fake.fault(method="POST", path="/orders$", action="drop")
    assert run.execute() == 8, run.text
    run.fake.call("lag", {"seconds": 0})
    run.fake.clock(at=at(NEXT_DAY).isoformat())
    cash = run.fake.state()["cash"]
    later = [wanted("BBB", "entry", 100, stop=45.0, day=NEXT_DAY)]
    run.project.write(later, day=NEXT_DAY, held={"AAA": 100}, cash=cash)
    run.finish()
    assert run.sent() == 2


def test_a_stop_that_is_gone_overnight_is_put_back(run: Stage) -> None:
    assert run.execute() == 0, run.text
    stops = [o for o in run.fake.state()["orders"] if o["type"] == "STOP"]
    assert [o["symbol"] for o in stops] == ["AAA", "BBB"]
    run.fake.call("change", {"id": stops[0]["id"], "cancel": True})
    run.fake.clock(at=at(NEXT_DAY).isoformat())
    cash = run.fake.state()["cash"]
    run.project.write([], day=NEXT_DAY, held={"AAA": 100, "BBB": 100}, cash=cash)
    run.finish()
    live = [o for o in run.fake.state()["orders"] if o["type"] == "STOP" and o["status"] == "WORKING"]
    assert sorted((o["symbol"], o["quantity"], o["stop_price"]) for o in live) == [
        ("AAA", 100, 90.0),
        ("BBB", 100, 45.0),
    ]


def test_a_cancel_confirmed_with_a_stale_filled_quantity_buys_no_share_twice(
    run: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80 of 100 filled, shown as 50 until six seconds after the order ended: only 20 more are bought."""
    steps = [{"quantity": 50, "price": 100.0, "after": 1}, {"quantity": 30, "price": 100.0, "after": 2}]
    run.fake.call("scripts", {"match": {"symbol": "AAA", "side": "BUY"}, "fills": steps})
    whole = FakeOrder.row

    def stale(order: FakeOrder, account: str) -> dict[str, Any]:
        shown = whole(order, account)
        late = order.closed is None or run.fake.app.clock.now() < order.closed + timedelta(seconds=6)
        if order.filled == 80 and late:
            shown |= {"filledQuantity": 50.0, "orderActivityCollection": order.activities[:1]}
        return shown

    monkeypatch.setattr(FakeOrder, "row", stale)
    assert run.execute() == 0, run.text
    bought = [(o["quantity"], o["filled"]) for o in run.fake.state()["orders"] if o["side"] == "BUY"]
    assert sorted(bought) == [(20.0, 20.0), (100.0, 80.0), (100.0, 100.0)]
    assert run.fake.state()["positions"] == {"AAA": 100.0, "BBB": 100.0}
    with run.project.ledger() as ledger:
        assert ledger.positions.shares() == {"AAA": 100, "BBB": 100}
        assert ledger.state.kill_level() == "none"
    resting = [o for o in run.fake.state()["orders"] if o["type"] == "STOP" and o["status"] == "WORKING"]
    assert sorted((o["symbol"], o["quantity"]) for o in resting) == [("AAA", 100.0), ("BBB", 100.0)]

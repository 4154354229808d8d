"""The circuit breakers where orders leave: entries stay, exits go, and only a person ends a drawdown."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live.actions.kill_switch import resume_breakers
from live.books.breakers import breakers_now, keep_close, standing
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.runtime.runtime import Runtime
from tests.support.exec_world import DAY, enter, order, run_detail, signal, tomorrow, world

BEFORE = DAY - timedelta(days=1)


@pytest.fixture
def made(tmp_path: Path) -> Any:
    return world(tmp_path)


def closed_at(runtime: Runtime, equity: float, day: date = BEFORE) -> None:
    runtime.ledger.snapshots.add(
        WHOLE_ACCOUNT, day, at=runtime.clock.now(), mode="offline_mock", equity=equity, cash=equity
    )


def test_a_loss_of_a_day_blocks_entries_and_says_so(made: Any) -> None:
    closed_at(made.open(), 106_000.0)
    made.write(signal([order("AAA", "entry", 100, 100.0)]))

    assert made.executor() == 0

    assert made.holdings() == {}
    assert "circuit breaker: the account lost 5.7 %" in str(run_detail(made)["critical"])


def test_exits_go_while_entries_stay(made: Any) -> None:
    enter(made, order("AAA", "entry", 100, 100.0))
    runtime = made.open()
    closed_at(runtime, 200_000.0, DAY)
    tomorrow(
        made,
        [
            order("AAA", "exit", 100, 100.0, day=DAY + timedelta(days=1)),
            order("BBB", "entry", 10, 50.0, day=DAY + timedelta(days=1)),
        ],
        positions={"AAA": 100},
        cash=90_000.0,
    )

    assert made.executor() == 0

    assert made.holdings() == {}


def test_a_drawdown_stays_although_the_account_recovers_until_a_person_resumes(made: Any) -> None:
    runtime = made.open()
    account = runtime.broker.account()
    for days, equity in ((4, 100_000.0), (3, 89_000.0), (2, 95_000.0), (1, 100_000.0)):
        closed_at(runtime, equity, DAY - timedelta(days=days))

    judged = breakers_now(runtime.context, account)

    assert [trip.breaker for trip in judged.new] == ["drawdown"]
    assert breakers_now(runtime.context, account).new == ()
    assert breakers_now(runtime.context, account).blocked
    assert resume_breakers(runtime.context, runtime.broker, actor="me") == 100_000.0
    assert breakers_now(runtime.context, account).blocked == ""
    assert standing(runtime.ledger) == ()
    assert resume_breakers(runtime.context, runtime.broker, actor="me") is None


def test_money_taken_out_is_no_loss(made: Any) -> None:
    runtime = made.open()
    closed_at(runtime, 150_000.0)
    runtime.ledger.cash_flows.note(
        "f1", day=DAY, kind="deposit", amount=Decimal(-50_000), at=runtime.clock.now()
    )

    judged = breakers_now(runtime.context, runtime.broker.account())

    assert judged.blocked == ""
    assert judged.verdict is not None
    assert judged.verdict.daily_loss_pct == pytest.approx(0.0)


def test_a_dividend_is_no_deposit(made: Any) -> None:
    runtime = made.open()
    closed_at(runtime, 106_000.0)
    runtime.ledger.cash_flows.note(
        "d1", day=DAY, kind="dividend", amount=Decimal(-50_000), at=runtime.clock.now()
    )

    assert breakers_now(runtime.context, runtime.broker.account()).blocked


def test_the_close_of_the_account_is_no_variant(made: Any) -> None:
    runtime = made.open()
    keep_close(runtime.context, DAY, runtime.broker.account())

    (row,) = runtime.ledger.snapshots.series(WHOLE_ACCOUNT)
    assert (row.session, row.equity) == (DAY, 100_000.0)
    assert WHOLE_ACCOUNT not in runtime.ledger.snapshots.variants()

"""Every book has a mark at every close, from that session's bars, whoever runs first after it."""

from datetime import date
from pathlib import Path

import pytest

from live.shadow.closes import mark_every_book
from live.views.compare import read_comparisons
from live.views.inputs import ViewInputs
from live.views.status import read_status
from tests.support.earnings_world import FRI, MON, NEXT, THU, TUE, WED, Trader, new_trader

BOOK = [{"primary": "ema_p10", "shadows": ["nwl_p4"], "budget_pct": 100}]
WEEK = [MON, TUE, WED, THU, FRI]


@pytest.fixture
def trader(tmp_path: Path) -> Trader:
    return new_trader(tmp_path, "AAA", "BBB", "CCC", books=BOOK, cash=100_000.0)


def evening(trader: Trader, day: str) -> None:
    """What `jutsu validate` does after its verdict."""
    with trader.at(f"{day}T16:15") as runtime:
        mark_every_book(runtime.context, runtime.broker, runtime.feed)


def marks(trader: Trader, variant: str = "ema_p10") -> dict[str, tuple[float, float]]:
    """Session -> (equity, cash)."""
    rows = trader.user.rows("performance_snapshots", "variant, session, equity, cash")
    return {session: (equity, cash) for name, session, equity, cash in rows if name == variant}


def week(trader: Trader) -> None:
    """AAA is bought on Monday and moves a point a day; BBB on Thursday; nothing else happens."""
    for step, day in enumerate(WEEK):
        price = 100.0 + step
        trader.stocks.bar("AAA", day, price, price + 1, price - 1, price + 0.5)
    trader.stocks.bar("BBB", THU, 100, 101, 97, 98)


def run(trader: Trader, day: str, *, marked: bool) -> None:
    tickers = {MON: ("AAA",), THU: ("BBB",)}.get(day, ())
    assert trader.user.generate(f"{day}T09:15", *report(trader, day, *tickers)).code == 0
    assert trader.place(day).code == 0
    assert trader.poll(day, "09:32").code == 0
    if marked:
        evening(trader, day)


def report(trader: Trader, day: str, *tickers: str) -> tuple[str, ...]:
    return ("--report-file", str(trader.report(day, *tickers))) if tickers else ()


EXPECTED = {
    MON: (100_050.0, 90_000.0),
    TUE: (100_150.0, 90_000.0),
    WED: (100_250.0, 90_000.0),
    THU: (100_150.0, 80_000.0),
}


def test_days_without_orders_are_marked_too_by_the_next_run(trader: Trader) -> None:
    week(trader)
    for day in WEEK[:4]:
        run(trader, day, marked=False)
    assert trader.user.generate(f"{FRI}T09:15").code == 0
    for variant in ("ema_p10", "nwl_p4"):
        assert marks(trader, variant) == EXPECTED, variant


def test_every_evening_is_marked_by_validate_and_the_next_week_goes_on(trader: Trader) -> None:
    week(trader)
    for day in WEEK[:4]:
        run(trader, day, marked=True)
    for variant in ("ema_p10", "nwl_p4"):
        assert marks(trader, variant) == EXPECTED, variant
    with trader.at(f"{THU}T17:00") as runtime:
        (found,) = read_comparisons(ViewInputs.of(runtime.context), None).comparisons
        status = read_status(ViewInputs.of(runtime.context))
    assert [(r.first, r.last, r.sessions) for r in found.records] == [
        (date.fromisoformat(MON), date.fromisoformat(THU), 4)
    ] * 2
    assert [book.cash for book in status.books] == [80_000.0, 80_000.0]
    for day in (FRI, NEXT):
        run(trader, day, marked=True)
    assert list(marks(trader)) == list(marks(trader, "nwl_p4")) == [*WEEK, NEXT]


def test_sessions_nobody_ran_in_are_marked_by_the_next_run(trader: Trader) -> None:
    week(trader)
    run(trader, MON, marked=False)
    trader.stocks.bar("AAA", WED, 92, 93, 88, 89)  # the stop at 90 is hit
    assert trader.user.generate(f"{FRI}T09:15").code == 0
    found = marks(trader)
    assert found[MON] == (100_050.0, 90_000.0)
    assert found[TUE] == (100_150.0, 90_000.0)
    assert found[WED] == found[THU] == (99_000.0, 99_000.0)
    assert marks(trader, "nwl_p4") == found


def test_a_mark_is_made_once_and_stays(trader: Trader) -> None:
    week(trader)
    run(trader, MON, marked=True)
    before = trader.user.rows("performance_snapshots")
    evening(trader, MON)
    trader.user.generate(f"{TUE}T09:15")
    assert [r for r in trader.user.rows("performance_snapshots") if r in before] == before


def test_on_the_evening_itself_a_missing_bar_is_waited_for(trader: Trader) -> None:
    week(trader)
    run(trader, MON, marked=False)
    trader.stocks.silence("AAA", MON, MON)  # the vendor is late
    evening(trader, MON)
    assert marks(trader, "nwl_p4") == {}
    trader.stocks.bar("AAA", MON, 100, 101, 99, 100.5)
    evening(trader, MON)
    assert marks(trader)[MON] == marks(trader, "nwl_p4")[MON] == (100_050.0, 90_000.0)


def test_a_difference_with_the_broker_is_not_marked(trader: Trader) -> None:
    week(trader)
    run(trader, MON, marked=False)
    before = marks(trader)
    trader.by_hand(f"{MON}T15:00", "buy", "CCC", 10)
    trader.by_hand(f"{MON}T15:01", "sell", "AAA", 50)
    evening(trader, MON)
    assert marks(trader) == before


def test_a_second_validation_of_a_settled_shadow_still_knows_its_book(trader: Trader) -> None:
    from live.validation.sessions import validate_session

    week(trader)
    for day in (MON, TUE):
        run(trader, day, marked=True)
    with trader.at(f"{TUE}T17:00") as runtime:
        judged = validate_session(runtime.context, runtime.feed, date.fromisoformat(TUE))
    assert [j.validation.verdict for j in judged] == ["GREEN", "GREEN"]
    assert not any("no longer known" in note for j in judged for note in j.validation.observed.notes)

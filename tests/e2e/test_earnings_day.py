"""The earnings day only moves forward: later polls finish it, and never rewrite what happened."""

import json
from pathlib import Path
from typing import Any

import pytest

from live.views.inputs import ViewInputs
from live.views.status import read_status
from tests.support.earnings_world import MON, TUE, Trader, new_trader


@pytest.fixture
def trader(tmp_path: Path) -> Trader:
    made = new_trader(tmp_path, "AAA", "BBB", "CCC")
    made.user.set(approval={"policy": "required"})
    return made


def approved(trader: Trader, *tickers: str) -> None:
    assert trader.generate(MON, *tickers).code == 0
    assert trader.user.jutsu("approve", str(trader.file(MON)), "--as-of", f"{MON}T09:16").code == 0


def day(trader: Trader) -> tuple[str, int, dict[str, Any]]:
    """Outcome, exit code and notes of Monday, the same in both tables."""
    ((outcome, code, detail),) = trader.user.rows("run_log", "outcome, executor_exit, detail")
    assert trader.user.rows("signal_files", "outcome") == [(outcome,)]
    return outcome, code, json.loads(detail)


def problems(trader: Trader, at: str) -> list[str]:
    with trader.at(f"{MON}T{at}") as runtime:
        return list(read_status(ViewInputs.of(runtime.context)).problems)


def test_placed_orders_wait_for_the_open_and_nothing_is_wrong(trader: Trader) -> None:
    approved(trader, "AAA")
    ran = trader.place(MON)
    assert ran.out.startswith("ema_p10 2026-02-02: placed, waiting for the open, 1 order(s)")
    assert day(trader)[0] == "placed"
    assert problems(trader, "09:25") == []
    assert any("nothing has looked at them" in text for text in problems(trader, "09:45"))
    trader.poll(MON, "09:32")
    assert day(trader)[0] == "completed"
    assert problems(trader, "09:45") == []
    trader.place(MON, "09:34")
    assert day(trader)[0] == "completed"


def test_polls_after_the_approval_ended_finish_the_day_and_rewrite_nothing(trader: Trader) -> None:
    trader.stocks.silence("BBB", MON, MON)  # halted at the open
    approved(trader, "AAA", "BBB")
    trader.place(MON)
    assert trader.poll(MON, "09:32").code == 0
    assert day(trader)[0] == "partial"
    seen = []
    for at in ("09:40", "10:00", "15:00"):
        ran = trader.poll(MON, at)
        assert ran.code == 0
        assert "not sent" not in ran.text
        seen.append(day(trader))
    assert {outcome for outcome, *_ in seen} == {"partial"}
    assert seen[-1][2]["held"] == []
    assert trader.orders()["20260202_BBB_entry_buy"] == (100, "CANCELED", 0)
    assert trader.positions() == {"AAA": 100}
    lines = " ".join(problems(trader, "15:30"))
    assert "BBB: 0 of 100 shares filled in 1 try (entry): nobody traded with it" in lines


def test_a_stock_halted_at_the_open_ends_failed_with_its_reason(trader: Trader) -> None:
    trader.stocks.silence("AAA", MON, MON)
    approved(trader, "AAA")
    trader.place(MON)
    assert trader.poll(MON, "09:32").code == 0, "it may still open inside the cut-off"
    for at in ("09:40", "10:00"):
        ran = trader.poll(MON, at)
        assert ran.code == 7
        assert "no order was filled: AAA: 0 of 100 shares filled in 1 try (entry): nobody traded" in ran.err
        assert day(trader)[:2] == ("failed", 7)
    assert trader.orders() == {"20260202_AAA_entry_buy": (100, "CANCELED", 0)}
    assert any("nobody traded" in text for text in problems(trader, "16:30"))


def test_a_critical_is_told_once_and_stays_in_the_day(trader: Trader) -> None:
    trader.user.set(approval={"policy": "auto"})
    trader.generate(MON, "AAA")
    for at in ("09:31", "09:32"):
        assert trader.execute(MON, "--paper-fault", "reject", at=at).code == 7
    bodies = [body for level, body in trader.user.rows("alerts", "level, body") if level == "critical"]
    assert sum("the buy was not accepted" in body for body in bodies) == 1
    assert day(trader)[:2] == ("failed", 7)
    assert any("was not accepted" in text for text in problems(trader, "12:00"))


def test_a_start_after_the_window_does_not_call_a_failed_session_missed(trader: Trader) -> None:
    trader.user.set(approval={"policy": "auto"})
    trader.generate(MON, "AAA")
    assert trader.execute(MON, "--paper-fault", "reject").code == 7
    assert trader.execute(MON, at="09:50").code == 7
    assert trader.user.rows("run_log", "outcome, missed") == [("failed", 0)]
    assert trader.user.rows("signal_files", "outcome") == [("failed",)]


def test_a_forced_run_says_what_it_sent(trader: Trader) -> None:
    trader.user.set(approval={"policy": "auto"})
    trader.trade(MON, "AAA")
    assert trader.generate(TUE, "BBB").code == 0
    with trader.at(f"{TUE}T09:25") as runtime:
        store: Any = getattr(runtime.broker, "_store")  # noqa: B009 - a person withdraws half of it
        store.set_cash(store.cash() / 2)
    assert trader.execute(TUE).code == 4
    ran = trader.execute(TUE, "--force", at="09:32")
    assert "sent with --force: buy 100 BBB (entry), 100 filled" in ran.err


class TestStatus:
    """Never "all is well" after a day that was not well."""

    def test_a_generator_that_stopped(self, trader: Trader) -> None:
        approved(trader, "AAA")
        trader.execute(MON)
        trader.by_hand(f"{MON}T15:00", "buy", "AAA", 50)
        assert trader.generate(TUE).code == 4
        with trader.at(f"{TUE}T12:00") as runtime:
            lines = " ".join(read_status(ViewInputs.of(runtime.context)).problems)
        assert "the generator stopped with exit code 4" in lines

    def test_the_table_of_positions(self, tmp_path: Path) -> None:
        made = new_trader(tmp_path, "AAA", "BBB")
        made.trade(MON, "AAA")
        made.stocks.level("AAA", TUE, 104.0)
        made.trade(TUE)
        made.generate("2026-02-04")
        text = made.user.jutsu("status").out
        assert "unfinished" not in text, "a stop that rests is no unfinished order"
        (book,) = json.loads(made.user.jutsu("status", "--json").out)["books"]
        (held,) = book["positions"]
        assert {
            key: held[key] for key in ("entry_session", "last_price", "profit", "to_stop", "grade", "score")
        } == {
            "entry_session": MON,
            "last_price": 104.0,
            "profit": 400.0,
            "to_stop": round(104 / 90 - 1, 6),
            "grade": "A",
            "score": 80.0,
        }
        assert (held["weeks_held"], held["weeks_needed"], held["trend_line"]) == (0, 2, 100.0)
        assert held["to_trend"] == 0.04
        words = set(text.split())  # a heading of two words may stand in two lines
        assert {"entry", "last", "profit", "to", "stop", "weeks", "trend", "grade", "score"} <= words
        assert {"104.00", "+400.00", "+15.6%", "+4.0%", "80"} <= words

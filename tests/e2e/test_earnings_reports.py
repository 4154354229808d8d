"""Reports dropped into a book's folder: picked up, again until orders are sent, explained in words."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from live.replay.earnings_demo import write_report
from tests.support.earnings_world import MON, TUE, Trader, new_trader
from tests.support.user_world import Ran

BOOK = [{"primary": "ema_p10", "shadows": ["nwl_p4"], "budget_pct": 100, "reports": "reports"}]


@pytest.fixture
def trader(tmp_path: Path) -> Trader:
    made = new_trader(tmp_path, "AAA", "BBB", "CCC", "DDD", books=BOOK)
    (made.user.root / "reports").mkdir()
    return made


def generate(trader: Trader, day: str, at: str = "09:00") -> Ran:
    return trader.user.generate(f"{day}T{at}")


def file_of(trader: Trader, day: str, variant: str = "ema_p10") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(trader.user.file(day, variant).read_text())
    return found


def bought(trader: Trader, day: str, variant: str = "ema_p10") -> list[str]:
    return [order["symbol"] for order in file_of(trader, day, variant)["orders"]]


def test_a_daily_book_takes_its_report_from_the_folder(trader: Trader) -> None:
    trader.report(MON, "AAA", "BBB")
    assert generate(trader, MON).code == 0
    assert bought(trader, MON) == bought(trader, MON, "nwl_p4") == ["AAA", "BBB"]
    assert "already done" in generate(trader, MON, "09:10").out


def test_a_late_report_is_picked_up(trader: Trader) -> None:
    ran = generate(trader, MON)
    assert ran.code == 0
    assert f"there is no report for {MON}" in ran.out
    assert bought(trader, MON) == []
    trader.report(MON, "AAA")
    ran = generate(trader, MON, "09:10")
    assert ran.code == 0
    assert "a newer report" in ran.out
    assert bought(trader, MON) == bought(trader, MON, "nwl_p4") == ["AAA"]
    assert trader.place(MON).code == 0
    assert list(trader.orders()) == ["20260202_AAA_entry_buy"]


def test_a_corrected_report_replaces_the_file_and_its_approval_until_orders_are_sent(trader: Trader) -> None:
    trader.user.set(approval={"policy": "required"})
    trader.report(MON, "AAA")
    generate(trader, MON)
    assert trader.user.jutsu("approve", str(trader.file(MON)), "--as-of", f"{MON}T09:05").code == 0
    trader.report(MON, "BBB")  # the same name, other content
    ran = generate(trader, MON, "09:10")
    assert "an approval of it is void" in ran.out
    assert bought(trader, MON) == bought(trader, MON, "nwl_p4") == ["BBB"]
    trader.place(MON)
    assert trader.orders() == {}, "nobody approved the corrected one"
    assert trader.user.jutsu("approve", str(trader.file(MON)), "--as-of", f"{MON}T09:21").code == 0
    trader.place(MON, "09:22")
    trader.report(MON, "CCC")
    ran = generate(trader, MON, "09:25")
    assert ran.code == 0
    assert "a newer report came after orders were sent: it is not used" in ran.out
    assert bought(trader, MON) == bought(trader, MON, "nwl_p4") == ["BBB"]
    assert list(trader.orders()) == ["20260202_BBB_entry_buy"]


def test_a_rejected_correction_keeps_the_file(trader: Trader) -> None:
    path = trader.report(MON, "AAA")
    generate(trader, MON)
    path.write_text("{")
    assert "already done" in generate(trader, MON, "09:10").out
    assert bought(trader, MON) == ["AAA"]


def test_a_persons_edit_is_never_lost_to_a_new_report(trader: Trader) -> None:
    trader.report(MON, "AAA")
    generate(trader, MON)
    edited = file_of(trader, MON)
    edited["orders"][0]["enabled"] = False
    trader.file(MON).write_text(json.dumps(edited))
    trader.report(MON, "BBB")
    ran = generate(trader, MON, "09:10")
    assert "a person edited the file" in ran.out
    assert file_of(trader, MON) == edited


def test_a_report_given_by_hand_is_taken_up_too(trader: Trader) -> None:
    trader.report(MON, "AAA")
    generate(trader, MON)
    other = write_report(trader.user.root / "other", date.fromisoformat(MON), [row("BBB")])
    assert trader.user.generate(f"{MON}T09:10", "--report-file", str(other)).code == 0
    assert bought(trader, MON) == ["BBB"]


def test_an_unknown_ticker_uses_up_no_place_of_the_day(trader: Trader) -> None:
    trader.report(MON, "XXXX", "AAA", "YYYY", "BBB", "CCC")
    generate(trader, MON)
    assert bought(trader, MON) == bought(trader, MON, "nwl_p4") == ["AAA", "BBB"]
    skipped = [(skip["symbol"], skip["reason"]) for skip in file_of(trader, MON)["skipped"]]
    assert skipped == [("XXXX", "no_price_data"), ("YYYY", "no_price_data"), ("CCC", "daily_limit")]


def row(ticker: str, **more: Any) -> dict[str, Any]:
    return {"ticker": ticker, "grade": "A", "score": 80.0, "price": 100.0, "company_name": ticker} | more


class TestCheck:
    def check(self, trader: Trader, path: Path, *more: str) -> Ran:
        prices = ("--prices", str(trader.stocks.folder))
        return trader.user.jutsu("report", "check", str(path), *prices, *more)

    def test_it_says_the_session_and_what_would_be_bought_and_skipped(self, trader: Trader) -> None:
        trader.trade(MON, "AAA")
        trader.stocks.add("CHEAP", price=9.0)
        rows = [
            row("AAA", score=95.0),
            row("XXXX", score=94.0),
            row("BBB", score=93.0),
            row("CHEAP", score=92.5, price=9.0),
            row("CCC", score=92.0),
            row("DDD", score=91.0),
        ]
        path = write_report(trader.user.root / "reports", date(2026, 2, 7), rows)
        ran = self.check(trader, path)
        assert ran.code == 0
        assert ran.out.splitlines()[1:] == [
            "it is for the session 2026-02-09",
            "that session's window is over: nothing of it will be bought",
            "buy 100 BBB (BBB) at about 100.00 = 10,000.00, stop 90.00: earnings gap: grade A, score 93",
            "buy 100 CCC (CCC) at about 100.00 = 10,000.00, stop 90.00: earnings gap: grade A, score 92",
            "skip XXXX: nobody has a price of it: an unknown or wrong ticker",
            "skip CHEAP: its price lies from 0 to below 30 (quality filter)",
            "skip AAA: it is held already",
            "skip DDD: the day's limit of entries is used up by better ones",
        ]

    def test_a_rejected_report_is_exit_2_with_its_reason(self, trader: Trader) -> None:
        path = trader.report(MON, "AAA")
        path.write_text(path.read_text().replace('"A"', '"E"'))
        ran = self.check(trader, path)
        assert ran.code == 2
        assert "NOTHING would be bought: entries and rotation are blocked: report rejected" in " ".join(
            ran.out.split()
        )
        assert "grade" in ran.out

    def test_a_report_made_after_the_close_names_the_next_session(self, trader: Trader) -> None:
        path = trader.report(MON, "AAA")
        path.write_text(path.read_text().replace(f"{MON}T09:00:00", f"{MON}T17:00:00"))
        assert f"for the session {TUE} (it was made after the close" in self.check(trader, path).out
        found = json.loads(self.check(trader, path, "--json").out)
        assert (found["session"], found["made_after_close"], found["problems"]) == (TUE, True, [])

    def test_nothing_is_stored(self, trader: Trader) -> None:
        assert self.check(trader, trader.report(MON, "AAA")).code == 0
        assert not trader.user.db.exists()

    def test_a_rotation_is_named(self, tmp_path: Path) -> None:
        trader = new_trader(tmp_path, "AAA", "BBB", "CCC", max_positions=2, books=BOOK)
        trader.trade(MON, "AAA", "BBB")
        trader.stocks.level("AAA", TUE, 95.0)
        trader.trade(TUE)
        path = trader.report("2026-02-04", "CCC", score=95.0)
        text = self.check(trader, path).out
        assert "sell AAA: the book is full, and it makes room for CCC" in text
        assert "buy 100 CCC" in text


def test_a_wrong_price_buys_nothing_and_a_stop_that_is_taken_out_is_refused(trader: Trader) -> None:
    path = write_report(
        trader.user.root / "reports", date.fromisoformat(MON), [row("AAA", price=10.0), row("BBB")]
    )
    ran = generate(trader, MON)
    assert "AAA: report price 10 is 90 % below the last known 100: not entered" in ran.out
    assert bought(trader, MON) == bought(trader, MON, "nwl_p4") == ["BBB"]
    checked = trader.user.jutsu("report", "check", str(path), "--prices", str(trader.stocks.folder))
    assert "its report price 10.0 is far from the last known 100.0" in checked.out
    reviewed = trader.user.jutsu("review", str(trader.file(MON)), "--as-of", f"{MON}T09:05")
    assert "AAA: report price 10 is 90 % below" in reviewed.out
    data = file_of(trader, MON)
    for stop in (None, {"price": 0.01, "time_in_force": "gtc"}):
        data["orders"][0]["stop"] = stop
        trader.file(MON).write_text(json.dumps(data))
        approved = trader.user.jutsu("approve", str(trader.file(MON)), "--as-of", f"{MON}T09:05")
        for refused in (approved, trader.execute(MON, "--accept-edits", at="09:31")):
            assert refused.code == 2
            assert "the strategy's stop is 90.00 (10 % below 100)" in refused.err
    assert trader.orders() == {}

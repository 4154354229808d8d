"""The split run: orders placed before the open, polls that book what filled and place what was waiting."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.earnings_world import MON, TUE, WED, Trader, new_trader

BREAK = "2026-02-17"  # Tuesday after a holiday Monday: the first session of a week


@pytest.fixture
def trader(tmp_path: Path) -> Trader:
    return new_trader(tmp_path, "AAA", "BBB", "CCC", "DDD")


def full_book(tmp_path: Path, **parameters: Any) -> Trader:
    """Two places, both taken, AAA losing: a better candidate rotates it out."""
    made = new_trader(tmp_path, "AAA", "BBB", "CCC", "DDD", max_positions=2, **parameters)
    made.trade(MON, "AAA", "BBB")
    made.stocks.level("AAA", TUE, 95.0)
    made.trade(TUE)
    report = made.report(WED, "CCC", score=95.0)
    ran = made.user.generate(f"{WED}T09:15", "--strategy", "ema_p10", "--report-file", str(report))
    assert ran.code == 0, ran.text
    return made


class TestTimetable:
    def test_orders_placed_before_the_open_wait_and_fill_at_it(self, trader: Trader) -> None:
        trader.stocks.level("AAA", MON, 102.0)
        assert trader.generate(MON, "AAA", "BBB").code == 0
        for _ in range(2):  # repeatable
            assert trader.place(MON).code == 0
            assert trader.orders() == {
                "20260202_AAA_entry_buy": (100, "PENDING", 0),
                "20260202_BBB_entry_buy": (100, "PENDING", 0),
            }
            assert trader.positions() == {}
        for at in ("09:32", "09:40", "09:50"):
            ran = trader.poll(MON, at)
            assert (ran.code, "warning: 2026" in ran.text) == (0, False), "it was meant to fill"
        assert trader.positions() == {"AAA": 100, "BBB": 100}
        # the stop follows the fill, not the report's price
        assert trader.stops(f"{MON}T12:00") == {"AAA": (100, Decimal("91.8")), "BBB": (100, Decimal(90))}
        assert [name for name in trader.orders() if "entry" in name] == [
            "20260202_AAA_entry_buy",
            "20260202_BBB_entry_buy",
        ]

    def test_a_poll_before_the_open_waits(self, trader: Trader) -> None:
        trader.generate(MON, "AAA")
        trader.place(MON)
        ran = trader.poll(MON, "09:25")
        assert ran.code == 0
        assert "too early" in ran.out
        assert trader.orders() == {"20260202_AAA_entry_buy": (100, "PENDING", 0)}

    def test_the_first_poll_may_come_late_and_still_protects(self, trader: Trader) -> None:
        trader.generate(MON, "AAA")
        trader.place(MON)
        assert trader.poll(MON, "11:00").code == 0
        assert trader.stops(f"{MON}T12:00") == {"AAA": (100, Decimal(90))}

    def test_without_any_poll_the_next_day_books_and_protects(self, trader: Trader) -> None:
        trader.generate(MON, "AAA")
        trader.place(MON)
        assert trader.generate(TUE).code == 0
        assert trader.positions() == {"AAA": 100}
        assert trader.place(TUE).code == 0
        assert trader.poll(TUE, "09:32").code == 0
        assert trader.stops(f"{TUE}T12:00") == {"AAA": (100, Decimal(90))}


class TestItsMail:
    def test_it_shows_what_the_book_holds(self, trader: Trader) -> None:
        trader.generate(MON, "AAA", "BBB")
        trader.place(MON)
        trader.poll(MON, "09:32")
        reports = trader.user.root / "state" / "reports"
        shown = (reports / f"execution_{MON}_ema_p10.txt").read_text()
        allocation = shown.partition("ALLOCATION")[2].partition("VALUE")[0].split("\n")
        rows = {words[0]: words[1:] for line in allocation if (words := line.split())}
        assert set(rows) >= {"AAA", "BBB"}
        assert rows["AAA"][0] == "100"
        assert rows["AAA"][-1] == "90.0000"
        kept = json.loads((reports / f"execution_{MON}_ema_p10.json").read_text())["holdings"]
        trader.trade(TUE)  # another session is the newest one now: what was kept stays
        ran = trader.user.jutsu("report", "execution", MON, "--json")
        assert json.loads(ran.out)["holdings"] == kept


class TestRotation:
    def test_the_entry_waits_for_its_sell_and_goes_within_the_cutoff(self, tmp_path: Path) -> None:
        trader = full_book(tmp_path)
        ran = trader.place(WED)
        assert ran.code == 0, ran.text
        assert "warning" not in ran.out, "an entry that waits for its sell is the normal course"
        assert trader.orders()["20260204_AAA_exit_sell"] == (100, "PENDING", 0)
        assert "20260204_CCC_entry_buy" not in trader.orders()
        assert trader.poll(WED, "09:32").code == 0
        assert trader.closed() == [("AAA", WED, 95.0, "rotated_out")]
        assert trader.positions() == {"BBB": 100, "CCC": 100}
        assert set(trader.stops(f"{WED}T12:00")) == {"BBB", "CCC"}

    def test_a_first_poll_after_the_cutoff_sells_but_does_not_buy(self, tmp_path: Path) -> None:
        trader = full_book(tmp_path)
        trader.place(WED)
        ran = trader.poll(WED, "09:40")
        assert ran.code == 0
        assert "warning" in ran.out
        assert trader.positions() == {"BBB": 100}
        assert "20260204_CCC_entry_buy" not in trader.orders()

    def test_a_sell_that_does_not_fill_keeps_its_place(self, tmp_path: Path) -> None:
        trader = full_book(tmp_path)
        trader.stocks.silence("AAA", WED, WED)
        trader.place(WED)
        assert trader.poll(WED, "09:32").code == 0
        assert trader.positions() == {"AAA": 100, "BBB": 100}
        assert trader.orders()["20260204_AAA_exit_sell"][1] != "FILLED"
        assert "20260204_CCC_entry_buy" not in trader.orders()
        # the sell died with its day: the next run protects what is still there
        trader.trade("2026-02-05")
        assert set(trader.stops("2026-02-05T12:00")) == {"AAA", "BBB"}

    def test_in_one_run_too_the_entry_needs_a_free_place(self, tmp_path: Path) -> None:
        trader = full_book(tmp_path)
        trader.stocks.silence("AAA", WED, WED)
        ran = trader.execute(WED)
        assert ran.code == 7
        assert trader.positions() == {"AAA": 100, "BBB": 100}
        assert set(trader.stops(f"{WED}T12:00")) == {"AAA", "BBB"}


class TestPartialFills:
    def test_what_filled_is_booked_and_protected_and_the_rest_tried_again(self, trader: Trader) -> None:
        trader.generate(MON, "AAA")
        assert trader.execute(MON, "--phase", "place", "--paper-fault", "partial", at="09:20").code == 0
        assert trader.execute(MON, "--phase", "poll", "--paper-fault", "partial", at="09:31").code == 0
        assert 50 <= trader.positions()["AAA"] < 100
        assert trader.stops(f"{MON}T12:00")["AAA"][0] == trader.positions()["AAA"]

    def test_an_order_without_a_fill_stays_for_the_next_poll(self, trader: Trader) -> None:
        trader.generate(MON, "AAA")
        trader.place(MON)
        assert trader.execute(MON, "--phase", "poll", "--paper-fault", "never", at="09:31").code == 0
        assert trader.orders() == {"20260202_AAA_entry_buy": (100, "WORKING", 0)}
        assert trader.poll(MON, "09:34").code == 0
        assert trader.positions() == {"AAA": 100}
        assert trader.stops(f"{MON}T12:00") == {"AAA": (100, Decimal(90))}

    def test_after_the_cutoff_an_unfilled_entry_is_cancelled(self, trader: Trader) -> None:
        trader.generate(MON, "AAA")
        trader.place(MON)
        assert trader.execute(MON, "--phase", "poll", "--paper-fault", "never", at="09:40").code == 7
        assert trader.orders() == {"20260202_AAA_entry_buy": (100, "CANCELED", 0)}
        assert trader.poll(MON, "09:50").code == 7
        assert trader.positions() == {}


class TestOpeningAuction:
    def test_one_run_refuses_and_the_split_works(self, tmp_path: Path) -> None:
        trader = new_trader(tmp_path, "AAA", "BBB", entry_order_type="opening_auction")
        trader.generate(MON, "AAA")
        ran = trader.execute(MON)
        assert ran.code == 2
        assert "--phase place" in ran.err
        assert trader.orders() == {}
        assert trader.place(MON).code == 0
        assert trader.user.rows("orders", "time_in_force") == [("opg",)]
        assert trader.poll(MON, "09:32").code == 0
        assert trader.positions() == {"AAA": 100}
        assert trader.stops(f"{MON}T12:00") == {"AAA": (100, Decimal(90))}

    def test_an_entry_that_waited_for_its_sell_comes_as_a_day_order(self, tmp_path: Path) -> None:
        trader = new_trader(
            tmp_path, "AAA", "BBB", "CCC", max_positions=2, entry_order_type="opening_auction"
        )
        trader.generate(MON, "AAA", "BBB")
        trader.place(MON)
        trader.poll(MON, "09:32")
        trader.stocks.level("AAA", TUE, 95.0)
        trader.generate(TUE)
        trader.place(TUE)
        report = trader.report(WED, "CCC", score=95.0)
        trader.user.generate(f"{WED}T09:15", "--strategy", "ema_p10", "--report-file", str(report))
        assert trader.place(WED).code == 0
        assert trader.poll(WED, "09:32").code == 0
        assert trader.positions() == {"BBB": 100, "CCC": 100}
        kinds = dict(trader.user.rows("orders", "client_order_id, time_in_force"))
        assert kinds["20260204_CCC_entry_buy"] == "day"


class TestLimits:
    def test_entries_end_with_the_cutoff(self, trader: Trader) -> None:
        trader.generate(MON, "AAA")
        assert trader.execute(MON, at="09:35").code == 0
        assert trader.positions() == {"AAA": 100}
        trader.generate(TUE, "BBB")
        assert trader.execute(TUE, at="09:36").code == 7
        assert trader.positions() == {"AAA": 100}

    def test_a_gap_does_not_make_an_entry_bigger_than_its_cap(self, trader: Trader) -> None:
        trader.stocks.level("AAA", MON, 200.0)
        trader.generate(MON, "AAA")
        assert trader.execute(MON).code == 0
        # 10,000 per position and at most 20 % more: 12,000 / 200
        assert trader.positions() == {"AAA": 60}
        assert trader.stops(f"{MON}T12:00") == {"AAA": (60, Decimal(180))}

    def test_entries_the_account_cannot_pay_for_wait_for_better_days(self, tmp_path: Path) -> None:
        trader = new_trader(tmp_path, "AAA", "BBB", cash=18_000.0)
        trader.generate(MON, "AAA", "BBB")
        assert trader.execute(MON).code == 0
        assert trader.positions() == {"AAA": 100}

    def test_an_entry_added_by_hand_counts_against_the_limit_of_the_day(self, trader: Trader) -> None:
        import json

        trader.generate(MON, "AAA", "BBB", "CCC")
        path = trader.file(MON)
        data = json.loads(path.read_text())
        assert [skip["reason"] for skip in data["skipped"]] == ["daily_limit"]
        extra = {
            **data["orders"][1],
            "symbol": "CCC",
            "client_order_id": "20260202_CCC_entry_buy",
            "rank": 1.0,
        }
        path.write_text(json.dumps({**data, "orders": [*data["orders"], extra]}))
        ran = trader.execute(MON, "--accept-edits")
        assert ran.code == 0, ran.text
        assert trader.positions() == {"AAA": 100, "BBB": 100}

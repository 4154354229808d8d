"""What a person reads about the earnings family: trades, review, explain, compare."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.support.earnings_world import MON, TUE, WED, Trader, new_trader

BOOK = [{"primary": "ema_p10", "shadows": ["nwl_p4"], "budget_pct": 100}]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Trader:
    """AAA's stop filled on Tuesday, CCC was bought on Wednesday."""
    made = new_trader(tmp_path_factory.mktemp("stopped"), "AAA", "BBB", "CCC", books=BOOK)
    made.trade(MON, "AAA", "BBB")
    made.stocks.bar("AAA", TUE, 95, 96, 88, 92)
    made.trade(WED, "CCC")
    return made


def test_trades_show_a_stop_with_its_session_profit_and_reason(stopped: Trader) -> None:
    rows = json.loads(stopped.user.jutsu("trades", "--json").out)
    (sold,) = [row for row in rows if row["action"] == "sell"]
    assert (sold["symbol"], sold["session"], sold["intent"], sold["reason"]) == (
        "AAA",
        TUE,
        "stop",
        "stop_loss",
    )
    assert (sold["fill_price"], sold["realised_pnl"]) == (90.0, -1000.0)
    assert [row["reason"] for row in rows if row["symbol"] == "CCC"] == ["earnings gap: grade A, score 80"]
    assert "stop_loss" in stopped.user.jutsu("trades").out
    (exported,) = [
        r for r in csv.DictReader(io.StringIO(stopped.user.jutsu("export").out)) if r["action"] == "sell"
    ]
    assert exported["reason"] == "stop_loss"


def test_review_shows_entry_stop_score_and_grade(stopped: Trader) -> None:
    text = stopped.user.jutsu("review", str(stopped.file(WED))).out
    assert "buy 100 CCC @ 100.00" in text
    assert "stop 90.00 gtc" in text
    assert "grade A, score 80" in text


def test_explain_tells_both_ends_of_a_position(stopped: Trader) -> None:
    text = " ".join(stopped.user.jutsu("explain", "AAA", MON).out.split())
    assert "buy 100 (entry: earnings gap: grade A, score 80)" in text
    assert "sell 100 (stop) filled, 100 filled at 90.0000" in text


def test_the_file_carries_score_and_grade_into_the_position(stopped: Trader) -> None:
    rows = dict(stopped.user.rows("positions", "symbol, details"))
    details = json.loads(rows["CCC"])
    assert (details["score"], details["grade"], details["company_name"]) == (80.0, "A", "CCC Inc")


def test_a_stop_out_and_a_sale_by_hand_are_rows_like_any_other(tmp_path: Path) -> None:
    """The stop fills on a day that was run; BBB is sold at the broker's own screen."""
    made = new_trader(tmp_path, "AAA", "BBB", "CCC", books=BOOK)
    made.trade(MON, "AAA", "BBB")
    made.stocks.bar("AAA", TUE, 95, 96, 88, 92)
    made.trade(TUE, "CCC")
    made.by_hand(f"{TUE}T15:00", "sell", "BBB", 100)
    made.trade(WED)
    rows = {
        row["symbol"]: row
        for row in json.loads(made.user.jutsu("trades", "--json").out)
        if row["action"] == "sell"
    }
    assert {s: (r["session"], r["reason"], r["quantity"]) for s, r in rows.items()} == {
        "AAA": (TUE, "stop_loss", 100),
        "BBB": (TUE, "manual_sell_sync", 100),
    }
    assert rows["AAA"]["slippage_pct"] == 0.0, "against its stop, not against the entry"
    assert rows["BBB"]["slippage_pct"] is None
    exported = list(csv.DictReader(io.StringIO(made.user.jutsu("export").out)))
    assert sorted(r["symbol"] for r in exported if r["action"] == "sell") == ["AAA", "BBB"]
    text = " ".join(made.user.jutsu("explain", "AAA", TUE).out.split())
    assert (
        "sell 100 (stop) filled, 100 filled at 90.0000 on 2026-02-03: its protective stop was reached" in text
    )
    assert "{" not in text
    text = " ".join(made.user.jutsu("explain", "BBB", TUE).out.split())
    assert "sell 100 (exit) filled, 100 filled at 100.0000: a person sold it at the broker" in text
    (found,) = json.loads(made.user.jutsu("compare", "--json").out)["comparisons"]
    assert [record["trades"] for record in found["records"]] == [2, 1]


def test_review_of_an_executed_file_shows_what_was_filled(tmp_path: Path) -> None:
    made = new_trader(tmp_path, "AAA", "BBB", books=BOOK)
    made.user.set(approval={"policy": "required"})
    made.stocks.level("AAA", MON, 102.0)
    made.generate(MON, "AAA", "BBB")
    made.user.jutsu("approve", str(made.file(MON)), "--as-of", f"{MON}T09:16")
    made.place(MON)
    made.poll(MON, "09:32")
    text = " ".join(made.user.jutsu("review", str(made.file(MON))).out.split())
    assert "executed: completed" in text
    assert "RESULT: 100 of 100 filled at 102.00" in text
    assert "approval" not in text
    assert "NOT SENT" not in text


def test_the_reason_of_a_smaller_buy_is_its_value_cap_and_the_gap_is_named(tmp_path: Path) -> None:
    made = new_trader(tmp_path, "AAA", books=BOOK)
    made.stocks.level("AAA", MON, 128.0)
    made.generate(MON, "AAA")
    ran = made.execute(MON)
    assert (
        "AAA: 93 of 100 shares: at 128.00 (28.0 % above the decision's price 100.00) "
        "its value cap of 12,000.00 allows no more" in ran.err
    )
    assert "AAA: 28.0 % above the decision's price 100.00: filled at 128.00" in ran.err
    assert "affordable" not in ran.err


def test_an_order_that_waited_for_the_open_is_judged_by_the_opening_price(tmp_path: Path) -> None:
    made = new_trader(tmp_path, "AAA", books=BOOK)
    made.stocks.level("AAA", MON, 101.0)
    made.generate(MON, "AAA")
    made.place(MON)
    ran = made.poll(MON, "09:32")
    assert "CRITICAL" not in ran.err
    assert float(made.user.rows("orders", "quote_price")[0][0]) == 101.0

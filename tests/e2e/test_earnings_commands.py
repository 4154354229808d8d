"""What a person reads about the earnings family: trades, review, explain, compare."""

import csv
import io
import json

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

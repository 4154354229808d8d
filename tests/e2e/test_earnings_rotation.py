"""A rotation (one sold to make room for a better one) is one unit: both halves go, or both stay."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.earnings_world import MON, TUE, WED, Trader, new_trader

SALE, ENTRY = "20260204_AAA_exit_sell", "20260204_CCC_entry_buy"


def full_book(tmp_path: Path, **settings: Any) -> Trader:
    """Two places, both taken, AAA losing; Wednesday's file rotates it out for CCC."""
    made = new_trader(tmp_path, "AAA", "BBB", "CCC", "DDD", max_positions=2)
    made.trade(MON, "AAA", "BBB")
    made.stocks.level("AAA", TUE, 95.0)
    made.trade(TUE)
    if settings:
        made.user.set(**settings)
    report = made.report(WED, "CCC", score=95.0)
    ran = made.user.generate(f"{WED}T09:15", "--strategy", "ema_p10", "--report-file", str(report))
    assert ran.code == 0, ran.text
    return made


def stayed_whole(trader: Trader) -> None:
    assert trader.positions() == {"AAA": 100, "BBB": 100}
    assert not {SALE, ENTRY} & trader.orders().keys()
    assert set(trader.stops(f"{WED}T12:00")) == {"AAA", "BBB"}


@pytest.fixture
def silent(tmp_path: Path) -> Trader:
    return full_book(tmp_path, approval={"policy": "required"})


def test_silence_sells_nothing_to_make_room(silent: Trader) -> None:
    for ran in (silent.place(WED), silent.poll(WED, "09:32"), silent.poll(WED, "09:40")):
        assert ran.code == 0
    assert "a rotation is one unit, and CCC stays: nobody answered" in silent.place(WED, "09:29").err
    stayed_whole(silent)


def test_silence_still_sells_what_has_to_go(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA", "CCC", max_positions=1, max_holding_days=1)
    trader.trade(MON, "AAA")
    trader.user.set(approval={"policy": "required"})
    trader.generate(TUE, "CCC")
    assert trader.place(TUE).code == 0
    assert trader.poll(TUE, "09:32").code == 0
    assert trader.closed() == [("AAA", TUE, 100.0, "max_holding")]
    assert trader.positions() == {}


def test_an_approval_sends_both(silent: Trader) -> None:
    assert silent.user.jutsu("approve", str(silent.file(WED)), "--as-of", f"{WED}T09:16").code == 0
    silent.place(WED)
    assert silent.poll(WED, "09:32").code == 0
    assert silent.positions() == {"BBB": 100, "CCC": 100}


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_a_half_that_a_person_took_out_keeps_the_other(tmp_path: Path, half: int, how: str) -> None:
    trader = full_book(tmp_path)
    data = json.loads(trader.file(WED).read_text())
    if how == "disabled":
        data["orders"][half]["enabled"] = False
    else:
        del data["orders"][half]
    trader.file(WED).write_text(json.dumps(data))
    assert trader.execute(WED, "--accept-edits").code == 0
    stayed_whole(trader)


@pytest.mark.parametrize("phases", [("all",), ("place", "poll")])
def test_the_kill_level_entries_keeps_both(tmp_path: Path, phases: tuple[str, ...]) -> None:
    trader = full_book(tmp_path)
    with trader.at(f"{WED}T09:17") as runtime:
        runtime.ledger.state.set_kill("entries", reason="why", by="executor", at=runtime.clock.now())
    for phase, at in zip(phases, ("09:20", "09:32") if len(phases) > 1 else ("09:31",), strict=True):
        ran = trader.execute(WED, "--phase", phase, at=at)
        assert ran.code == 0, ran.text
    stayed_whole(trader)


def test_an_entry_that_has_no_market_keeps_its_sale(tmp_path: Path) -> None:
    trader = full_book(tmp_path)
    trader.stocks.silence("CCC", WED, WED)
    ran = trader.execute(WED)
    assert ran.code == 0
    assert "a rotation is one unit, and CCC cannot be bought: there is no quote" in ran.err
    assert "NOT SOLD" not in ran.err
    stayed_whole(trader)


def test_after_the_cutoff_nothing_is_sold_to_make_room(tmp_path: Path) -> None:
    trader = full_book(tmp_path)
    ran = trader.poll(WED, "09:36")
    assert ran.code == 0
    assert "CCC cannot be bought: the market has been open for more than 5 minutes" in ran.err
    stayed_whole(trader)


def test_a_price_the_value_cap_does_not_allow_keeps_its_sale(tmp_path: Path) -> None:
    trader = full_book(tmp_path)
    trader.stocks.level("CCC", WED, 20_000.0)
    trader.execute(WED)
    stayed_whole(trader)


def test_a_half_that_could_not_be_avoided_is_critical(tmp_path: Path) -> None:
    trader = full_book(tmp_path)
    trader.place(WED)
    ran = trader.poll(WED, "09:40")  # no poll inside the cut-off: the sale has filled at the open
    assert "CRITICAL: half a rotation: AAA was sold, CCC was not bought" in ran.err


def test_without_cash_for_the_entry_the_file_sells_nothing(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA", "BBB", "CCC", max_positions=2, cash=25_000.0)
    trader.trade(MON, "AAA", "BBB")
    trader.stocks.level("AAA", TUE, 91.0)
    trader.trade(TUE)
    trader.user.set(execution={"min_cash_pct": 40})
    assert trader.user.jutsu("config", "freeze").code == 0
    report = trader.report(WED, "CCC", score=95.0)
    trader.user.generate(f"{WED}T09:15", "--strategy", "ema_p10", "--report-file", str(report))
    data = json.loads(trader.file(WED).read_text())
    assert data["orders"] == []
    reasons = {skip["symbol"]: skip["reason"] for skip in data["skipped"]}
    assert reasons == {"AAA": "rotation_incomplete", "CCC": "insufficient_cash"}

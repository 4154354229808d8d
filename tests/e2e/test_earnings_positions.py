"""What happened to positions while nobody looked: stops, sales and purchases by hand, splits, halts."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.earnings_world import FRI, MON, NEXT, THU, TUE, WED, Trader, new_trader


@pytest.fixture(scope="module")
def _holding(tmp_path_factory: pytest.TempPathFactory) -> Trader:
    """AAA and BBB bought on Monday at 100, 100 shares each, stops at 90."""
    made = new_trader(tmp_path_factory.mktemp("holding"), "AAA", "BBB", "CCC", "DDD")
    made.trade(MON, "AAA", "BBB")
    assert made.positions() == {"AAA": 100, "BBB": 100}
    assert made.stops(f"{MON}T12:00") == {"AAA": (100, Decimal(90)), "BBB": (100, Decimal(90))}
    return made


@pytest.fixture
def holding(tmp_path: Path, _holding: Trader) -> Trader:
    import shutil

    from tests.support.earnings_world import Stocks

    user = _holding.user.copy(tmp_path / "jutsu")
    shutil.copytree(_holding.stocks.folder, tmp_path / "prices")
    stocks = Stocks(tmp_path / "prices", {s: dict(rows) for s, rows in _holding.stocks.rows.items()})
    return Trader(type(user)(user.root, stocks.folder), stocks)


def kinds(trader: Trader, table: str = "alerts") -> list[str]:
    return [key for (key,) in trader.user.rows(table, "key")]


class TestStopFilledOvernight:
    def test_it_is_booked_once_at_its_fill_and_the_file_is_made_on_what_is_left(
        self, holding: Trader
    ) -> None:
        holding.stocks.bar("AAA", TUE, 95, 96, 88, 92)
        assert holding.generate(WED, "CCC").code == 0
        assert holding.closed() == [("AAA", TUE, 90.0, "stop_loss")]
        signal = holding.file(WED).read_text()
        assert '"BBB": 100' in signal
        assert '"AAA": 100' not in signal
        assert holding.execute(WED).code == 0
        assert holding.execute(WED).code == 0
        assert holding.closed() == [("AAA", TUE, 90.0, "stop_loss")]
        assert holding.positions() == {"BBB": 100, "CCC": 100}
        fills = [row for row in holding.user.rows("executions", "symbol, side, quantity") if row[0] == "AAA"]
        assert fills == [("AAA", "buy", 100), ("AAA", "sell", 100)]

    def test_a_stop_the_open_jumps_over_fills_at_the_open(self, holding: Trader) -> None:
        holding.stocks.bar("AAA", TUE, 80, 85, 79, 84)
        assert holding.generate(WED).code == 0
        assert holding.closed() == [("AAA", TUE, 80.0, "stop_loss")]


class TestByHand:
    def test_a_sale_of_exactly_our_shares_closes_the_position_at_its_price(self, holding: Trader) -> None:
        holding.stocks.level("AAA", TUE, 104.0)
        holding.by_hand(f"{TUE}T11:00", "sell", "AAA", 100)
        ran = holding.generate(WED, "CCC")
        assert ran.code == 0, ran.text
        assert holding.closed() == [("AAA", TUE, 104.0, "manual_sell_sync")]
        assert any(key.startswith("sold_by_hand") for key in kinds(holding))
        assert holding.execute(WED).code == 0
        assert holding.positions() == {"BBB": 100, "CCC": 100}
        assert holding.generate(THU).code == 0
        assert len(holding.closed()) == 1

    def test_the_executor_sees_it_too(self, holding: Trader) -> None:
        assert holding.generate(TUE).code == 0
        holding.by_hand(f"{TUE}T09:30", "sell", "AAA", 100)
        assert holding.execute(TUE).code == 0
        assert holding.closed() == [("AAA", TUE, 100.0, "manual_sell_sync")]

    @pytest.mark.parametrize("parts", [(40,), (40, 60)])
    def test_a_sale_that_does_not_explain_it_is_left_to_a_person(
        self, holding: Trader, parts: tuple[int, ...]
    ) -> None:
        for number, shares in enumerate(parts):
            holding.by_hand(f"{TUE}T11:0{number}", "sell", "AAA", shares)
        ran = holding.generate(WED)
        assert ran.code == 4
        assert "AAA" in ran.err
        assert holding.positions()["AAA"] == 100
        assert holding.user.jutsu("reconcile", "--adopt").code == 0
        assert holding.positions().get("AAA", 0) == 100 - sum(parts)
        assert holding.generate(WED).code == 0

    def test_a_purchase_is_shown_and_never_touched(self, holding: Trader) -> None:
        holding.by_hand(f"{TUE}T11:00", "buy", "CCC", 7)
        ran = holding.user.jutsu("reconcile")
        assert ran.code == 0
        assert "not ours, never touched" in ran.out
        assert holding.generate(WED, "CCC", "DDD").code == 0
        signal = holding.file(WED).read_text()
        assert "held_elsewhere" in signal
        assert holding.execute(WED).code == 0
        assert holding.positions() == {"AAA": 100, "BBB": 100, "DDD": 100}
        with holding.at(f"{WED}T12:00") as runtime:
            assert runtime.broker.account().shares()["CCC"] == 7

    def test_more_shares_of_one_of_ours_stop_both_stages(self, holding: Trader) -> None:
        assert holding.generate(TUE).code == 0
        holding.by_hand(f"{TUE}T09:30", "buy", "AAA", 7)
        assert holding.execute(TUE).code == 4
        assert holding.generate(WED).code == 4


class TestSplit:
    def test_it_stops_the_run_and_adopting_scales_shares_cost_and_stop(self, holding: Trader) -> None:
        holding.split_at_broker(f"{TUE}T08:00", "AAA", 4)
        holding.stocks.scale("AAA", 0.25)
        ran = holding.generate(TUE, "CCC")
        assert ran.code == 5
        assert "split" in ran.err
        assert holding.user.jutsu("reconcile", "--adopt").code == 0
        assert holding.positions() == {"AAA": 400, "BBB": 100}
        ran = holding.generate(TUE, "CCC")
        assert ran.code == 0, ran.text
        assert holding.execute(TUE).code == 0
        assert holding.stops(f"{TUE}T12:00")["AAA"] == (400, Decimal("22.5"))


class TestNoMarket:
    def test_a_stock_without_data_is_kept_and_the_others_go_on(self, holding: Trader) -> None:
        holding.stocks.silence("AAA", TUE)
        ran = holding.generate(WED, "CCC")
        assert ran.code == 0, ran.text
        assert "AAA" in holding.file(WED).read_text()
        assert "judged on old data" in holding.file(WED).read_text()
        assert holding.execute(WED).code == 0
        assert holding.positions() == {"AAA": 100, "BBB": 100, "CCC": 100}

    def test_an_exit_that_finds_no_market_stays_pending_until_there_is_one(self, tmp_path: Path) -> None:
        trader = new_trader(tmp_path, "AAA", "BBB", trailing_transition_weeks=0)
        trader.trade(MON, "AAA", "BBB")
        # the next week ends below the average; then AAA is halted for a day
        for symbol in ("AAA", "BBB"):
            trader.stocks.level(symbol, NEXT, 95.0)
        trader.stocks.silence("AAA", "2026-02-17", "2026-02-17")
        trader.trade("2026-02-13")
        assert trader.generate("2026-02-17").code == 0
        ran = trader.execute("2026-02-17")
        assert ran.code == 7
        assert "not sold as decided: AAA" in ran.err
        assert [row[0] for row in trader.closed()] == ["BBB"]
        assert trader.stops("2026-02-17T12:00")["AAA"] == (100, Decimal(90))
        trader.trade("2026-02-18")
        assert ("AAA", "2026-02-18", 95.0, "trend_break") in trader.closed()
        assert trader.stops("2026-02-18T12:00") == {}


class TestUnprotected:
    def test_it_is_an_alert_status_is_red_and_the_next_run_places_the_stop(self, holding: Trader) -> None:
        holding.cancel_by_hand(f"{MON}T15:00", "AAA")
        assert holding.generate(TUE).code == 0
        assert any(key.startswith("unprotected_ema_p10") for key in kinds(holding))
        ran = holding.user.jutsu("status")
        assert "ema_p10/AAA has no protective stop" in ran.out
        assert "NAKED" in ran.out
        assert holding.execute(TUE).code == 0
        assert holding.stops(f"{TUE}T12:00") == {"AAA": (100, Decimal(90)), "BBB": (100, Decimal(90))}
        assert "no protective stop" not in holding.user.jutsu("status").out

    def test_a_finished_file_is_run_again_for_a_missing_stop(self, holding: Trader) -> None:
        assert holding.generate(TUE).code == 0
        assert holding.execute(TUE).code == 0
        holding.cancel_by_hand(f"{TUE}T09:32", "AAA")
        assert holding.user.jutsu("reconcile").code == 0  # looks at the broker, so the loss is known
        assert holding.execute(TUE, at="09:33").code == 0
        assert set(holding.stops(f"{TUE}T12:00")) == {"AAA", "BBB"}


@pytest.mark.parametrize("day", [TUE, FRI])
def test_a_fall_in_mid_week_ends_nothing_before_the_week_is_over(holding: Trader, day: str) -> None:
    holding.stocks.level("AAA", TUE, 91.0)
    for session in (TUE, WED, THU, FRI):
        holding.trade(session)
        if session == day:
            break
    assert holding.closed() == []


def test_no_rotation_is_proposed_while_the_kill_switch_forbids_entries(tmp_path: Path) -> None:
    trader = new_trader(tmp_path, "AAA", "BBB", "CCC", max_positions=2)
    trader.trade(MON, "AAA", "BBB")
    trader.stocks.level("AAA", TUE, 95.0)
    trader.trade(TUE)
    with trader.at(f"{TUE}T12:00") as runtime:
        runtime.ledger.state.set_kill(
            "entries", reason="a stop failed", by="executor", at=runtime.clock.now()
        )
    report = trader.report(WED, "CCC", score=95.0)
    ran = trader.user.generate(f"{WED}T09:15", "--strategy", "ema_p10", "--report-file", str(report))
    assert ran.code == 0
    data = json.loads(trader.user.file(WED, "ema_p10").read_text())
    assert data["orders"] == []
    assert any("kill switch" in text and "a stop failed" in text for text in data["warnings"])
    trader.execute(WED)
    assert trader.positions() == {"AAA": 100, "BBB": 100}

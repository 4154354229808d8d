"""Several books on one account, the program's own kill switch, counters and the manifest."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from backtest.data.sources.demo import FUNDS, DemoMarket
from backtest.strategies.registry import find_strategy
from live.settings import manifest
from live.settings.model import Settings
from tests.support.earnings_world import MON, TUE, WED, Trader, new_trader
from tests.support.paths import PROJECT

BOTH = [
    {"primary": "golden", "shadows": ["titan"], "budget_pct": 50},
    {"primary": "ema_p10", "shadows": ["nwl_p4"], "budget_pct": 50},
]


def put_funds(trader: Trader) -> None:
    """Give the folder the funds of the other strategy."""
    from datetime import date

    for symbol, bars in DemoMarket(7, date(2026, 2, 27)).read(FUNDS).items():
        rows = [
            f"{bars.dates[i]},{bars.open[i]},{bars.high[i]},{bars.low[i]},{bars.close[i]},{bars.volume[i]}"
            for i in range(len(bars) - 1500, len(bars))
        ]
        path = trader.stocks.folder / f"{symbol}.csv"
        path.write_text("\n".join(["date,open,high,low,close,volume", *rows]) + "\n")


@pytest.fixture(scope="module")
def _two(tmp_path_factory: pytest.TempPathFactory) -> Trader:
    made = new_trader(tmp_path_factory.mktemp("two"), "AAA", "BBB", "CCC", cash=100_000.0, books=BOTH)
    put_funds(made)
    # earnings at the open, golden before the close of the same day
    assert made.generate(MON, "AAA", "BBB").code == 0
    assert made.execute(MON).code == 0
    assert made.user.generate(f"{MON}T15:55", "--strategy", "golden").code == 0
    ran = made.user.execute(f"{MON}T15:56", "--signals-file", str(made.user.file(MON)))
    assert ran.code == 0, ran.text
    return made


@pytest.fixture
def two(tmp_path: Path, _two: Trader) -> Trader:
    return Trader(_two.user.copy(tmp_path / "jutsu"), _two.stocks)


class TestTwoBooks:
    def test_each_owns_its_positions_inside_its_budget(self, two: Trader) -> None:
        rows = two.user.rows("positions", "variant, symbol, quantity, entry_price")
        spent: dict[str, Decimal] = {}
        for variant, _, quantity, price in rows:
            spent[variant] = spent.get(variant, Decimal(0)) + quantity * Decimal(str(price))
        assert {symbol for variant, symbol, *_ in rows if variant == "ema_p10"} == {"AAA", "BBB"}
        assert spent["ema_p10"] == 20_000
        assert 0 < spent["golden"] <= 50_000

    def test_ids_carry_the_variant(self, two: Trader) -> None:
        names = [row[0] for row in two.user.orders()]
        assert all(name.startswith(("ema_p10_2026", "golden_2026")) for name in names)
        assert "ema_p10_20260202_AAA_entry_buy" in names
        assert "ema_p10_20260202_AAA_stop_sell" in names

    def test_reconcile_compares_the_sum_and_status_shows_each_book(self, two: Trader) -> None:
        shown = json.loads(two.user.jutsu("reconcile", "--json").out)
        assert shown["agrees"] is True
        assert {"AAA", "BBB"} < {line["symbol"] for line in shown["positions"]}
        books = {b["variant"]: b for b in json.loads(two.user.jutsu("status", "--json").out)["books"]}
        assert list(books) == ["golden", "titan", "ema_p10", "nwl_p4"]
        assert {p["symbol"] for p in books["ema_p10"]["positions"]} == {"AAA", "BBB"}
        assert not {p["symbol"] for p in books["golden"]["positions"]} & {"AAA", "BBB"}

    def test_a_symbol_of_the_other_book_is_never_bought(self, two: Trader) -> None:
        (fund,) = two.user.rows("positions", "symbol, variant")[-1:]
        assert fund[1] == "golden"
        assert two.generate(TUE, fund[0], "CCC").code == 0
        signal = json.loads(two.file(TUE).read_text())
        assert [order["symbol"] for order in signal["orders"]] == ["CCC"]
        assert {"symbol": fund[0], "reason": "held_elsewhere", "details": {"by": "golden"}} in signal[
            "skipped"
        ]

    def test_one_book_that_fails_does_not_stop_the_exits_of_the_other(
        self, two: Trader, tmp_path: Path
    ) -> None:
        assert two.generate(TUE).code == 0
        path = two.file(TUE)
        data = json.loads(path.read_text())
        sell = {
            "client_order_id": "ema_p10_20260203_AAA_exit_sell",
            "symbol": "AAA",
            "side": "sell",
            "intent": "exit",
            "quantity": 100,
            "order_type": "market",
            "reference_price": 100.0,
            "estimated_value": 10000.0,
            "rank": 0.0,
            "reason": "trend_break",
            "stop": None,
            "details": {},
            "enabled": True,
            "note": "",
        }
        path.write_text(json.dumps({**data, "orders": [sell]}))
        two.user.file(TUE).write_text("{")  # golden's file, which comes first, is broken
        ran = two.user.execute(f"{TUE}T09:31", "--accept-edits")
        assert ran.code == 2
        assert two.closed() == [("AAA", TUE, 100.0, "trend_break")]


def test_books_that_would_trade_the_same_symbol_are_refused_at_the_start(tmp_path: Path) -> None:
    books = [{"primary": "golden", "budget_pct": 50}, {"primary": "titan", "budget_pct": 50}]
    trader = new_trader(tmp_path, "AAA", books=books)
    for ran in (trader.user.generate(MON), trader.user.execute(MON)):
        assert ran.code == 2
        assert "golden and titan would both trade" in ran.err
        assert "shadow" in ran.err


class TestKillSwitch:
    def test_the_programs_own_level_blocks_entries_never_exits_and_stops(self, tmp_path: Path) -> None:
        trader = new_trader(tmp_path, "AAA", "BBB", "CCC", max_positions=2, max_holding_days=2)
        trader.trade(MON, "AAA")
        trader.stocks.level("AAA", TUE, 95.0)
        trader.trade(TUE, "BBB")
        report = trader.report(WED, "CCC", score=95.0)
        assert (
            trader.user.generate(f"{WED}T09:15", "--strategy", "ema_p10", "--report-file", str(report)).code
            == 0
        )
        trader.cancel_by_hand(f"{WED}T09:20", "BBB")
        with trader.at(f"{WED}T09:21") as runtime:
            runtime.ledger.state.set_kill(
                "entries", reason="a stop failed", by="executor", at=runtime.clock.now()
            )
        ran = trader.execute(WED)
        assert ran.code == 0
        assert trader.closed() == [("AAA", WED, 95.0, "max_holding")]
        assert trader.positions() == {"BBB": 100}
        assert trader.stops(f"{WED}T12:00") == {"BBB": (100, Decimal(90))}
        assert "kill switch" in trader.user.jutsu("status").out


class TestCounters:
    def test_more_entries_than_orders_allowed_are_a_limit(self, tmp_path: Path) -> None:
        trader = new_trader(tmp_path, "AAA", "BBB")
        trader.user.set(execution={"limits": {"max_orders_per_run": 1}})
        ran = trader.generate(MON, "AAA", "BBB")
        assert ran.code == 7
        assert "max_orders_per_run" in ran.err

    def test_stops_are_counted_apart_and_the_one_too_many_is_a_naked_position(self, tmp_path: Path) -> None:
        trader = new_trader(tmp_path, "AAA", "BBB")
        trader.trade(MON, "AAA", "BBB")
        for symbol in ("AAA", "BBB"):
            trader.cancel_by_hand(f"{MON}T12:00", symbol)
        trader.user.set(execution={"limits": {"max_stop_orders_per_run": 1}})
        assert trader.generate(TUE).code == 0
        assert trader.execute(TUE).code == 0
        assert len(trader.stops(f"{TUE}T12:00")) == 1
        shown = json.loads(trader.user.jutsu("status", "--json").out)
        assert shown["kill_switch"] == "entries"
        assert shown["naked_positions"] == ["ema_p10/BBB"]


OTHER_VALUES = {
    "entry_mode": "next_day_open",
    "stop_mode": "close",
    "entry_order_type": "opening_auction",
    "min_grade": "B",
    "execution_time": "15min_after_open",
    "max_holding_days": 60,
    "daily_entry_limit": 3,
}


class TestManifest:
    @pytest.mark.parametrize("variant", ["ema_p10", "nwl_p4"])
    def test_every_parameter_is_compared(self, variant: str) -> None:
        settings = Settings.model_validate({"books": [BOTH[1]]})
        strategy = find_strategy(variant, PROJECT / "config" / "strategies")
        assert manifest.check(PROJECT / "config" / "manifest.json", [strategy], settings) == ()
        other = {"trailing_stop": "weekly_ema" if variant == "nwl_p4" else "weekly_nweek_low", **OTHER_VALUES}
        for name, value in strategy.parameters.items():
            changed = other[name] if name in other else not value if isinstance(value, bool) else value + 1
            (found,) = manifest.check(
                PROJECT / "config" / "manifest.json", [strategy.with_parameters({name: changed})], settings
            )
            assert found.path == f"strategy.{variant}.{name}"

    @pytest.mark.parametrize("variant", ["ema_p10", "nwl_p4"])
    def test_a_changed_stop_is_refused_by_both_stages(self, swing: Trader, variant: str) -> None:
        path = swing.user.root / "config" / "strategies" / f"{variant}.yaml"
        data = yaml.safe_load(path.read_text())
        data["strategy"]["parameters"]["stop_loss_pct"] = 8
        path.write_text(yaml.safe_dump(data))
        for ran in (swing.generate(MON), swing.user.execute(f"{MON}T09:31")):
            assert ran.code == 2
            assert f"strategy.{variant}.stop_loss_pct" in ran.err
        assert not swing.file(MON).exists()

    def test_the_manifest_of_another_strategy_is_refused_by_both_stages(self, swing: Trader) -> None:
        path = swing.user.root / "config" / "manifest.json"
        data = json.loads(path.read_text())
        data["variants"] = {k: v for k, v in data["variants"].items() if k in {"golden", "titan"}}
        path.write_text(json.dumps(data))
        for ran in (swing.generate(MON), swing.user.execute(f"{MON}T09:31")):
            assert ran.code == 2
            assert "ema_p10" in ran.err
            assert "never frozen" in ran.err

    def test_a_variant_frozen_for_another_rule_set_is_refused(self, swing: Trader) -> None:
        path = swing.user.root / "config" / "manifest.json"
        data = json.loads(path.read_text())
        data["variants"]["ema_p10"] = data["variants"]["golden"]
        path.write_text(json.dumps(data))
        ran = swing.generate(MON)
        assert ran.code == 2
        assert "earnings_swing" in ran.err

    @pytest.fixture
    def swing(self, tmp_path: Path) -> Trader:
        return new_trader(tmp_path, "AAA", books=[BOTH[1]])

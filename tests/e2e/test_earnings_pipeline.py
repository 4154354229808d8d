"""The earnings family on the same pipeline: parity with the simulator, reports, and the shadow's book."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backtest.calendar import sessions as calendar
from backtest.candidates.model import read_candidate_list
from backtest.candidates.schedule import entry_session
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.data.sources.demo import DEMO_STOCKS
from backtest.simulator.positions.model import PortfolioRules
from backtest.strategies.registry import find_strategy
from live import executor, signal_generator
from live.model.run import Replay
from live.replay.earnings_demo import reports, run_demo, write_report
from live.replay.replay import replay
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.system.clock import SimulatedClock
from live.views.compare import read_comparisons
from live.views.inputs import ViewInputs
from tests.support.earnings_trades import executed, shadowed, simulated
from tests.support.paths import PROJECT

VARIANTS = ("ema_p10", "nwl_p4")


def runtime_for(tmp_path: Path, start: date, prices: Any = None) -> AbstractContextManager[Any]:
    wired = Options(
        config=PROJECT / "config" / "live.yaml",
        state_db=tmp_path / "ledger.db",
        output_dir=tmp_path / "signals",
        prices=prices,
        cash=1_000_000.0,  # the simulator has no cash account, so cash must not bind here either
        mode="offline_mock",
    )
    return open_runtime(
        "replay",
        wired,
        Replay(),
        SimulatedClock((calendar.session(start) or calendar.next_session(start)).open),
    )


def trades_of(
    variant: str, candidates: list[Candidate], prices: dict[str, Bars], end: date
) -> list[tuple[Any, ...]]:
    strategy = find_strategy(variant, PROJECT / "config" / "strategies")
    rules = PortfolioRules(
        **{
            **strategy.parameters,
            "size_from": "reference",
            "slippage_pct": 0.0,
            "entry_slippage_pct": 0.0,
            "data_end_date": end,
        }
    )
    return simulated(candidates, prices, rules)


def test_replay_of_demo_reports_equals_the_simulator_trade_by_trade(tmp_path: Path) -> None:
    start, end = date(2025, 9, 2), date(2026, 3, 31)
    with runtime_for(tmp_path, start) as runtime:
        result = run_demo(runtime, start, end)
        assert not result.failures
        last = calendar.session(end)
        prices = dict(runtime.feed.history(DEMO_STOCKS, last.close))
        candidates = [
            Candidate(report_date=day, **row)
            for day, rows in sorted(reports(prices, start, end).items())
            for row in rows
        ]
        want = {variant: trades_of(variant, candidates, prices, end) for variant in VARIANTS}
        assert executed(runtime.ledger) == want["ema_p10"]
        assert shadowed(runtime.ledger) == want["nwl_p4"]
        unprotected = [
            p for p in runtime.ledger.positions.open_positions("ema_p10") if not p.stop_broker_order_id
        ]
        view = read_comparisons(ViewInputs.of(runtime.context), None)
        compared = next(c for c in view.comparisons if c.primary == "ema_p10")
    for record in compared.records:
        # every simulated exit is a closing trade of the comparison, stops included
        trades = want[record.variant]
        profit = sum(shares * (sold - paid) for _, _, shares, paid, _, sold, _ in trades)
        assert record.trades == len(trades)
        assert record.gains - record.losses == pytest.approx(profit, abs=0.02 * len(trades))
    assert {"stop_loss"} < {trade[-1] for trade in want["ema_p10"]}
    assert len(compared.criteria) > 2
    assert len(want["ema_p10"]) > 10, "a stretch without trades proves nothing"
    assert not unprotected


@pytest.mark.shared
@pytest.mark.long
def test_replay_of_two_years_of_candidates_equals_the_simulator(tmp_path: Path, shared_data: Path) -> None:
    start, end = date(2024, 8, 1), date(2026, 8, 20)
    folder = shared_data / "earnings"
    listed = read_candidate_list(folder / "candidates_dev.json")
    candidates = [c for c in listed if start <= entry_session(c.report_date, "report_open") <= end]
    with runtime_for(tmp_path, start, folder / "prices") as runtime:
        result = replay(runtime, start=start, end=end, strategies=["ema_p10"], candidates=candidates)
        assert not result.failures
        symbols = sorted({c.ticker for c in candidates})
        prices = dict(runtime.feed.history(symbols, calendar.session(end).close))
        assert executed(runtime.ledger) == trades_of("ema_p10", candidates, prices, end)
        assert shadowed(runtime.ledger) == trades_of("nwl_p4", candidates, prices, end)


class TestReportFile:
    """One session by hand, with a report file, as a user runs it."""

    DAY = "2026-02-02"

    def stage(self, tmp_path: Path, main: Callable[..., int], *more: Any) -> int:
        return main(
            [
                "--as-of",
                self.DAY,
                "--state-db",
                str(tmp_path / "ledger.db"),
                "--config",
                str(PROJECT / "config" / "live.yaml"),
                *more,
            ]
        )

    def generate(self, tmp_path: Path, *more: Any) -> tuple[Any, ...]:
        strategy = str(PROJECT / "config" / "strategies" / "ema_p10.yaml")
        out = str(tmp_path / "signals")
        code = self.stage(tmp_path, signal_generator.main, "--strategy", strategy, "--output-dir", out, *more)
        path = tmp_path / "signals" / f"trade_signals_{self.DAY}_ema_p10.json"
        return code, path, json.loads(path.read_text()) if path.exists() else None

    def report(self, tmp_path: Path, day: str = DAY, **changes: Any) -> Path:
        row = {
            "ticker": "ABLE",
            "grade": "A",
            "score": 91.0,
            "price": 250.0,
            "gap_size": 6.0,
            "company_name": "Able Demo Inc",
        }
        return write_report(tmp_path, date.fromisoformat(day), [{**row, **changes}])

    def test_a_good_report_buys_with_a_protective_stop(self, tmp_path: Path) -> None:
        code, path, signal = self.generate(tmp_path, "--report-file", str(self.report(tmp_path)))
        assert code == 0
        (order,) = signal["orders"]
        assert (order["client_order_id"], order["quantity"]) == ("20260202_ABLE_entry_buy", 40)
        assert order["stop"] == {"price": 225.0, "time_in_force": "gtc"}
        assert signal["inputs"]["candidates"]["tickers"] == ["ABLE"]
        assert self.stage(tmp_path, executor.main, "--signals-file", str(path)) == 0
        assert self.stage(tmp_path, executor.main, "--signals-file", str(path)) == 0

    @pytest.mark.parametrize(
        ("changes", "day", "reason"),
        [
            ({"price": -1.0}, DAY, "price"),
            ({"ticker": "$ABLE"}, DAY, "ticker"),
            ({"grade": "a"}, DAY, "grade"),
            ({}, "2026-01-29", "2026-01-29"),
        ],
    )
    def test_a_bad_report_blocks_entries_and_says_why(
        self, tmp_path: Path, changes: dict[Any, Any], day: str, reason: str
    ) -> None:
        code, _, signal = self.generate(tmp_path, "--report-file", str(self.report(tmp_path, day, **changes)))
        assert code == 0
        assert signal["orders"] == []
        assert signal["decision"]["diagnostics"]["price_validation_failed"] is True
        assert any("blocked" in warning and reason in warning for warning in signal["warnings"])

    def test_without_a_report_the_exits_still_run(self, tmp_path: Path) -> None:
        code, _, signal = self.generate(tmp_path)
        assert code == 0
        assert signal["orders"] == []
        assert any("exits still run" in warning for warning in signal["warnings"])

    def test_a_missing_report_file_is_a_mistake_to_correct(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, _, signal = self.generate(tmp_path, "--report-file", str(tmp_path / "none.json"))
        assert code == 2
        assert signal is None
        assert "--report-file" in capsys.readouterr().err

"""Under a `risk:` section simulator, primary and shadow make the same trades, stops that moved included."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from backtest.calendar import sessions as calendar
from backtest.core.candidate import Candidate
from backtest.data.sources.demo import DEMO_STOCKS
from backtest.simulator.positions.model import PortfolioRules
from backtest.strategies.registry import find_strategy
from live.model.run import Replay
from live.replay.earnings_demo import reports, run_demo
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.settings import manifest
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from live.validation.observe import observe
from tests.e2e.test_parity import compare
from tests.support.earnings_trades import executed, shadowed, simulated
from tests.support.paths import PROJECT

CASH = 100_000.0
RISK: dict[str, Any] = {
    "sizing": {"method": "fixed_fractional", "risk_pct": 1.0, "max_position_pct": 15},
    "heat": {"max_pct": 1.8},
    "correlation": {"max": 0.9},
    "stops": {"initial_atr": 3.0, "trailing_atr": 3.0, "break_even_r": 1.0, "least_move_pct": 0.5},
    "cost_pct": 0.2,
    "max_exposure_pct": 60,
}
SHADOW_RISK: dict[str, Any] = {
    "sizing": {"method": "volatility", "target_pct": 3.0},
    "heat": {"max_pct": 6.0, "correlated": True},
    "stops": {"trailing_pct": 8.0, "trailing_weeks": 3},
}


def project(folder: Path, sections: dict[str, Any], **more: Any) -> Path:
    """Return the settings of a project of a primary and its shadow with these risk sections, both frozen."""
    strategies = folder / "strategies"
    strategies.mkdir()
    for variant, section in sections.items():
        document = yaml.safe_load((PROJECT / "config" / "strategies" / f"{variant}.yaml").read_text())
        document["strategy"]["risk"] = section
        (strategies / f"{variant}.yaml").write_text(yaml.safe_dump(document))
    settings = yaml.safe_load((PROJECT / "config" / "live.yaml").read_text())
    paths = {"strategies": str(strategies), "manifest": str(folder / "manifest.json")}
    settings["paths"] = {**settings.get("paths", {}), **paths}
    primary, shadow = sections
    settings["books"] = [{"primary": primary, "shadows": [shadow], **more}]
    path = folder / "live.yaml"
    path.write_text(yaml.safe_dump(settings))
    chosen = [find_strategy(variant, strategies) for variant in sections]
    manifest.freeze(folder / "manifest.json", chosen, Settings.model_validate(settings))
    return path


def trades_of(
    variant: str, folder: Path, candidates: list[Candidate], prices: Any, end: date
) -> list[tuple[Any, ...]]:
    strategy = find_strategy(variant, folder / "strategies")
    rules = PortfolioRules(
        **{
            **strategy.parameters,
            "size_from": "reference",
            "slippage_pct": 0.0,
            "data_end_date": end,
            "initial_cash": CASH,
        }
    )
    return simulated(candidates, prices, rules)


def test_simulator_stages_and_shadow_agree_under_risk_rules(tmp_path: Path) -> None:
    start, end = date(2025, 10, 20), date(2026, 1, 16)
    session, last = calendar.session(start), calendar.session(end)
    assert session is not None
    assert last is not None
    wired = Options(
        config=project(tmp_path, {"ema_p10": RISK, "nwl_p4": SHADOW_RISK}, run="on_request"),
        state_db=tmp_path / "ledger.db",
        output_dir=tmp_path / "signals",
        cash=CASH,
        mode="offline_mock",
    )
    with open_runtime("replay", wired, Replay(), SimulatedClock(session.open)) as runtime:
        result = run_demo(runtime, start, end)
        assert not result.failures
        prices = dict(runtime.feed.history(DEMO_STOCKS, last.close))
        candidates = [
            Candidate(report_date=day, **row)
            for day, rows in sorted(reports(prices, start, end).items())
            for row in rows
        ]
        primary = trades_of("ema_p10", tmp_path, candidates, prices, end)
        assert executed(runtime.ledger) == primary
        assert shadowed(runtime.ledger) == trades_of("nwl_p4", tmp_path, candidates, prices, end)
        kept = [
            row for variant in ("ema_p10", "nwl_p4") for row in runtime.ledger.signals.recent(400, variant)
        ]
        for row in kept[::9]:  # validation makes the same choice on final bars
            seen = observe(runtime.context, runtime.feed, row)
            assert seen.on_final == seen.at_execution, row.session
        files = [row.content for row in runtime.ledger.signals.recent(400, "ema_p10")]
        open_ = runtime.ledger.positions.open_positions("ema_p10")
    assert any('"reason": "risk_heat"' in content for content in files)
    assert sum("fit the limits" in content for content in files) > 1
    assert sum('"stops": [' in content for content in files) > 5, "no stop moved: nothing is proven"
    assert len(primary) > 2
    assert len({trade[2] for trade in primary}) > 2  # sizes follow the equity
    assert all(p.stop_broker_order_id for p in open_)


@pytest.mark.long
def test_allocations_under_a_volatility_target_agree(tmp_path: Path) -> None:
    sections = {
        "golden": {"volatility_target": {"target_pct": 12, "band_pct": 5}},
        "titan": {"volatility_target": {"target_pct": 6, "estimator": "ewma", "max_exposure": 0.8}},
    }
    config = project(tmp_path, sections)
    trades = compare(tmp_path, date(2024, 1, 2), date(2024, 4, 30), None, config=config)
    assert trades > 20
    exposures = {
        json.loads(path.read_bytes())["decision"]["diagnostics"]["risk"]["exposure"]
        for path in (tmp_path / "signals").glob("trade_signals_*_golden.json")
    }
    assert len(exposures) > 3
    assert min(exposures) < 1.0

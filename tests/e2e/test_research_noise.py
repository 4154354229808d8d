"""Is noise called noise? Whole studies on markets whose truth is known, judged as `promote` judges them.

Noise: days of the demo market in random order, all symbols together, each index's mean return taken out (with
its drift kept, any long rule would pass, and rightly). An edge: a market of long rises and falls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import LimitError
from backtest.data.sources.demo import demo_market
from backtest.research.database import open_database
from backtest.research.engine import Threads
from backtest.research.honest import judge, refusals
from backtest.research.promote import promote
from backtest.research.running import Limits, run_study
from backtest.research.session import open_file, results_of_row
from backtest.strategies.hierarchical_adaptive.strategy import HierarchicalAdaptiveV35b, V35bEvaluation
from tests.support.study_world import csv_of, write_study

SESSIONS = 1_500
FUNDS = {"QQQ": ("QQQ", 1.0), "TQQQ": ("QQQ", 3.0), "PSQ": ("QQQ", -1.0)} | {
    "TLT": ("TLT", 1.0),
    "TMF": ("TLT", 3.0),
    "TMV": ("TLT", -3.0),
}
SPACE = {
    "measurement_noise": {"log_uniform": [500, 9000]},
    "osc_smoothness": {"uniform": [5, 20]},
    "sma_fast": {"uniform": [5, 50]},
    "sma_slow": {"uniform": [60, 200]},
    "t_norm_bull_thresh": {"uniform": [0.05, 0.4]},
    "t_norm_bear_thresh": {"uniform": [-0.4, -0.05]},
    "leverage_scalar": {"uniform": [0.5, 1.5]},
}


def market(returns: Mapping[str, FloatArray]) -> dict[str, Bars]:
    """Make bars of every fund from the returns of both indices; a bar opens and ends at its close."""
    days = demo_market(7, date(2024, 12, 31))["QQQ"].until(date(2024, 12, 31))
    dates = days.dates[-SESSIONS:]
    found = {}
    for symbol, (index, multiple) in FUNDS.items():
        close: FloatArray = np.float64(100) * np.cumprod(1 + multiple * returns[index])
        high: FloatArray = close * np.float64(1.0001)
        low: FloatArray = close * np.float64(0.9999)
        volume = np.full(SESSIONS, 1e7)
        found[symbol] = Bars(symbol, dates, close, high, low, close, volume)
    return found


def noise(seed: int) -> dict[str, Bars]:
    random = np.random.default_rng(seed)
    real = demo_market(7, date(2024, 12, 31))
    moves = {name: real[name].close[1:] / real[name].close[:-1] - 1 for name in ("QQQ", "TLT")}
    order = random.permutation(len(moves["QQQ"]))[:SESSIONS]
    drawn = {name: values[order] for name, values in moves.items()}
    return market({name: values - values.mean() for name, values in drawn.items()})


def trends(seed: int) -> dict[str, Bars]:
    random = np.random.default_rng(seed)
    rising = (np.arange(SESSIONS) // 125) % 3 < 2
    return market(
        {
            "QQQ": np.where(rising, 0.0024, -0.0036) + random.normal(0, 0.006, SESSIONS),
            "TLT": random.normal(0, 0.005, SESSIONS),
        }
    )


def study_over(folder: Path, history: Mapping[str, Bars], seed: int, budget: int) -> Path:
    """Write a market with a study of it."""
    (folder / "prices").mkdir(parents=True)
    for symbol, bars in history.items():
        (folder / "prices" / f"{symbol}.csv").write_text(csv_of(bars, SESSIONS))
    return write_study(
        folder / "s.yaml",
        folder / "prices",
        study={"name": "truth", "strategy": "hierarchical_adaptive_v3_5b", "seed": seed},
        data={"prices": str(folder / "prices"), "cost_pct": 0.02},
        search={"method": "random", "budget": budget},
        space=SPACE,
        require=[],
        constraints=[],
    )


def against(folder: Path, history: Mapping[str, Bars], seed: int, budget: int = 600) -> tuple[str, ...]:
    """Search a market and return what speaks against the best set found."""
    study = study_over(folder, history, seed, budget)
    opened = open_file(study, {}, lambda _: None)
    with open_database(folder / "r.db") as database:
        row = opened.begin(database)
        run_study(opened.study, row, opened.trial, database, Threads(2), lambda _: None, Limits())
        results = results_of_row(opened.study, row, database)
        honest = judge(opened.study, row, opened.trial, results, database)
    assert honest.tried == budget
    return refusals(honest)


def test_noise_is_refused(tmp_path: Path) -> None:
    assert against(tmp_path, noise(1), 1, budget=200) != ()


def test_a_true_edge_passes(tmp_path: Path) -> None:
    assert against(tmp_path, trends(3), 3, budget=200) == ()


@pytest.mark.long
def test_at_most_two_of_twenty_markets_of_noise_are_promoted(tmp_path: Path) -> None:
    found = [against(tmp_path / str(seed), noise(seed), seed) for seed in range(20)]
    assert sum(reasons == () for reasons in found) <= 2


@pytest.mark.long
def test_most_markets_with_an_edge_are_promoted(tmp_path: Path) -> None:
    found = [against(tmp_path / str(seed), trends(seed), seed) for seed in range(6)]
    assert sum(reasons == () for reasons in found) >= 4


@dataclass(frozen=True, slots=True)
class Peeking(HierarchicalAdaptiveV35b):
    """Decides on tomorrow's prices, whatever parameters it is given."""

    def evaluate(self, history: Mapping[str, Bars]) -> V35bEvaluation:
        def shifted(bars: Bars) -> Bars:
            return replace(bars, close=np.append(bars.close[1:], bars.close[-1]))

        return HierarchicalAdaptiveV35b.evaluate(self, {s: shifted(b) for s, b in history.items()})

    def with_parameters(self, changes: Mapping[str, object]) -> Peeking:
        return Peeking(self.variant, HierarchicalAdaptiveV35b.with_parameters(self, changes).settings)


def test_a_planted_look_ahead_winner_is_stopped_by_the_audit(tmp_path: Path) -> None:
    """Its figures are those of a true edge, so nothing else speaks against it; the audit is the last word."""
    study = study_over(tmp_path, trends(3), 3, 40)
    opened = open_file(study, {}, lambda _: None)
    honest = opened.study.strategy
    assert isinstance(honest, HierarchicalAdaptiveV35b)
    peeking = replace(opened.study, strategy=Peeking("planted", honest.settings))
    with open_database(tmp_path / "r.db") as database:
        row = opened.begin(database)
        run_study(opened.study, row, opened.trial, database, Threads(2), lambda _: None, Limits())
        results = results_of_row(opened.study, row, database)
        words = {"trial": None, "folder": tmp_path, "despite": True}
        with pytest.raises(LimitError, match="looks ahead"):
            promote(replace(opened, study=peeking), row, results, database, name="planted", **words)  # type: ignore[arg-type]
    assert not (tmp_path / "planted.yaml").exists()


def test_the_markets_hold_together() -> None:
    bars = noise(2)
    qqq, tqqq = (bars[name].close[1:] / bars[name].close[:-1] - 1 for name in ("QQQ", "TQQQ"))
    np.testing.assert_allclose(tqqq, 3 * qqq, atol=1e-12)
    assert abs(qqq.mean()) < 1e-5
    assert replace(bars["QQQ"], volume=bars["QQQ"].volume).last.year == 2024

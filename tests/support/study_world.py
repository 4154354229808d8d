"""A folder of prices and study files over it, small enough to search in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from backtest.core.bars import Bars
from backtest.data.sources.demo import demo_market

SESSIONS = 900
#: averages and baselines that decide long before the sessions end
BASE: Mapping[str, Any] = {
    "sma_fast": 10,
    "sma_slow": 40,
    "realized_vol_window": 10,
    "vol_baseline_window": 40,
    "bond_sma_fast": 5,
    "bond_sma_slow": 20,
}
SPACE: Mapping[str, Any] = {
    "measurement_noise": {"range": [1000, 3000], "step": 1000},
    "osc_smoothness": {"values": [10, 15]},
    "sma_fast": {"range": [4, 16], "step": 4},
    "sma_slow": {"range": [20, 60], "step": 10},
}


def write_prices(folder: Path, until: date = date(2024, 12, 31), sessions: int = SESSIONS) -> Path:
    """Write the newest sessions of the demo market as CSV files, columns in another order than ours."""
    folder.mkdir(parents=True, exist_ok=True)
    for symbol, bars in demo_market(7, until).items():
        (folder / f"{symbol}.csv").write_text(csv_of(bars, sessions))
    return folder


def csv_of(bars: Bars, sessions: int) -> str:
    rows = range(max(0, len(bars) - sessions), len(bars))
    lines = [
        f"{bars.volume[k]:.0f},{bars.dates[k]},{bars.close[k]:.4f},{bars.low[k]:.4f},{bars.high[k]:.4f},{bars.open[k]:.4f}"
        for k in rows
    ]
    return "volume,date,close,low,high,open\n" + "\n".join(lines) + "\n"


def document(prices: Path, **sections: Any) -> dict[str, Any]:
    """Return a study of 120 grid points; sections replace those of the same name."""
    return {
        "study": {
            "name": "small",
            "strategy": "hierarchical_adaptive_v3_5b",
            "base": dict(BASE),
            "seed": 7,
        },
        "data": {"prices": str(prices), "holdout_from": "2024-06-03", "cost_pct": 0.05},
        "search": {"method": "grid"},
        "objectives": [{"maximise": "sharpe"}],
        "require": ["rebalances >= 5"],
        "space": {name: dict(body) for name, body in SPACE.items()},
        "constraints": ["sma_fast + 10 <= sma_slow"],
        **sections,
    }


def write_study(path: Path, prices: Path, **sections: Any) -> Path:
    """Write a study file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document(prices, **sections), sort_keys=False))
    return path

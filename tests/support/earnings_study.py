"""A folder of stocks with earnings reports, and studies of the earnings system over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from tests.support.study_world import csv_of

FIRST, LAST = date(2022, 6, 1), date(2024, 5, 31)
STOCKS = ("AAA", "BBB", "CCC", "DDD", "EEE")


def stocks() -> Mapping[str, Bars]:
    """Return five random walks."""
    days = np.array([s.day for s in calendar.sessions(FIRST, LAST)], dtype="datetime64[D]")
    found = {}
    for seed, symbol in enumerate(STOCKS):
        random = np.random.default_rng(seed)
        close = 80.0 * np.exp(np.cumsum(random.normal(0.0006, 0.02, len(days))))
        opens = np.concatenate([[80.0], close[:-1]]) * np.exp(random.normal(0, 0.004, len(days)))
        spread = np.exp(np.abs(random.normal(0, 0.006, len(days))))
        high, low = np.maximum(opens, close) * spread, np.minimum(opens, close) / spread
        found[symbol] = Bars(symbol, days, opens, high, low, close, np.full(len(days), 1e6))
    return found


def candidates(prices: Mapping[str, Bars]) -> tuple[Candidate, ...]:
    """Return a report every fourth session, each stock in turn, at the close before."""
    rows = range(60, len(next(iter(prices.values()))), 4)
    found = []
    for number, row in enumerate(rows):
        bars = prices[STOCKS[number % len(STOCKS)]]
        day: date = bars.dates[row].item()
        found.append(
            Candidate(bars.symbol, day, "A", 50.0 + number % 40, round(float(bars.close[row - 1]), 2))
        )
    return tuple(found)


def document(folder: Path, **sections: Any) -> dict[str, Any]:
    """Return a study of eight sets; sections replace those of the same name."""
    return {
        "study": {
            "name": "reports",
            "strategy": "earnings_swing",
            "base": {"max_positions": 4, "position_size": 1000, "daily_entry_limit": 2},
            "seed": 7,
        },
        "data": {
            "prices": str(folder / "prices"),
            "candidates": str(folder / "candidates.json"),
            "holdout_from": "2024-02-01",
            "cost_pct": 0.05,
        },
        "search": {"method": "grid"},
        "objectives": [{"maximise": "sharpe"}],
        "space": {
            "stop_loss_pct": {"values": [5, 15]},
            "trailing_stop": {"values": ["weekly_ema", "weekly_nweek_low"]},
            "trailing_transition_weeks": {"values": [0, 2]},
        },
        **sections,
    }


def write_world(folder: Path, **sections: Any) -> Path:
    """Write prices, candidates and the study; return the study file."""
    (folder / "prices").mkdir(parents=True, exist_ok=True)
    prices = stocks()
    for symbol, bars in prices.items():
        (folder / "prices" / f"{symbol}.csv").write_text(csv_of(bars, len(bars)))
    rows = [item.as_json() for item in candidates(prices)]
    (folder / "candidates.json").write_text(json.dumps({"candidates": rows}))
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(document(folder, **sections), sort_keys=False))
    return path

"""Whether market data can be believed: rows, steps, splits, patterns, revised histories."""

from __future__ import annotations

from backtest.data.quality.findings import SAME_PRICE, DatedFinding, PriceFinding, refuse
from backtest.data.quality.revisions import common_ratio, split_like
from backtest.data.quality.rows import check, judge_gaps, judge_rows
from backtest.data.quality.splits import SPLITS, describe_factor, split_factor

__all__ = [
    "SAME_PRICE",
    "SPLITS",
    "DatedFinding",
    "PriceFinding",
    "check",
    "common_ratio",
    "describe_factor",
    "judge_gaps",
    "judge_rows",
    "refuse",
    "split_factor",
    "split_like",
]

"""What a variant was tested on, compared with what a run has."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from backtest.data.sources.demo import DemoMarket
from backtest.strategies.registry import build_strategy
from live.settings.frozen_origin import FrozenData, code_findings, data_finding, without_code

GOLDEN = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {})
FROZEN = FrozenData("store", "QQQ", "2010-01-04", 4_000)


def compared(now: FrozenData | None, *, complete: bool = True, entry: Any = None) -> str:
    finding = data_finding({"data": asdict(FROZEN)} if entry is None else entry, now, complete=complete)
    return "" if finding is None else finding.problem


def test_the_history_is_that_of_the_first_signal_symbol() -> None:
    bars = DemoMarket(7).read(["QQQ", "TLT"])
    found = FrozenData.of("store", GOLDEN, bars)
    qqq = bars["QQQ"]
    assert found == FrozenData("store", "QQQ", qqq.first.isoformat(), len(qqq))
    assert FrozenData.of("store", GOLDEN, {"TLT": bars["TLT"]}) is None
    assert FrozenData.of("store", build_strategy("earnings_swing", "ema_p10", {}), bars) is None


@pytest.mark.parametrize(
    ("now", "complete", "words"),
    [
        (FROZEN, True, ""),
        (replace(FROZEN, bars=4_001), True, ""),
        (replace(FROZEN, bars=3_999), True, "3,999 bars, it was tested on 4,000"),
        (replace(FROZEN, bars=3_999), False, ""),
        (replace(FROZEN, first="2010-01-05"), True, "begins on 2010-01-05"),
        (replace(FROZEN, first="2009-01-05"), False, "begins on 2009-01-05"),
        (replace(FROZEN, source="schwab", first="2010-01-05"), True, ""),
        (replace(FROZEN, symbol="SPY", bars=1), True, ""),
        (None, True, ""),
    ],
)
def test_another_first_bar_or_fewer_bars_are_found(
    now: FrozenData | None, complete: bool, words: str
) -> None:
    found = compared(now, complete=complete)
    assert words in found
    assert bool(found) == bool(words)


def test_an_entry_without_data_compares_nothing() -> None:
    assert compared(replace(FROZEN, bars=1), entry={}) == ""
    assert code_findings({"golden": {}}, [GOLDEN]) == []
    assert len(without_code({"golden": {}}, ["golden", "titan"])) == 1

from __future__ import annotations

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.calendar.trading_days import DayAnchor
from backtest.core.errors import UsageError
from backtest.strategies.opening_range_breakout.instrument_file import known_instruments
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS, Instrument
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY

GOOD = "point_value: 100, commission: 1.24, spread: 2, slippage: 2, tick: '0.01'"


def written(folder: Path, text: str) -> Path:
    path = folder / "instruments.yaml"
    path.write_text(text)
    return path


def test_without_a_file_the_contracts_that_are_known() -> None:
    assert known_instruments(None) is INSTRUMENTS


def test_a_contract_of_a_file_is_one_more(tmp_path: Path) -> None:
    text = f"instruments:\n  MCL: {{{GOOD}}}\n  SPY: {{{GOOD}, day: '00:00 America/New_York'}}\n"
    found = known_instruments(written(tmp_path, text))
    assert found["MCL"] == Instrument("MCL", 100.0, 1.24, 2.0, 2.0, Decimal("0.01"), FUTURES_DAY)
    assert found["SPY"].anchor == DayAnchor("America/New_York", time(0))
    assert found["MGC"] is INSTRUMENTS["MGC"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"instruments: {{MGC: {{{GOOD}}}}}", "MGC is known already"),
        (f"instruments: {{mcl: {{{GOOD}}}}}", "is no symbol"),
        ("instruments: {MCL: {tick: 1}}", "missing or unknown entries"),
        (f"instruments: {{MCL: {{{GOOD}, fee: 1}}}}", "missing or unknown entries"),
        (f"instruments: {{MCL: {{{GOOD.replace('100', '0')}}}}}", "point_value cannot be 0"),
        (f"instruments: {{MCL: {{{GOOD.replace('1.24', '-1')}}}}}", "commission cannot be -1"),
        (f"instruments: {{MCL: {{{GOOD.replace('1.24', 'true')}}}}}", "commission cannot be True"),
        (f"instruments: {{MCL: {{{GOOD.replace('0.01', 'x')}}}}}", "tick cannot be 'x'"),
        (f"instruments: {{MCL: {{{GOOD.replace('0.01', '0')}}}}}", "tick cannot be '0'"),
        (f"instruments: {{MCL: {{{GOOD}, day: '25:00 UTC'}}}}", "day cannot be"),
        (f"instruments: {{MCL: {{{GOOD}, day: '09:00 Nowhere'}}}}", "day cannot be"),
        ("instruments: {}\nother: 1", "holds more or other"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match=problem) as caught:
        known_instruments(path)
    assert str(path) in caught.value.where

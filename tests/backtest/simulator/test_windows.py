"""Which price of a daily bar stands for a window, said wherever it is not the window's own."""

from __future__ import annotations

from typing import get_args

import pytest

from backtest.core.decision import ExecutionTime
from backtest.simulator.windows import OPENING, daily_bar_warning


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("open", None),
        ("close", None),
        ("15min_after_open", "fill at the open"),
        ("15min_before_close", "fill at the close"),
        ("5min_before_close", "fill at the close"),
    ],
)
def test_what_daily_bars_leave_out_is_said(window: ExecutionTime, words: str | None) -> None:
    text = daily_bar_warning(window)
    assert text is None if words is None else text is not None and words in text


@pytest.mark.parametrize("window", get_args(ExecutionTime))
def test_entries_at_the_open_are_said_in_every_window_but_an_opening_one(window: ExecutionTime) -> None:
    text = daily_bar_warning(window, enters_at_open=True)
    if window in OPENING:
        assert text == daily_bar_warning(window)
    else:
        assert text is not None
        assert f"not at {window}" in text

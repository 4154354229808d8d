"""Findings about steps, in words: the numbers that were compared and the command that answers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from backtest.core.bars import Bars, FloatArray
from backtest.data.quality.actions import ratio_text
from backtest.data.quality.findings import PriceFinding, Severity, price_error
from backtest.data.quality.robust import log_ratio


def step_error(bars: Bars, row: int, field: str, why: str) -> PriceFinding:
    """Return the error of a step from the close before `row` to its `field`."""
    now, before = float(getattr(bars, field)[row]), float(bars.close[row - 1])
    moved = f"{field} {now:.6g} after a close of {before:.6g} ({move_text(now / before - 1)})"
    return price_error(bars.symbol, bars.dates[row].item(), now, f"{moved}: {why}", field)


def taken_back(close: FloatArray, row: int) -> bool:
    """Tell whether the step into `row` was, or is, taken back at once."""
    steps = [row + 1] if row + 1 < len(close) else []
    steps += [row] if row >= 2 else []
    size = abs(log_ratio(close[[row]], close[[row - 1]])[0])
    return any(abs(log_ratio(close[[end]], close[[end - 2]])[0]) < size / 2 for end in steps)


def split_finding(bars: Bars, row: int, ratio: Fraction | None, error: bool) -> PriceFinding:
    """Return the finding of an opening at the factor of a split; without a ratio it is a bad bar."""
    before, price, day = float(bars.close[row - 1]), float(bars.open[row]), bars.dates[row].item()
    severity: Severity = "error" if error else "suspicion"
    if ratio is None:
        text = f"closed at {before:.6g}, opened at {price:.6g}, taken back within a session: a bad bar"
        return replace(price_error(bars.symbol, day, price, text, "open"), severity=severity)
    text = f"closed at {before:.6g}, opened at {price:.6g}: looks like a {ratio_text(ratio)} split"
    if not error:
        text += ", or a stock after its earnings"
    remedy = (
        f"check the corporate action; if it is one: "
        f"jutsu data split {bars.symbol} {day} {ratio_text(ratio)}; "
        f"if the price is right: jutsu data confirm {bars.symbol} {day} {price:.2f}"
    )
    return PriceFinding(bars.symbol, day, "split", severity, text, remedy, price, "open")


def move_text(fraction: float) -> str:
    """Return a move as a percentage, a huge one as a factor."""
    return f"{fraction:+.1%}" if abs(fraction) < 100 else f"{fraction:+.3g} times"

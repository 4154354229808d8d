"""An opening range while its session runs: idle, watching, ready, broken or expired."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.labels import Window

RangeState = Literal["IDLE", "WATCHING", "READY", "BROKEN", "EXPIRED"]


@dataclass(slots=True)
class SessionRange:
    """A range so far; prices are numbers of the session's unit.

    Attributes:
        window: when it is taken and until when a break counts.
        min_bars: fewer in the window and it is not used.
        state: where it is.
        bars, high, low: of the bars in the window so far.
        side: of the break.
        broken_at: minute of the bar that broke it.
    """

    window: Window
    min_bars: int
    state: RangeState = "IDLE"
    bars: int = 0
    high: float = -math.inf
    low: float = math.inf
    side: int = rules.NO_BREAK
    broken_at: datetime | None = None

    def watch(self, minute: datetime, high: float, low: float) -> None:
        """Take a bar into the range when it is in its window; complete the range behind it."""
        if self.state not in {"IDLE", "WATCHING"} or minute < self.window.start:
            return
        if minute < self.window.end:
            self.state = "WATCHING"
            self.bars += 1
            self.high, self.low = max(self.high, high), min(self.low, low)
        else:
            self.state = "READY" if self.bars >= max(self.min_bars, 1) else "EXPIRED"

    def breaks(self, minute: datetime, close: float) -> bool:
        """Tell whether a bar breaks the range; the side is locked then."""
        if self.state != "READY":
            return False
        if minute >= self.window.deadline:
            self.state = "EXPIRED"
            return False
        side = rules.break_side(close, self.high, self.low)
        if side == rules.NO_BREAK:
            return False
        self.state, self.side, self.broken_at = "BROKEN", side, minute
        return True

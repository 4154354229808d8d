"""Limits of a day of breakout trades: how many, how many at once, and at which loss they end."""

from __future__ import annotations

import math
from dataclasses import dataclass

from backtest.core.errors import ParameterError


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Limits are reached by an equal value; losses are negative numbers.

    Attributes:
        drawdown_halt_r: realised result of the day in R at which entries end until the next day.
        drawdown_warning_r: result at which a warning is recorded with every entry.
        max_concurrent_positions: open trades at once.
        max_per_orb_positions: open trades of one label at once.
        max_daily_trades: entries of a day.
        halt_dollars: realised result in dollars at which entries end as well; None for no such limit.
        count_open_risk: the result that halts counts open trades as lost.
        flatten_on_halt: a halt closes open trades too.

    Raises:
        ParameterError: a loss that is no negative number, a warning below the halt, a count below 1.
    """

    drawdown_halt_r: float = -5.0
    drawdown_warning_r: float = -3.0
    max_concurrent_positions: int = 3
    max_per_orb_positions: int = 1
    max_daily_trades: int = 15
    halt_dollars: float | None = None
    count_open_risk: bool = False
    flatten_on_halt: bool = False

    def __post_init__(self) -> None:
        """Judge the limits."""
        for name in ("drawdown_halt_r", "drawdown_warning_r", "halt_dollars"):
            value = getattr(self, name)
            if value is not None and not (value < 0 and math.isfinite(value)):
                raise ParameterError(
                    f"{name} is a loss and cannot be {value}",
                    where="limits",
                    remedy="a negative number, as -5",
                )
        if self.drawdown_warning_r < self.drawdown_halt_r:
            raise ParameterError(
                f"drawdown_warning_r {self.drawdown_warning_r} would come after "
                f"drawdown_halt_r {self.drawdown_halt_r}",
                where="limits",
                remedy="warn at a smaller loss than the one that halts",
            )
        for name in ("max_concurrent_positions", "max_per_orb_positions", "max_daily_trades"):
            if getattr(self, name) < 1:
                raise ParameterError(
                    f"{name} cannot be {getattr(self, name)}", where="limits", remedy="at least 1"
                )


NO_LIMITS = RiskLimits(-1e300, -1e300, 10**9, 10**9, 10**9)
"""What a replay is compared with outcomes under: nothing is kept out."""

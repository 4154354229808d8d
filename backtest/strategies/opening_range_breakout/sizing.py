"""How many contracts a trade gets: of an account, or of the drawdown that a prop firm allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.instruments import Instrument

#: Parts of a contract that are rounding of the quotient, not a missing part.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Sizing:
    """What is risked with one trade.

    Attributes:
        equity: dollars of the account.
        risk_pct: percent risked with one trade: of the equity, or of the drawdown of a prop firm.
        max_contracts: no trade gets more.
        max_drawdown: dollars that a prop firm allows to lose; None for an account of one's own.
        include_friction: costs count as risk (True), or the distance to the stop alone.

    Raises:
        ParameterError: a number that no account has.
    """

    equity: float = 50_000.0
    risk_pct: float = 1.0
    max_contracts: int = 50
    max_drawdown: float | None = None
    include_friction: bool = True

    def __post_init__(self) -> None:
        """Judge the numbers."""
        drawdown = self.max_drawdown
        for name, good in (
            ("equity", self.equity > 0 and math.isfinite(self.equity)),
            ("risk_pct", 0 < self.risk_pct <= 100),
            ("max_contracts", self.max_contracts >= 1),
            ("max_drawdown", drawdown is None or (0 < drawdown <= self.equity)),
        ):
            if not good:
                raise ParameterError(
                    f"sizing.{name} cannot be {getattr(self, name)}",
                    where="sizing",
                    remedy="max_drawdown is above 0 and at most the equity"
                    if name == "max_drawdown"
                    else "equity above 0, risk_pct above 0 up to 100, max_contracts at least 1",
                )

    @property
    def budget(self) -> float:
        """Dollars risked with one trade."""
        return (self.equity if self.max_drawdown is None else self.max_drawdown) * self.risk_pct / 100

    def contracts(self, instrument: Instrument, risk_points: float) -> int:
        """Return the contracts of a trade with its stop `risk_points` away; 0 when one is too many."""
        each = self.risk_of_one(instrument, risk_points)
        if not each > 0:
            return 0
        return max(0, min(self.max_contracts, math.floor(self.budget / each + _ROUNDING)))

    def risk_of_one(self, instrument: Instrument, risk_points: float) -> float:
        """Return the dollars that the sizing counts as the risk of one contract."""
        if self.include_friction:
            return instrument.risk_dollars(risk_points)
        return risk_points * instrument.point_value

    def true_risk_pct(self, risk_dollars: float) -> float:
        """Return dollars at risk in percent of what can be lost: the allowed drawdown, else the equity."""
        return 100 * risk_dollars / (self.equity if self.max_drawdown is None else self.max_drawdown)

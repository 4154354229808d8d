"""The risk of a day: whether one more entry is allowed; the first check that fails decides."""

from __future__ import annotations

from dataclasses import dataclass, field

from backtest.strategies.opening_range_breakout.limits import RiskLimits

WARNING = "drawdown_warning"


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """A trade that is open: its label, and the dollars it loses at its stop, costs included."""

    label: str
    risk_dollars: float


@dataclass(frozen=True, slots=True)
class RiskAnswer:
    """Whether an entry is allowed; `reason` names the check that failed, `note` a warning."""

    allowed: bool
    reason: str = ""
    note: str = ""


@dataclass(slots=True)
class RiskBook:
    """What a day did so far. A new day is a new book.

    Attributes:
        limits: of the day.
        realised_r, realised_dollars: of the trades that ended.
        entries: accepted so far.
        open: trades that are open, by strategy.
        halted: the day reached its loss: no entry any more, whatever open trades bring later.
    """

    limits: RiskLimits
    realised_r: float = 0.0
    realised_dollars: float = 0.0
    entries: int = 0
    open: dict[str, OpenTrade] = field(default_factory=dict)
    halted: bool = False

    def ask(self, label: str) -> RiskAnswer:
        """Return whether a trade of this label may be entered now."""
        limits = self.limits
        if self.halted or self._lost_too_much():
            return RiskAnswer(allowed=False, reason="circuit_breaker")
        if len(self.open) >= limits.max_concurrent_positions:
            return RiskAnswer(allowed=False, reason="max_concurrent_positions")
        if sum(trade.label == label for trade in self.open.values()) >= limits.max_per_orb_positions:
            return RiskAnswer(allowed=False, reason="max_per_orb_positions")
        if self.entries >= limits.max_daily_trades:
            return RiskAnswer(allowed=False, reason="max_daily_trades")
        warned = self.realised_r <= limits.drawdown_warning_r
        return RiskAnswer(allowed=True, note=WARNING if warned else "")

    def enter(self, strategy_id: str, trade: OpenTrade) -> None:
        """Count an entry that `ask` allowed."""
        self.entries += 1
        self.open[strategy_id] = trade

    def leave(self, strategy_id: str, result_r: float, dollars: float) -> None:
        """Count the result of a trade that ended; a day that reaches its loss is over for entries."""
        del self.open[strategy_id]
        self.realised_r += result_r
        self.realised_dollars += dollars
        self.halted = self.halted or self._realised_too_much(0.0, 0.0)

    def _lost_too_much(self) -> bool:
        """Tell whether the loss of the day is reached, with open trades as lost where that is wanted."""
        if not self.limits.count_open_risk:
            return self._realised_too_much(0.0, 0.0)
        return self._realised_too_much(float(len(self.open)), sum(t.risk_dollars for t in self.open.values()))

    def _realised_too_much(self, open_r: float, open_dollars: float) -> bool:
        limits = self.limits
        dollars = limits.halt_dollars
        return self.realised_r - open_r <= limits.drawdown_halt_r or (
            dollars is not None and self.realised_dollars - open_dollars <= dollars
        )

"""A trade of a session: from the break that arms it to its end, and what it was worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from backtest.indicators.intraday.price_grid import PriceGrid
from backtest.simulator.intraday.events import Direction
from backtest.simulator.intraday.plan import PlannedStrategy
from backtest.simulator.intraday.session_range import SessionRange
from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.instruments import R_DECIMALS, Instrument

TradeState = Literal["ARMED", "CONFIRMING", "PENDING", "ENTERED", "EXITED", "REJECTED", "CANCELLED"]
TradeOutcome = Literal["win", "loss", "scratch", "rejected"]


@dataclass(slots=True)
class SessionTrade:
    """The one trade of a strategy in a session; numbers are prices in the session's unit.

    Attributes:
        strategy: whose it is.
        range: that was broken.
        grid: prices are counted in its steps; None for plain doubles.
        state: where it is; dead ends are REJECTED and CANCELLED.
        count: closes in a row on the side of the break.
        confirmed_at: minute of the confirming bar.
        signal: close of that bar.
        entered_at, entry, target, contracts: of the entry.
        worst, best: excursions since the entry, not negative.
        exited_at, exit, outcome: of the end.
        result_r, dollars: what it was worth after costs, the dollars for all contracts.
        passed: the risk check let it in; None where it was never asked.
        reason: why it ended, was rejected or cancelled.
        note: a warning of the risk check.
    """

    strategy: PlannedStrategy
    range: SessionRange
    grid: PriceGrid | None
    state: TradeState = "ARMED"
    count: int = 0
    confirmed_at: datetime | None = None
    signal: float = 0.0
    entered_at: datetime | None = None
    entry: float = 0.0
    target: float = 0.0
    contracts: int = 0
    worst: float = 0.0
    best: float = 0.0
    exited_at: datetime | None = None
    exit: float = 0.0
    outcome: TradeOutcome | None = None
    result_r: float = 0.0
    dollars: float = 0.0
    passed: bool | None = None
    reason: str = ""
    note: str = ""

    @property
    def side(self) -> int:
        """1 for a long trade, -1 for a short one."""
        return self.range.side

    @property
    def direction(self) -> Direction:
        """The side as a word."""
        return Direction.LONG if self.side > 0 else Direction.SHORT

    @property
    def edge(self) -> float:
        """The broken edge of the range."""
        return rules.edge_of(self.side, self.range.high, self.range.low)

    @property
    def stop(self) -> float:
        """The opposite edge."""
        return rules.stop_of(self.side, self.range.high, self.range.low)

    def price(self, number: float) -> float:
        """Return a number of the session's unit in points."""
        return number if self.grid is None else number / self.grid.scale

    @property
    def risk_points(self) -> float:
        """Points from entry to stop."""
        return abs(self.price(self.entry) - self.price(self.stop))

    def counts(self, close: float) -> bool:
        """Count one more close; tell whether the trade is confirmed by it."""
        self.state = "CONFIRMING"
        one = self.range
        self.count = rules.confirm_count(self.count, close, self.side, one.high, one.low)
        return self.count == self.strategy.key.confirm_bars

    def enters(self, minute: datetime, entry: float) -> None:
        """Take an entry: the target follows from it."""
        ratio = self.strategy.key.ratio
        whole = self.grid is not None
        numerator = float(ratio.numerator) if whole else float(ratio)
        denominator = float(ratio.denominator) if whole else 1.0
        self.entered_at, self.entry, self.state = minute, entry, "ENTERED"
        risk = rules.risk_of(entry, self.stop)
        self.target = rules.target_of(self.side, entry, risk, numerator, denominator)

    def sees(self, minute: datetime, high: float, low: float) -> int:
        """Return what a bar does to the open trade, and note how far it went."""
        answer = rules.exit_answer(self.side, high, low, self.stop, self.target)
        against = max(0.0, rules.adverse(self.side, high, low, self.entry))
        along = max(0.0, rules.favourable(self.side, high, low, self.entry))
        if minute == self.entered_at:
            if answer != rules.OPEN:
                self.worst, self.best = against, along
        else:
            self.worst, self.best = max(self.worst, against), max(self.best, along)
        return answer

    def ends(
        self, minute: datetime, exit_: float, outcome: TradeOutcome, reason: str, costs: Instrument
    ) -> None:
        """Close the trade at a price of the session's unit."""
        self.exited_at, self.exit, self.outcome, self.reason = minute, exit_, outcome, reason
        self.state = "EXITED"
        risk = self.risk_points
        points = self.side * (self.price(exit_) - self.price(self.entry))
        if outcome == "win" and exit_ == self.target:
            points = risk * float(self.strategy.key.ratio)
        at_stop = outcome == "loss" and exit_ == self.stop
        self.result_r = -1.0 if at_stop else round(costs.result_r(points, risk), R_DECIMALS)
        self.dollars = (points * costs.point_value - costs.friction) * self.contracts

    def excursions_r(self, costs: Instrument) -> tuple[float, float]:
        """Return worst and best excursion in R, rounded."""
        entry, side = self.price(self.entry), self.side
        found = []
        for sign, number in ((-1, self.worst), (1, self.best)):
            points = number
            if self.grid is not None:
                points = sign * side * (self.price(self.entry + sign * side * number) - entry) + 0.0
            found.append(round(costs.excursion_r(points, self.risk_points), R_DECIMALS))
        return found[0], found[1]

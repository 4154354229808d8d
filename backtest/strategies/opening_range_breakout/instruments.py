"""What a contract is worth and costs, and results in units of the risk (R)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeVar

from backtest.calendar.trading_days import DayAnchor
from backtest.core.bars import FloatArray
from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from backtest.strategies.parameters import suggest

Amount = TypeVar("Amount", float, FloatArray)
"""A number, or an array that is calculated with element by element."""
#: Decimals that results in R are kept with.
R_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class Instrument:
    """A contract: `point_value` dollars a point; costs in dollars for a round trip of one contract.

    Attributes:
        symbol: its name.
        point_value: dollars that one contract gains with one point.
        commission, spread, slippage: of a round trip; the spread is counted for both sides.
        tick: smallest step of the price of an order.
        anchor: when its trading day begins.
    """

    symbol: str
    point_value: float
    commission: float
    spread: float
    slippage: float
    tick: Decimal
    anchor: DayAnchor = FUTURES_DAY

    @property
    def friction(self) -> float:
        """Dollars that a round trip of one contract costs."""
        return round(self.commission + self.spread + self.slippage, 10)

    def risk_dollars(self, risk_points: Amount) -> Amount:
        """Return the dollars that one contract loses at its stop, costs included."""
        return risk_points * self.point_value + self.friction

    def result_r(self, points: Amount, risk_points: Amount) -> Amount:
        """Return what `points` are worth after costs, in units of the risk; not rounded."""
        return (points * self.point_value - self.friction) / self.risk_dollars(risk_points)

    def excursion_r(self, points: Amount, risk_points: Amount) -> Amount:
        """Return an excursion of `points`, which costs nothing, in units of the risk; not rounded."""
        return points * self.point_value / self.risk_dollars(risk_points)

    def realised_rr(self, risk_points: Amount, rr: float) -> Amount:
        """Return what is left of a theoretical ratio of reward to risk after costs; not rounded."""
        return self.result_r(risk_points * rr, risk_points)

    def stressed(self, factor: float) -> Instrument:
        """Return the instrument with costs `factor` times as high."""
        costs = {name: getattr(self, name) * factor for name in ("commission", "spread", "slippage")}
        return replace(self, **costs)

    def cost_share(self, size: Amount) -> Amount:
        """Return costs as a part of what a range of `size` points risks with them, between 0 and 1."""
        return self.friction / self.risk_dollars(size)


INSTRUMENTS: Final[Mapping[str, Instrument]] = MappingProxyType(
    {
        made.symbol: made
        for made in (
            Instrument("MGC", 10.0, 2.40, 2.00, 4.00, Decimal("0.10")),
            Instrument("MNQ", 2.0, 1.24, 0.50, 1.00, Decimal("0.25")),
            Instrument("MES", 5.0, 1.24, 1.25, 1.25, Decimal("0.25")),
            Instrument("M6E", 12_500.0, 1.24, 1.25, 1.25, Decimal("0.00005")),
        )
    }
)


def instrument_of(symbol: str, known: Mapping[str, Instrument] = INSTRUMENTS) -> Instrument:
    """Return the instrument of a symbol; ParameterError for an unknown one: costs are never guessed."""
    if symbol not in known:
        raise ParameterError(
            f"no costs are known for {symbol!r}", where="symbol", remedy=suggest(symbol, list(known))
        )
    return known[symbol]

"""Trades of the earnings family in one form, whoever made them: simulator, executor, shadow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backtest.simulator.positions.simulate import END_OF_DATA, simulate

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.core.candidate import Candidate
    from backtest.simulator.positions.model import PortfolioRules
    from live.ledger.ledger import Ledger

Trades = list[tuple[Any, ...]]
COLUMNS = ("ticker", "entry_date", "shares", "entry_price", "exit_date", "exit_price", "exit_reason")


def simulated(candidates: Sequence[Candidate], prices: Mapping[str, Bars], rules: PortfolioRules) -> Trades:
    """Return the trades of a simulation that ended before the data did."""
    rows = [trade.as_row() for trade in simulate(candidates, prices, rules).trades]
    return _of_rows(row for row in rows if row["exit_reason"] != END_OF_DATA)


def executed(ledger: Ledger, variant: str = "ema_p10") -> Trades:
    """Return the closed positions of a primary as the ledger knows them."""
    found = []
    for p in ledger.positions.closed(variant):
        assert p.exit_session is not None
        assert p.exit_price is not None
        entry = (p.symbol, p.entry_session.isoformat(), p.entry_quantity, round(float(p.entry_price), 4))
        left = (p.exit_session.isoformat(), round(float(p.exit_price), 4), p.exit_reason)
        found.append((*entry, *left))
    return sorted(found)


def shadowed(ledger: Ledger, variant: str = "nwl_p4") -> Trades:
    """Return the trades of a shadow's virtual book."""
    signals = ledger.shadow.history(variant)
    return _of_rows(row for signal in signals for row in (signal.fills or {}).get("trades", []))


def _of_rows(rows: Iterable[Mapping[str, Any]]) -> Trades:
    return sorted(tuple(row[name] for name in COLUMNS) for row in rows)

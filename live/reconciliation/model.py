"""What a comparison of broker and ledger says, symbol by symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from backtest.core.errors import Finding
from live.system.number_text import money

Kind = Literal["same", "differs", "split_like", "foreign"]


@dataclass(frozen=True, slots=True)
class SymbolDifference:
    """One symbol on both sides; `kind` ``foreign`` is a position nobody here owns, never touched.

    `ratio` is the split (new shares per old share) that a ``split_like`` difference looks like.
    """

    symbol: str
    ledger: int
    broker: int
    kind: Kind
    ratio: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Result of a comparison.

    Attributes:
        lines: every symbol of either side, sorted.
        ledger_cash: what the ledger expects, None before the first run. broker_cash: what is there.
        cash_jump_pct: |actual - expected| equity in percent of expected; None when it cannot be computed.
        cash_limit_pct: from which on nobody trades before a person looked.
        cash_ask_pct: from which on a person is asked, None: the same. cash_warn_pct: told, None: never.
        fractions: exact quantity of symbols our books hold or traded that are no whole shares at the broker.
    """

    lines: tuple[SymbolDifference, ...]
    ledger_cash: Decimal | None
    broker_cash: Decimal | None
    cash_jump_pct: float | None
    cash_limit_pct: float
    fractions: Mapping[str, Decimal] = field(default_factory=dict)
    cash_ask_pct: float | None = None
    cash_warn_pct: float | None = None

    @property
    def differences(self) -> tuple[SymbolDifference, ...]:
        """Lines that must not stay."""
        return tuple(line for line in self.lines if line.kind in {"differs", "split_like"})

    @property
    def cash_jumped(self) -> bool:
        """Whether equity moved without trades by more than goes without a person."""
        ask = (
            self.cash_limit_pct if self.cash_ask_pct is None else min(self.cash_ask_pct, self.cash_limit_pct)
        )
        return self.cash_jump_pct is not None and self.cash_jump_pct > ask

    @property
    def overdrawn(self) -> bool:
        """Whether the broker shows less than no cash: nothing may be bought on credit."""
        return self.broker_cash is not None and self.broker_cash < 0

    def cash_warnings(self) -> tuple[str, ...]:
        """Return a line about cash that nothing explains and that is too little to ask about."""
        if self.cash_warn_pct is None or self.cash_jump_pct is None or self.cash_jumped:
            return ()
        if self.cash_jump_pct <= self.cash_warn_pct or self.differences:
            return ()
        text = (
            f"cash: ledger {money(self.ledger_cash)}, broker {money(self.broker_cash)}: "
            f"{self.cash_jump_pct:.2f} % of equity moved without a trade and no transaction explains it"
        )
        return (text,)

    @property
    def agrees(self) -> bool:
        """Whether nothing stands against trading."""
        return not self.differences and not self.cash_jumped and not self.overdrawn

    def rests(self) -> tuple[str, ...]:
        """Return one line per fraction of a share: it is never ordered and stays until a person sells it."""
        return tuple(
            f"{symbol}: the broker shows {quantity:f} shares; the fraction is never ordered, sell it there"
            for symbol, quantity in self.fractions.items()
        )

    def findings(self) -> tuple[Finding, ...]:
        """Return one finding per difference."""
        found = [
            Finding(
                line.symbol,
                f"ledger {line.ledger}, broker {line.broker}",
                "looks like a split: check the corporate action" if line.kind == "split_like" else "",
            )
            for line in self.differences
        ]
        if self.overdrawn:
            found.append(
                Finding(
                    "cash",
                    f"the broker shows {money(self.broker_cash)}: less than none",
                    "bring cash, or sell",
                )
            )
        if self.cash_jumped and self.cash_jump_pct is not None:
            stops = self.cash_jump_pct > self.cash_limit_pct
            limit = (
                f"cash_jump_pct {self.cash_limit_pct:g}" if stops else f"cash_ask_pct {self.cash_ask_pct:g}"
            )
            found.append(
                Finding(
                    "cash",
                    f"ledger {money(self.ledger_cash)}, broker {money(self.broker_cash)}: equity moved "
                    f"{self.cash_jump_pct:.1f} % without trades and no transaction explains it ({limit})",
                )
            )
        return tuple(found)

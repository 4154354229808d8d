"""What a seed decides about a whole world: which books trade, when, and what the broker can do."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final, Literal

from backtest.core.decision import ExecutionTime
from tests.simulation.programs import BOOKS, EARNINGS, SHADOW, STOCKS_BOOK, WEIGHTS

#: mixed: funds and stocks drawn by the seed; shadows: the funds have a virtual book beside them;
#: earnings: the shipped earnings swing rules on reports, decided before the open
Style = Literal["mixed", "shadows", "earnings"]

_SWING: Final[dict[str, Any]] = {
    "position_size": 9_000,
    "max_positions": 3,
    "stop_loss_pct": 5,
    "trailing_ema_period": 4,
    "trailing_transition_weeks": 0,
    "max_holding_days": 6,
    "quality_filter": False,
    "execution_time": "open",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a seed decides about the whole world.

    Attributes:
        split_run: orders are placed before the open and polled after it, by two lines of cron.
        auction: entries are for the opening auction (split runs only).
    """

    style: Style
    execution_time: ExecutionTime
    approval: str
    honours_client_id: bool
    attached_stops: bool
    books: tuple[str, ...] = BOOKS
    split_run: bool = False
    auction: bool = False

    @classmethod
    def of(cls, seed: int, style: Style) -> Kind:
        """Return the kind of a seed's world."""
        chance = random.Random(f"{seed}/kind")
        times: tuple[ExecutionTime, ...] = ("15min_before_close", "15min_before_close", "15min_after_open")
        at = chance.choice(times)
        approval = chance.choice(("required", "required", "auto"))
        named, attached = chance.random() < 0.6, chance.random() < 0.6
        books = chance.choice((BOOKS, BOOKS[1:], BOOKS[1:], BOOKS[:1]))
        if style == "mixed":
            return cls(style, at, approval, named, attached, books)
        if style == "shadows":
            return cls(style, at, approval, named, attached, (WEIGHTS, *books[1:]))
        split = chance.random() < 0.6
        auction = split and chance.random() < 0.3
        return cls(style, "open", approval, named, attached, (EARNINGS,), split, auction)

    def rule_sets(self, seed: int) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return variant -> rule set and parameters, of everything that may trade or follow."""
        if self.style == "earnings":
            order = "opening_auction" if self.auction else "day"
            return {EARNINGS: ("earnings_swing", {**_SWING, "entry_order_type": order})}
        drawn = {"seed": seed, "execution_time": self.execution_time}
        found = {WEIGHTS: ("simulated_weights", drawn), STOCKS_BOOK: ("simulated_stocks", drawn)}
        if self.style == "shadows":
            found[SHADOW] = ("simulated_weights", {**drawn, "seed": seed + 1})
        return {name: found[name] for name in found if name in (*self.books, SHADOW)}

    def book_settings(self) -> list[dict[str, Any]]:
        """Return the list `books` of the settings file."""
        found: list[dict[str, Any]] = [
            {"primary": b, "budget_pct": 100 / len(self.books)} for b in self.books
        ]
        if self.style == "shadows":
            found[0]["shadows"] = [SHADOW]
        if self.style == "earnings":
            found[0]["reports"] = "reports"
        return found

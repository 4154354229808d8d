"""What a judgement of market data returns: findings with a severity, a day and the numbers in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from backtest.core.errors import DataError, Finding

Severity = Literal["error", "suspicion"]
Kind = Literal["price", "split", "shifted", "swapped", "copied", "frozen", "volume", "quote"]

# Two prices of one session that differ by less than this decimal fraction count as equal. Real files need it
# twice: vendors take the close from the auction and the low from another tape (seen: a low 0.04 % above the
# close), and two downloads of one close differ by rounding. The smallest dividends change more.
SAME_PRICE = 5e-4
#: no share costs more; the highest real ones, split-adjusted, stay below 1e10
IMPOSSIBLE = 1e12


@dataclass(frozen=True, slots=True)
class DatedFinding:
    """A finding and the session it concerns; `day` is None when it concerns the whole file.

    A run about an instant must not be influenced by anything later, so it only minds findings up to its day.
    """

    day: date | None
    finding: Finding

    def concerns(self, until: date) -> bool:
        """Tell whether a run that may know sessions up to `until` must mind it."""
        return self.day is None or self.day <= until


@dataclass(frozen=True, slots=True)
class PriceFinding:
    """One doubt about the prices of one symbol.

    Attributes:
        symbol: the symbol most likely to be wrong.
        day: the session concerned.
        kind: what was compared.
        severity: an error stops a run until the data are corrected or a person confirms the price; a
            suspicion is shown to the reader and nothing else.
        problem: what is wrong, with the numbers that were compared.
        remedy: what to do.
        price: the doubtful price, which a confirmation must name; None when a single price is not the matter.
        field: which price of the bar it is (open, high, low, close), None likewise.
        first: first day of the stretch that ends on `day`, None when it is one day.
    """

    symbol: str
    day: date
    kind: Kind
    severity: Severity
    problem: str
    remedy: str
    price: float | None = None
    field: str | None = None
    first: date | None = None

    def concerns(self, until: date) -> bool:
        """Tell whether a run that may know sessions up to `until` must mind it."""
        return self.day <= until

    def finding(self) -> Finding:
        """Return it in the form that errors carry."""
        return Finding(f"{self.symbol} {self.day}", self.problem, self.remedy)

    def __str__(self) -> str:
        """Return one line."""
        return str(self.finding())


def price_error(symbol: str, day: date, price: float, problem: str, field: str | None = None) -> PriceFinding:
    """Return an error about one price, with the command that confirms it."""
    amount = f"{price:.2f}" if price < IMPOSSIBLE else f"{price:g}"
    remedy = f"compare it with a second source; if it is right: jutsu data confirm {symbol} {day} {amount}"
    return PriceFinding(symbol, day, "price", "error", problem, remedy, price, field)


def errors(findings: Iterable[PriceFinding]) -> tuple[PriceFinding, ...]:
    """Return those that stop a run."""
    return tuple(found for found in findings if found.severity == "error")


def suspicions(findings: Iterable[PriceFinding]) -> tuple[PriceFinding, ...]:
    """Return those that only warn."""
    return tuple(found for found in findings if found.severity == "suspicion")


def require_believable(findings: Iterable[PriceFinding], where: str) -> tuple[PriceFinding, ...]:
    """Return the suspicions; raise when there is an error.

    Raises:
        DataError: 5, carrying every error.
    """
    found = tuple(findings)
    refuse([error.finding() for error in errors(found)], where)
    return suspicions(found)


def refuse(findings: Sequence[Finding], where: str) -> None:
    """Raise one DataError that carries all `findings`; do nothing when there are none."""
    if findings:
        many = f"{len(findings)} defects, the first: " if len(findings) > 1 else ""
        raise DataError(f"{many}{findings[0]}", where=where, findings=findings)

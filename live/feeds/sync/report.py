"""What a sync did, symbol by symbol, and the exit code it ends with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

from backtest.core.errors import BrokerError, DataError
from backtest.data.quality.actions import CorporateAction
from live.feeds.sync.plan import Days

SyncOutcome = Literal["planned", "stored", "complete", "refused", "no answer"]
_OK: Final = frozenset({"planned", "stored", "complete"})


@dataclass(frozen=True, slots=True)
class SyncedSymbol:
    """What became of one symbol.

    Attributes:
        symbol: ticker.
        outcome: planned (dry run); stored; complete: nothing was missing; refused: what came is not
            believed, or cannot be joined to what is stored; no answer: no source gave any.
        source: where the bars came from; in a plan, who would be asked. Empty when nobody was.
        asked: the days asked for.
        missing: sessions that are missing before (planned) or still (otherwise).
        added, rows: sessions that are new, and stored in all.
        first, last: first and last stored session, None with none.
        actions: new splits and dividends.
        splits: of them those of sessions that were not stored before.
        problem, remedy: why it is not complete, and what to do.
        warnings: sources that did not answer before the one that did.
    """

    symbol: str
    outcome: SyncOutcome
    source: str = ""
    asked: tuple[Days, ...] = ()
    missing: tuple[Days, ...] = ()
    added: int = 0
    rows: int = 0
    first: date | None = None
    last: date | None = None
    actions: int = 0
    splits: tuple[CorporateAction, ...] = ()
    problem: str = ""
    remedy: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncReport:
    """A whole sync, in the order of the symbols asked for."""

    store: Path
    timeframe: str
    sources: tuple[str, ...]
    symbols: tuple[SyncedSymbol, ...]

    @property
    def exit_code(self) -> int:
        """0; 5 when something was refused or is still missing; else 6 when somebody did not answer."""
        if any(s.outcome == "refused" or (s.outcome == "stored" and s.missing) for s in self.symbols):
            return DataError.exit_code
        return 0 if all(s.outcome in _OK for s in self.symbols) else BrokerError.exit_code

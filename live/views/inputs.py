"""What the read models are made from: no broker, no feed, so that any program may build it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.books.variants import BookVariant, Overrides
    from live.ledger.ledger import Ledger
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings


@dataclass(frozen=True, slots=True)
class ViewInputs:
    """Ledger, settings and the instant a view is taken at.

    Attributes:
        ledger: of the account. account: what a person calls it.
        settings: with the ledger's overrides applied.
        overrides: variant -> parameter -> (value, source) changed from outside the strategy files.
        strategies: folder of the strategy files. signals: folder of the signal files.
        now: aware instant; a conversation takes new inputs for every answer.
        today: New York date the view is about.
        past: `today` was named by a person (`--as-of`).
        manifest: what was backtested, None where nothing asks for its baselines.
    """

    ledger: Ledger
    settings: Settings
    overrides: Overrides
    strategies: Path
    signals: Path
    account: str
    now: datetime
    today: date
    past: bool = False
    manifest: Path | None = None

    @classmethod
    def of(cls, context: RunContext) -> ViewInputs:
        """Return the inputs of a run, as of now."""
        return cls(
            ledger=context.ledger,
            settings=context.settings,
            overrides=context.parameter_overrides,
            strategies=context.strategies,
            signals=context.signals,
            account=context.account_name,
            now=context.clock.now(),
            today=context.today(),
            past=context.run.as_of is not None,
            manifest=context.manifest,
        )

    def variants(self) -> tuple[BookVariant, ...]:
        """Return every configured variant, each primary before its shadows; books on request included.

        Raises:
            SettingsError, UsageError: exit code 2, a book or a strategy file is wrong.
        """
        from live.books.variants import groups

        found = groups(self.settings, self.strategies, overrides=self.overrides, everything=True)
        return tuple(one for g in found for one in g.variants)

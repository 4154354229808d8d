"""What a run expects of a signal file, from its settings and the strategies it knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from live.books.variants import BookVariant
from live.handoff.rules import Expectations
from live.settings.model import Settings


def expectations_for(
    lines: Iterable[BookVariant],
    *,
    session: date,
    settings: Settings,
    held: Mapping[str, int] | None = None,
    prices: Mapping[str, float] | None = None,
    executing: bool = True,
) -> Expectations:
    """Return the expectations of a run.

    Args:
        lines: every configured variant, shadows included.
        session: the session that trades.
        settings: mode and limits are taken from here.
        held: symbols the ledger knows as held: known symbols besides those of the strategies. The shares to
            sell are judged by the snapshot in the file, which stays right after a partial execution.
        prices: prices of held symbols without an order, for the exposure limits.
        executing: only a primary may be executed; False also accepts shadows (looking at a file).
    """
    known = tuple(lines)
    symbols = {s for line in known for s in (*line.strategy.signal_symbols, *line.strategy.tradable_symbols)}

    return Expectations(
        session=session,
        mode=settings.mode,
        roles={line.variant: line.role for line in known},
        names={line.variant: line.strategy.name for line in known},
        symbols=frozenset(symbols | set(held or {})),
        role="primary" if executing else None,
        prices=dict(prices or {}),
        limits=settings.execution.limits,
    )

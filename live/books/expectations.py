"""What a signal file must agree with: one builder for review, approval and execution.

Because all three ask here, an order that a person adds and approves is one the executor accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from live.books.variants import BookVariant
from live.handoff.rules import Expectations
from live.settings.model import Settings


def expectations_for(
    data: Any, variants: Sequence[BookVariant], *, session: date, settings: Settings, executing: bool = True
) -> Expectations:
    """Return what a run expects of one file.

    The symbols are those of the file's own strategy: shares of what another book trades on this account could
    not be told apart. What the book holds and what the decision was computed from is in the file.

    Args:
        data: the parsed file, anything at all.
        variants: every configured variant, shadows included.
        session: the session that trades.
        settings: mode and limits are taken from here.
        executing: only a primary may be executed; False also accepts shadows (looking at a file).
    """
    own = variant_of(data, variants)
    return Expectations(
        session=session,
        mode=settings.mode,
        roles={variant.name: variant.role for variant in variants},
        names={variant.name: variant.strategy.name for variant in variants},
        symbols=frozenset()
        if own is None
        else frozenset({*own.strategy.signal_symbols, *own.strategy.tradable_symbols}),
        role="primary" if executing else None,
        limits=settings.execution.limits,
        account=settings.account,
        stop_loss_pct=None if own is None else own.strategy.terms.stop_loss_pct,
    )


def variant_of(data: Any, variants: Sequence[BookVariant]) -> BookVariant | None:
    """Return the variant a parsed file says it belongs to; any primary for a file that names none we know.

    Such a file is refused for its variant; the primary only lets every other fault of it be found as well.
    Without a primary: None.
    """
    strategy = data.get("strategy") if isinstance(data, dict) else None
    name = strategy.get("variant") if isinstance(strategy, dict) else None
    named = next((variant for variant in variants if variant.name == name), None)
    return named or next((variant for variant in variants if variant.role == "primary"), None)

"""Does a book's budget pay for the positions it may open?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backtest.core.errors import Finding
from live.ledger.snapshots import WHOLE_ACCOUNT

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.settings.load import LoadedSettings


def budget_findings(loaded: LoadedSettings, ledger: Ledger | None) -> Iterator[Finding]:
    """Yield a finding for every daily book whose positions together cost more than its budget.

    Its last places could never be filled, and what was tested with them is not what trades. The account is
    worth what its newest snapshot says, a paper account without one its initial cash; else nothing is said.

    Args:
        loaded: the settings.
        ledger: of the account they name, None when there is none yet.
    """
    from live.books.variants import groups

    newest = None if ledger is None else ledger.snapshots.latest(WHOLE_ACCOUNT)
    equity = None if newest is None else newest.equity
    if equity is None and loaded.settings.mode == "offline_mock":
        equity = loaded.settings.paper.initial_cash
    if equity is None:
        return
    strategies = loaded.path(loaded.settings.paths.strategies)
    for group in groups(loaded.settings, strategies, overrides=loaded.parameter_overrides):
        variant = group.primary
        if variant is None or variant.strategy.terms.position_size is None:
            continue
        size, places = variant.strategy.terms.position_size, variant.strategy.terms.max_positions
        budget = equity * variant.budget_pct / 100
        if places is not None and size * places > budget:
            yield Finding(
                f"books.{variant.name}",
                f"{places} positions of {size:,.0f} cost {size * places:,.0f}, its budget is {budget:,.0f}: "
                f"only {int(budget // size)} of them can ever be open",
                "make position_size or max_positions smaller, or budget_pct larger, and backtest that",
            )

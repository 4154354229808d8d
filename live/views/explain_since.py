"""Why a symbol traded or did not over many sessions: one line each, with what the shadows did."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from backtest.core.errors import UsageError
from live.views.explain import story_of

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import SignalRow
    from live.views.inputs import ViewInputs

#: files looked at, newest first
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class ShadowLine:
    """What a shadow did with the symbol in the session, or why nothing."""

    variant: str
    why: str


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One symbol in one session of one primary.

    Attributes:
        states: the states of the strategy (cell, trend, ...), JSON values.
        held_before: shares the decision started from. target_weight: decimal fraction, None for no target.
        why: the shortest true answer. shadows: those of the same session.
    """

    session: date
    variant: str
    states: dict[str, Any]
    held_before: int
    target_weight: float | None
    why: str
    shadows: tuple[ShadowLine, ...]


@dataclass(frozen=True, slots=True)
class ExplainedSessions:
    """One symbol since a session, oldest first."""

    symbol: str
    since: date
    lines: tuple[SessionLine, ...]


def read_sessions(inputs: ViewInputs, symbol: str, since: date) -> ExplainedSessions:
    """Return a line per primary and session from `since` on.

    Raises:
        UsageError: the ledger has no decision since then.
    """
    found: dict[date, list[SignalRow]] = defaultdict(list)
    for row in inputs.ledger.signals.recent(_MOST):
        if row.session < since:
            break
        found[row.session].append(row)
    if not found:
        raise UsageError(
            "the ledger has no decision since then", where=str(since), remedy="name an earlier session"
        )
    followers = {book.primary: book.shadows for book in inputs.settings.books}
    return ExplainedSessions(
        symbol,
        since,
        tuple(
            _line(
                inputs.ledger, row, [r for r in rows if r.variant in followers.get(row.variant, ())], symbol
            )
            for _, rows in sorted(found.items())
            for row in sorted(rows, key=lambda row: row.variant)
            if row.role == "primary"
        ),
    )


def _line(ledger: Ledger, row: SignalRow, shadows: list[SignalRow], symbol: str) -> SessionLine:
    story = story_of(ledger, row, symbol)
    return SessionLine(
        session=row.session,
        variant=row.variant,
        states=_states(row),
        held_before=story.held_before,
        target_weight=story.target_weight,
        why=story.why,
        shadows=tuple(
            ShadowLine(shadow.variant, story_of(ledger, shadow, symbol).why)
            for shadow in sorted(shadows, key=lambda shadow: shadow.variant)
        ),
    )


def _states(row: SignalRow) -> dict[str, Any]:
    from backtest.strategies.registry import context_columns_of
    from backtest.strategies.terms import context_of

    content = json.loads(row.content)
    columns = context_columns_of(content["strategy"]["name"])
    return context_of(columns, content["decision"]["diagnostics"], states_only=True)

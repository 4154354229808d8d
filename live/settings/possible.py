"""Settings that are each right and cannot be true together: money would move where nobody meant it."""

from __future__ import annotations

from collections.abc import Iterator

from backtest.core.errors import Finding
from live.settings.model import Settings


def contradictions(settings: Settings) -> tuple[Finding, ...]:
    """Return every pair of settings that no run accepts together, empty when a run may start."""
    return tuple(_of_online(settings)) if settings.mode == "online_live" else ()


def _of_online(settings: Settings) -> Iterator[Finding]:
    if settings.broker.name == "paper":
        yield Finding(
            "broker.name", "online_live needs a real broker", "set schwab, alpaca or ibkr before the mode"
        )
    if settings.data.source == "demo":
        yield Finding(
            "data.source",
            "demo data must never trade real money",
            "set schwab or alpaca before the mode (a store has no quotes)",
        )

"""Which symbols the configured books name for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from backtest.strategies.registry import find_strategy

if TYPE_CHECKING:
    from pathlib import Path

    from live.settings.model import Settings


def declared_symbols(settings: Settings, strategies: Path) -> dict[str, tuple[str, ...]]:
    """Return variant -> symbols its strategy names; none for a book of single stocks or without its file."""
    found: dict[str, tuple[str, ...]] = {}
    for book in settings.books:
        try:
            found[book.primary] = find_strategy(book.primary, strategies).tradable_symbols
        except JutsuError:
            found[book.primary] = ()
    return found

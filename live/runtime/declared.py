"""Which symbols the configured books name for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from backtest.strategies.registry import find_strategy

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime


def declared_symbols(runtime: Runtime) -> dict[str, tuple[str, ...]]:
    """Return variant -> symbols its strategy names; none for a book of single stocks or without its file."""
    found: dict[str, tuple[str, ...]] = {}
    for book in runtime.settings.books:
        try:
            found[book.primary] = find_strategy(book.primary, runtime.strategies).tradable_symbols
        except JutsuError:
            found[book.primary] = ()
    return found

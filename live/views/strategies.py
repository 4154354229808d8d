"""The strategy files of a project: rule set, variant, family, where it stands in the books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.core.decision import ExecutionTime
from backtest.core.errors import Finding, UsageError
from backtest.strategies.registry import load_strategy, strategy_files

if TYPE_CHECKING:
    from backtest.strategies.base import Strategy
    from live.settings.model import Settings


@dataclass(frozen=True, slots=True)
class StrategyLine:
    """One strategy file.

    Attributes:
        strategy: rule set. family: how the stages treat it.
        role: primary or shadow in a book, empty in none.
        symbols: what it reads and trades; empty where they come with the candidates.
        overridden: parameters that differ from the rule set's defaults.
        problem: why it cannot be read, empty when it can.
    """

    file: Path
    variant: str
    strategy: str
    family: str
    execution_time: ExecutionTime | None
    role: str
    symbols: tuple[str, ...]
    overridden: tuple[str, ...]
    problem: str = ""


def read_strategies(settings: Settings, folder: Path) -> tuple[StrategyLine, ...]:
    """Return every strategy file of a folder by name; one that cannot be read says why."""
    return tuple(_lines(settings, folder))


def judge_strategy(document: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what is wrong with a strategy document, all at once; nothing is written."""
    try:
        load_strategy(document)
    except UsageError as error:
        return tuple(error.findings) or (Finding(error.where, error.problem, error.remedy),)
    return ()


def _lines(settings: Settings, folder: Path) -> Iterator[StrategyLine]:
    for file in sorted(strategy_files(folder)):
        try:
            yield _line(settings, file, load_strategy(file))
        except UsageError as error:
            yield StrategyLine(file, file.stem, "", "", None, "", (), (), error.line())


def _line(settings: Settings, file: Path, strategy: Strategy) -> StrategyLine:
    symbols = dict.fromkeys((*strategy.signal_symbols, *strategy.tradable_symbols))
    return StrategyLine(
        file=file,
        variant=strategy.variant,
        strategy=strategy.name,
        family=strategy.family.name,
        execution_time=strategy.execution_time,
        role=_role(settings, strategy.variant),
        symbols=tuple(symbols),
        overridden=strategy.overridden,
    )


def _role(settings: Settings, variant: str) -> str:
    if any(book.primary == variant for book in settings.books):
        return "primary"
    return "shadow" if any(variant in book.shadows for book in settings.books) else ""

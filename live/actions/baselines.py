"""The baselines that `jutsu config freeze` writes: each variant's backtest over the configured history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from backtest.core.errors import Finding, JutsuError

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from backtest.core.candidate import Candidate
    from backtest.reporting.baseline import Baseline
    from backtest.strategies.base import Strategy
    from live.settings.model import Settings

_IMPORT: Final = "`jutsu data import` or `jutsu data sync` gets it, then freeze again"


def measured(
    settings: Settings,
    strategies: Sequence[Strategy],
    history: Callable[[Sequence[str]], Mapping[str, Bars]],
    candidates: Callable[[str], Sequence[Candidate]] = lambda _: (),
) -> tuple[dict[str, Baseline], tuple[Finding, ...]]:
    """Return variant -> its baseline, and why other variants have none.

    Args:
        settings: costs and cash of the backtest.
        strategies: what is frozen.
        history: gives bars by symbol; symbols it does not know are left out.
        candidates: gives those of the reports that are kept for a variant, none where no folder is named.
    """
    found: dict[str, Baseline] = {}
    problems: list[Finding] = []
    symbols = {s for one in strategies if one.family.holds_weights for s in _symbols(one)}
    bars = history(sorted(symbols)) if symbols else {}
    for strategy in strategies:
        if strategy.family.holds_weights:
            baseline, why = _one(settings, strategy, bars)
        else:
            baseline, why = _of_reports(settings, strategy, candidates(strategy.variant), history)
        if baseline is None:
            problems.append(Finding(strategy.variant, why))
        else:
            found[strategy.variant] = baseline
    return found, tuple(problems)


def _one(settings: Settings, strategy: Strategy, bars: Mapping[str, Bars]) -> tuple[Baseline | None, str]:
    from backtest.reporting.baseline import measure

    mine = {symbol: bars[symbol] for symbol in _symbols(strategy) if symbol in bars}
    missing = [symbol for symbol in strategy.signal_symbols if symbol not in mine]
    if missing:
        source = settings.data.source
        return None, f"no history of {', '.join(missing)} in data.source {source}; {_IMPORT}"
    try:
        baseline = measure(strategy, mine, settings.execution, cash=settings.paper.initial_cash)
    except JutsuError as error:
        return None, error.line()
    return (
        baseline,
        "" if baseline else f"the history is shorter than {strategy.warmup_bars:,} bars; {_IMPORT}",
    )


def _of_reports(
    settings: Settings,
    strategy: Strategy,
    candidates: Sequence[Candidate],
    history: Callable[[Sequence[str]], Mapping[str, Bars]],
) -> tuple[Baseline | None, str]:
    from backtest.reporting.positions_baseline import measure_positions
    from backtest.simulator.positions.virtual import rules_of

    if not candidates:
        return None, "no report of its past is kept: `books[].reports` names a folder of them"
    bars = history(sorted({candidate.ticker for candidate in candidates}))
    rules = rules_of(strategy, settings.execution)
    try:
        baseline = measure_positions(rules, candidates, bars, cash=settings.paper.initial_cash)
    except JutsuError as error:
        return None, error.line()
    source = f"data.source {settings.data.source}"
    return (
        baseline,
        "" if baseline else f"none of its {len(candidates)} reported stocks was bought on {source}",
    )


def _symbols(strategy: Strategy) -> set[str]:
    return {*strategy.signal_symbols, *strategy.tradable_symbols}

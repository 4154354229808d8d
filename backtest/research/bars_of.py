"""The bars of a study, from a folder of CSV files or from the store, judged like those of any backtest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.errors import DataError
from backtest.data.believable import require_believable_prices
from backtest.data.sources.csv import Progress, read_directory
from backtest.data.store import BarStore
from backtest.research.study import Study
from backtest.strategies.base import Strategy


def read_bars(
    study: Study,
    tell: Progress,
    recognised: Progress | None = None,
    *,
    file: str = "study file",
    candidates: Sequence[Candidate] = (),
) -> Mapping[str, Bars]:
    """Return the bars of every symbol that a set of the study may read or hold, up to its last session.

    Args:
        study: says where they are.
        tell: is told each warning about prices.
        recognised: is told what files were taken for that are not written in our own format.
        file: the study, as an error names it.
        candidates: of a positions strategy: their symbols are read, those without bars are left out.

    Raises:
        DataError: no bars of one of them, damaged files, or prices that are not believable.
    """
    if not study.strategy.family.holds_weights:
        return _bars_of_candidates(study, candidates, tell, recognised)
    variants = list(_variants(study))
    signal = study.strategy.signal_symbols[0]
    symbols = tuple(dict.fromkeys(s for v in variants for s in (*v.signal_symbols, *v.tradable_symbols)))
    legs = set(symbols) - {signal}
    data = study.data
    if data.prices is not None:
        where = data.prices
        found = read_directory(where, symbols, allow_gaps=legs, until=data.end, recognised=recognised)
    else:
        where = data.store
        stored = BarStore(where).read(symbols) if where.is_dir() else {}
        found = {symbol: bars.until(data.end) if data.end else bars for symbol, bars in stored.items()}
    if not len(found.get(signal, ())):
        raise DataError(
            f"no bars of {signal}" + (f" up to {data.end}" if data.end else ""),
            where=str(where),
            remedy="give data: {prices: DIR} with one SYMBOL.csv each, or jutsu data import DIR",
        )
    without = [symbol for symbol in symbols if not len(found.get(symbol, ()))]
    if without:
        raise DataError(
            f"no bars of {', '.join(without)} in {where}, and sets of the study read or hold it",
            where=file,
            remedy="add them, or give a study.base and a space whose sets never do",
        )
    relations = tuple(dict.fromkeys(r for v in variants for r in v.price_relations))
    for warning in require_believable_prices(found, relations, where):
        tell(warning)
    return found


def read_candidates(study: Study) -> tuple[Candidate, ...]:
    """Return the candidates of a study, none for weights. UsageError: the list cannot be read."""
    from backtest.candidates.model import read_candidate_list

    return () if study.data.candidates is None else read_candidate_list(study.data.candidates)


def _bars_of_candidates(
    study: Study, candidates: Sequence[Candidate], tell: Progress, recognised: Progress | None
) -> Mapping[str, Bars]:
    data = study.data
    symbols = tuple(dict.fromkeys(item.ticker for item in candidates))
    where = data.store if data.prices is None else data.prices
    if data.prices is not None:  # a halted or delisted stock lacks sessions; the simulator knows what to do
        found = read_directory(where, symbols, allow_gaps=set(symbols), until=data.end, recognised=recognised)
    else:
        stored = BarStore(where).read(symbols) if where.is_dir() else {}
        found = {symbol: bars.until(data.end) if data.end else bars for symbol, bars in stored.items()}
    found = {symbol: bars for symbol, bars in found.items() if len(bars)}
    if not found:
        raise DataError(
            "no bars of any candidate",
            where=str(where),
            remedy="give data: {prices: DIR} with one SYMBOL.csv each, or jutsu data import DIR",
        )
    for warning in require_believable_prices(found, (), where):
        tell(warning)
    return found


def _variants(study: Study) -> Iterator[Strategy]:
    """Yield the sets that hold most: the flags that vary in every combination, numbers at their highest.

    A weight that any set has above 0 is above 0 in one of these. Numbers of cross rules, which their highest
    values may break, decide no weight and stay as in the base.
    """
    axes = study.space.axes
    ruled = {name for rule in study.space.rules for name in rule.fields}
    numbers = {axis.name: axis.ends[1] for axis in axes if axis.ends and axis.name not in ruled}
    flags = [axis for axis in axes if isinstance(next(iter(axis.values), None), bool)]
    for values in product(*(axis.values for axis in flags)):
        chosen = dict(zip((axis.name for axis in flags), values, strict=True))
        yield study.strategy.with_parameters(numbers | chosen)

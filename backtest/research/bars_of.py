"""The bars of a study, from a folder of CSV files or from the store, judged like those of any backtest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.believable import require_believable_prices
from backtest.data.sources.csv import Progress, read_directory
from backtest.data.store import BarStore
from backtest.research.study import Study
from backtest.strategies.base import Strategy


def read_bars(study: Study, tell: Progress, recognised: Progress | None = None) -> Mapping[str, Bars]:
    """Return the bars of every symbol that a set of the study may read or hold, up to its last session.

    Args:
        study: says where they are.
        tell: is told each warning about prices.
        recognised: is told what files were taken for that are not written in our own format.

    Raises:
        DataError: no bars of a signal symbol, damaged files, or prices that are not believable.
    """
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
    for symbol in symbols:
        if not len(found.get(symbol, ())):
            tell(f"no bars of {symbol}: it is never held")
    relations = tuple(dict.fromkeys(r for v in variants for r in v.price_relations))
    for warning in require_believable_prices(found, relations, where):
        tell(warning)
    return found


def _variants(study: Study) -> Iterator[Strategy]:
    """Yield the base, and it with every flag as the axes have it: flags decide which symbols are read."""
    yield study.strategy
    for axis in study.space.axes:
        for value in axis.values:
            if isinstance(value, bool):
                yield study.strategy.with_parameters({axis.name: value})

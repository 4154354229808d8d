"""Bring new histories into the bar store: judged, compared with what is stored, merged, written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError, Finding
from backtest.data import quality
from backtest.data.actions import ActionStore, CorporateAction
from backtest.data.store import BarStore

LOCK_SECONDS = 10.0
NOTHING: Final[Mapping[str, Collection[date]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did with one symbol.

    `added` counts sessions that were not stored before, `gaps` are the sessions known to lack prices.
    """

    symbol: str
    outcome: Literal["new", "updated", "rescaled", "up to date"]
    rows: int
    added: int
    first: date
    last: date
    gaps: tuple[date, ...] = ()
    actions_added: int = 0


def import_bars(
    store: BarStore,
    incoming: Mapping[str, Bars],
    *,
    imported_at: datetime,
    accept_split: bool = False,
    progress: Callable[[str], None] | None = None,
    gaps: Mapping[str, Collection[date]] = NOTHING,
    actions: Iterable[CorporateAction] = (),
) -> tuple[Imported, ...]:
    """Merge `incoming` into the store; new rows win. Everything is judged before anything is written.

    Args:
        store: where to.
        incoming: histories by symbol.
        imported_at: recorded as provenance.
        accept_split: rescale the stored prices when all common closes changed by one factor.
        progress: called with each symbol.
        gaps: sessions by symbol that the source has without prices: kept as known gaps until a bar comes.
        actions: splits and dividends that the source names, kept beside the bars.

    Raises:
        DataError: defects, another basis than stored, gaps between old and new rows, split-like or scattered
            differences with the stored rows, or another import holds the lock. Nothing is written then.
    """
    from filelock import FileLock, Timeout

    store.directory.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(store.directory / ".import.lock", timeout=LOCK_SECONDS):
            done = _import_locked(store, incoming, imported_at, accept_split, gaps, progress)
            added = ActionStore(store.directory).add(actions, known_from=imported_at)
            return tuple(replace(one, actions_added=added.get(one.symbol, 0)) for one in done)
    except Timeout as error:
        raise DataError(
            "another import is running", where=str(store.directory), remedy="wait for it, then run again"
        ) from error


def _import_locked(
    store: BarStore,
    incoming: Mapping[str, Bars],
    imported_at: datetime,
    accept_split: bool,
    gaps: Mapping[str, Collection[date]],
    progress: Callable[[str], None] | None,
) -> tuple[Imported, ...]:
    stored = store.read(tuple(incoming))
    stored_gaps = {symbol: store.gaps(symbol) for symbol in stored}
    findings: list[Finding] = []
    merged: dict[str, Bars] = {}
    results: list[Imported] = []
    for symbol, new in incoming.items():
        old = stored.get(symbol)
        if old is not None and old.basis != new.basis:
            findings.append(_other_basis(old, new))
            continue
        problem = None if old is None else quality.split_like(old, new)
        if problem is not None and not (accept_split and _one_factor(problem)):
            findings.append(problem)
            continue
        whole = new if old is None else merge(old, new)
        known_gaps = _still_missing({*stored_gaps.get(symbol, ()), *gaps.get(symbol, ())}, whole)
        findings.extend(quality.check(whole, known_gaps=known_gaps))
        merged[symbol] = whole
        results.append(replace(_result(old, whole, rescaled=problem is not None), gaps=known_gaps))
    quality.refuse(findings, str(store.directory))
    for result in results:
        if progress is not None:
            progress(result.symbol)
        if result.outcome != "up to date" or result.gaps != stored_gaps.get(result.symbol, ()):
            store.write(merged[result.symbol], imported_at=imported_at, gaps=result.gaps)
    return tuple(results)


def _other_basis(old: Bars, new: Bars) -> Finding:
    return Finding(
        new.symbol,
        f"the stored prices are of basis {old.basis}, the new ones of basis {new.basis}",
        "one basis per symbol: import the same again, or into another --store",
    )


def _still_missing(days: Iterable[date], bars: Bars) -> tuple[date, ...]:
    return tuple(sorted(day for day in days if bars.row(day) is None))


def _one_factor(problem: Finding) -> bool:
    return "--accept-split" in problem.remedy


def merge(old: Bars, new: Bars) -> Bars:
    """Return the union of two histories; `new` wins where both have a row.

    When all common closes changed by one factor, the older prices are multiplied by it first; volumes are
    divided by it when it is a split, and kept when it is a dividend adjustment.
    """
    ratio = quality.common_ratio(old, new)
    if abs(ratio - 1) > quality.SAME_PRICE:
        old = _rescaled(old, ratio)
    kept = ~np.isin(old.dates, new.dates)
    dates = np.concatenate([old.dates[kept], new.dates])
    order = np.argsort(dates, kind="stable")

    def join(before: FloatArray, after: FloatArray) -> FloatArray:
        return np.concatenate([before[kept], after])[order]

    return replace(
        new,
        dates=dates[order],
        open=join(old.open, new.open),
        high=join(old.high, new.high),
        low=join(old.low, new.low),
        close=join(old.close, new.close),
        volume=join(old.volume, new.volume),
    )


def _rescaled(bars: Bars, ratio: float) -> Bars:
    return replace(
        bars,
        open=bars.open * ratio,
        high=bars.high * ratio,
        low=bars.low * ratio,
        close=bars.close * ratio,
        volume=bars.volume / ratio if quality.split_factor(ratio) is not None else bars.volume,
    )


def _result(old: Bars | None, whole: Bars, *, rescaled: bool) -> Imported:
    outcome: Literal["new", "updated", "rescaled", "up to date"]
    if old is None:
        outcome = "new"
    elif old.sha256() == whole.sha256():
        outcome = "up to date"
    else:
        outcome = "rescaled" if rescaled else "updated"
    added = len(whole) - (0 if old is None else len(old))
    return Imported(whole.symbol, outcome, len(whole), added, whole.first, whole.last)

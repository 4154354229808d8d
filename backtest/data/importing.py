"""Bring new histories into the bar store: judged, compared with what is stored, merged, written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError, Finding
from backtest.data import quality
from backtest.data.actions import ActionStore
from backtest.data.import_log import ImportLog
from backtest.data.quality.actions import CorporateAction, split_adjusted
from backtest.data.quality.findings import errors
from backtest.data.quality.known import NOTHING_KNOWN, Known
from backtest.data.quality.price_gate import judge_history
from backtest.data.quality.revisions import Comparison, compare, revisions
from backtest.data.revision_store import RevisionStore
from backtest.data.store import BarStore

ImportOutcome = Literal["new", "updated", "rescaled", "up to date"]
LOCK_SECONDS = 10.0
NOTHING: Final[Mapping[str, Collection[date]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did with one symbol.

    `added` counts sessions that were not stored before, `gaps` are the sessions known to lack prices.
    """

    symbol: str
    outcome: ImportOutcome
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
    known: Known = NOTHING_KNOWN,
    progress: Callable[[str], None] | None = None,
    gaps: Mapping[str, Collection[date]] = NOTHING,
    actions: Iterable[CorporateAction] = (),
    actions_known: Collection[str] = (),
) -> tuple[Imported, ...]:
    """Merge `incoming` into the store; new rows win. Everything is judged before anything is written.

    Args:
        store: where to.
        incoming: histories by symbol.
        imported_at: recorded as provenance.
        accept_split: rescale the stored prices when all common closes changed by one factor. A restated small
            dividend, other rounding and the final bar of a session stored unfinished need no consent.
        known: relations, corporate actions and confirmed prices, for the price gate.
        progress: called with each symbol.
        gaps: sessions by symbol that the source has without prices: kept as known gaps until a bar comes.
        actions: splits and dividends that the source names, kept beside the bars.
        actions_known: symbols of which `actions` holds every split inside the new rows.

    Raises:
        DataError: defects, another basis than stored, gaps between old and new rows, split-like or scattered
            differences with the stored rows, a session stored unfinished that stays so, a step that the
            price gate does not believe, or another import holds the lock. Nothing is written then.
    """
    with import_lock(store.directory):
        kept = ActionStore(store.directory)
        recorded = (action for symbol in incoming for action in kept.read(symbol))
        named = tuple(actions)
        known = replace(known, actions=(*known.actions, *recorded, *named))
        judged = _judge(store, incoming, imported_at, accept_split, gaps, known)
        added = kept.add(named, known_from=imported_at)  # first: after a kill the same import ends the work
        for one in judged:
            if progress is not None:
                progress(one.result.symbol)
            complete = one.result.symbol in actions_known
            _write(store, one, imported_at, actions_known=complete)
        return tuple(replace(one.result, actions_added=added.get(one.result.symbol, 0)) for one in judged)


@contextmanager
def import_lock(directory: Path) -> Iterator[None]:
    """Keep other imports out of a store. DataError 5: another one is running."""
    from filelock import FileLock, Timeout

    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / ".import.lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise DataError(
            "another import is running", where=str(directory), remedy="wait for it, then run again"
        ) from error
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True, slots=True)
class _Judged:
    """One symbol that may be written: what is stored, the whole history after the import, what to say."""

    old: Bars | None
    whole: Bars
    result: Imported
    changed: bool


def _judge(
    store: BarStore,
    incoming: Mapping[str, Bars],
    imported_at: datetime,
    accept_split: bool,
    gaps: Mapping[str, Collection[date]],
    known: Known,
) -> list[_Judged]:
    """Return what is to be written; DataError when anything of it is not believed."""
    stored = store.read(tuple(incoming), as_stored=True)
    stored_gaps = {symbol: store.gaps(symbol) for symbol in stored}
    findings: list[Finding] = []
    merged: dict[str, Bars] = {}
    results: list[Imported] = []
    for symbol, given in incoming.items():
        old, new = stored.get(symbol), _marked(given, imported_at)
        if old is not None and old.basis != new.basis:
            findings.append(_other_basis(old, new))
            continue
        change = Comparison(symbol, "unchanged") if old is None else compare(old, new)
        if old is not None and not _accepted(change, new, known, accept_split=accept_split):
            findings.append(changed_history(old, new, change))
            continue
        if old is not None and old.provisional and new.last > old.last and new.row(old.last) is None:
            findings.append(_still_unfinished(old))
            continue
        whole = new if old is None else joined(old, new, change.factor)
        known_gaps = _still_missing({*stored_gaps.get(symbol, ()), *gaps.get(symbol, ())}, whole)
        findings.extend(quality.check(whole, known_gaps=known_gaps))
        merged[symbol] = whole
        results.append(replace(_result(old, whole, rescaled=change.factor != 1.0), gaps=known_gaps))
    if not findings:
        findings.extend(_unbelievable(store, merged, known))
    quality.refuse(findings, str(store.directory))
    return [
        _Judged(
            stored.get(result.symbol),
            merged[result.symbol],
            result,
            result.outcome != "up to date" or result.gaps != stored_gaps.get(result.symbol, ()),
        )
        for result in results
    ]


def _write(store: BarStore, judged: _Judged, imported_at: datetime, *, actions_known: bool) -> None:
    """Write one symbol. Raw prices stay adjustable as long as every part of them came with its splits."""
    old, result = judged.old, judged.result
    raw = judged.whole.basis == "raw"
    known = raw and actions_known and (old is None or store.actions_known(result.symbol))
    if judged.changed:
        write_batch(store, old, judged.whole, at=imported_at, gaps=result.gaps, actions_known=known)


def write_batch(
    store: BarStore,
    old: Bars | None,
    whole: Bars,
    *,
    at: datetime,
    gaps: Collection[date] = (),
    actions_known: bool = False,
) -> None:
    """Log, keep what changes of stored values, then write: the caller holds the lock of imports."""
    changes = () if old is None else revisions(old, whole)
    entry = {
        "timeframe": "1d",
        "symbol": whole.symbol,
        "source": whole.source,
        "basis": whole.basis,
        "added": len(whole) - (0 if old is None else len(old)),
        "changed": len({change.day for change in changes}),
        "sha256_before": None if old is None else old.sha256(),
        "sha256": whole.sha256(),
    }
    batch = ImportLog(store.directory).add(entry, at)
    RevisionStore(store.directory).add(whole.symbol, changes, batch)
    store.write(whole, imported_at=at, gaps=gaps, batch=batch, actions_known=actions_known)


def _marked(bars: Bars, imported_at: datetime) -> Bars:
    """Return the bars, marked when the last row is of a session that was not over at the import."""
    session = calendar.session(imported_at.astimezone(calendar.NEW_YORK).date())
    unfinished = session is not None and bars.last == session.day and imported_at < session.close
    return replace(bars, provisional=True) if unfinished else bars


def _still_unfinished(old: Bars) -> Finding:
    return Finding(
        f"{old.symbol} {old.last}",
        "this session was stored before its close, and the new file does not have its final bar",
        "import a file with that session",
    )


def _other_basis(old: Bars, new: Bars) -> Finding:
    return Finding(
        new.symbol,
        f"the stored prices are of basis {old.basis}, the new ones of basis {new.basis}",
        "one basis per symbol: import the same again, or into another --store",
    )


def _still_missing(days: Iterable[date], bars: Bars) -> tuple[date, ...]:
    return tuple(sorted(day for day in days if bars.row(day) is None))


def _accepted(change: Comparison, new: Bars, known: Known, *, accept_split: bool) -> bool:
    if new.basis == "raw" and change.factor != 1.0:
        return False  # what was traded does not change afterwards
    if change.legitimate:
        return True
    if change.change == "split" and _explained_by_action(change, new, known.actions):
        return True
    return accept_split and change.change in {"split", "factor"}


def _explained_by_action(change: Comparison, new: Bars, actions: Iterable[CorporateAction]) -> bool:
    """Tell whether a recorded split has the ratio of the restatement and lies after the restated sessions."""
    return any(
        action.kind == "split"
        and action.symbol == new.symbol
        and new.first < action.ex_date
        and abs(change.factor * float(action.ratio) - 1) < 1e-9
        for action in actions
    )


def changed_history(old: Bars, new: Bars, change: Comparison) -> Finding:
    """Return in words why the newer history may not replace the older one without a person."""
    if new.basis == "raw" and change.factor != 1.0:
        return Finding(
            new.symbol,
            f"{change.common} common closes changed by the factor {change.factor:.6g}, and raw prices do not "
            "change afterwards",
            "the new ones are adjusted, or of another share: compare them with a third source",
        )
    found = quality.split_like(old, new)
    if found is not None and (change.change != "contradiction") == _one_factor(found):
        return found
    if change.change == "contradiction":
        problem = f"closes differ, most on {change.worst}: {change.old_close} stored, {change.new_close} new"
        return Finding(new.symbol, problem, "one of the two sources is faulty: compare them with a third")
    return Finding(
        new.symbol,
        f"{change.common} common closes changed by the factor {change.factor:.6g}: "
        f"{quality.describe_factor(change.factor)}",
        "check the corporate action, then import again with --accept-split",
    )


def _one_factor(problem: Finding) -> bool:
    return "--accept-split" in problem.remedy


def _unbelievable(store: BarStore, merged: Mapping[str, Bars], known: Known) -> list[Finding]:
    """Return what the price gate does not believe, seen beside the stored fund or index of each symbol."""
    partners = {
        name
        for relation in known.relations
        for name in (relation.symbol, relation.index)
        if relation.symbol in merged or relation.index in merged
    }
    beside = store.read(sorted(partners - set(merged)))
    seen = {symbol: _as_read(bars, known) for symbol, bars in merged.items()}
    found = judge_history(
        {**beside, **seen}, known.relations, actions=known.actions, confirmed=known.confirmed
    )
    return [error.finding() for error in errors(found)]


def _as_read(bars: Bars, known: Known) -> Bars:
    """Return the history as strategies read it: raw prices adjusted for the splits that are known."""
    return split_adjusted(bars, known.actions) if bars.basis == "raw" else bars


def merge(old: Bars, new: Bars) -> Bars:
    """Return the union of two histories; `new` wins where both have a row.

    When all common closes changed by one factor, the older prices are multiplied by it first; volumes are
    divided by it when it is a split, and kept when it is a dividend adjustment.
    """
    ratio = quality.common_ratio(old, new)
    return joined(old, new, ratio if abs(ratio - 1) > quality.SAME_PRICE else 1.0)


def joined(old: Bars, new: Bars, factor: float) -> Bars:
    """Return the union of two histories, the older prices multiplied by `factor` first; `new` wins."""
    old = old if factor == 1.0 else _rescaled(old, factor)
    kept = ~np.isin(old.dates, new.dates)
    dates = np.concatenate([old.dates[kept], new.dates])
    order = np.argsort(dates, kind="stable")

    def join(before: FloatArray, after: FloatArray) -> FloatArray:
        return np.concatenate([before[kept], after])[order]

    newest = new if new.last >= old.last else old
    return replace(
        new,
        provisional=newest.provisional,
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
    outcome: ImportOutcome
    if old is None:
        outcome = "new"
    elif old.sha256() == whole.sha256() and old.provisional == whole.provisional:
        outcome = "up to date"
    else:
        outcome = "rescaled" if rescaled else "updated"
    added = len(whole) - (0 if old is None else len(old))
    return Imported(whole.symbol, outcome, len(whole), added, whole.first, whole.last)

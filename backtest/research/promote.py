"""From the best set of a study to a strategy file, if nothing speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import yaml

from backtest.core.errors import LimitError, UsageError
from backtest.core.files import write_atomic
from backtest.research import audit as look_ahead
from backtest.research import honest as honesty
from backtest.research.audit_positions import audit_positions
from backtest.research.database import Database, StudyRow
from backtest.research.honest import Honest
from backtest.research.results import Kept, Results
from backtest.research.session import OpenStudy
from backtest.strategies.registry import NAME

_AUDITED: Final = 2


@dataclass(frozen=True, slots=True)
class Promotion:
    """What became of a promotion.

    Attributes:
        path: the strategy file that was written.
        honest: the set with everything for and against it.
        overruled: what speaks against it and was overruled; empty as a rule.
    """

    path: Path
    honest: Honest
    overruled: tuple[str, ...]


def promote(
    opened: OpenStudy,
    row: StudyRow,
    results: Results,
    database: Database,
    *,
    trial: int | None,
    name: str,
    folder: Path,
    despite: bool,
) -> Promotion:
    """Judge a set on the holdout, and write it as a strategy file.

    Args:
        opened: the study with its bars.
        row: of the database.
        results: its ranked sets.
        database: where looks at holdouts are counted.
        trial: number of a kept set; None the first one.
        name: of the variant and its file.
        folder: of the file; an existing file is never replaced.
        despite: write it whatever DSR, PBO and the holdout say; never when it looks ahead.

    Raises:
        UsageError: no such set or name, or the file exists. LimitError: 7, something speaks against it.
    """
    path = _free_path(folder, name)
    item = _kept(results, trial)
    against = [f"it misses {item.missed}"] if item.missed else []
    against += _holdout_used(opened, row, database, item.trial)
    honest = honesty.judge(opened.study, row, opened.trial, results, database, item)
    against += honesty.refusals(honest)
    if against and not despite:
        raise _refused(row, item, against)
    _require_no_look_ahead(opened, item)
    _look(opened, row, database, item.trial)
    honest = replace(honest, holdout=honesty.judge_holdout(opened.study, row, database, item.trial))
    text = _text(opened, row, item, honest, name, against)
    try:
        write_atomic(path, text.encode())
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from error
    return Promotion(path, honest, tuple(against))


def _refused(row: StudyRow, item: Kept, against: list[str]) -> LimitError:
    return LimitError(
        f"trial {item.trial} is not promoted: {'; '.join(against)}",
        where=f"study {row.id[:8]}",
        remedy="search less, or with more data; --despite-overfitting overrules this",
    )


def _free_path(folder: Path, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise UsageError(f"must be a name of letters, digits, _ . -, got {name!r}", where="--name")
    path = folder / f"{name}.yaml"
    if path.exists():
        raise UsageError("exists already", where=str(path), remedy="give another --name")
    return path


def _kept(results: Results, trial: int | None) -> Kept:
    if not results.kept:
        raise UsageError("no set has figures", where="study", remedy="run python -m backtest optimize")
    if trial is None:
        return results.kept[0]
    found = next((item for item in results.kept if item.trial == trial), None)
    if found is None:
        raise UsageError(
            f"{trial} is not among the {len(results.kept):,} best sets",
            where="--trial",
            remedy="study top lists them",
        )
    return found


def _holdout_used(opened: OpenStudy, row: StudyRow, database: Database, trial: int) -> list[str]:
    """Return a line when another set of this strategy was judged on these holdout sessions already."""
    holdout = opened.holdout()
    if holdout is None:
        return []
    known = {other.id: other for other in database.studies()}
    before = [
        (study, number)
        for study, number, first, last, _ in database.looks()
        if (study, number) != (row.id, trial)
        and known[study].strategy.casefold() == row.strategy.casefold()
        and set(known[study].symbols) & set(row.symbols)
        and first <= holdout.sessions[-1]
        and holdout.sessions[0] <= last
    ]
    if not before:
        return []
    return [f"its holdout was looked at {len(before)} time(s) before, last for trial {before[-1][1]}"]


def _look(opened: OpenStudy, row: StudyRow, database: Database, trial: int) -> None:
    """Judge a set on the holdout and note that it was looked at."""
    holdout, study = opened.holdout(), opened.study
    if holdout is None:
        return
    columns = study.sets(trial, 1)
    figures = holdout.figures(holdout.statistics(columns, 1))
    days = holdout.sessions[0], holdout.sessions[-1]
    database.look(row.id, trial, days, {key: float(np.asarray(value)[0]) for key, value in figures.items()})


def _require_no_look_ahead(opened: OpenStudy, item: Kept) -> None:
    strategy = opened.study.strategy.with_parameters(item.changes)
    audit = look_ahead.audit if strategy.family.holds_weights else audit_positions
    checks = audit(strategy, opened.history, samples=_AUDITED, seed=opened.study.seed)
    found = next((check.difference for check in checks if check.difference), None)
    if found is not None:
        raise LimitError(
            f"trial {item.trial} looks ahead: {found.what} when bars after {found.session} change",
            where="audit",
            remedy="mend the strategy; nothing overrules this",
        )


def _text(opened: OpenStudy, row: StudyRow, item: Kept, honest: Honest, name: str, against: list[str]) -> str:
    study = opened.study
    document = {
        "strategy": {
            "name": study.strategy.name,
            "variant": name,
            "description": f"trial {item.trial} of study {row.id[:8]} ({study.name})",
            "parameters": study.parameters(item.changes),
        }
    }
    comments = "".join(f"# {line}\n" for line in _comments(row, honest, against))
    return comments + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _comments(row: StudyRow, honest: Honest, against: list[str]) -> Iterator[str]:
    yield f"study {row.id}, sessions {row.first_day} to {row.last_day}"
    yield from honesty.lines(honest)
    for line in against:
        yield f"promoted although {line}"

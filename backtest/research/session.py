"""A study on the table: its file, its bars, its place in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.decision import Json
from backtest.core.documents import read_document
from backtest.core.errors import DataError
from backtest.data.sources.csv import Progress
from backtest.research.adaptive import recall_row
from backtest.research.bars_of import read_bars, read_candidates
from backtest.research.database import Database, StudyRow
from backtest.research.identity import Identity, identity_of
from backtest.research.results import Results, results_of
from backtest.research.rule_sets import Trial, figures_of, sessions_of, trial_of
from backtest.research.study import Study
from backtest.research.study_file import STUDY_FORM, parse_study


@dataclass(frozen=True, slots=True, eq=False)
class OpenStudy:
    """A study with its bars.

    Attributes:
        study: as the file says.
        document: the file, overrides included, JSON-ready, with paths that hold from anywhere.
        history: bars by symbol, up to the last session, the holdout included.
        trial: computes sets on the sessions that the search may see.
        identity: of the study over these bars.
        candidates: of a positions strategy.
    """

    study: Study
    document: Json
    history: Mapping[str, Bars]
    trial: Trial
    identity: Identity
    candidates: tuple[Candidate, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols with bars."""
        return tuple(sorted(self.history))

    @property
    def days(self) -> tuple[date, date]:
        """First and last session that the search sees."""
        return self.trial.sessions[0], self.trial.sessions[-1]

    def begin(self, database: Database, *, fresh: bool = False) -> StudyRow:
        """Return this study's row of the database, made when there is none."""
        return database.begin(
            self.identity,
            self.document,
            symbols=self.symbols,
            days=self.days,
            total=self.study.total,
            fresh=fresh,
        )

    def holdout(self) -> Trial | None:
        """Return what computes sets on the holdout alone; None when the study has none."""
        begin = self.study.data.holdout_from
        if begin is None:
            return None
        return trial_of(
            self.study.strategy,
            self.history,
            start=begin,
            end=None,
            cost_pct=self.study.data.cost_pct,
            candidates=self.candidates,
        )


def open_file(
    path: Path, overrides: Mapping[str, Mapping[str, Any]], tell: Progress, recognised: Progress | None = None
) -> OpenStudy:
    """Read a study file and its bars.

    Args:
        path: of the file.
        overrides: values by section and key that come before those of the file.
        tell: is told each warning.
        recognised: is told what unusual files were taken for.

    Raises:
        UsageError: the file is wrong. DataError: the bars are missing or not believable.
    """
    document = read_document(path, form=STUDY_FORM)
    for section, values in overrides.items():
        given = document.get(section)
        document[section] = {**(given if isinstance(given, dict) else {}), **values}
    return _open(document, str(path), path.parent, tell, recognised)


def open_row(row: StudyRow, tell: Progress) -> OpenStudy:
    """Read the bars of a study that the database knows.

    Raises:
        DataError: bars, code or libraries are not those that its sets were computed with.
    """
    found = _open(row.document["file"], f"study {row.id[:8]}", Path(), tell, None)
    if found.identity != row.identity:
        raise DataError(
            f"other {row.identity.changed(found.identity)} than its sets were computed with",
            where=f"study {row.id[:8]}",
            remedy="run python -m backtest optimize again",
        )
    return found


def study_of(row: StudyRow) -> Study:
    """Return a study that the database knows, without its bars."""
    return parse_study(row.document["file"], f"study {row.id[:8]}")


def results_of_row(study: Study, row: StudyRow, database: Database) -> Results:
    """Rank the sets of a study as far as they are stored."""
    statistics = database.statistics(row.id, row.total)
    figures = figures_of(statistics, int(row.document["sessions"]))
    recall_row(study, row, database)
    return results_of(study, figures, database.progress(row.id).stored)


def _open(
    document: Mapping[str, Any], where: str, folder: Path, tell: Progress, recognised: Progress | None
) -> OpenStudy:
    study = parse_study(document, where, folder)
    candidates = read_candidates(study)
    history = read_bars(study, tell, recognised, file=where, candidates=candidates)
    data = study.data
    end = data.end if data.holdout_from is None else data.holdout_from - timedelta(days=1)
    _require_holdout(study, history)
    trial = trial_of(
        study.strategy, history, start=data.start, end=end, cost_pct=data.cost_pct, candidates=candidates
    )
    document = {
        "name": study.name,
        "strategy": study.strategy.name,
        "sessions": len(trial.sessions),
        "file": _portable(document, study),
    }
    identity = identity_of(study, history, candidates)
    return OpenStudy(study, document, history, trial, identity, candidates)


def _require_holdout(study: Study, history: Mapping[str, Bars]) -> None:
    dates, begin = sessions_of(study.strategy, history), study.data.holdout_from
    if begin is None or not len(dates):
        return
    first, last = dates[0].item(), dates[-1].item()
    if not first < begin <= last:
        side = "the holdout" if begin > last else "the search"
        raise DataError(
            f"{side} has no session: the bars reach from {first} to {last}",
            where=f"data.holdout_from {begin}",
            remedy="give a day between them, or leave it out",
        )


def _portable(document: Mapping[str, Any], study: Study) -> Json:
    """Return the document with absolute paths, parameters in place of the base's name, and dates as text."""
    found = {**document, "study": {**document["study"], "base": dict(study.strategy.parameters)}}
    data = dict(document["data"])
    if study.data.prices is not None:
        data["prices"] = str(study.data.prices.absolute())
    else:
        data["store"] = str(study.data.store.absolute())
    if study.data.candidates is not None:
        data["candidates"] = str(study.data.candidates.absolute())
    found["data"] = data
    return {str(key): _json(value) for key, value in found.items()}


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value

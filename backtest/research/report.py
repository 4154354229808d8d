"""What a study leaves for people: `top.csv`, `study.json`, `report.html`, pictures, lines of the screen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.decision import Json
from backtest.core.execution_rules import ExecutionRules
from backtest.core.files import write_atomic
from backtest.research import honest as honesty
from backtest.research.adaptive import recall_row
from backtest.research.database import Database, StudyRow
from backtest.research.drawings import histogram, landscape, scatter
from backtest.research.figures import FIGURES, headings
from backtest.research.honest import Honest
from backtest.research.pareto import pareto_front
from backtest.research.pictures import heat_map
from backtest.research.report_page import Table, page
from backtest.research.reruns import Rerun, rerun
from backtest.research.results import Results, results_of, top_csv
from backtest.research.search import GRID
from backtest.research.session import OpenStudy
from backtest.research.study import Study
from backtest.research.surfaces import Surface, surfaces

#: sets of the page's table, and of the front in the document
_LISTED: Final = 20
_FRONT: Final = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class StudyReport:
    """A study as far as it is computed.

    Attributes:
        study, row, results: the study.
        failed: sets that could not be computed.
        honest: the first set with what it takes to judge it; None before any set has figures.
        reruns: the best sets in whole shares.
        folds: of the newest walk-forward, without its totals.
    """

    study: Study
    row: StudyRow
    results: Results
    failed: int
    honest: Honest | None
    reruns: tuple[Rerun, ...]
    folds: tuple[Json, ...] = ()

    @property
    def front(self) -> NDArray[np.int64]:
        """Numbers of the sets that nothing beats in every objective, of those that meet the requirements."""
        figures, study = self.results.figures, self.study
        scores = np.column_stack([objective.score(figures) for objective in study.objectives])
        for condition in study.require:
            scores[~condition.holds(figures, len(scores))] = -np.inf
        return pareto_front(scores)

    @property
    def maps(self) -> tuple[Surface, ...]:
        """The objective over pairs of axes of a grid; none of another search or without figures."""
        study, objective = self.study, self.study.objectives[0]
        if study.method != GRID or not self.results.tried:
            return ()
        values = self.results.figures[objective.figure]
        return surfaces(study.space, values, maximise=objective.maximise)

    def document(self) -> Json:
        """Return the study as one JSON document, as in `study.json`."""
        identity = self.row.identity
        return {
            "id": self.row.id,
            "name": self.study.name,
            "strategy": self.study.strategy.name,
            "identity": {**asdict(identity)},
            "symbols": list(self.row.symbols),
            "first_session": self.row.first_day.isoformat(),
            "last_session": self.row.last_day.isoformat(),
            "spec": self.study.spec,
            "total": self.study.total,
            "tried": self.results.tried,
            "broken": self.results.broken,
            "failed": self.failed,
            "meeting_requirements": self.results.meeting,
            "best": None if self.honest is None else self.honest.document(),
            "front": self.front.tolist()[:_FRONT] if len(self.study.objectives) > 1 else None,
            "whole_shares": [asdict(item) for item in self.reruns],
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person reads on the screen."""
        counts = self.results
        yield (
            f"study {self.row.id[:8]} {self.study.name}: {counts.tried:,} sets tried, {counts.broken:,}"
            f" excluded by the rules, {self.failed:,} failed, {counts.meeting:,} meet the requirements"
        )
        yield f"{self.study.strategy.name}, {self.row.first_day} to {self.row.last_day}"
        if self.honest is None:
            yield "no set has figures"
            return
        yield from honesty.lines(self.honest)
        best = self.results.kept[0]
        yield "  " + ", ".join(f"{name} {value}" for name, value in best.changes.items())
        if best.missed:
            yield f"  misses: {best.missed}"
        whole = next((item for item in self.reruns if item.trial == best.trial), None)
        if whole is not None:
            sharpe = "–" if whole.sharpe is None else f"{whole.sharpe:.4g}"
            yield f"  in whole shares: Sharpe {sharpe}, drawdown {whole.max_drawdown:.1%}"


def report_of(
    opened: OpenStudy, row: StudyRow, database: Database, rules: ExecutionRules, count: int
) -> StudyReport:
    """Return the report of a study.

    Args:
        opened: the study with its bars.
        row: of the database.
        database: with its sets.
        rules: of the simulator, for the reruns.
        count: how many of the best sets are rerun in whole shares.
    """
    study = opened.study
    progress = database.progress(row.id)
    figures = opened.trial.figures(database.statistics(row.id, study.total))
    recall_row(study, row, database)
    results = results_of(study, figures, min(progress.stored, study.total))
    honest = honesty.judge(study, row, opened.trial, results, database) if results.kept else None
    reruns = rerun(study, opened.history, opened.days, results.kept[:count], rules)
    folds = tuple(fold for _, fold in database.folds(row.id) if "inside" in fold)
    return StudyReport(study, row, results, progress.failed, honest, reruns, folds)


def write_report(report: StudyReport, folder: Path) -> None:
    """Write the three files and the heat maps of a grid, each whole or not at all.

    Raises:
        OSError: the folder cannot be written to.
    """
    files = {
        "top.csv": top_csv(report.study, report.results.kept),
        "study.json": json.dumps(report.document(), indent=2) + "\n",
        "report.html": _page(report),
    }
    for name, text in files.items():
        write_atomic(folder / name, text.encode())
    objective = report.study.objectives[0].figure
    for surface in report.maps:
        name = f"heat_map_{surface.rows.name}_{surface.columns.name}.png"
        write_atomic(folder / name, heat_map(surface, surface.median, f"{objective} - median over the rest"))


def _page(report: StudyReport) -> str:
    study, maps = report.study, report.maps
    title = f"Study {study.name}, {report.row.first_day} to {report.row.last_day}"
    tables = [_best(report), _whole_shares(report)]
    return page(title, report.lines(), tables, maps, charts=_drawings(report, maps))


def _drawings(report: StudyReport, maps: Sequence[Surface]) -> Iterator[str]:
    """Yield how the objective is spread, both objectives against each other, folds, landscapes."""
    objectives, figures = report.study.objectives, report.results.figures
    first = objectives[0].figure
    best = report.results.kept[0].figures[first] if report.results.kept else float("nan")
    yield histogram(f"{first} of every set; the line is the best one", first, figures[first], best)
    if len(objectives) > 1:
        other = objectives[1].figure
        front = report.front
        title = f"Every set; marked: nothing beats it in all {len(objectives)} objectives"
        cloud = figures[first], figures[other]
        yield scatter(title, (first, other), cloud, (cloud[0][front], cloud[1][front]))
    if report.folds:
        inside, outside = (
            np.array([float(fold[side].get(first) or np.nan) for fold in report.folds])
            for side in ("inside", "outside")
        )
        pairs = [pair for fold in report.folds for pair in fold.get("pairs", ())]
        points = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        labels = (f"{first} in the train window", f"{first} in the test window")
        title = "Walk-forward; marked: the pick of each fold"
        yield scatter(title, labels, (points[:, 0], points[:, 1]), (inside, outside))
    for surface in maps:
        yield landscape(surface, first)


def _best(report: StudyReport) -> Table:
    head = ("rank", "trial", *report.study.space.names, *headings(), "neighbourhood median", "misses")
    rows = [
        (
            str(rank),
            str(item.trial),
            *(str(value) for value in item.changes.values()),
            *(f"{item.figures[name]:.4g}" for name in FIGURES),
            "" if item.around is None else f"{item.around.median:.4g}",
            item.missed,
        )
        for rank, item in enumerate(report.results.kept[:_LISTED], 1)
    ]
    return Table("Ranked sets, weights-level; judge the first one by the figures above", head, rows)


def _whole_shares(report: StudyReport) -> Table:
    head = ("trial", "annual return", "Sharpe", "largest drawdown (fall, above 0)", "final equity of 100,000")
    rows = [
        (
            str(item.trial),
            "" if item.annual_return is None else f"{item.annual_return:.4g}",
            "" if item.sharpe is None else f"{item.sharpe:.4g}",
            f"{item.max_drawdown:.4g}",
            f"{item.final_equity:,.2f}",
        )
        for item in report.reruns
    ]
    return Table("The same sets in whole shares", head, rows)

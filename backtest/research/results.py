"""The sets of a study in their order: what `top.csv`, the screen and every judgement read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from backtest.research.figures import FIGURES, Figures, missed, ranked
from backtest.research.neighbourhood import Neighbourhood, neighbourhood
from backtest.research.search import GRID
from backtest.research.study import Study

#: sets that are kept with all their values
KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One of the best sets.

    Attributes:
        trial: number of the set in its study.
        changes: value of every axis.
        figures: by name.
        around: its neighbourhood; None where a search has no grid or no neighbour has figures.
        missed: requirements that it misses, as text.
    """

    trial: int
    changes: Mapping[str, Any]
    figures: Mapping[str, float]
    around: Neighbourhood | None
    missed: str


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """A study as far as it is computed.

    Attributes:
        tried: sets with figures.
        broken: sets that the rules or constraints exclude.
        meeting: sets that meet the requirements.
        figures: of all sets, NaN where there are none.
        kept: the best ones, best first.
    """

    tried: int
    broken: int
    meeting: int
    figures: Figures
    kept: tuple[Kept, ...]


def results_of(study: Study, figures: Figures, stored: int) -> Results:
    """Rank the sets of a study by their figures, shape (sets,) each.

    The best by the objectives are kept; on a grid they are then put in the order of their neighbourhoods'
    medians, so that a plateau stands before a peak. Of `stored` sets those without figures are broken.
    """
    order, met = ranked(figures, study.objectives, study.require)
    best = [int(row) for row in order[:KEPT]]
    around: dict[int, Neighbourhood | None] = dict.fromkeys(best)
    if study.method == GRID:
        scores = np.where(np.isfinite(figures[FIGURES[0]]), study.objectives[0].score(figures), np.nan)
        around = {row: neighbourhood(study.space, row, scores) for row in best}
        position = {row: place for place, row in enumerate(best)}
        best.sort(key=lambda row: (not met[row], -_median(around[row]), position[row]))
    tried = int(np.isfinite(figures[FIGURES[0]]).sum())
    return Results(
        tried=tried,
        broken=stored - tried,
        meeting=int((met & np.isfinite(figures[FIGURES[0]])).sum()),
        figures=figures,
        kept=tuple(_kept(study, figures, row, around[row]) for row in best),
    )


def _median(around: Neighbourhood | None) -> float:
    return float("-inf") if around is None else around.median


def _kept(study: Study, figures: Figures, row: int, around: Neighbourhood | None) -> Kept:
    columns = study.sets(row, 1)
    own = {name: float(values[row]) for name, values in figures.items()}
    return Kept(row, study.space.one(columns, 0), own, around, missed(figures, study.require, row))


def top_csv(study: Study, kept: tuple[Kept, ...]) -> str:
    """Return the kept sets as CSV: rank, trial, axes, figures, neighbourhood, requirements missed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    extra = ("neighbours", "neighbourhood_median", "neighbourhood_worst", "stability", "missed")
    writer.writerow(("rank", "trial", *study.space.names, *FIGURES, *extra))
    for rank, item in enumerate(kept, 1):
        around = item.around
        near = (
            ("", "", "", "")
            if around is None
            else (around.neighbours, _cell(around.median), _cell(around.worst), _cell(around.stability))
        )
        values = [_cell(item.figures[name]) for name in FIGURES]
        writer.writerow(
            (
                rank,
                item.trial,
                *(_cell(item.changes[name]) for name in study.space.names),
                *values,
                *near,
                item.missed,
            )
        )
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if np.isnan(value) else repr(value)
    return str(value)

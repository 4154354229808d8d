"""The kept sets: their order, and the file that people read."""

import csv
import io

import numpy as np

from backtest.research.results import results_of, top_csv
from backtest.research.session import results_of_row
from tests.backtest.research.conftest import Searched


def test_a_grid_is_ordered_by_neighbourhoods(searched: Searched) -> None:
    found = results_of_row(searched.opened.study, searched.row, searched.database)
    assert (found.tried, found.broken) == (108, 12)
    medians = [item.around.median for item in found.kept if item.around is not None and not item.missed]
    assert medians == sorted(medians, reverse=True)
    assert len({item.trial for item in found.kept}) == 108
    assert found.kept[0].figures["sharpe"] > 0


def test_what_misses_a_requirement_is_kept_last(searched: Searched) -> None:
    study = searched.opened.study
    figures = searched.opened.trial.figures(searched.database.statistics(searched.row.id, 120))
    least = float(np.nanmedian(figures["rebalances"]))
    from dataclasses import replace

    from backtest.research.expressions import parse_condition

    strict = replace(study, require=(parse_condition(f"rebalances > {least}", ("rebalances",)),))
    found = results_of(strict, figures, 120)
    missed = [bool(item.missed) for item in found.kept]
    assert missed == sorted(missed)
    assert found.meeting == missed.count(False) < 108


def test_the_file_holds_every_axis_and_figure(searched: Searched) -> None:
    study = searched.opened.study
    found = results_of_row(study, searched.row, searched.database)
    rows = list(csv.DictReader(io.StringIO(top_csv(study, found.kept))))
    assert [int(row["rank"]) for row in rows] == list(range(1, 109))
    best = found.kept[0]
    assert float(rows[0]["sharpe"]) == best.figures["sharpe"]
    assert int(rows[0]["sma_fast"]) == best.changes["sma_fast"]
    trial = int(rows[0]["trial"])
    assert {name: column[0] for name, column in study.space.grid(np.array([trial])).items()} == best.changes

"""All sets as a table."""

import csv
from pathlib import Path

import numpy as np
import pytest

from backtest.core.errors import UsageError
from backtest.research.export import export
from backtest.research.figures import FIGURES
from backtest.research.session import results_of_row
from tests.backtest.research.conftest import Searched


def test_csv_and_parquet_hold_the_same(searched: Searched, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    study = searched.opened.study
    figures = results_of_row(study, searched.row, searched.database).figures
    paths = [tmp_path / "all.csv", tmp_path / "all.parquet"]
    assert [export(study, figures, path) for path in paths] == [108, 108]
    rows = list(csv.DictReader(paths[0].read_text().splitlines()))
    table = pq.read_table(paths[1]).to_pydict()
    assert list(table) == list(rows[0]) == ["trial", *study.space.names, *FIGURES]
    for name, column in table.items():
        assert [float(row[name]) for row in rows] == column
    trials = np.array(table["trial"])
    np.testing.assert_array_equal(figures["sharpe"][trials], table["sharpe"])


def test_other_endings_and_places_are_refused(searched: Searched, tmp_path: Path) -> None:
    study = searched.opened.study
    figures = results_of_row(study, searched.row, searched.database).figures
    with pytest.raises(UsageError, match="must end in"):
        export(study, figures, tmp_path / "all.xlsx")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        export(study, figures, tmp_path / "file" / "all.csv")

"""What a study leaves: three files and the lines of the screen, all with the honest figures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from backtest.core.execution_rules import ExecutionRules
from backtest.research.figures import Objective
from backtest.research.honest import lines
from backtest.research.report import report_of, write_report
from tests.backtest.research.conftest import Searched


def test_files_and_screen_say_the_same(searched: Searched, tmp_path: Path) -> None:
    found = report_of(searched.opened, searched.row, searched.database, ExecutionRules(), 1)
    write_report(found, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "study.json").read_text())
    assert (document["total"], document["tried"], document["broken"], document["failed"]) == (120, 108, 12, 0)
    assert found.honest is not None
    assert document["best"]["trial"] == found.results.kept[0].trial == found.reruns[0].trial
    page = (tmp_path / "out" / "report.html").read_text()
    for line in lines(found.honest):
        assert line.strip() in page
        assert line in list(found.lines())
    assert "<th>turnover (total)</th>" in page
    assert page.count("<svg") == 1 + 6  # how the objective is spread, and a landscape of each pair of axes
    assert len(page) < 1_500_000
    assert "<th>max_drawdown (fall, above 0)</th>" in page
    assert len((tmp_path / "out" / "top.csv").read_text().splitlines()) == 109
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    pictures = [name for name in names if name.startswith("heat_map_") and name.endswith(".png")]
    assert len(pictures) == 6
    assert "heat_map_sma_fast_sma_slow.png" in pictures
    assert [name for name in names if name not in pictures] == ["report.html", "study.json", "top.csv"]


def test_a_study_without_figures_says_so(searched: Searched, tmp_path: Path) -> None:
    searched.database.connection.execute("DELETE FROM chunk")
    found = report_of(searched.opened, searched.row, searched.database, ExecutionRules(), 5)
    assert list(found.lines())[-1] == "no set has figures"
    write_report(found, tmp_path)
    assert json.loads((tmp_path / "study.json").read_text())["best"] is None


def test_two_objectives_have_a_front_and_folds_a_cloud(searched: Searched, tmp_path: Path) -> None:
    study = replace(searched.opened.study, objectives=(Objective("sharpe"), Objective("max_drawdown", False)))
    fold = {"inside": {"sharpe": 1.0}, "outside": {"sharpe": 0.4}, "pairs": [[0.5, 0.2], [0.7, -0.1]]}
    searched.database.store_folds(searched.row.id, "plan", [fold, {"efficiency": 0.4}])
    opened = replace(searched.opened, study=study)
    found = report_of(opened, searched.row, searched.database, ExecutionRules(), 0)
    figures = found.results.figures
    best = int(np.nanargmax(np.where(figures["rebalances"] >= 5, figures["sharpe"], np.nan)))
    assert best in found.front
    assert found.document()["front"] == found.front.tolist()
    write_report(found, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 3 + 6
    assert "sharpe in the train window" in page

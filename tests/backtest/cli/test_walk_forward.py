"""`python -m backtest walk-forward` as a person runs it."""

import csv
import json
from pathlib import Path

import pytest

from backtest.cli.app import main
from tests.support.study_world import write_prices, write_study

SECTION = {"kind": "anchored", "train": "1y", "test": "6m"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("walk_forward")
    prices = write_prices(folder / "prices")
    write_study(folder / "s.yaml", prices, walk_forward=SECTION)
    write_study(folder / "none.yaml", prices)
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / "r.db"))


def test_folds_pooled_result_and_what_the_study_then_says(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["walk-forward", str(world / "s.yaml"), "--out", "out"]) == 0
    shown = capsys.readouterr().out
    assert "fold 1: train 2021-06-04 to" in shown
    assert "pooled out of sample" in shown
    document = json.loads(Path("out/walk_forward.json").read_text())
    rows = list(csv.DictReader(Path("out/walk_forward.csv").read_text().splitlines()))
    assert len(rows) == document["sessions"]
    assert document["folds"][0]["train_first"] == "2021-06-04"
    assert main(["optimize", str(world / "s.yaml"), "--rerun", "0", "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["best"]
    assert best["walk_forward"] == document["efficiency"] or document["efficiency"] is None


def test_a_study_without_the_section_is_one_line(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["walk-forward", str(world / "none.yaml")]) == 2
    assert "walk_forward: missing" in capsys.readouterr().err.splitlines()[-1]

"""A study of the earnings system as a person runs it: search, judgement, folds, Monte Carlo."""

import json
from pathlib import Path

import pytest

from backtest.cli.app import main
from tests.support.earnings_study import write_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earnings-study")
    plan = {"kind": "rolling", "train": "9m", "test": "3m"}
    write_world(folder, walk_forward=plan)
    return folder


@pytest.fixture(autouse=True)
def here(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(world / "r.db"))


def test_processes_and_threads_give_one_table_and_it_is_judged(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["optimize", "study.yaml", "--workers", "2", "--out", "p"]) == 0
    text = capsys.readouterr().out
    assert "8 sets tried" in text
    assert "DSR" in text
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(world / "t.db"))
    assert main(["optimize", "study.yaml", "--engine", "threads", "--out", "t"]) == 0
    assert Path("p", "top.csv").read_bytes() == Path("t", "top.csv").read_bytes()
    assert json.loads(Path("p", "study.json").read_text())["whole_shares"] == []
    capsys.readouterr()
    assert main(["study", "verify", "reports"]) == 0
    assert main(["study", "promote", "reports", "--name", "won"]) == 7  # eight sets of noise
    assert "DSR" in capsys.readouterr().err


def test_folds_and_resampling_of_a_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimize", "study.yaml", "--engine", "threads", "--out", "p"]) == 0
    assert main(["walk-forward", "study.yaml", "--engine", "threads", "--out", "w"]) == 0
    folds = json.loads(Path("w", "walk_forward.json").read_text())["folds"]
    assert len(folds) == 4
    assert all(fold["ranked"] == 8 for fold in folds)
    words = ["--paths", "100", "--sets", "6", "--json"]
    capsys.readouterr()
    assert main(["monte-carlo", "reports:3", *words]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["parameters"]["sets"] == 6
    assert document["skipped"]["stress"] == "not built for rules that hold positions"


def test_mistakes_are_named(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"prices": str(world / "prices")}
    assert main(["optimize", str(write_world(tmp_path / "1", data=data))]) == 2
    assert "data.candidates: missing" in capsys.readouterr().err
    both = {"space": {"execution_time": {"values": ["open"]}}}
    assert main(["optimize", str(write_world(tmp_path / "2", **both))]) == 2
    assert "does not vary within a study" in capsys.readouterr().err
    assert main(["optimize", str(write_world(tmp_path / "3")), "--engine", "dask"]) == 2
    assert "threads or processes" in capsys.readouterr().err

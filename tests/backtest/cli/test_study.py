"""`python -m backtest study …` as a person runs it."""

import json
from pathlib import Path

import pytest

from backtest.cli.app import main
from tests.support.study_world import write_prices, write_study


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one study that is computed."""
    folder = tmp_path_factory.mktemp("study")
    write_study(folder / "s.yaml", write_prices(folder / "prices"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUTSU_RESEARCH_DB", str(folder / "r.db"))
        assert main(["optimize", str(folder / "s.yaml"), "--rerun", "0", "--out", str(folder / "out")]) == 0
    return folder


@pytest.fixture(autouse=True)
def here(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(world / "r.db"))


def test_list_show_and_top(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "list"]) == 0
    listed = capsys.readouterr().out
    assert "120 of 120 sets" in listed
    assert main(["study", "show", listed.split()[0]]) == 0
    assert "N = 108 sets tried" in capsys.readouterr().out
    assert main(["study", "top", "small", "--limit", "2"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("   1  trial ")
    assert "study report" in shown[-1]


def test_json_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for words in (["list"], ["show", "small"], ["top", "small"], ["verify", "small"]):
        assert main(["study", *words, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0]["studies"][0]["id"] == found[1]["id"] == found[2]["id"]
    assert len(found[2]["sets"]) == 20
    assert found[3]["different"] == []


def test_json_holds_no_word_that_json_does_not_know(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / "r.db"))
    space = {"sma_fast": {"values": [4, 8]}, "sma_slow": {"values": [30, 40]}}
    write_study(tmp_path / "s.yaml", world / "prices", objectives=[{"minimise": "volatility"}], space=space)
    assert main(["optimize", "s.yaml", "--rerun", "0"]) == 0
    capsys.readouterr()
    assert main(["study", "top", "small", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["sets"][0]["neighbourhood"]["stability"] is None


def test_report_and_export(capsys: pytest.CaptureFixture[str], world: Path) -> None:
    assert main(["study", "report", "small", "--rerun", "0", "--out", "again"]) == 0
    assert Path("again/top.csv").read_bytes() == (world / "out" / "top.csv").read_bytes()
    assert main(["study", "export", "small", "--output", "all.csv"]) == 0
    assert "108 sets written" in capsys.readouterr().out


def test_promote_refuses_luck_and_can_be_overruled(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["study", "promote", "small", "--name", "mine", "--output-dir", "strategies"]
    assert main(words) == 7
    assert "is not promoted" in capsys.readouterr().err
    assert main([*words, "--despite-overfitting"]) == 0
    assert "promoted although" in capsys.readouterr().out
    assert Path("strategies/mine.yaml").is_file()


def test_mistakes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert main(["study", "show", "nothing"]) == 2
    assert "no such study" in capsys.readouterr().err
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / "none.db"))
    assert main(["study", "list"]) == 2
    assert "no study database" in capsys.readouterr().err
    assert main(["study"]) == 2

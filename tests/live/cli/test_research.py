"""`jutsu optimize` and `jutsu study` are the research commands, word for word."""

from pathlib import Path

import pytest

from live.cli import app
from tests.support.study_world import write_prices, write_study


def jutsu(monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    monkeypatch.setattr("sys.argv", ["jutsu", *words])
    with pytest.raises(SystemExit) as stop:
        app.main()
    return stop.value.code


def test_words_options_and_exit_codes_are_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / "r.db"))
    path = str(write_study(tmp_path / "s.yaml", write_prices(tmp_path / "prices")))
    assert jutsu(monkeypatch, "optimize", path, "--dry-run") == 0
    assert "120 sets over" in capsys.readouterr().out
    assert jutsu(monkeypatch, "optimize", path, "--budget", "5") == 2
    refused = capsys.readouterr().err
    assert "the budget is 5" in refused
    assert refused.splitlines()[-1].startswith("error 2: ")
    assert "backtest:" not in refused
    assert jutsu(monkeypatch, "study", "list") == 2
    assert "no study database" in capsys.readouterr().err


def test_help_is_that_of_the_research_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jutsu(monkeypatch, "optimize", "--help") == 0
    shown = capsys.readouterr().out
    assert "--task-timeout" in shown
    assert shown.startswith("usage: jutsu optimize")

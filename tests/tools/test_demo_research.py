"""The demo of research runs from nothing and leaves a report."""

from pathlib import Path

import pytest
import yaml

from tests.support.paths import PROJECT
from tools.demo_research import EXAMPLE, main


def test_a_study_on_the_demo_market_leaves_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = yaml.safe_load((PROJECT / EXAMPLE).read_text())
    study["space"] = {"sma_fast": {"values": [20, 40]}, "sma_slow": {"values": [100, 140]}}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(study))
    monkeypatch.chdir(PROJECT)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", "set again by the demo")
    assert main(tmp_path / "demo", tmp_path / "small.yaml") == 0
    assert (tmp_path / "demo" / "report" / "report.html").is_file()
    assert (tmp_path / "demo" / "research.db").is_file()
    assert "best: trial" in capsys.readouterr().out

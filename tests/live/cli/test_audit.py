"""`jutsu audit`: the list, and the verdict with its exit code."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from live.cli.app import main
from live.settings.templates import write_templates


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a project in which the switch was turned on and off."""
    write_templates(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert jutsu(monkeypatch, "kill", "--entries-only", "--reason", "a [look] first") == 0
    assert jutsu(monkeypatch, "resume") == 0
    capsys.readouterr()
    return tmp_path


def jutsu(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run one command and return its exit code."""
    monkeypatch.setattr("sys.argv", ["jutsu", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def test_the_list_names_what_was_done(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.is_dir()
    assert jutsu(monkeypatch, "audit", "list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["action"], row["subject"], row["outcome"]) for row in rows] == [
        ("resume", "entries", "done"),
        ("kill", "entries", "done"),
    ]
    assert rows[1]["after"] == "entries: a [look] first"
    assert jutsu(monkeypatch, "audit", "list", "--limit", "1") == 0
    assert "resume" in capsys.readouterr().out


def test_a_whole_chain_is_0_and_a_changed_one_4(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jutsu(monkeypatch, "audit", "verify") == 0
    assert "2 row(s), the chain holds" in capsys.readouterr().out
    with sqlite3.connect(project / "state" / "ledger.db") as ledger:
        ledger.execute("UPDATE audit_log SET outcome = 'refused' WHERE id = 2")
    assert jutsu(monkeypatch, "audit", "verify") == 4
    said = capsys.readouterr()
    assert "error 4" in said.err
    assert "row 2 of" in said.err
    assert jutsu(monkeypatch, "audit", "verify", "--json") == 4
    assert json.loads(capsys.readouterr().out)["rows"] == 2

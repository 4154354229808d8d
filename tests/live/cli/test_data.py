"""`jutsu data`: import, list and verify as a person uses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import DataError
from backtest.data.actions import ActionStore
from backtest.data.store import BarStore
from live.cli import data

ROWS = """date,open,high,low,close,volume
2026-11-24,100.5,101.25,99.75,100.25,1000
2026-11-25,100.2,102,100.1,101.9,1200
2026-11-27,101.9,103.0,101.0,102.5,800
"""
NEXT = "2026-11-30,102.5,102.6,98.1,98.2,2500\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "csv"
    source.mkdir()
    (source / "QQQ.csv").write_text(ROWS)
    (source / "TLT.csv").write_text(ROWS)
    return source


@pytest.fixture
def jutsu(tmp_path: Path) -> Callable[..., Any]:
    app = typer.Typer()
    data.register(app)

    def run(*words: Path | str, store: Any = tmp_path / "bars") -> Result:
        return CliRunner().invoke(app, ["data", *map(str, words), "--store", str(store)])

    return run


def test_import_list_verify(jutsu: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    done = jutsu("import", "--source", "csv", folder)
    assert done.exit_code == 0, done.output
    assert "2 of 2 symbols changed" in done.stdout
    assert "already up to date" in jutsu("import", folder).stdout
    listed = jutsu("list")
    assert listed.exit_code == 0
    assert "QQQ" in listed.stdout
    assert "2026-11-27" in listed.stdout
    assert "2 files, all intact" in jutsu("verify").stdout
    assert "\x1b" not in done.output + listed.output


def test_json_is_one_document_on_standard_output(
    jutsu: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    imported = json.loads(jutsu("import", folder, "--json").stdout)
    assert [(s["symbol"], s["outcome"], s["rows"], s["last"]) for s in imported["symbols"]] == [
        ("QQQ", "new", 3, "2026-11-27"),
        ("TLT", "new", 3, "2026-11-27"),
    ]
    listed = json.loads(jutsu("list", "--json").stdout)
    assert [s["symbol"] for s in listed["symbols"]] == ["QQQ", "TLT"]
    assert json.loads(jutsu("verify", "--json").stdout)["findings"] == []


def test_a_later_file_adds_its_sessions(jutsu: Callable[..., Any], folder: Path) -> None:
    jutsu("import", folder)
    (folder / "QQQ.csv").write_text(ROWS + NEXT)
    done = json.loads(jutsu("import", folder, "--json").stdout)
    assert [(s["outcome"], s["added"]) for s in done["symbols"]] == [("updated", 1), ("up to date", 0)]


def test_defects_refuse_the_import_and_name_every_line(
    jutsu: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    (folder / "QQQ.csv").write_text(ROWS.replace("102.5,800", "nan,-1"))
    done = jutsu("import", folder)
    assert isinstance(done.exception, DataError)
    assert [f.path for f in done.exception.findings] == ["QQQ.csv:4", "QQQ.csv:4"]
    assert BarStore(tmp_path / "bars").symbols() == ()


def test_a_split_needs_the_flag(jutsu: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    jutsu("import", folder)
    halved = [
        "date,open,high,low,close,volume",
        "2026-11-25,50.1,51,50.05,50.95,2400",
        "2026-11-27,50.95,51.5,50.5,51.25,1600",
        "2026-11-30,51,52,50,51,1",
    ]
    (folder / "QQQ.csv").write_text("\n".join(halved) + "\n")
    refused = jutsu("import", folder)
    assert "2-for-1 split" in str(refused.exception)
    done = json.loads(jutsu("import", folder, "--accept-split", "--json").stdout)
    assert [s["outcome"] for s in done["symbols"]] == ["rescaled", "up to date"]
    bars = BarStore(tmp_path / "bars").read(["QQQ"])["QQQ"]
    assert bars.close.tolist() == [50.125, 50.95, 51.25, 51.0]
    assert bars.volume.tolist() == [2000, 2400, 1600, 1]


def test_damage_is_shown_and_is_exit_code_5(jutsu: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    jutsu("import", folder)
    (tmp_path / "bars" / "TLT.parquet").write_bytes(b"gone")
    found = jutsu("verify")
    assert found.exit_code == 5
    assert "TLT.parquet" in found.stdout
    as_json = jutsu("verify", "--json")
    assert as_json.exit_code == 5
    assert len(json.loads(as_json.stdout)["findings"]) == 1
    assert "damaged: TLT" in jutsu("list").stdout


def test_an_empty_store_says_how_to_fill_it(jutsu: Callable[..., Any]) -> None:
    assert "jutsu data import" in jutsu("list").stdout
    assert "is empty" in jutsu("verify").stdout


YAHOO = """Date,Open,High,Low,Close,Adj Close,Volume
2026-11-24,100,102,99,100,50,1000
2026-11-25,null,null,null,null,null,null
2026-11-27,100,103,99,102,51,800
"""


def test_what_was_recognised_is_said_and_kept(jutsu: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "qqq_us_d.csv"
    source.write_text(YAHOO)
    tried = jutsu("import", source, "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert "qqq_us_d.csv: QQQ (from its name), 2 bars 2026-11-24 to 2026-11-27" in tried.stdout
    assert "1 row without prices, kept as a gap: 2026-11-25" in tried.stdout
    assert BarStore(tmp_path / "bars").symbols() == ()
    done = json.loads(jutsu("import", source, "--json").stdout)
    assert done["recognised"][0]["columns"]["adj_close"] == "Adj Close"
    assert done["symbols"][0]["gaps"] == ["2026-11-25"]
    assert "all intact" in jutsu("verify").stdout
    source.write_text(YAHOO.replace("null,null,null,null,null,null", "100,103,99,101,51,900"))
    filled = json.loads(jutsu("import", source, "--json").stdout)
    assert filled["symbols"][0]["gaps"] == []
    assert len(BarStore(tmp_path / "bars").read(["QQQ"])["QQQ"]) == 3


def test_one_basis_per_symbol(jutsu: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "QQQ.csv"
    source.write_text(YAHOO)
    assert jutsu("import", source, "--use-adj-close").exit_code == 0
    assert "total" in jutsu("list").stdout
    assert BarStore(tmp_path / "bars").read(["QQQ"])["QQQ"].close.tolist() == [50.0, 51.0]
    refused = jutsu("import", source)
    assert isinstance(refused.exception, DataError)
    assert "basis total, the new ones of basis split" in str(refused.exception)


def test_an_open_file_names_the_flag_and_the_flag_decides(jutsu: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "data.csv"
    source.write_text(
        "Date,Open,High,Low,Last,Volume\n03/04/2026,2,2.1,1.9,2,5\n03/05/2026,2,2.1,1.9,2.05,6\n"
    )
    assert "--symbol" in str(jutsu("import", source).exception)
    assert "--date-format" in str(jutsu("import", source, "--symbol", "QQQ").exception)
    done = jutsu(
        "import",
        source,
        "--symbol",
        "QQQ",
        "--date-format",
        "%m/%d/%Y",
        "--map",
        "close=Last",
        "--basis",
        "raw",
    )
    assert done.exit_code == 0, done.output
    assert "basis raw" in done.stdout


def test_dividends_and_splits_are_kept_once(jutsu: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "QQQ.csv"
    source.write_text(
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2026-11-24,100,102,99,100,1000,0.5,0\n2026-11-25,100,102,99,100,1000,0,2\n"
    )
    assert json.loads(jutsu("import", source, "--json").stdout)["symbols"][0]["actions_added"] == 2
    assert json.loads(jutsu("import", source, "--json").stdout)["symbols"][0]["actions_added"] == 0
    kept = ActionStore(tmp_path / "bars").read("QQQ")
    assert [action.describe() for action in kept] == ["dividend 0.5 on 2026-11-24", "split 2:1 on 2026-11-25"]
    assert "all intact" in jutsu("verify").stdout  # the actions are no bars

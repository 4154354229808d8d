"""`jutsu data` for minute bars: import, list and verify as a person uses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from backtest.core.errors import DataError, UsageError
from backtest.data.minute_store import MinuteStore
from live.cli import data

LINES = ["2024-01-05 09:00,10,12,9,11,5", "2024-01-05 09:01,11,12,10,12,0", "2024-01-05 09:03,12,12,8,9,7"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "EURUSD.csv"
    path.write_text("\n".join(("time,open,high,low,close,volume", *LINES, "")))
    return path


@pytest.fixture
def jutsu(tmp_path: Path) -> Callable[..., Any]:
    app = typer.Typer()
    data.register(app)

    def run(*words: Path | str) -> Result:
        return CliRunner().invoke(app, ["data", *map(str, words), "--store", str(tmp_path / "bars")])

    return run


def test_import_list_verify(jutsu: Callable[..., Any], file: Path, tmp_path: Path) -> None:
    words = ("import", file, "--timeframe", "1m", "--time-zone", "Australia/Brisbane", "--stamp", "close")
    assert "nothing stored" in jutsu(*words, "--dry-run").stdout
    done = jutsu(*words)
    assert "EURUSD: 3 minute bars from 2024-01-04T22:59 to 2024-01-04T23:02 UTC; 3 added" in done.stdout
    assert "0 added, 0 changed, 3 the same" in jutsu(*words).stdout
    assert "2024-01-04T22:59" in jutsu("list").stdout
    assert "1 files, all intact" in jutsu("verify").stdout
    assert len(MinuteStore(tmp_path / "bars").read("EURUSD")) == 3


def test_json_is_one_document(jutsu: Callable[..., Any], file: Path) -> None:
    words = ("import", file, "--timeframe", "1m", "--time-zone", "UTC", "--symbol", "eur/usd", "--json")
    assert json.loads(jutsu(*words, "--dry-run").stdout)["recognised"]["bars"] == 3
    assert json.loads(jutsu(*words).stdout)["added"] == 3
    (year,) = json.loads(jutsu("list", "--json").stdout)["minutes"]
    assert (year["symbol"], year["rows"]) == ("EUR/USD", 3)


def test_a_damaged_year_is_found(jutsu: Callable[..., Any], file: Path, tmp_path: Path) -> None:
    jutsu("import", file, "--timeframe", "1m", "--time-zone", "UTC")
    path = MinuteStore(tmp_path / "bars").path("EURUSD", 2024)
    path.write_bytes(b"PAR1 nonsense")
    damaged = jutsu("verify")
    assert damaged.exit_code == DataError.exit_code
    assert "damaged" in damaged.stdout
    assert jutsu("list").exit_code == 0


@pytest.mark.parametrize(
    ("words", "kind", "problem"),
    [
        (("--timeframe", "1m"), DataError, "name no zone"),
        (("--timeframe", "1m", "--time-zone", "UTC", "--stamp", "middle"), UsageError, "--stamp 'middle'"),
        (("--timeframe", "1m", "--basis", "raw"), UsageError, "--basis is for daily bars"),
        (("--stamp", "close"), UsageError, "--stamp is for minute bars"),
        (("--time-zone", "UTC"), UsageError, "--time-zone is for minute bars"),
    ],
)
def test_what_is_not_clear_is_refused(
    jutsu: Callable[..., Any], file: Path, tmp_path: Path, words: tuple[str, ...], kind: type, problem: str
) -> None:
    refused = jutsu("import", file, *words)
    assert isinstance(refused.exception, kind)
    assert problem in str(refused.exception)
    assert not (tmp_path / "bars" / "1m").exists()

"""The commands `orb replay` and `orb equality`."""

from pathlib import Path

import pytest

from backtest.cli.app import main
from backtest.research.opening_range_breakout.selection import SelectionLimits, select
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio_file import write_portfolio
from backtest.strategies.opening_range_breakout.sizing import Sizing
from tests.support.minute_world import bars_file
from tests.support.orb_world import discovery, key


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orb")
    bars_file(folder / "bars.csv", seed=9, days=3)
    results = {key("1000"): [0.5, 0.1], key("1800", "E3", 1): [0.4, 0.2]}
    write_portfolio(
        select(discovery(results), SelectionLimits(), Sizing(), RiskLimits()), folder / "portfolio.json"
    )
    write_portfolio(select(discovery({}), SelectionLimits(), Sizing(), RiskLimits()), folder / "empty.json")
    return folder


def words(world: Path, output: Path, portfolio: str = "portfolio.json") -> list[str]:
    return [
        "orb",
        "replay",
        "--bars",
        str(world / "bars.csv"),
        "--portfolio",
        str(world / portfolio),
        "--output-dir",
        str(output),
    ]


def test_a_replay_writes_events_and_journal(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--fills", "outcomes", "--no-limits"]):
        assert main([*words(world, tmp_path), *more]) == 0
        rows = (tmp_path / "journal.csv").read_text().splitlines()
        trades = sum(",win," in row or ",loss," in row or ",scratch," in row for row in rows)
        assert f"3 days, {trades} trades" in capsys.readouterr().out
        assert (tmp_path / "alerts.jsonl").is_file()
        assert (tmp_path / "events.jsonl").read_text().count('"type":"ENTRY"') == trades > 0


def test_an_empty_portfolio_is_refused(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(world, tmp_path, "empty.json")) == 2
    assert "holds no strategy" in capsys.readouterr().err
    assert main(words(world, tmp_path, "bars.csv")) == 2


def test_the_gate_of_a_history(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--bars", str(world / "bars.csv"), "--dataset", "some", "--symbol", "MGC", "--labels", "1000"]
    assert main(["orb", "equality", *flags, "--rr", "1", "--confirm-bars", "1"]) == 0
    assert "trades on 3 days: equal" in capsys.readouterr().out


def test_a_gate_without_a_trade_is_not_passed(
    world: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    head = "ts_utc,open,high,low,close,volume\n"
    (tmp_path / "flat.csv").write_text(head + "2024-01-05T00:00:00Z,1,1,1,1,1\n")
    assert (
        main(["orb", "equality", "--bars", str(tmp_path / "flat.csv"), "--dataset", "x", "--symbol", "MGC"])
        == 1
    )
    assert "0 trades on 1 days: NOT equal" in capsys.readouterr().out

"""`python -m backtest portfolio`: settings, a book simulated into files, what is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.cli import app as cli
from backtest.cli.portfolio import rules_for
from backtest.core.errors import ParameterError, UsageError

EMA = "config/strategies/ema_p10.yaml"


def test_an_unknown_setting_is_refused_with_a_suggestion(project_root: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        rules_for(str(project_root / EMA), ["max_positons=5"], compatible=False)
    assert "did you mean max_positions?" in str(caught.value.findings[0])


def test_settings_are_json_or_text_and_null_switches_off(project_root: Path) -> None:
    rules = rules_for(
        str(project_root / EMA),
        ["trailing_stop=null", "max_holding_days=30", "stop_mode=close", "data_end_date=2024-05-06"],
        compatible=False,
    )
    assert rules.trailing_stop is None
    assert (rules.max_holding_days, rules.stop_mode, rules.data_end_date) == (30, "close", date(2024, 5, 6))
    with pytest.raises(ParameterError, match="trailing_stop"):
        rules_for(str(project_root / EMA), ["trailing_stop=null"], compatible=False)
    with pytest.raises(UsageError, match="no name and value"):
        rules_for(str(project_root / EMA), ["max_positions"], compatible=False)


def test_live_rules_apply_when_sizes_come_from_the_report_or_when_asked_for(project_root: Path) -> None:
    strategy = str(project_root / EMA)
    plain = rules_for(strategy, [], compatible=False)
    assert (plain.daily_entry_limit, plain.quality_filter, plain.stop_fill) == (None, False, "gap")
    live = rules_for(strategy, ["size_from=reference"], compatible=False)
    assert (live.daily_entry_limit, live.quality_filter, live.chooses_live) == (2, True, True)
    assert rules_for(strategy, ["daily_entry_limit=3"], compatible=True).daily_entry_limit == 3


def test_a_strategy_of_weights_is_refused(project_root: Path) -> None:
    with pytest.raises(UsageError, match="holds weights"):
        rules_for(str(project_root / "config/strategies/golden.yaml"), [], compatible=False)


def test_an_independent_book_has_no_equity_to_write(
    tmp_path: Path, project_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(
        [
            "portfolio",
            *("--strategy", str(project_root / EMA), "--candidates", "none.json", "--prices", "none"),
            *("--output", str(tmp_path / "out.json"), "--equity", str(tmp_path / "equity.csv")),
            *("--set", "book=independent"),
        ]
    )
    assert code == 2
    assert "--equity: an independent book has no common equity" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def world(tmp_path: Path, project_root: Path) -> list[str]:
    """Words of the command over one candidate whose stock rises a point a day for ten weeks."""
    days = np.busday_offset("2024-03-04", np.arange(50), roll="forward", holidays=["2024-03-29"]).tolist()
    rows = [f"{day},{100 + n},{101 + n},{99.5 + n},{100.5 + n},1000" for n, day in enumerate(days)]
    prices = tmp_path / "prices"
    prices.mkdir()
    (prices / "AAA.csv").write_text("\n".join(["date,open,high,low,close,volume", *rows]) + "\n")
    found = {"ticker": "AAA", "report_date": "2024-03-04", "grade": "A", "score": 80, "price": 100.0}
    (tmp_path / "list.json").write_text(json.dumps({"candidates": [found, {**found, "ticker": "BBB"}]}))
    return [
        "portfolio",
        *("--strategy", str(project_root / EMA), "--prices", str(prices)),
        *("--candidates", str(tmp_path / "list.json"), "--output", str(tmp_path / "out.json")),
    ]


def play(words: list[str], *more: str) -> dict[str, Any]:
    assert cli.main([*words, *more]) == 0
    found: dict[str, Any] = json.loads(Path(words[words.index("--output") + 1]).read_text())
    return found


def test_one_position_held_to_the_end(
    world: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = play(world, "--set", "slippage_pct=0", "--equity", str(tmp_path / "equity.csv"))
    (trade,) = out["trades"]
    last = 100.5 + 49
    assert (trade["ticker"], trade["entry_price"], trade["shares"], trade["exit_price"]) == (
        "AAA",
        100.0,
        100,
        last,
    )
    assert out["summary"]["total_pnl"] == 100 * (last - 100.0)
    assert [dict(zip(out["skipped_columns"], row, strict=True))["ticker"] for row in out["skipped"]] == [
        "BBB"
    ]
    lines = (tmp_path / "equity.csv").read_text().splitlines()
    assert (lines[0], lines[1], len(lines)) == ("date,equity", "2024-03-04,200050.00", 51)
    assert "1 trades, 1 skipped, total 4,950.00" in capsys.readouterr().out


def test_a_record_a_line_so_that_results_can_be_compared(world: list[str], tmp_path: Path) -> None:
    out = play(world)
    lines = (tmp_path / "out.json").read_text().splitlines()
    assert [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"ticker"')] == out["trades"]
    play(world)
    assert (tmp_path / "out.json").read_text().splitlines() == lines


def test_a_file_that_cannot_be_written_is_one_clear_line(
    world: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    words = [*world, "--output", str(tmp_path / "file" / "out.json")]
    assert cli.main(words) == 2
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "cannot be written" in line)
    assert "file/out.json" in line

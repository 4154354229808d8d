"""`python -m backtest run`: the four files, the screen, the refusals."""

import argparse
import csv
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.cli import run as run_command
from backtest.core.errors import JutsuError, SettingsError, UsageError
from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.metrics import summarise
from backtest.reporting.tear_sheet import readable, render
from backtest.simulator.allocation.simulate import simulate
from backtest.trading.rules_file import read_rules
from tests.support.scripted_strategy import ScriptedWeights, make_bars

SYMBOLS = {
    "QQQ": (300.0, 0.012, 0),
    "TQQQ": (50.0, 0.036, 0),
    "TLT": (90.0, 0.008, 1),
    "TMF": (20.0, 0.02, 1),
}


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CSV files of 220 made-up sessions; there is no TMV and no PSQ."""
    folder = tmp_path_factory.mktemp("prices")
    sessions = [s.day for s in calendar.sessions(date(2023, 1, 3), date(2023, 11, 15))]
    noise = np.random.default_rng(5).normal(0.0005, 1.0, (2, len(sessions)))
    for symbol, (first, scale, source) in SYMBOLS.items():
        closes = first * np.cumprod(1 + scale * noise[source])
        rows = zip(sessions, closes, strict=True)
        lines = [f"{d},{c:.4f},{c * 1.01:.4f},{c * 0.99:.4f},{c:.4f},1000" for d, c in rows]
        text = "date,open,high,low,close,volume\n" + "\n".join(lines) + "\n"
        (folder / f"{symbol}.csv").write_text(text)
    return folder


@pytest.fixture
def strategy_file(tmp_path: Path) -> Path:
    path = tmp_path / "strategy.yaml"
    path.write_text("strategy:\n  name: hierarchical_adaptive_v3_5b\n  variant: golden\n  parameters: {}\n")
    return path


def command(*words: Path | str) -> int:
    parser = argparse.ArgumentParser()
    run_command.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["run", *map(str, words)])
    code: int = args.command(args)
    return code


@pytest.fixture
def words(prices: Path, strategy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.chdir(tmp_path)  # no config/live.yaml here: defaults
    return ["--strategy", strategy_file, "--prices", prices, "--output-dir", tmp_path / "out"]


def test_the_four_files(words: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*words, "--start", "2023-08-01", "--end", "2023-10-31", "--cash", "25000") == 0
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == [
        "equity.csv",
        "metrics.json",
        "metrics_timeseries.csv",
        "report.html",
        "trades.csv",
    ]

    lines = (out / "equity.csv").read_text().splitlines()
    sessions = [s.day.isoformat() for s in calendar.sessions(date(2023, 8, 1), date(2023, 10, 31))]
    assert lines[0] == "date,equity"
    assert [line.split(",")[0] for line in lines[1:]] == sessions
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d,\d+\.\d\d", line) for line in lines[1:])

    trades = list(csv.DictReader((out / "trades.csv").read_text().splitlines()))
    assert trades
    assert {t["symbol"] for t in trades} <= {"QQQ", "TQQQ", "TMF"}
    assert all(t["cell"] in "123456" and t["trend_state"] and t["vol_state"] and t["T_norm"] for t in trades)

    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["final_equity"] == float(lines[-1].split(",")[1])
    assert metrics["total_return"] == pytest.approx(metrics["final_equity"] / 25_000 - 1)
    assert (metrics["sessions"], metrics["trades"]) == (len(sessions), len(trades))
    assert metrics["benchmark"]["symbol"] == "QQQ"

    assert metrics["drawdowns"][0]["depth"] == pytest.approx(-metrics["max_drawdown"])
    assert set(metrics["monthly_returns"]) == {"2023"}
    page = (out / "report.html").read_text()
    assert "CVaR 95 %" in page
    assert "Deepest drawdowns" in page

    screen = capsys.readouterr().out
    assert "Max drawdown" in screen
    assert f"written to {out}" in screen
    assert "\x1b" not in screen  # not a terminal: no colours


def test_same_inputs_same_bytes(words: list[Any], tmp_path: Path) -> None:
    span = ("--start", "2023-08-01", "--end", "2023-09-29")
    command(*words, *span)
    first = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    command(*words, *span)
    assert first == {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}


def test_json_is_the_only_thing_on_standard_output(
    words: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(*words, "--start", "2023-09-01", "--json", "--no-report", "--benchmark", "TLT")
    metrics = json.loads(capsys.readouterr().out)
    assert metrics == json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["benchmark"]["symbol"] == "TLT"
    assert metrics["end"] == "2023-11-15"
    assert not (tmp_path / "out/report.html").exists()


def test_the_execution_section_is_obeyed(words: list[Any], tmp_path: Path) -> None:
    span = ("--start", "2023-08-01", "--no-report")
    command(*words, *span)
    free = json.loads((tmp_path / "out/metrics.json").read_text())
    config = tmp_path / "live.yaml"
    config.write_text("mode: offline_mock\nexecution: {slippage_pct: 0.5, commission_per_order: 2}\n")
    command(*words, *span, "--config", config)
    dear = json.loads((tmp_path / "out/metrics.json").read_text())
    assert dear["costs"] == 2.0 * dear["trades"]
    assert dear["final_equity"] < free["final_equity"]


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--start", "2023-13-01"], "not a date"),
        (["--start", "01/02/2023"], "not a date"),
        (["--cash", "-5"], "not a positive amount"),
        (["--cash", "0"], "not a positive amount"),
        (["--cash", "nan"], "not a positive amount"),
        (["--cash", "lots"], "not a number"),
    ],
)
def test_bad_words_are_refused_by_the_parser(
    words: list[Any], extra: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command(*words, *extra)
    assert caught.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "code", "says"),
    [
        (["--start", "2023-09-02", "--end", "2023-09-01"], 2, "after end"),
        (["--start", "2023-09-02", "--end", "2023-09-04"], 5, "no session between"),  # a long week-end
        (["--start", "2030-01-02", "--end", "2030-02-01"], 5, "2023-01-03 to 2023-11-15"),
        (
            ["--start", "2030-01-01"],
            5,
            "no session on or after 2030-01-01 → the bars of QQQ reach from 2023-01-03",
        ),
        (["--end", "1999-01-01"], 5, "up to 1999-01-01 → give a later --end"),
        (["--prices", "nowhere"], 5, "nowhere"),
        (["--strategy", "nowhere.yaml"], 2, "nowhere.yaml"),
        (["--config", "nowhere.yaml"], 2, "nowhere.yaml"),
        (["--benchmark", "SPY"], 5, "SPY"),
    ],
)
def test_refusals_name_what_is_wrong(
    words: list[Any], extra: list[str], code: int, says: str, tmp_path: Path
) -> None:
    with pytest.raises(JutsuError) as caught:
        command(*words, *extra)
    assert caught.value.exit_code == code
    assert says in caught.value.line()
    assert not (tmp_path / "out").exists()


def test_a_folder_without_the_signal_symbol(words: list[Any], prices: Path, tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    (folder / "QQQ.csv").write_text((prices / "QQQ.csv").read_text())
    with pytest.raises(JutsuError, match="no bars of TLT") as caught:
        command(*words, "--prices", folder)
    assert caught.value.exit_code == 5


def test_output_that_cannot_be_written(words: list[Any], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(UsageError, match="cannot be written"):
        command(*words, "--start", "2023-11-01", "--no-report")


# --- the execution: section ---------------------------------------------------------------------------------


def test_rules_without_a_file_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_rules(None) == ExecutionRules()
    (tmp_path / "config").mkdir()
    (tmp_path / "config/live.yaml").write_text("execution: {min_cash_pct: 7}\n")
    assert read_rules(None).min_cash_pct == 7
    (tmp_path / "other.yaml").write_text("mode: offline_mock\n")
    assert read_rules(tmp_path / "other.yaml") == ExecutionRules()


def test_every_problem_of_the_section_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "live.yaml"
    path.write_text("execution: {slipage_pct: 1, min_cash_pct: 100, limits: {max_order_value: .nan}}\n")
    with pytest.raises(SettingsError) as caught:
        read_rules(path)
    assert sorted(f.path for f in caught.value.findings) == [
        "execution.limits.max_order_value",
        "execution.min_cash_pct",
        "execution.slipage_pct",
    ]


# --- report.html ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> str:
    week = [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)]
    history = {s: make_bars(s, dict(zip(week, [30.0, 33.0, 31.0], strict=True))) for s in ("SIG", "AAA")}
    strategy = ScriptedWeights({week[0]: {"AAA": 0.5, "BBB": 0.4}}, variant="<b>&", tradable_symbols=("AAA",))
    result = simulate(
        strategy, history, start=week[0], end=week[2], cash=1000.0, rules=ExecutionRules(), benchmark="SIG"
    )
    return render(result, summarise(result))


def test_a_short_history_warns(words: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    command(*words, "--start", "2023-11-01", "--no-report")
    assert "before the first decision on 2023-11-01; " in " ".join(capsys.readouterr().out.split())


def test_all_four_charts(page: str) -> None:
    for title in ("Equity", "Drawdown", "Allocation", "Regime"):
        assert f'<h2>{title}</h2><div class="plot"><svg' in page
    for name in ("SIG held", "AAA", "cash", "cell 0"):
        assert f">{name}<" in page


def test_one_small_file_without_scripts_that_needs_no_network(page: str) -> None:
    assert not re.search(r"<(script|link|img|iframe)", page)
    assert "http" not in page
    assert len(page) < 20_000


def test_a_long_report_stays_small() -> None:
    days = [session.day for session in calendar.sessions(date(2000, 1, 3), date(2025, 12, 31))]
    random = np.random.default_rng(3)
    closes = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.01, len(days)))), 2)
    history = {s: make_bars(s, dict(zip(days, closes.tolist(), strict=True))) for s in ("SIG", "AAA")}
    strategy = ScriptedWeights({day: {"AAA": 0.5} for day in days[::20]}, tradable_symbols=("AAA",))
    result = simulate(
        strategy, history, start=days[0], end=days[-1], cash=1e5, rules=ExecutionRules(), benchmark="SIG"
    )
    page = render(result, summarise(result))
    assert len(page) < 300_000
    assert "NaN" not in page.replace("nan", "NaN")


def test_the_page_fits_a_telephone(page: str) -> None:
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "@media (max-width: 600px)" in page


def test_names_are_text_not_markup(page: str) -> None:
    assert "<h1>scripted · &lt;b&gt;&amp;</h1>" in page


def test_warnings_are_listed(page: str) -> None:
    assert "<summary>1 warnings</summary>" in page
    assert "BBB: no price, its weight of 40.0% stays in cash" in page


def test_readable_figures() -> None:
    assert readable(None, "percent") == "–"
    assert (readable(-0.1234, "percent"), readable(1234567.891, "money")) == ("-12.3%", "1,234,567.89")
    assert (readable(2.346, "number"), readable(1200, "count")) == ("2.35", "1,200")


def with_row(prices: Path, folder: Path, symbol: str, row: int, change: Callable[..., Any]) -> Path:
    """Copy the prices with one changed row; `change` gets and returns the cells date, o, h, l, c, volume."""
    folder.mkdir()
    for path in prices.iterdir():
        lines = path.read_text().splitlines()
        if path.stem == symbol:
            day, *cells = lines[row].split(",")
            lines[row] = ",".join([day, *(f"{value:.4f}" for value in change(*map(float, cells)))])
        (folder / path.name).write_text("\n".join(lines) + "\n")
    return folder


def test_a_bad_tick_stops_the_run_until_a_person_confirms_it(
    words: list[Any], prices: Path, tmp_path: Path
) -> None:
    bad = with_row(
        prices, tmp_path / "bad", "QQQ", 220, lambda o, h, low, c, v: (o, c * 1.9, low, c * 1.9, v)
    )
    words[words.index(prices)] = bad
    with pytest.raises(JutsuError, match="jutsu data confirm QQQ 2023-11-15") as caught:
        command(*words)
    assert caught.value.exit_code == 5
    assert not (tmp_path / "out").exists()
    price = re.search(r"confirm QQQ 2023-11-15 ([0-9.]+)", str(caught.value)).group(1)
    confirmed = tmp_path / "confirmed_prices.jsonl"
    confirmed.write_text(f'{{"symbol": "QQQ", "session": "2023-11-15", "price": "{price}"}}\n')
    assert command(*words, "--confirmed", confirmed) == 0


def test_a_suspicion_is_a_warning_of_the_run_and_of_its_report(
    words: list[Any], prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = with_row(prices, tmp_path / "odd", "TLT", 200, lambda o, h, low, c, v: (o, h, low, c, 0))
    words[words.index(prices)] = odd
    assert command(*words) == 0
    day = (prices / "TLT.csv").read_text().splitlines()[200].split(",")[0]
    assert f"warning: TLT {day}: volume is 0" in capsys.readouterr().out
    assert f"TLT {day}: volume is 0" in (tmp_path / "out/report.html").read_text()


def test_a_bad_tick_after_the_end_of_a_run_does_not_matter(
    words: list[Any], prices: Path, tmp_path: Path
) -> None:
    bad = with_row(
        prices, tmp_path / "bad", "QQQ", 220, lambda o, h, low, c, v: (o, c * 1.9, low, c * 1.9, v)
    )
    words[words.index(prices)] = bad
    assert command(*words, "--end", "2023-11-14") == 0

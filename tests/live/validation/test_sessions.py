"""`jutsu validate` after both real stages, with final bars that differ from those at execution."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import Bars
from backtest.data.sources.demo import demo_market
from live import executor, signal_generator
from live.cli import app as cli
from live.ledger.ledger import Ledger
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.system.clock import SimulatedClock
from live.validation import sessions
from tests.support.paths import PROJECT

# Found by recomputing the demo market: at this close golden is in cell 4, a close 0.1 % lower is cell 3.
ON_THE_EDGE = date(2019, 2, 25)
QUIET = date(2019, 3, 11)
NEXT = date(2019, 3, 12)
LAST = date(2019, 3, 15)
FIRST = date(2014, 6, 2)  # enough history for the floor of the strategy, few enough rows to be quick
MARKET = {symbol: bars.since(FIRST) for symbol, bars in demo_market(7, LAST).items()}


def write_prices(
    folder: Path,
    changed: list[tuple[str, date, float]] | tuple[()] = (),
    without: set[tuple[str, date]] | tuple[()] = (),
) -> Path:
    """Write the demo market; `changed` holds (symbol, day, factor of the close), `without` (symbol, day)."""
    folder.mkdir()
    for symbol, bars in MARKET.items():
        close = bars.close.copy()
        for name, day, factor in changed:
            if name == symbol:
                close[bars.row(day)] *= factor
        high, low = np.maximum(bars.high, close), np.minimum(bars.low, close)
        columns = [bars.open, high, low, close, bars.volume]
        lines = ["date,open,high,low,close,volume"] + [
            ",".join([str(day), *(repr(float(column[n])) for column in columns)])
            for n, day in enumerate(bars.dates)
            if (symbol, day.item()) not in without
        ]
        (folder / f"{symbol}.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def at_execution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prices(tmp_path_factory.mktemp("prices") / "at_execution")


class Project:
    """One user's folders and the commands run in them."""

    def __init__(self, root: Path, prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.prices, self.capsys = root, prices, capsys
        self.db = root / "state" / "ledger.db"

    def _common(self, day: date) -> list[str]:
        return [
            "--as-of", str(day), "--state-db", str(self.db), "--prices", str(self.prices),
            "--config", str(PROJECT / "config" / "live.yaml"), "--output-dir", str(self.root / "signals"),
        ]  # fmt: skip

    def generate(self, day: date, *more: str) -> None:
        assert signal_generator.main([*self._common(day), *more]) == 0
        self.capsys.readouterr()

    def execute(self, day: date, *more: str) -> int:
        code = executor.main([*self._common(day), *more])
        self.capsys.readouterr()
        return code

    def session(self, day: date) -> None:
        self.generate(day)
        assert self.execute(day) == 0

    def validate(
        self, monkeypatch: pytest.MonkeyPatch, prices: Path, *more: date | str
    ) -> tuple[int, str, str]:
        flags = ["--state-db", str(self.db), "--prices", str(prices)]
        config = ["--config", str(PROJECT / "config" / "live.yaml")]
        monkeypatch.setattr(sys, "argv", ["jutsu", "validate", *flags, *config, *map(str, more)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        shown = self.capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, shown.out, shown.err

    def alerts(self) -> list[tuple[str, str]]:
        with Ledger.open(self.db, account="paper", now=datetime(2019, 3, 16, tzinfo=UTC)) as ledger:
            return [(a.level, a.title) for a in ledger.alerts.recent() if a.key.startswith("validation")]

    def report(self, day: date) -> dict[str, Any]:
        path = self.root / "state" / "reports" / f"validation_{day}.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found


@pytest.fixture
def project(
    tmp_path: Path, at_execution: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Project:
    monkeypatch.setenv("JUTSU_PATHS__LOGS", str(tmp_path / "logs"))
    monkeypatch.delenv("JUTSU_ALERT_URLS", raising=False)
    return Project(tmp_path, at_execution, capsys)


def validated(
    project: Project, monkeypatch: pytest.MonkeyPatch, prices: Path, day: date
) -> tuple[int, dict[str, dict[str, Any]]]:
    """Validate one session as JSON; return exit code and variant -> validation."""
    code, out, _ = project.validate(monkeypatch, prices, "--date", day, "--json")
    return code, {item["variant"]: item for item in json.loads(out)["validations"]}


def test_the_same_bars_are_green_over_two_sessions(
    project: Project, at_execution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.session(QUIET)
    project.session(NEXT)
    code, found = validated(project, monkeypatch, at_execution, NEXT)
    assert code == 0
    assert list(found) == ["golden", "titan"]
    for item in found.values():
        assert (item["verdict"], item["logic_match"], item["max_drift_pct"]) == ("GREEN", True, 0.0)
        # the second session only holds: without the first one's memory this would be a rebalance
        assert item["at_execution"]["facts"]["rebalance"] is False
    assert found["golden"]["fill_rate_pct"] is None
    assert project.alerts() == [("info", f"validation {NEXT}: GREEN")]


def test_a_drift_of_three_tenths_is_yellow_and_is_reported(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.session(QUIET)
    final = write_prices(tmp_path / "final", [("QQQ", QUIET, 1.003)])
    code, out, _ = project.validate(monkeypatch, final, "--date", QUIET)
    assert code == 0
    assert out.startswith(f"YELLOW  {QUIET}  golden (primary)\n")
    report = project.report(QUIET)
    golden = report["validations"][0]
    assert report["verdict"] == golden["verdict"] == "YELLOW"
    close = float(MARKET["QQQ"].close[MARKET["QQQ"].row(QUIET)])
    qqq = next(item for item in golden["drifts"] if item["symbol"] == "QQQ")
    assert qqq["reference_price"] == close
    assert qqq["final_price"] == pytest.approx(close * 1.003)
    assert qqq["drift_pct"] == pytest.approx(0.3)
    assert golden["logic_match"] is True
    # everything was sent and filled, at the quote of the paper market
    assert (golden["fill_rate_pct"], golden["rolling"][3]["value"]) == (100.0, 100.0)
    assert golden["slippages"]
    assert all(item["quote_pct"] == 0 for item in golden["slippages"])
    text = (tmp_path / "state" / "reports" / f"validation_{QUIET}.txt").read_text()
    assert text == out
    assert project.alerts() == [("warning", f"validation {QUIET}: YELLOW")]


def test_another_cell_on_the_final_bars_is_red_however_small_the_drift(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.session(ON_THE_EDGE)
    final = write_prices(tmp_path / "final", [("QQQ", ON_THE_EDGE, 0.999)])
    code, found = validated(project, monkeypatch, final, ON_THE_EDGE)
    golden = found["golden"]
    assert (code, golden["verdict"], golden["logic_match"]) == (4, "RED", False)
    assert golden["max_drift_pct"] == pytest.approx(0.1)
    assert "cell: 4 at execution, 3 on the final bars" in golden["differences"]
    assert golden["rolling"][0] == {
        "name": "logic match",
        "passed": False,
        "value": 0.0,
        "limit": ">= 95 %",
        "sessions": 1,
    }
    assert project.alerts() == [("critical", f"validation {ON_THE_EDGE}: RED")]
    # the same findings are sent once, however often cron or a person asks
    assert validated(project, monkeypatch, final, ON_THE_EDGE)[0] == 4
    assert len(project.alerts()) == 1


def test_a_fill_that_never_came_is_red(
    project: Project, at_execution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.generate(QUIET)
    project.execute(QUIET, "--paper-fault", "never")
    code, found = validated(project, monkeypatch, at_execution, QUIET)
    golden = found["golden"]
    assert (code, golden["verdict"], golden["logic_match"]) == (4, "RED", True)
    assert golden["fill_rate_pct"] == 0.0
    assert found["titan"]["verdict"] == "GREEN"


def test_retries_of_one_intent_are_counted_once(
    project: Project, at_execution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.generate(QUIET)
    project.execute(QUIET, "--paper-fault", "partial")
    _, found = validated(project, monkeypatch, at_execution, QUIET)
    with Ledger.open(project.db, account="paper", now=datetime(2019, 3, 16, tzinfo=UTC)) as ledger:
        rows = [o for o in ledger.orders.of_session(QUIET) if o.intent != "stop"]
    assert len(rows) > 1  # the fault makes a rest that is tried again
    fates = found["golden"]["orders"]
    assert [fate["name"] for fate in fates] == [o.client_order_id for o in rows if o.attempt == 0]
    assert fates[0]["ordered"] == rows[0].quantity
    assert fates[0]["filled"] == sum(o.filled_quantity for o in rows if o.symbol == rows[0].symbol)


def test_a_session_nobody_executed_is_red(
    project: Project, at_execution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.generate(QUIET)
    code, found = validated(project, monkeypatch, at_execution, QUIET)
    assert (code, found["golden"]["verdict"]) == (4, "RED")
    assert found["golden"]["reasons"] == ["outcome pending with 1 order(s): the executor never ran"]


@pytest.mark.parametrize(
    ("changed_day", "drift"), [(QUIET, 0.0), (date(2019, 3, 8), 0.3)], ids=["the session", "the bar before"]
)
def test_an_opening_window_is_compared_with_the_bar_before(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed_day: date, drift: float
) -> None:
    project.generate(QUIET, "--execution-time", "open")
    assert project.execute(QUIET) == 0
    changes = [(symbol, changed_day, 1.003) for symbol in MARKET]
    code, found = validated(project, monkeypatch, write_prices(tmp_path / "final", changes), QUIET)
    golden = found["golden"]
    assert (code, golden["decided_on"]) == (0, "2019-03-08")
    assert golden["max_drift_pct"] == pytest.approx(drift)
    assert golden["verdict"] == ("YELLOW" if drift else "GREEN")


def test_a_missing_final_bar_is_a_data_problem_and_is_told(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.session(QUIET)
    final = write_prices(tmp_path / "final", without={("TLT", day) for day in (QUIET, NEXT, LAST)})
    code, out, err = project.validate(monkeypatch, final, "--date", QUIET)
    assert (code, out) == (5, "")
    assert f"no final bar of {QUIET} for TLT" in err
    assert project.alerts() == [("warning", f"validation of {QUIET} was not possible for golden, titan")]
    assert not list((tmp_path / "state").glob("reports/validation_*"))


def test_a_range_feeds_the_rolling_statistics(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.session(QUIET)
    project.session(NEXT)
    # 0.3 % on the second session only, on one symbol of several: the rolling mean is half of that day's mean
    final = write_prices(tmp_path / "final", [("QQQ", NEXT, 1.003)])
    code, out, _ = project.validate(monkeypatch, final, "--since", QUIET, "--date", NEXT, "--json")
    assert code == 0
    golden = [item for item in json.loads(out)["validations"] if item["variant"] == "golden"]
    assert [item["session"] for item in golden] == [str(QUIET), str(NEXT)]
    assert [item["verdict"] for item in golden] == ["GREEN", "YELLOW"]
    second = golden[1]
    assert second["average_drift_pct"] == pytest.approx(0.3 / len(second["drifts"]), abs=1e-6)
    logic, drifts, _, fills = second["rolling"]
    assert (logic["value"], logic["sessions"]) == (100.0, 2)
    assert drifts["value"] == pytest.approx(second["average_drift_pct"] / 2, abs=1e-6)
    assert fills["sessions"] == 1  # the second session sent nothing
    # asking for the first one again does not look into its future
    _, found = validated(project, monkeypatch, final, QUIET)
    assert found["golden"]["rolling"][0]["sessions"] == 1
    assert len(project.alerts()) == 2


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--date", "2019-03-16"], "is not a trading day"),
        (["--date", "2019-03-13"], "has no signal file"),
        (["--date", "soon"], "is not a date"),
        (["--since", "2019-03-13", "--date", "2019-03-12"], "is after"),
        (["--since", "2019-03-13", "--date", "2019-03-14"], "no signal file of these sessions"),
    ],
)
def test_what_cannot_be_asked_for_is_exit_2(
    project: Project, at_execution: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], problem: str
) -> None:
    project.generate(QUIET)
    code, _, err = project.validate(monkeypatch, at_execution, *flags)
    assert (code, problem in err) == (2, True)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # 15:59 in New York (summer time): the newest closed session is Friday the 8th, which has no file
        (datetime(2019, 3, 11, 19, 59, tzinfo=UTC), "no signal file of 2019-03-08: nothing to validate"),
        (datetime(2019, 3, 11, 20, 0, tzinfo=UTC), ""),
    ],
    ids=["before the close", "at the close"],
)
def test_the_default_is_the_last_closed_session(
    project: Project, at_execution: Path, now: datetime, expected: str
) -> None:
    project.generate(QUIET)
    with runtime(project, at_execution, now) as opened:
        found, why = sessions.sessions_of(opened.ledger, opened.clock, None, None)
    assert (found, why) == (() if expected else (QUIET,), expected)


def test_nothing_to_validate_is_not_called_green(
    project: Project, at_execution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.generate(QUIET)  # and nothing for the last closed session, whichever that is today
    code, out, _ = project.validate(monkeypatch, at_execution)
    assert (code, "nothing to validate" in out) == (0, True)
    code, out, _ = project.validate(monkeypatch, at_execution, "--json")
    found = json.loads(out)
    assert (code, found["verdict"], found["validations"]) == (0, None, [])
    assert project.alerts() == []


def test_bars_from_another_source_are_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the run are gone: the configured data judge, and that is said."""
    project.session(QUIET)
    monkeypatch.setattr(sessions, "prices_used", lambda *_: None)
    flags = ["--date", str(QUIET), "--json", "--state-db", str(project.db)]
    config = ["--config", str(PROJECT / "config" / "live.yaml")]
    monkeypatch.setattr(sys, "argv", ["jutsu", "validate", *flags, *config])
    with pytest.raises(SystemExit):
        cli.main()
    notes = json.loads(project.capsys.readouterr().out)["validations"][0]["notes"]
    assert "DEMO data: a seeded synthetic market, not real prices" in notes
    assert "QQQ: decided on csv bars, validated on demo bars" in notes


def test_a_session_that_is_still_open_waits(project: Project, at_execution: Path) -> None:
    project.generate(QUIET)
    with runtime(project, at_execution, datetime(2019, 3, 11, 19, 59, tzinfo=UTC)) as opened:
        found, why = sessions.sessions_of(opened.ledger, opened.clock, QUIET, None)
    assert found == ()
    assert why == "the session 2019-03-11 has not closed yet: nothing to validate before it has"


def runtime(project: Project, prices: Path, now: datetime) -> AbstractContextManager[Any]:
    options = Options(config=PROJECT / "config" / "live.yaml", state_db=project.db, prices=prices)
    return open_runtime("jutsu", options, clock=SimulatedClock(now))


def test_a_provisional_bar_is_not_final(project: Project, at_execution: Path) -> None:
    from backtest.core.errors import DataError

    project.session(QUIET)
    with runtime(project, at_execution, datetime(2019, 3, 12, tzinfo=UTC)) as opened:
        feed = opened.feed

        class Hasty:
            """A vendor that still shows the running bar."""

            name = "hasty"

            def history(self, symbols: Sequence[str], at: datetime) -> dict[str, Bars]:
                return {s: replace(bars, provisional=True) for s, bars in feed.history(symbols, at).items()}

            def quotes(self, symbols: Any, at: Any) -> Any:
                return feed.quotes(symbols, at)

        with pytest.raises(DataError, match="no final bar") as stopped:
            sessions.validate_session(opened.context, Hasty(), QUIET)
    assert {finding.path for finding in stopped.value.findings} >= {"QQQ", "TLT"}


def test_every_book_has_its_verdict_although_another_lacks_a_bar(
    project: Project, at_execution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backtest.core.errors import DataError
    from live.validation import observe as gathering

    project.session(QUIET)
    real = gathering.observe

    def without_titan(context: Any, feed: Any, row: Any) -> Any:
        if row.variant == "titan":
            raise DataError("no final bar", where="TMF")
        return real(context, feed, row)

    monkeypatch.setattr(gathering, "observe", without_titan)
    with runtime(project, at_execution, datetime(2019, 3, 12, tzinfo=UTC)) as opened:
        judged, problems = sessions.judge_session(opened.context, opened.feed, QUIET)
        known = json.loads(opened.ledger.state.get(sessions.verdict_key(QUIET)) or "{}")
    assert [item.validation.observed.variant for item in judged] == ["golden"]
    assert list(problems) == ["titan"]
    assert known == {"golden": judged[0].validation.verdict, "titan": sessions.NOT_POSSIBLE}


def test_files_that_all_runs_used_judge_them(tmp_path: Path) -> None:
    at = datetime(2024, 1, 2, 20, 55, tzinfo=UTC)
    ledger = Ledger.open("sqlite://", account="paper", now=at)
    runtime: Any = SimpleNamespace(ledger=ledger)

    def ran(day: date, source: str) -> None:
        ledger.runs.due(day, "golden", role="primary", mode="offline_mock", due_at=at, source=source)

    one, two = date(2024, 1, 2), date(2024, 1, 3)
    assert sessions.prices_used(runtime.ledger, (one,)) is None
    ran(one, f"prices:{tmp_path}")
    assert sessions.prices_used(runtime.ledger, (one,)) == tmp_path
    ran(two, "demo")
    assert sessions.prices_used(runtime.ledger, (one, two)) is None  # more than one source
    assert sessions.prices_used(runtime.ledger, (two,)) is None
    gone = date(2024, 1, 4)
    ran(gone, f"prices:{tmp_path / 'gone'}")
    assert sessions.prices_used(runtime.ledger, (gone,)) is None

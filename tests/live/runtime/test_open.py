"""One pass from flags to broker: every layer counts everywhere, the clock comes last, all is closed."""

from __future__ import annotations

import http.server
import json
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.errors import JutsuError, SettingsError, UsageError
from backtest.core.files import write_atomic
from live.alerts import delivery
from live.alerts.channels import channels as channels_of
from live.ledger.errors import LedgerDamaged
from live.ledger.ledger import Ledger
from live.ledger.system_state import CONFIRMATION, EVERY_ACCOUNT
from live.model.run import DAILY, TENDING, Confirming, Demo, DryRun, Reading, Replay, Run, asked_for
from live.runtime import open as opening_module
from live.runtime.lifecycle import opening
from live.runtime.loading import Sources, settings_in_force
from live.runtime.open import _open_ledger, environment_of, open_runtime, unconfirmed
from live.runtime.options import Options
from live.settings.load import LoadedSettings, load_settings
from live.settings.model import Settings
from live.system.clock import SystemClock
from live.system.lock import single_instance
from live.system.logs import stop_logging
from tests.support.calendar_days import window_on
from tests.support.paths import PROJECT
from tests.support.user_world import FIRST, User, new_user

SESSION = "2025-03-05"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A project on the demo market with a ledger; gives its settings file."""
    config = tmp_path / "config" / "live.yaml"
    config.parent.mkdir()
    config.write_text(f"paths: {{strategies: {PROJECT / 'config' / 'strategies'}}}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUTSU_ALERT_URLS", raising=False)
    Ledger.open(tmp_path / "state/ledger.db", account="paper", now=SystemClock().now()).close()
    yield config
    stop_logging()
    logging.getLogger().setLevel(logging.WARNING)


def override(config: Any, name: Any, value: Any, *, since: Any = None, until: Any = None) -> None:
    now = SystemClock().now() - timedelta(hours=1)
    path = config.parent.parent / "state/ledger.db"
    with Ledger.open(path, account=EVERY_ACCOUNT, now=now) as ledger:
        ledger.config.set(name, value, at=now, by="test", effective_from=since, effective_until=until)


def opened(config: Any, run: Any = DAILY, **options: Any) -> Any:
    return open_runtime("test", Options(config=config, **options), run)


def in_force(config: Any) -> Any:
    return settings_in_force(Sources.of(Options(config=config)))


def heard_by(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that alerts went to, from now on."""
    heard: list[str] = []

    def deliver(urls: Mapping[str, str], *_: Any, **__: Any) -> dict[str, Any]:
        heard.extend(urls.values())
        return {}

    monkeypatch.setattr(delivery, "deliver", deliver)
    return heard


class TestEveryOverrideCounts:
    def test_the_log_has_the_level_of_the_override(self, project: Any) -> None:
        override(project, "logging.level", "DEBUG")
        with opened(project) as runtime:
            assert runtime.settings.logging.level == "DEBUG"
            assert logging.getLogger().level == logging.DEBUG

    def test_a_flag_wins_over_it(self, project: Any) -> None:
        override(project, "logging.level", "ERROR")
        with opened(project, verbose=True):
            assert logging.getLogger().level == logging.DEBUG

    @pytest.mark.parametrize("run", [DAILY, asked_for(SESSION), Reading(), DryRun(), Replay()])
    def test_it_holds_for_every_kind_of_run(self, project: Any, run: Any) -> None:
        override(project, "safety.max_drift_pct", 2.5)
        with opened(project, run) as runtime:
            assert runtime.settings.safety.max_drift_pct == 2.5

    def test_review_and_a_past_session_ask_by_one_rule(self, project: Any) -> None:
        """Found by: `config set approval.policy` was ignored by --as-of and obeyed by review."""
        override(project, "approval.policy", "required")
        with opened(project) as review, opened(project, asked_for(SESSION)) as stage:
            assert review.settings.approval.policy == stage.settings.approval.policy == "required"

    def test_what_has_ended_or_not_begun_holds_for_nobody(self, project: Any) -> None:
        now = SystemClock().now()
        override(project, "safety.max_drift_pct", 2.5, since=datetime(2025, 1, 1, tzinfo=UTC), until=now)
        override(project, "safety.cash_jump_pct", 2.5, since=now + timedelta(days=1))
        for run in (DAILY, asked_for(SESSION)):
            with opened(project, run) as runtime:
                safety = runtime.settings.safety
                assert (safety.max_drift_pct, safety.cash_jump_pct) == (1.0, 10.0)

    def test_a_replay_is_approved_and_faultless_all_the_same(self, project: Any) -> None:
        override(project, "approval.policy", "required")
        override(project, "paper.fault", "reject")
        with opened(project, Replay()) as runtime:
            assert (runtime.settings.approval.policy, runtime.settings.paper.fault) == ("auto", "none")

    def test_commands_without_a_run_read_it_too(self, project: Any) -> None:
        override(project, "data.store", "elsewhere")
        override(project, "broker.schwab.token_file", "other/token.json")
        settings = in_force(project).settings
        assert str(settings.data.store) == "elsewhere"
        assert str(settings.broker.schwab.token_file) == "other/token.json"

    def test_jutsu_data_lists_the_store_of_the_override(self, project: Any) -> None:
        from live.cli.data_facts import store_folder

        override(project, "data.store", "elsewhere")
        assert store_folder(None, project) == project.parent.parent / "elsewhere"

    def test_jutsu_auth_uses_the_token_file_of_the_override(self, project: Any) -> None:
        from live.cli.auth import _opened

        override(project, "broker.schwab.token_file", "other/token.json")
        settings, token, _ = _opened(project)
        assert token.path == project.parent.parent / "other/token.json"
        assert settings.broker.schwab.token_file == token.path.relative_to(project.parent.parent)

    def test_a_run_that_cannot_start_rings_where_the_override_says(
        self, project: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard = heard_by(monkeypatch)
        override(project, "alerts.urls_env", "OTHER_URLS")
        monkeypatch.setenv("OTHER_URLS", "json://127.0.0.1:9/other")
        with pytest.raises(SettingsError), opening("executor", Options(config=project), DAILY):
            raise SettingsError("broken", where="here")
        assert heard == ["json://127.0.0.1:9/other"]

    def test_it_rings_without_a_readable_ledger_too(
        self, project: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard = heard_by(monkeypatch)
        (project.parent.parent / "state/ledger.db").write_bytes(b"not a ledger" * 20)
        monkeypatch.setenv("JUTSU_ALERT_URLS", "json://127.0.0.1:9/x")
        options = Options(config=project)
        with pytest.raises(LedgerDamaged), opening("executor", options, DAILY), opened(project):
            pass
        assert heard == ["json://127.0.0.1:9/x"]

    def test_reading_settings_creates_no_ledger(self, project: Any) -> None:
        state = project.parent.parent / "state"
        (state / "ledger.db").unlink()
        assert in_force(project).settings.mode == "offline_mock"
        assert list(state.iterdir()) == []


class TestTheLog:
    def test_a_ledger_that_cannot_be_opened_is_in_the_log(self, project: Any) -> None:
        (project.parent.parent / "state/ledger.db").write_bytes(b"not a ledger" * 20)
        with pytest.raises(LedgerDamaged), opened(project):
            pass
        logging.getLogger("jutsu").error("stopped: damaged")
        (log,) = (project.parent.parent / "logs").glob("test_*.log")
        assert "stopped: damaged" in log.read_text()

    def test_a_dry_run_has_none(self, project: Any) -> None:
        with opened(project, DryRun()) as runtime:
            assert runtime.log_file is None
        assert not (project.parent.parent / "logs").exists()


class TestTheEnd:
    def test_all_is_closed_and_the_real_error_is_kept(
        self, project: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Found by: `OSError ... context ValueError('the real error') ledger closed: False`."""
        closed = []

        class Broken:
            connection = None

            def close(self) -> None:
                closed.append("broker")
                raise OSError("the line is dead")

        monkeypatch.setattr(opening_module, "make_broker", lambda *_, **__: Broken())
        monkeypatch.setattr(Ledger, "close", lambda _: closed.append("ledger"))
        with pytest.raises(ValueError, match="the real error") as stopped, opened(project):
            raise ValueError("the real error")
        assert closed == ["broker", "ledger"]
        assert isinstance(stopped.value.__context__, OSError)

    def test_a_broker_that_cannot_be_made_leaves_nothing_open(
        self, project: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = []

        def refuse(*_: Any, **__: Any) -> None:
            raise UsageError("no broker today")

        monkeypatch.setattr(opening_module, "make_broker", refuse)
        monkeypatch.setattr(Ledger, "close", lambda _: closed.append("ledger"))
        with pytest.raises(UsageError, match="no broker today"), opened(project):
            pass
        assert closed == ["ledger"]


@pytest.fixture
def imitation() -> Iterator[Any]:
    """A broker's imitation that plays a Wednesday of last year; gives its address."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("X-Rehearsal-Time", "2025-03-05T20:50:00+00:00")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestTheClock:
    def test_a_rehearsal_named_by_an_override_sets_it(
        self, project: Any, imitation: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(opening_module, "make_broker", lambda *_, **__: object())
        monkeypatch.setattr(opening_module, "make_feed", lambda *_, **__: SimpleNamespace(name="none"))
        monkeypatch.setattr(opening_module, "_check_mode", lambda *_, **__: None)
        for name, value in {"mode": "online_live", "broker.name": "alpaca"}.items():
            override(project, name, value)
        override(project, "broker.alpaca.base_url", imitation)
        with opened(project) as runtime:
            assert runtime.clock.now().date() == date(2025, 3, 5)

    def test_a_rehearsal_that_an_override_ends_does_not(self, project: Any, imitation: str) -> None:
        project.write_text(
            project.read_text()
            + f"mode: online_live\nbroker: {{name: alpaca, alpaca: {{base_url: '{imitation}'}}}}\n"
        )
        # made long ago: what holds is asked at the imitation's time
        override(project, "mode", "offline_mock", since=datetime(2000, 1, 1, tzinfo=UTC))
        with opened(project) as runtime:
            assert abs(runtime.clock.now() - SystemClock().now()) < timedelta(minutes=1)

    def test_a_question_never_moves_it(self, project: Any) -> None:
        """Found by: a date-only run moved its clock inside `due()` and `read_job()`."""
        from live.books.variants import groups
        from live.generation.due import NotDue, due

        with opened(project, asked_for(SESSION)) as runtime:
            before = runtime.clock.now()
            (group,) = groups(runtime.settings, runtime.strategies)
            assert group.primary is not None
            assert isinstance(due(runtime.context, group.primary), NotDue)
            assert runtime.clock.now() == before

    def test_an_instant_stays_where_it_is(self, project: Any) -> None:
        with opened(project, asked_for("2025-03-05T10:00")) as runtime:
            runtime.arrive(window_on(date(2025, 3, 5), "close"))
            assert runtime.clock.now() == datetime(2025, 3, 5, 15, tzinfo=UTC)


@pytest.fixture
def online(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project that would send real orders, for an account that nobody confirmed."""
    monkeypatch.setattr(opening_module, "make_broker", lambda *_, **__: object())
    monkeypatch.setattr(opening_module, "make_feed", lambda *_, **__: object())
    project.write_text(
        project.read_text() + "mode: online_live\nbroker: {name: schwab}\ndata: {source: schwab}\n"
    )
    return project


def test_what_may_send_an_order_is_refused_until_it_is_confirmed(online: Any) -> None:
    with pytest.raises(SettingsError, match=r"never confirmed.*run `jutsu online` once"), opened(online):
        pass
    with opened(online, Confirming()) as runtime:
        runtime.ledger.state.confirm_online(CONFIRMATION, by="test", at=runtime.clock.now())
    with opened(online) as runtime:
        assert runtime.settings.mode == "online_live"


def test_a_live_account_of_interactive_brokers_is_refused_before_anything_is_asked(
    online: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    online.write_text(online.read_text().replace("broker: {name: schwab}", "broker: {name: ibkr}"))
    monkeypatch.setenv("IBKR_ACCOUNT", "U1234567")
    for run in (DAILY, TENDING, Reading()):
        with pytest.raises(SettingsError, match="not offered for live money"), opened(online, run):
            pass


@pytest.mark.parametrize("run", [Reading(), TENDING])
def test_looking_and_keeping_records_needs_no_confirmation(online: Any, run: Any) -> None:
    with opened(online, run) as runtime:
        assert unconfirmed(runtime.settings, runtime.ledger)
    with pytest.raises(UsageError, match="only for offline_mock"), opened(online, run, prices=online.parent):
        pass


def test_a_reading_command_refuses_a_named_ledger_that_is_not_there(project: Any, tmp_path: Path) -> None:
    with (
        pytest.raises(JutsuError, match="no such ledger"),
        opened(project, Reading(), state_db=tmp_path / "none.db"),
    ):
        pass
    assert not (tmp_path / "none.db").exists()


def test_a_setting_named_like_an_argument_is_only_a_setting(project: Any) -> None:
    loaded = Sources.of(Options(config=project), further={"paper.initial_cash": 5}).load()
    assert loaded.settings.paper.initial_cash == 5
    with pytest.raises(SettingsError):
        Sources.of(Options(config=project), further={"run": json.loads("1")}).load()


@pytest.mark.parametrize("private", [True, False])
def test_everything_a_run_leaves_is_private_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUTSU_PATHS__PRIVATE", str(private).lower())
    before = os.umask(0)
    try:
        with open_runtime("jutsu", Options()) as runtime:
            with single_instance(runtime.state, runtime.account, run_id="test"):
                write_atomic(runtime.signals / "file.json", b"{}")
            runtime.ledger.backup(runtime.state / "backups", keep_days=1, now=runtime.clock.now())
            runtime.ledger.generation.raise_once(at=runtime.clock.now())
            runtime.ledger.generation.write_once()
        assert os.umask(0) == 0
    finally:
        os.umask(before)

    made = [
        p for name in ("state", "signals", "logs") for p in (tmp_path / name, *(tmp_path / name).rglob("*"))
    ]
    opened = {p.name for p in made if p.stat().st_mode & 0o077}
    assert len(made) > 7
    assert (opened == set()) is private


NOW = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)


def test_a_rehearsal_neither_locks_nor_changes_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    loaded = LoadedSettings(Settings.model_validate({"paths": {"state_db": str(path)}}), {}, tmp_path, None)
    with Ledger.open(path, account="paper", now=NOW) as real:
        real.state.set("known", "before", at=NOW)
        dry = _open_ledger(loaded, DryRun(), now=NOW, named=False)
        with dry, dry.rehearsal():
            assert dry.state.get("known") == "before"
            dry.state.set("known", "rehearsed", at=NOW)
            real.state.set("other", "written meanwhile", at=NOW)  # waited ten seconds, then gave up
        assert real.state.get("known") == "before"
        assert real.state.get("other") == "written meanwhile"


@pytest.fixture
def user(tmp_path: Path) -> User:
    made = new_user(tmp_path / "jutsu")
    path = made.root / "state" / "secrets.env"
    path.parent.mkdir()
    path.write_text("JUTSU_ALERT_PHONE=json://127.0.0.1:9/a1b2c3d4e5\n")
    path.chmod(0o600)
    return made


def test_alerts_find_their_channel_without_any_variable(user: User) -> None:
    with open_runtime("jutsu", Options(config=user.config)) as runtime:
        assert channels_of(runtime.settings, runtime.state, runtime.environ) == {
            "phone": "json://127.0.0.1:9/a1b2c3d4e5"
        }


@pytest.mark.parametrize(
    ("run", "prices", "reads"),
    [
        (DAILY, None, True),
        (DryRun(), None, True),
        (DAILY, "prices", False),
        (asked_for(FIRST), None, False),
        (Replay(), None, False),
        (Demo(), None, False),
    ],
)
def test_trials_and_the_past_never_read_it(
    user: User, tmp_path: Path, run: Run, prices: str | None, reads: bool
) -> None:
    folder = None if prices is None else tmp_path / prices
    found = environment_of(load_settings(config=user.config), run, folder)
    assert ("JUTSU_ALERT_PHONE" in found) == reads


def test_a_file_others_can_read_stops_every_program_but_not_the_past(user: User) -> None:
    (user.root / "state" / "secrets.env").chmod(0o644)
    ran = user.jutsu("status")
    assert (ran.code, "PROBLEM  secrets: " in ran.out) == (0, True)
    assert user.generate(None).code == 2
    assert user.generate(FIRST).code == 0

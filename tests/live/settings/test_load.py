"""Settings: one precedence, every value's source, every mistake at once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backtest.core.errors import SettingsError
from live.settings import names
from live.settings.load import load_settings
from live.settings.model import Settings


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Any]:
    """A project folder with a settings file; call it with the file's text."""

    def write(text: str) -> Path:
        path = tmp_path / "config" / "live.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def findings(**sources: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as raised:
        load_settings(**sources)
    assert raised.value.exit_code == 2
    return {finding.path: str(finding) for finding in raised.value.findings}


def test_the_shipped_file_is_complete_and_says_what_the_defaults_are(project_root: Path) -> None:
    loaded = load_settings(config=project_root / "config" / "live.yaml", environ={})

    assert loaded.settings.model_copy(update={"books": Settings().books}) == Settings()
    assert {name for name, source in loaded.sources.items() if source == "default"} == set()
    assert loaded.settings.mode == "offline_mock"
    assert (loaded.settings.books[0].primary, loaded.settings.books[0].shadows) == ("golden", ("titan",))
    assert loaded.root == project_root


SOURCES = ("default", "file", "environment", "ledger", "flag")
VALUES = {"default": 1.0, "file": 2.0, "environment": 3.0, "ledger": 4.0, "flag": 5.0}


@pytest.mark.parametrize("present", range(16))
def test_the_highest_source_wins(config: Callable[..., Any], present: int) -> None:
    """Every combination of the four sources above the default."""
    on = {source: bool(present >> bit & 1) for bit, source in enumerate(SOURCES[1:])}
    highest = max((source for source in SOURCES[1:] if on[source]), key=SOURCES.index, default="default")
    file = config("safety: {max_drift_pct: 2}" if on["file"] else "# nothing\n")

    loaded = load_settings(
        config=file,
        environ={"JUTSU_SAFETY__MAX_DRIFT_PCT": "3"} if on["environment"] else {},
        overrides={"safety.max_drift_pct": 4} if on["ledger"] else {},
        flags={"safety.max_drift_pct": 5} if on["flag"] else {},
    )

    labels = {
        "default": "default",
        "file": str(file),
        "environment": "JUTSU_SAFETY__MAX_DRIFT_PCT",
        "ledger": "ledger override",
        "flag": "flag",
    }
    assert loaded.settings.safety.max_drift_pct == VALUES[highest]
    assert loaded.sources["safety.max_drift_pct"] == labels[highest]
    assert loaded.sources["safety.cash_jump_pct"] == "default"


def test_one_entry_of_a_table_can_be_changed_alone(config: Callable[..., Any]) -> None:
    loaded = load_settings(config=config("approval: {on_no_answer: {entry: trade}}"), environ={})

    assert loaded.settings.approval.on_no_answer == {
        "exit": "trade", "reduce": "trade", "stop": "trade", "entry": "trade", "increase": "skip",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("saftey", "did you mean safety?"),
        ("safety.max_drfit_pct", "did you mean safety.max_drift_pct?"),
        ("initial_cash", "did you mean paper.initial_cash?"),
        ("execution.max_position_pct", "did you mean execution.limits.max_position_pct?"),
        ("broker.schwab.timeout", "did you mean broker.schwab.timeout_seconds?"),
        ("data.zzz", "known in data: source, second_source, sources, store,"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(name: str, hint: str) -> None:
    assert hint in findings(flags={name: 1})[name]


def test_all_mistakes_of_all_sources_are_listed_together(config: Callable[..., Any]) -> None:
    found = findings(
        config=config("mode: live\nsafety: 5\npaper: {initial_cash: -3}\nfoo: 1\n"),
        environ={"JUTSU_POLLING__RETRIES": "many", "JUTSU_MOED": "x", "JUTSU_DATA__SORCE": "demo"},
        overrides={"logging.level": "LOUD"},
    )

    assert set(found) == {
        "mode", "safety", "paper.initial_cash", "foo",
        "polling.retries", "moed", "data.sorce", "logging.level",
    }  # fmt: skip
    assert "live.yaml" in found["mode"]
    assert "got 'many'" in found["polling.retries"]
    assert "JUTSU_POLLING__RETRIES" in found["polling.retries"]
    assert "did you mean mode?" in found["moed"]
    assert "ledger override" in found["logging.level"]


@pytest.mark.parametrize(
    "name", ["api_key", "app_secret", "token", "password", "refresh_token", "client-secret"]
)
def test_secrets_are_refused_and_never_repeated(config: Callable[..., Any], name: str) -> None:
    found = findings(config=config(f"broker: {{schwab: {{{name}: hunter2}}}}"))

    text = found[f"broker.schwab.{name}"]
    assert "secrets never belong into settings" in text
    assert "environment variable" in text
    assert "hunter2" not in text


def test_alert_addresses_are_not_a_setting(config: Callable[..., Any]) -> None:
    found = findings(config=config("alerts: {urls_env: 'tgram://123:abc/1'}"))

    assert "alerts.urls_env" in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("safety: {a: 1", "not readable as YAML"),
        ("mode: offline_mock\nmode: online_live\n", "appears twice"),
        ("safety:\n  max_drift_pct: 1\n  max_drift_pct: 2\n", "appears twice"),
        ("- a\n- b\n", "holds no mapping"),
        ("!!python/object/apply:os.system ['true']", "not readable as YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(config: Callable[..., Any], text: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load_settings(config=config(text), environ={})


def test_text_that_is_not_utf8_is_refused(config: Callable[..., Any]) -> None:
    path = config("")
    path.write_bytes(b"mode: \xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(config=path)


@pytest.mark.parametrize("text", ["", "# only a comment\n\n  # another\n", "safety:\n  # nothing\n"])
def test_empty_files_and_sections_mean_the_defaults(config: Callable[..., Any], text: str) -> None:
    assert load_settings(config=config(text)).settings == Settings()


def test_a_named_file_must_exist_and_the_usual_one_need_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="no such settings file"):
        load_settings(config=Path("config/other.yaml"))

    loaded = load_settings()
    assert (loaded.settings, loaded.root, loaded.config_file) == (Settings(), tmp_path, None)


def test_paths_belong_to_the_folder_that_holds_config(config: Callable[..., Any], tmp_path: Path) -> None:
    loaded = load_settings(config=config("paths: {logs: /var/log/x}"), environ={})

    assert loaded.path(loaded.settings.paths.state_db) == tmp_path / "state" / "ledger.db"
    assert loaded.path(loaded.settings.paths.logs) == Path("/var/log/x")
    lone = tmp_path / "mine.yaml"
    lone.write_text("mode: offline_mock\n")
    assert load_settings(config=lone).root == tmp_path


def test_settings_are_frozen(config: Callable[..., Any]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings(config=config("")).settings.safety.max_drift_pct = 9


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("safety: {slippage_warn_pct: 2}", "slippage_warn_pct <= slippage_flag_pct"),
        ("books: []", "at least one book"),
        ("books: [{primary: a, shadows: [a]}]", "a appears more than once"),
        ("books: [{primary: a, budget_pct: 60}, {primary: b, budget_pct: 50}]", "more than 100 percent"),
        ("safety: {cash_jump_pct: .nan}", "finite number"),
        ("books: [{primary: a, shadow: b}]", "books.0.shadow"),
    ],
)
def test_values_that_contradict_each_other_are_refused(
    config: Callable[..., Any], text: str, problem: str
) -> None:
    assert any(problem in line for line in findings(config=config(text)).values())


def test_parameters_of_strategies_come_from_every_source(config: Callable[..., Any]) -> None:
    loaded = load_settings(
        config=config("strategy: {golden: {sma_fast: 50, sma_slow: 150}}"),
        environ={"JUTSU_STRATEGY__GOLDEN__SMA_FAST": "60", "JUTSU_STRATEGY__GOLDEN__T_max": "45.5"},
        overrides={"strategy.titan.execution_time": "open"},
    )

    assert loaded.parameter_overrides == {
        "golden": {
            "sma_fast": (60, "JUTSU_STRATEGY__GOLDEN__SMA_FAST"),
            "sma_slow": (150, str(loaded.config_file)),
            "T_max": (45.5, "JUTSU_STRATEGY__GOLDEN__T_max"),
        },
        "titan": {"execution_time": ("open", "ledger override")},
    }
    assert loaded.rows()[-1].name == "strategy.titan.execution_time"


def test_no_setting_is_called_like_a_secret_by_accident() -> None:
    assert [name for name in names.leaves() if names.looks_secret(name)] == ["broker.schwab.token_file"]


@pytest.mark.parametrize("source", ["yaml", "environment", "flag", "absolute flag"])
def test_a_url_is_no_path_and_its_password_is_never_shown(
    tmp_path: Path, config: Callable[..., Any], source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://me:s3cret@db.example.org/ledger"
    monkeypatch.chdir(tmp_path)
    given: dict[str, dict[str, Any]] = {
        "yaml": {"config": config(f"paths:\n  state_db: {url}\n")},
        "environment": {"environ": {"JUTSU_PATHS__STATE_DB": url}},
        "flag": {"flags": {"paths.state_db": Path(url)}},
        "absolute flag": {"flags": {"paths.state_db": Path(url).absolute()}},
    }
    with pytest.raises(SettingsError) as caught:
        load_settings(**given[source])

    text = caught.value.line() + "".join(map(str, caught.value.findings))
    assert caught.value.exit_code == 2
    assert "paths.state_db" in text
    assert "is a URL" in text
    assert "s3cret" not in text
    assert {p.name for p in tmp_path.rglob("*")} == {"config", "live.yaml"}


@pytest.mark.parametrize("kind", ["dangling link", "pipe", "folder"])
def test_a_settings_file_that_is_no_file_is_never_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Defaults in its place would trade without the limits and the approval a person had set."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config" / "live.yaml"
    path.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="not a regular file"):
        load_settings(environ={})

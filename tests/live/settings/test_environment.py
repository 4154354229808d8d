"""Settings of environment variables: texts become what the setting needs."""

from pathlib import Path

import pytest

from backtest.core.errors import Finding
from live.settings.environment import of_environment, parse_text
from live.settings.load import load_settings
from live.settings.model import Settings


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("JUTSU_MODE", "online_live", "mode", "online_live"),
        ("JUTSU_POLLING__RETRIES", "7", "polling.retries", 7),
        ("JUTSU_ALERTS__EXECUTION_REPORT", "false", "alerts.execution_report", False),
        ("JUTSU_EXECUTION__LIMITS__MAX_POSITION_PCT", "12.5", "execution.limits.max_position_pct", 12.5),
        ("JUTSU_EXECUTION__MAX_HOLDINGS_DRIFT", "null", "execution.max_holdings_drift", None),
        ("JUTSU_APPROVAL__ON_NO_ANSWER__ENTRY", "trade", "approval.on_no_answer.entry", "trade"),
        ("JUTSU_BROKER__SCHWAB__ACCOUNT_LAST4", "0123", "broker.schwab.account_last4", "0123"),
        ("JUTSU_PATHS__STATE_DB", "/x/y.db", "paths.state_db", "/x/y.db"),
        ("JUTSU_PAPER__FAULT", "", "paper.fault", "none"),
    ],
)
def test_environment_texts_become_the_type_of_the_setting(
    variable: str,
    text: str,
    name: str,
    value: bool | float | str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = {row.name: row.value for row in load_settings(environ={variable: text}).rows()}

    assert rows[name] == value


def test_lists_in_the_environment_are_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load_settings(environ={"JUTSU_BOOKS": '[{"primary": "a", "shadows": ["b"]}]'})

    assert loaded.settings.books[0].shadows == ("b",)


def test_other_variables_with_our_prefix_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environ={"JUTSU_ALERT_URLS": "tgram://x", "JUTSUX": "1"}).settings == Settings()


def test_a_slip_in_a_name_is_told_and_no_setting() -> None:
    findings: list[Finding] = []
    assert list(of_environment({"JUTSU_MOED": "online_live"}, findings)) == []
    assert [finding.path for finding in findings] == ["moed"]


def test_what_is_no_json_is_a_word() -> None:
    assert (parse_text("5"), parse_text("close"), parse_text("null")) == (5, "close", None)

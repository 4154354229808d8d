"""Settings that mean nothing or too much: exit 2, every finding at once, a suggestion, nothing written."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from live import executor, signal_generator
from tests.support.user_world import FIRST, User, called, new_user


def test_a_misspelt_key_is_named_with_a_suggestion(user: User) -> None:
    user.set(execution={"min_cash_pc": 3})
    for ran in (user.generate(FIRST), user.execute(FIRST)):
        assert ran.code == 2
        assert "min_cash_pc" in ran.err
        assert "min_cash_pct" in ran.err
    assert not user.db.exists()
    assert not user.signals.exists()


def test_every_finding_is_told_at_once(user: User) -> None:
    user.set(
        execution={"slippage_pct": "a lot", "fill_at": "best"},
        polling={"retries": -1},
        nonsense={"a": 1},
        paper={"initial_cash": -5},
    )
    ran = user.generate(FIRST)
    assert ran.code == 2
    for name in ("slippage_pct", "fill_at", "retries", "nonsense", "initial_cash"):
        assert name in ran.err, name
    assert not user.db.exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("mode: [", "live.yaml"),
        ("- just\n- a list\n", "live.yaml"),
        ("mode: sometimes\n", "mode"),
        ("mode: offline_mock\nmode: online_live\n", "mode"),
        ("books: []\n", "books"),
        ("books: [{primary: golden}, {primary: golden}]\n", "golden"),
        ("books: [{primary: nobody}]\n", "nobody"),
        ("execution: {min_cash_pct: .nan}\n", "min_cash_pct"),
        ("execution: {min_cash_pct: 101}\n", "min_cash_pct"),
        ("execution: {limits: {max_position_pct: -1}}\n", "max_position_pct"),
    ],
)
def test_a_broken_settings_file(user: User, content: str, problem: str) -> None:
    user.config.write_text(content)
    ran = user.generate(FIRST)
    assert ran.code == 2, ran.text
    assert problem in ran.err
    assert "Traceback" not in ran.text


def test_a_settings_file_that_is_not_there(user: User, tmp_path: Path) -> None:
    ran = User(tmp_path / "nowhere", user.prices).generate(FIRST)
    assert ran.code == 2
    assert "live.yaml" in ran.err


def test_a_misspelt_strategy_parameter_is_refused_with_a_suggestion(user: User) -> None:
    path = user.root / "config" / "strategies" / "golden.yaml"
    path.write_text(path.read_text().replace("sma_slow:", "sma_slo:").replace("T_max: 50", "T_max: fifty"))
    ran = user.generate(FIRST)
    assert ran.code == 2
    assert "sma_slow" in ran.err
    assert "T_max" in ran.err


def test_a_changed_decision_setting_is_not_what_was_backtested(user: User) -> None:
    user.set(execution={"min_cash_pct": 3})
    ran = user.generate(FIRST)
    assert ran.code == 2
    assert "min_cash_pct" in ran.err


def test_limits_stop_the_run_with_7(fresh_file: User) -> None:
    fresh_file.set(execution={**fresh_settings(fresh_file), "limits": {"max_position_pct": 30}})
    generated = fresh_file.generate(FIRST, "--force")
    assert generated.code == 7, generated.text
    assert "max_position_pct" in generated.err
    ran = fresh_file.execute(FIRST)
    assert ran.code == 7
    assert "max_position_pct" in ran.err
    assert fresh_file.orders() == []


def fresh_settings(place: User) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(place.config.read_text())["execution"]
    found.pop("limits")
    return found


def test_environment_settings_are_read_and_misspelt_ones_refused(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTSU_PAPER__INITIAL_CASH", "50000")
    assert user.generate(FIRST).code == 0
    assert float(user.rows("account", "cash", database=user.paper)[0][0]) == 50_000
    monkeypatch.setenv("JUTSU_PAPER__INITAL_CASH", "50000")
    ran = user.generate(FIRST)
    assert ran.code == 2
    assert "initial_cash" in ran.err


def test_no_project_leaves_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for main in (signal_generator.main, executor.main):
        ran = called(partial(main, []))
        assert ran.code == 2
        assert "`jutsu init` makes a project" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_broken_config_used_by_one_user_does_not_matter_to_another(tmp_path: Path, user: User) -> None:
    user.config.write_text("mode: [")
    assert new_user(tmp_path / "other", user.prices).generate(FIRST).code == 0

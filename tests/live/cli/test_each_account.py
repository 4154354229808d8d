"""`--account` at every command: one, each, none; and nothing without `accounts:`."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from backtest.core.errors import INTERRUPTED
from live.actions import kill_switch
from live.cli import panic
from live.cli.common import ConfigOption
from live.cli.each_account import with_accounts
from live.system.account_words import ACCOUNT
from tests.support.user_world import FIRST, User, new_user

BOOK = {"primary": "golden", "shadows": []}
NAMES = ("ira", "taxable")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two paper accounts with a file of the first session."""
    user = new_user(tmp_path_factory.mktemp("turns") / "two")
    user.set(books=[BOOK], accounts={name: {} for name in NAMES})
    assert user.generate(FIRST).code == 0
    return user.root


@pytest.fixture
def two(project: Path, tmp_path: Path) -> User:
    """The same, for a test that changes it."""
    return User(project).copy(tmp_path / "two")


def test_a_command_is_given_the_option_and_keeps_its_own() -> None:
    app, seen = typer.Typer(), list[object]()

    @app.command()
    def look(number: int, *, loud: bool = False, config: ConfigOption = None) -> None:
        seen.append((number, loud, config, ACCOUNT[0]))

    @app.command()
    def plain(number: int) -> None:
        seen.append(number)

    runner = CliRunner()
    with_accounts(app)
    assert runner.invoke(app, ["look", "3", "--account", "ira", "--loud"]).exit_code == 0
    assert runner.invoke(app, ["look", "3", "--loud"]).exit_code == 0
    assert runner.invoke(app, ["plain", "4"]).exit_code == 0
    assert runner.invoke(app, ["plain", "4", "--account", "ira"]).exit_code == 2
    assert seen == [(3, True, None, "ira"), (3, True, None, None), 4]
    ACCOUNT[0] = None


def test_status_is_about_every_account(project: Path) -> None:
    user = User(project)
    shown = user.jutsu("status")
    assert [
        line for line in shown.out.splitlines() if line.startswith("account ") and line.endswith(":")
    ] == [f"account {name}:" for name in NAMES]
    found = json.loads(user.jutsu("status", "--json").out)
    assert tuple(found["accounts"]) == NAMES
    alone = json.loads(user.jutsu("status", "--json", "--account", "ira").out)
    assert alone == found["accounts"]["ira"]


def test_what_to_do_names_the_account_on_every_screen(two: User) -> None:
    assert two.jutsu("kill", "--account", "ira").code == 0
    shown = two.jutsu("status")
    (problem,) = [line for line in shown.out.splitlines() if "jutsu resume" in line]
    assert "jutsu resume --account ira" in problem
    ran = two.execute(FIRST)
    assert ran.code == 3
    (stopped,) = [line for line in ran.err.splitlines() if "jutsu resume" in line]
    assert "jutsu resume --account ira" in stopped
    found = json.loads(two.jutsu("status", "--json").out)["accounts"]
    assert "jutsu resume --account ira" in " ".join(found["ira"]["problems"])


def test_other_commands_want_a_name(project: Path) -> None:
    user = User(project)
    none = user.jutsu("runs")
    assert none.code == 2
    assert "there are several accounts: ira, taxable → name one, as in --account ira" in none.err
    assert user.jutsu("runs", "--account", "taxable").code == 0
    assert tuple(json.loads(user.jutsu("runs", "--account", "all", "--json").out)["accounts"]) == NAMES


@pytest.mark.parametrize("typed", ["", "irra", "IRA", "../ira", "paper"])
def test_what_is_no_account_is_never_one(project: Path, typed: str) -> None:
    for command in (("status",), ("kill",), ("panic", "--yes"), ("approve", "x.json")):
        ran = User(project).jutsu(*command, "--account", typed)
        assert ran.code == 2, command
        assert "known are ira, taxable" in ran.err


def test_without_accounts_the_option_is_refused(tmp_path: Path) -> None:
    user = new_user(tmp_path / "one")
    for ran in (user.jutsu("status", "--account", "ira"), user.generate(FIRST, "--account", "ira")):
        assert ran.code == 2
        assert "no section `accounts:`" in ran.err
    assert not (user.root / "state").exists()


def test_the_kill_switch_is_for_all_or_one(two: User) -> None:
    def levels() -> list[str]:
        found = json.loads(two.jutsu("status", "--json").out)["accounts"]
        return [found[name]["kill_switch"] for name in NAMES]

    assert two.jutsu("kill", "--account", "taxable").code == 0
    assert levels() == ["none", "all"]
    assert two.jutsu("kill").code == 0
    assert levels() == ["all", "all"]
    assert two.jutsu("resume").code == 2
    assert two.jutsu("resume", "--account", "ira").code == 0
    assert levels() == ["none", "all"]


def test_one_account_that_cannot_be_opened_hides_no_other(two: User) -> None:
    (two.root / "state" / "ira" / "ledger.db").write_bytes(b"no database" * 500)
    ran = two.jutsu("status", "--json")
    found = json.loads(ran.out)["accounts"]
    assert ran.code == 8
    assert found["ira"]["error"]["exit_code"] == 8
    assert found["taxable"]["books"]


def test_what_nobody_expected_in_one_account_keeps_no_other_from_its_turn(
    two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill, calls = kill_switch.kill, list[str]()

    def broken(*given: Any, **named: Any) -> Any:
        calls.append("one")
        if len(calls) == 1:
            raise ValueError("a fault of ours")
        return kill(*given, **named)

    monkeypatch.setattr(kill_switch, "kill", broken)
    ran = two.jutsu("kill")
    assert (ran.code, "unexpected ValueError: a fault of ours" in ran.err) == (1, True)
    found = json.loads(two.jutsu("status", "--json").out)["accounts"]
    assert [found[name]["kill_switch"] for name in NAMES] == ["none", "all"]


def test_ctrl_c_ends_every_turn_that_is_left(two: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(kill_switch, "kill", pressed)
    ran = two.jutsu("kill")
    assert (ran.code, ran.out.split()) == (INTERRUPTED, ["account", "ira:"])


def test_metrics_of_every_account_are_one_document(project: Path) -> None:
    lines = User(project).jutsu("metrics").out.splitlines()
    heads = [line for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    killed = [line for line in lines if line.startswith("jutsu_kill_level")]
    assert killed == [f'jutsu_kill_level{{account="{name}"}} 0.0' for name in NAMES]


def test_the_schedule_starts_every_account(project: Path) -> None:
    lines = [line for line in User(project).jutsu("schedule").out.splitlines() if " cd " in line]
    assert lines
    assert all("--account all " in line for line in lines)
    own = User(project).jutsu("schedule", "--account", "ira").out
    assert "--account ira " in own
    assert "--account all" not in own


def test_panic_of_one_account_leaves_the_starts_of_the_others(
    two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_state: Path) -> None:
        raise AssertionError

    monkeypatch.setattr(panic, "_stop_schedules", never)
    assert two.jutsu("panic").code == 2
    ran = two.jutsu("panic", "--yes", "--account", "ira")
    assert ran.code == 0, ran.text
    found = json.loads(two.jutsu("status", "--json").out)["accounts"]
    assert [found[name]["kill_switch"] for name in NAMES] == ["all", "none"]


def test_both_stages_of_one_command_are_of_the_account_named(two: User) -> None:
    before = (two.root / "state" / "taxable" / "ledger.db").read_bytes()
    ran = two.jutsu("live", "--account", "ira", "--as-of", FIRST)
    assert ran.code == 0, ran.text
    assert two.rows("orders", database=two.root / "state" / "ira" / "ledger.db")
    assert (two.root / "state" / "taxable" / "ledger.db").read_bytes() == before


def test_the_bar_store_belongs_to_the_installation(two: User, tmp_path: Path) -> None:
    exported = two.jutsu("data", "export", str(tmp_path / "csv"), "--symbol", "QQQ")
    assert exported.code == 0, exported.text
    assert two.jutsu("data", "list").code == 0
    assert two.jutsu("data", "list", "--account", "all").code == 0


def test_kill_works_by_name_when_the_settings_cannot_be_read(two: User) -> None:
    for text in ("accounts: {ira: 5, taxable: {}}\n", "accounts: [unclosed"):
        two.config.write_text(text)
        ran = two.jutsu("kill", "--account", "ira")
        assert ran.code == 0, ran.text
        assert "kill switch is ON (all)" in ran.out
        assert (
            two.jutsu("panic", "--yes", "--account", "ira").code != 0
        )  # which broker is meant is not certain
        assert two.jutsu("kill").code != 0
        assert not (two.root / "state" / "ledger.db").exists()


def test_a_ledger_that_belongs_to_no_account_is_named(two: User) -> None:
    (two.root / "state" / "ledger.db").write_bytes(b"")
    found = json.loads(two.jutsu("doctor", "--json").out)["accounts"]
    for name in NAMES:
        checks = {check["name"]: check for check in found[name]["checks"]}
        assert checks["settings"]["verdict"] == "warning"
        assert "belongs to no account" in checks["settings"]["detail"]
    shown = json.loads(two.jutsu("status", "--json").out)["accounts"]
    for name in NAMES:
        assert "belongs to no account" in shown[name]["problems"][0]

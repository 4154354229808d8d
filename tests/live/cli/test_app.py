"""The list of commands, what each loads, the version, completion."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from backtest import __version__
from backtest.core.errors import UsageError
from live.cli import common
from live.cli.app import TOPICS, build, needed, outline
from live.cli.commands import COMMANDS
from tests.support.user_world import called, jutsu, new_user


def topic_modules() -> set[str]:
    folder = Path(sys.modules["live.cli"].__path__[0])
    return {path.stem for path in folder.glob("*.py") if "def register(" in path.read_text()}


def commands_of(app: typer.Typer) -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = group.commands
    return found


def registered(topic: str) -> dict[str, Any]:
    return commands_of(build([topic]))


def test_every_topic_is_listed() -> None:
    assert set(TOPICS) == topic_modules()


@pytest.mark.parametrize("topic", TOPICS)
def test_the_list_says_what_the_modules_register(topic: str) -> None:
    listed = {name: command.help for name, command in COMMANDS.items() if command.topic == topic}
    real = {
        name: " ".join(command.help.split("\n\n")[0].split()) for name, command in registered(topic).items()
    }
    assert listed == real


def test_the_outline_prints_the_help_of_the_whole_application() -> None:
    def shown(app: typer.Typer) -> str:
        return called(lambda: app(["--help"], standalone_mode=False, prog_name="jutsu")).out

    assert shown(outline()) == shown(build())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_brings_its_own_topic_only(name: str) -> None:
    found = commands_of(needed([name, "--json"]))
    assert name in found
    assert {COMMANDS[other].topic for other in found} == {COMMANDS[name].topic}


def test_the_version() -> None:
    ran = called(lambda: jutsu(["--version"]))
    assert (ran.code, ran.out) == (0, f"jutsu {__version__}\n")


def test_a_wrong_command_is_a_usage_error() -> None:
    ran = called(lambda: jutsu(["statsu"]))
    assert ran.code == 2
    assert "statsu" in ran.err


@pytest.mark.parametrize(("words", "expected"), [("jutsu sta", {"status"}), ("jutsu config ch", {"check"})])
def test_the_shell_completes(project_root: Path, words: str, expected: set[str]) -> None:
    asked = {"_JUTSU_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    code = "import sys; sys.argv = ['jutsu']; from live.cli.app import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project_root, env=os.environ | asked, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert set(ran.stdout.split()) == expected, ran.stderr


def test_the_list_of_commands_loads_nothing_heavy(project_root: Path) -> None:
    code = "import sys; from live.cli.app import outline; outline(); print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, check=True
    )
    loaded = ran.stdout.split()
    assert {"pydantic", "numpy", "sqlalchemy", "yaml", "rich"}.isdisjoint(loaded)
    assert not any(name.startswith(("live.views", "live.ledger", "backtest.data")) for name in loaded)


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["review", "nosuch.json"], 2, "no such signal file"),
        (["nosuch"], 2, "No such command 'nosuch'"),
        (["schedule", "--nosuch"], 2, "No such option: --nosuch"),
        (["validate", "--since", "soon"], 2, "'soon' is not a date"),
        (["trades", "--config", "nosuch.yaml"], 2, "no such settings file"),
    ],
)
def test_a_refusal_is_json_when_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, problem: str
) -> None:
    monkeypatch.chdir(new_user(tmp_path / "project").root)
    ran = called(lambda: jutsu([*words, "--json"]))
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["exit_code"]) == (code, code)
    assert problem in error["problem"]
    assert problem in ran.err  # for people as before
    assert called(lambda: jutsu(words)).out == ""


def test_after_a_document_a_refusal_adds_no_second_one(capsys: pytest.CaptureFixture[str]) -> None:
    common.begin()
    common.emit_json({"shown": 1})
    common.emit_error(UsageError("too late"))
    assert json.loads(capsys.readouterr().out) == {"shown": 1}
    common.begin()
    common.emit_error(UsageError("token=abcdefghijklmnop", where="here"))
    assert json.loads(capsys.readouterr().out)["error"]["where"] == "here"

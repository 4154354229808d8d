"""Every `jutsu` command: help, README, one JSON document, no colour codes in a pipe, a new user's answers."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from live.cli.app import build
from tests.support.paths import PROJECT
from tests.support.user_world import (
    FIRST,
    SECOND,
    SWITCH,
    THIRD,
    User,
    called,
    jutsu,
    new_user,
    tree,
)

READING = [
    ("status",),
    ("trades",),
    ("trades", "--limit", "1", "--mode", "offline_mock"),
    ("export",),
    ("explain", "QQQ"),
    ("explain", "PSQ", SWITCH),
    ("explain", "TMF", SWITCH),
    ("compare",),
    ("compare", "--since", FIRST),
    ("reconcile",),
    ("config", "show"),
    ("config", "show", "execution.min_cash_pct"),
    ("config", "history"),
    ("alerts", "list"),
    ("review", "FILE"),
    ("doctor",),
    ("doctor", "--first-day"),
]


Found = tuple[tuple[str, ...], TyperCommand | TyperGroup]


def commands() -> Iterator[Found]:
    """Every command with the words that lead to it."""

    def walk(found: object, words: tuple[str, ...]) -> Iterator[Found]:
        if isinstance(found, TyperGroup):
            for name, below in sorted(found.commands.items()):
                yield from walk(below, (*words, name))
            if words and found.invoke_without_command:
                yield words, found
        else:
            assert isinstance(found, TyperCommand)
            yield words, found

    yield from walk(typer.main.get_command(build()), ())


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory, prices: Path) -> User:
    """Four sessions of both stages."""
    made = new_user(tmp_path_factory.mktemp("desk") / "jutsu", prices)
    for day in (FIRST, SECOND, THIRD, SWITCH):
        made.trade(day)
    return made


COMMANDS = dict(commands())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_every_flag_has_a_help_text(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    assert command.help.strip()
    shown = called(lambda: jutsu([*path, "--help"]))
    assert shown.code == 0
    assert "\x1b" not in shown.out
    for parameter in command.params:
        assert getattr(parameter, "help", None) or parameter.name == "help", (path, parameter.name)


def test_the_readme_names_every_command_and_no_other() -> None:
    text = (PROJECT / "README.md").read_text()
    cells = [re.split(r"(?<!\\)\|", line)[1] for line in text.splitlines() if line.startswith("| `jutsu")]
    words = [
        word.removeprefix("jutsu ").split()[0] for cell in cells for word in re.findall(r"`([^`]+)`", cell)
    ]
    table = {word for word in words if not word.startswith("--")}
    exist = {path[0] for path in COMMANDS}
    assert table == exist
    everywhere = set(re.findall(r"`jutsu ([a-z-]+)", text)) | set(re.findall(r"bin/jutsu ([a-z-]+)", text))
    assert everywhere <= exist


def test_the_readme_names_every_flag_right() -> None:
    """A flag in a README command line exists on that command."""
    text = (PROJECT / "README.md").read_text().replace("\\\n", " ")
    known = {path: {flag for p in command.params for flag in p.opts} for path, command in COMMANDS.items()}
    checked = 0
    for line in re.findall(r"jutsu ((?:[a-z]+ )+[^`\n#;]*--[^`\n#;]*)", text):
        words = line.split()
        path = next(path for path in (tuple(words[:2]), tuple(words[:1])) if path in known)
        for flag in (word for word in words if word.startswith("--")):
            assert flag in known[path], line
            checked += 1
    assert checked > 0


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_reading_commands_print_one_json_document_and_plain_text(
    traded: User, arguments: tuple[str, ...]
) -> None:
    given = [str(traded.file(SWITCH)) if word == "FILE" else word for word in arguments]
    found = traded.jutsu(*given, "--json")
    assert found.code in ({0, 1} if arguments[0] == "doctor" else {0}), found.text
    json.loads(found.out)
    plain = traded.jutsu(*given)
    assert plain.code == found.code, plain.text
    assert "\x1b" not in plain.text + found.text
    assert plain.out.strip()
    assert "Traceback" not in plain.text


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_reading_commands_change_no_book_and_no_file(traded: User, arguments: tuple[str, ...]) -> None:
    given = [str(traded.file(SWITCH)) if word == "FILE" else word for word in arguments]
    before = (traded.orders(), traded.paper_account(), tree(traded.signals), tree(traded.root / "config"))
    traded.jutsu(*given)
    after = (traded.orders(), traded.paper_account(), tree(traded.signals), tree(traded.root / "config"))
    assert after == before


def test_config_check_judges_a_file(traded: User) -> None:
    good = called(lambda: jutsu(["config", "check", str(traded.config), "--json"]))
    assert good.code == 0, good.text
    json.loads(good.out)
    broken = traded.root / "broken.yaml"
    broken.write_text("mode: sometimes\nnonsense: 1\n")
    bad = called(lambda: jutsu(["config", "check", str(broken)]))
    assert bad.code == 2
    assert "nonsense" in bad.text
    assert "mode" in bad.text


def test_a_new_user_without_a_ledger_gets_answers(user: User) -> None:
    for arguments in (("status",), ("trades",), ("compare",), ("explain", "QQQ"), ("doctor",), ("review",)):
        ran = user.jutsu(*arguments)
        assert ran.code in {0, 1, 2}, ran.text
        assert "unexpected" not in ran.err, ran.text
        assert ran.text.strip()


def test_trades_carry_their_context(traded: User) -> None:
    trades = json.loads(traded.jutsu("trades", "--json").out)
    rows = trades if isinstance(trades, list) else trades["trades"]
    assert [row["symbol"] for row in rows] == ["TQQQ", "QQQ", "TMF", "TMF", "QQQ"]
    assert {row["cell"] for row in rows} == {3, 5}


def test_bad_usage_is_2_in_one_line(traded: User) -> None:
    for arguments in (
        ("nonsense",),
        ("trades", "--limit", "many"),
        ("status", "--jsno"),
        ("replay",),
        ("resolve",),
        ("order", "add"),
        ("data", "split", "QQQ"),
        ("data", "confirm", "QQQ", "2024-06-05", "much"),
    ):
        ran = traded.jutsu(*arguments) if arguments[0] != "nonsense" else called(lambda: jutsu(["nonsense"]))
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran.text
        assert ran.err.startswith("error 2: "), ran.text


def test_a_group_without_its_command_shows_what_there_is(traded: User) -> None:
    ran = called(lambda: jutsu(["order"]))
    assert (ran.code, ran.err) == (2, "error 2: jutsu order: a command is missing → jutsu order --help\n")
    assert "drop" in ran.out


@pytest.mark.parametrize(
    "words", [("confirm", "QQQ", "2024-06-05", "430.10"), ("split", "QQQ", "2024-06-05", "2")]
)
def test_what_a_person_says_about_prices_needs_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """In a wrong folder it would be said to nobody."""
    monkeypatch.chdir(tmp_path)
    ran = called(lambda: jutsu(["data", *words]))
    assert ran.code == 2
    assert "there is neither config/live.yaml nor config/strategies here" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_console_script_in_a_pipe(traded: User) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "live.cli", "status", "--config", str(traded.config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONPATH": str(PROJECT), "TERM": "xterm-256color"},
    )
    assert "\x1b" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout


def test_demo_shows_the_product_twice_in_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = new_user(tmp_path / "jutsu")
    monkeypatch.chdir(place.root)
    for _ in range(2):
        ran = place.jutsu("demo", "--sessions", "5", "--until", "2024-01-08")
        assert ran.code == 0, ran.text
        assert "DEMO" in ran.out
        assert "golden" in ran.out
    assert (place.root / "signals" / "demo" / "equity.csv").exists()
    assert (place.root / "state" / "demo" / "ledger.db").exists()
    assert not place.db.exists()


def test_a_trial_on_price_files_is_judged_by_them(user: User) -> None:
    """Without --prices too: the demo market of the settings made such a day RED, -77 %."""
    user.trade(FIRST)
    ran = user.jutsu("validate", "--date", FIRST, "--json")
    assert ran.code == 0, ran.text
    assert "decided on" not in ran.text
    assert json.loads(ran.out)["verdict"] in {"GREEN", "YELLOW"}

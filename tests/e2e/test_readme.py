"""What the README says is true: commands, flags, exit codes, settings, file keys, paths, variants.

`test_jutsu_commands.py` holds the table of commands and the flags of `jutsu` against the program.
"""

import argparse
import json
import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from backtest.cli.app import build_parser
from backtest.core import errors
from live import executor, signal_generator
from live.settings.model import Settings
from live.settings.names import sections
from tests.support.paths import PROJECT

README = (PROJECT / "README.md").read_text()


def section(title: str) -> str:
    """The text between a heading and the next of its level."""
    return re.split(r"^## ", README.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> list[str]:
    """First cell of every row of the tables in a text, without heads and rules."""
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    return [cell for cell in rows if cell not in {"code", "section", "---"}]


def leaves(tree: type[errors.JutsuError]) -> set[type[errors.JutsuError]]:
    return {tree}.union(*(leaves(child) for child in tree.__subclasses__()))


def test_every_exit_code_is_in_the_table() -> None:
    other = {0, errors.INTERRUPTED, errors.TERMINATED, errors.READER_LEFT}
    known = {kind.exit_code for kind in leaves(errors.JutsuError)} | other
    assert [int(cell) for cell in first_cells(section("Exit codes"))] == sorted(known)


def test_every_settings_section_is_in_the_table() -> None:
    named = [name for cell in first_cells(section("Settings")) for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(sections()[""])


def test_the_default_file_lists_every_section() -> None:
    listed = yaml.safe_load((PROJECT / "config" / "live.yaml").read_text())
    assert sorted(listed) == sorted(sections()[""])


def test_every_setting_named_in_prose_exists() -> None:
    dotted = {
        name for name in re.findall(r"`([a-z]+(?:\.[a-z_]+)+)[`:]", README) if not name.endswith(".jsonl")
    }
    checked = [name.split(".") for name in dotted if name.split(".")[0] in Settings.model_fields]
    assert len(checked) >= 3
    for words in checked:
        model: object = Settings
        for word in words:
            assert isinstance(model, type)
            assert issubclass(model, BaseModel)
            assert word in model.model_fields, ".".join(words)
            model = model.model_fields[word].annotation


@pytest.mark.parametrize(
    ("indent", "keys"), [(2, None), (4, "SignalOrder")], ids=["of the file", "of an order"]
)
def test_the_example_has_the_keys_of_the_schema_in_order(indent: int, keys: str | None) -> None:
    schema = json.loads((PROJECT / "signals" / "schema" / "trade_signals.schema.json").read_text())
    wanted = list((schema if keys is None else schema["$defs"][keys])["properties"])
    page = (PROJECT / "docs" / "signal_file.md").read_text()
    (example,) = re.findall(r"^\{$.*?^\}$", page, re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"\s//.*", "", line) for line in example.splitlines()]
    at_depth = [line.strip() for line in lines if re.match(rf' {{{indent}}}"', line)]
    found = [key for line in at_depth for key in re.findall(r'"([$\w]+)":', without_nested(line))]
    assert found == wanted


def test_the_readme_stays_a_page() -> None:
    """Details belong into docs/: who begins reads this one first."""
    assert len(README.splitlines()) <= 215


def without_nested(line: str) -> str:
    """Drop what stands inside brackets on one line, and texts that are values."""
    line = re.sub(r'(: )"[^"]*"', r"\1…", line)
    while (shorter := re.sub(r"[{\[][^{}\[\]]*[}\]]", "…", line)) != line:
        line = shorter
    return line


def research_commands() -> dict[str, argparse.ArgumentParser]:
    """Name -> parser of every command of `python -m backtest`."""
    subparsers = build_parser()._subparsers
    assert subparsers is not None
    (commands,) = subparsers._group_actions
    assert isinstance(commands, argparse._SubParsersAction)
    return dict(commands.choices)


def test_flags_of_the_stages_and_of_the_research_commands_exist() -> None:
    """Every `--flag` of a `python -m …` line belongs to that program."""
    text = README.replace("\\\n", " ")
    programs = {
        "live.signal_generator": signal_generator.parser().format_help(),
        "live.executor": executor.parser().format_help(),
        **{f"backtest {name}": made.format_help() for name, made in research_commands().items()},
    }
    checked = 0
    for line in re.findall(r"python -m ([^`\n#]+)", text):
        name = next((known for known in programs if line.startswith(known)), None)
        if name is None:
            assert line.startswith(("backtest", "tests.fakes.schwab")), line
            continue
        for flag in re.findall(r"--[a-z-]+", line):
            assert flag in programs[name], line
            checked += 1
    assert checked >= 8


def test_the_research_commands_are_all_named() -> None:
    exist: set[tuple[str, ...]] = set()
    for name, made in research_commands().items():
        groups = [] if made._subparsers is None else made._subparsers._group_actions
        exist |= {(name, str(sub)) for group in groups for sub in group.choices or ()} or {(name,)}
    named: set[tuple[str, ...]] = set()
    for line in README.splitlines():
        if line.startswith("| `python -m backtest "):
            first, *others = re.findall(r"`(?:python -m backtest )?([\w\- ]+)`", line.split("|")[1])
            group = tuple(first.split()[:-1])
            named |= {tuple(first.split()), *((*group, other) for other in others)}
    assert named == exist


def test_every_path_and_make_target_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)`|^make (\w+)", README, re.MULTILINE)) != set()
    for pair in re.findall(r"`make (\w+)`|^make (\w+)", README, re.MULTILINE):
        assert "".join(pair) in targets
    named = re.findall(r"`((?:config|docs|signals/schema|tests|backtest|live)/[\w/.*-]*)`", README)
    assert named
    for path in named:
        assert list(PROJECT.glob(path.rstrip("/"))), path


def test_the_variants_named_exist() -> None:
    have = {path.stem for path in Path(PROJECT / "config" / "strategies").glob("*.yaml")}
    assert {"golden", "titan", "ema_p10", "nwl_p4"} <= have
    assert set(re.findall(r"--strategy (?!FILE|earnings|orb\b)(\w+)", README)) <= have

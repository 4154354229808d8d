"""The documentation site: complete, built without a warning, its commands run, nothing fetched."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import executor, signal_generator
from tests.support.paths import PROJECT
from tests.support.user_world import Ran, called, jutsu, new_user
from tools.docs_pages import commands, pages, settings

DOCS = PROJECT / "docs"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
WITH_BLOCKS = sorted(path.name for path in DOCS.glob("*.md") if BLOCK.search(path.read_text()))


def test_every_command_and_flag_is_documented() -> None:
    page = pages()["commands.md"]
    for words, command in commands():
        own = page.split(f"\n## jutsu {words}\n", 1)[1].split("\n## ", 1)[0]
        for one in command.params:
            if one.name == "help":
                continue
            names = one.opts if one.param_type_name == "option" else [f"`{one.metavar or one.name.upper()}`"]
            assert all(name in own for name in names), (words, names)
            assert (one.help or "").strip(), (words, names)
    for stage in (signal_generator, executor):
        for action in stage.parser()._actions:
            assert all(flag in page for flag in action.option_strings)


def test_every_setting_is_documented() -> None:
    found = list(settings())
    assert len(found) > 60
    assert [name for name, _, meaning in found if not meaning] == []
    page = pages()["settings.md"]
    assert all(f"| `{name}` |" in page for name, _, _ in found)


def test_every_decision_is_reachable() -> None:
    page = pages()["decisions/index.md"]
    assert [p.name for p in sorted((DOCS / "decisions").glob("[0-9]*.md")) if f"({p.name})" not in page] == []


@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_the_commands_of_a_page_run_on_the_demo(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "jutsu"
    root.mkdir()
    if page != "index.md":  # that one begins in an empty folder
        root.rmdir()
        new_user(root)
    monkeypatch.chdir(root)
    text = (DOCS / page).read_text()
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    assert lines
    for line in lines:
        assert line.startswith("$ "), line
        ran = run(shlex.split(line.removeprefix("$ ")))
        assert ran.code == 0, (line, ran.text)
        assert "Traceback" not in ran.text


def run(words: list[str]) -> Ran:
    if words[0] == "jutsu":
        return called(lambda: jutsu(words[1:]))
    assert words[:2] == ["python", "-m"]
    stages = {"live.signal_generator": signal_generator, "live.executor": executor}
    return called(lambda: stages[words[2]].main(words[3:]))


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def mentioned() -> Iterator[tuple[str, str, str]]:
    """Module, page and anchor of every page that a text of the program names."""
    for package in ("live", "backtest"):
        for path in sorted((PROJECT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    for page, anchor in re.findall(r"docs/([\w/]+\.md)(?:#([\w-]+))?", node.value):
                        yield path.name, page, anchor


def test_pages_and_anchors_that_the_program_names_exist() -> None:
    found = list(mentioned())
    assert len(found) >= 5
    for module, page, anchor in found:
        assert (DOCS / page).is_file(), (module, page)
        assert not anchor or anchor in anchors(DOCS / page), (module, page, anchor)


def test_no_text_of_the_program_sends_people_to_a_heading_that_is_not_there() -> None:
    for package in ("live", "backtest"):
        for path in sorted((PROJECT / package).rglob("*.py")):
            assert "see README" not in path.read_text(), path


def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    built = sorted((tmp_path / "site").rglob("*.html"))
    assert {"index.html", "commands.html", "settings.html", "recovery.html"} <= {page.name for page in built}
    for page in built:
        html = page.read_text()
        fetched = re.findall(r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=\"(https?:)?//", html)
        assert fetched == [], page.name
        assert "fonts.googleapis" not in html

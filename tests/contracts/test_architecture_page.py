"""The map in the repository names every room, and no room that is not there."""

import re
import tomllib
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def page(project_root: Path) -> str:
    return (project_root / "docs" / "architecture.md").read_text()


@pytest.fixture(scope="module")
def rooms(project_root: Path) -> set[str]:
    return {
        str(folder.relative_to(project_root))
        for package in ("backtest", "live")
        for folder in (project_root / package).rglob("*")
        if (folder / "__init__.py").is_file()
    }


def named(page: str) -> set[str]:
    return set(re.findall(r"`((?:backtest|live)/[a-z_/]+?)/?`", page))


def test_every_room_has_its_line(page: str, rooms: set[str]) -> None:
    assert rooms - named(page) == set()


def test_every_room_and_module_named_exists(page: str, project_root: Path) -> None:
    assert [room for room in named(page) if not (project_root / room).is_dir()] == []
    modules = set(re.findall(r"`((?:backtest|live|tests)/[a-z_/0-9]+\.py)`", page))
    assert [module for module in modules if not (project_root / module).is_file()] == []


def test_the_root_of_the_shell_holds_the_two_stages_alone(project_root: Path) -> None:
    found = {path.name for path in (project_root / "live").glob("*.py")}
    assert found == {"__init__.py", "signal_generator.py", "executor.py"}


@pytest.mark.parametrize(("package", "contract"), [("backtest", 0), ("live", 1)])
def test_the_floors_drawn_are_the_floors_checked(
    page: str, project_root: Path, package: str, contract: int
) -> None:
    settings = tomllib.loads((project_root / "pyproject.toml").read_text())["tool"]["importlinter"]
    layered = [c for c in settings["contracts"] if c["type"] == "layers" and c["containers"] == [package]]
    checked = [room for layer in layered[0]["layers"] for room in re.split(r"\s*\|\s*", layer)]
    built = [room for room in checked if (project_root / package / room.strip("()")).exists() or "(" not in room]
    drawing = page.split("────────", 1)[1].split("```", 1)[0].splitlines()[1:]
    column = [re.split(r"\s{3,}", line.strip()) if line[:2].strip() or line.startswith(" ") else [] for line in drawing]
    drawn = [
        room
        for line in drawing
        for room in re.split(r"\s*\|\s*", (line[:40] if contract == 0 else line[40:]).strip())
        if room
    ]
    assert column
    assert drawn == [room.strip("()") for room in built]

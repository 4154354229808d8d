"""The map in the repository names every room, and no room that is not there."""

import re
import tomllib
from collections.abc import Iterable
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


@pytest.mark.parametrize(("package", "column"), [("backtest", slice(0, 40)), ("live", slice(40, None))])
def test_the_floors_drawn_are_the_floors_checked(
    page: str, project_root: Path, package: str, column: slice
) -> None:
    settings = tomllib.loads((project_root / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layered,) = (c for c in settings["contracts"] if c["type"] == "layers" and c["containers"] == [package])
    checked = rooms_of(layered["layers"])
    built = [room.strip("()") for room in checked if is_built(project_root / package, room)]
    drawing = page.split("Rooms on one line", 1)[1].split("```", 2)[1].splitlines()[3:]
    assert rooms_of(line[column] for line in drawing) == built


def rooms_of(floors: Iterable[str]) -> list[str]:
    return [room.strip() for floor in floors for room in floor.split("|") if room.strip()]


def is_built(package: Path, room: str) -> bool:
    """An optional floor, in brackets, counts once its folder exists."""
    return not room.startswith("(") or (package / room.strip("()")).is_dir()

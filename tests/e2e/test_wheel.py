"""The wheel: built twice the same, and enough by itself in a folder without a checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip")
QUIET = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
SOURCES = ("backtest", "live", "pyproject.toml", "README.md", "LICENSE")


def _build(folder: Path) -> Path:
    """Build the wheel from a copy of the sources, so that two builds share nothing."""
    copy = folder / "source"
    copy.mkdir(parents=True)
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    subprocess.run(
        [*PIP, "wheel", *QUIET, "--no-build-isolation", "--wheel-dir", str(folder), "."],
        cwd=copy,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1764288000"},
        check=True,
        timeout=120,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    return _build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment: our wheel over the dependencies that this one has."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=60)
    (packages,) = venv.glob("lib/*/site-packages")
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(borrowed) + "\n")
    python = str(venv / "bin" / "python")
    subprocess.run(
        [*PIP, "--python", python, "install", *QUIET, "--ignore-installed", str(wheel)],
        check=True,
        timeout=120,
    )
    return venv / "bin"


def _call(folder: Path, *command: str | Path, code: int = 0) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUTSU"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=plain,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_the_wheel_is_the_same_twice(wheel: Path, tmp_path: Path) -> None:
    again = _build(tmp_path)
    assert again.name == wheel.name
    first, second = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, again))
    assert first == second


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"backtest", "live"}
    assert wheel.name.startswith("jutsu_labs-")
    assert "live/settings/templates/config/live.yaml" in names
    assert "live/handoff/trade_signals.schema.json" in names
    assert "live/ledger/migrations/env.py" in names


def test_the_wheel_runs_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert _call(tmp_path, installed / "jutsu", "--version").startswith("jutsu ")
    assert list(tmp_path.iterdir()) == []
    shown = _call(tmp_path, installed / "jutsu", "demo", "--sessions", "3", "--until", "2025-06-20")
    assert "3 sessions replayed" in shown
    assert (tmp_path / "state" / "demo" / "config" / "live.yaml").is_file()
    assert not (tmp_path / "config").exists()
    where = _call(tmp_path, installed / "python", "-c", "import live; print(live.__file__)")
    assert str(installed.parent) in where, "the wheel was tried, not the checkout"


def test_a_project_of_the_wheel_runs(installed: Path, tmp_path: Path) -> None:
    said = _call(tmp_path, installed / "jutsu", "init", "--yes")
    assert "healthy" in said
    assert f"{installed}/python -m live.executor" in said, "cron lines call the programs that are installed"
    for stage in ("live.signal_generator", "live.executor"):
        _call(tmp_path, installed / "python", "-m", stage, "--as-of", "2025-06-20")
    assert "healthy" in _call(tmp_path, installed / "jutsu", "doctor")


@pytest.mark.parametrize("stage", ["live.signal_generator", "live.executor"])
def test_a_stage_outside_a_project_says_so(installed: Path, tmp_path: Path, stage: str) -> None:
    said = _call(tmp_path, installed / "python", "-m", stage, code=2)
    assert "there is neither config/live.yaml nor config/strategies here" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["live", "backtest"])
@pytest.mark.parametrize("program", ["jutsu", "live.signal_generator", "live.executor"])
def test_a_foreign_distribution_of_our_name_is_refused(
    installed: Path, tmp_path: Path, name: str, program: str
) -> None:
    foreign = (
        Path(sysconfig.get_path("purelib", vars={"base": str(installed.parent)})) / f"{name}-1.2.dist-info"
    )
    foreign.mkdir()
    try:
        if program == "jutsu":
            said = _call(tmp_path, installed / "jutsu", "status", code=2)
        else:
            said = _call(tmp_path, installed / "python", "-m", program, code=2)
    finally:
        foreign.rmdir()
    assert len(said.splitlines()) == 1
    assert f"{name}-1.2.dist-info" in said
    assert "pipx install jutsu-labs" in said


def test_a_backtest_that_is_not_ours_is_refused(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "backtest").mkdir()
    (tmp_path / "backtest" / "__init__.py").touch()
    said = _call(tmp_path, installed / "python", "-m", "live.executor", code=2)
    assert len(said.splitlines()) == 1
    assert "does not belong to this `live`" in said

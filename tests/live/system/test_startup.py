"""What a stage does to start quickly touches stages only, and what must not be loaded is not."""

import gc
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import live.system.startup

HEAVY = (
    "pandas", "pyarrow", "pandas_market_calendars", "numba", "plotly", "schwab", "alpaca", "apprise", "rich",
    "typer", "alembic", "httpx", "jsonschema", "selectolax", "sqlalchemy", "numpy.ma",
)  # fmt: skip


def process(code: str, *arguments: str, cwd: Path) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_importing_a_stage_changes_nothing(project_root: Path) -> None:
    code = "import gc, os, live.executor as e; e.live.system.startup.finished()"
    code += "; print(gc.isenabled(), gc.get_freeze_count(), os.environ.get('OPENBLAS_NUM_THREADS'))"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS")}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=project_root, env=kept, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["True", "0", "None"]
    assert not live.system.startup.is_stage()
    assert gc.isenabled()


def test_a_stage_collects_again_once_everything_is_loaded(project_root: Path) -> None:
    code = "import gc, types; __spec__ = types.SimpleNamespace(name='live.executor')"
    code += "; import live.executor as e; print(gc.isenabled()); e.live.system.startup.finished()"
    code += "; print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    assert process(code, cwd=project_root) == ["False", "True", "True"]


def test_a_whole_run_of_both_stages_loads_no_heavy_library(project_root: Path, tmp_path: Path) -> None:
    common = ["--as-of", "2024-03-15", "--state-db", str(tmp_path / "ledger.db")]
    common += ["--output-dir", str(tmp_path / "signals"), "--config", str(project_root / "config/live.yaml")]
    code = (
        "import os, sys; os.environ['JUTSU_PATHS__LOGS'] = sys.argv[1]\n"
        "from live import executor, signal_generator\n"
        "for stage in (signal_generator, executor):\n"
        "    assert stage.main(sys.argv[2:]) == 0\n"
        "print('LOADED', *sys.modules)"
    )
    words = process(code, str(tmp_path / "logs"), *common, cwd=project_root)
    loaded = set(words[words.index("LOADED") :])
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_commands_start_like_a_stage_and_still_collect(project_root: Path) -> None:
    code = "import gc, os, types; __spec__ = types.SimpleNamespace(name='live.cli.__main__')"
    code += "; import live.cli.app; print(gc.isenabled(), gc.get_threshold()[0] > 10_000)"
    code += "; print(os.environ['OPENBLAS_NUM_THREADS'])"
    assert process(code, cwd=project_root) == ["True", "True", "1"]


@pytest.mark.parametrize(("file", "expected"), [("/usr/bin/jutsu", True), ("/usr/bin/pytest", False)])
def test_the_console_script_is_a_command(monkeypatch: pytest.MonkeyPatch, file: str, expected: bool) -> None:
    main = types.SimpleNamespace(__file__=file, __spec__=None)
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert live.system.startup.is_command() is expected


def test_a_reading_command_does_not_load_sqlalchemy(project_root: Path, tmp_path: Path) -> None:
    flags = ["--state-db", str(tmp_path / "ledger.db"), "--config", str(project_root / "config/live.yaml")]
    code = (
        "import os, sys; os.environ['JUTSU_PATHS__LOGS'] = sys.argv[1]\n"
        "from live import signal_generator\n"
        "day = ['--as-of', '2024-03-15', '--output-dir', sys.argv[2]]\n"
        "assert signal_generator.main([*day, *sys.argv[3:]]) == 0\n"
        "from live.cli.app import build\n"
        "build(['status'])(['status', '--json', *sys.argv[3:]], standalone_mode=False)\n"
        "print('LOADED', *sys.modules)"
    )
    words = process(code, str(tmp_path / "logs"), str(tmp_path / "signals"), *flags, cwd=project_root)
    assert {"sqlalchemy", "alembic", "pandas"}.isdisjoint(words[words.index("LOADED") :])

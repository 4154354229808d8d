"""The commands a person waits for, as whole processes, after one traded session; floor: `import pandas`."""

from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.test_stage_benchmark import DAY, FLOOR, ROUNDS, Project, prices, timed

__all__ = ["prices"]
COMMANDS = {
    "help": ("--help",),
    "status": ("status", "--json"),
    "review": ("review", "{file}", "--json"),
    "doctor": ("doctor", "--json"),
    "approve": ("approve", "{file}"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, prices: Path) -> Project:
    """One user after the generator of one session."""
    made = Project(tmp_path_factory.mktemp("desk"), prices, "csv")
    made.run("signal_generator")
    return made


@pytest.mark.benchmark(group="commands")
@pytest.mark.parametrize("name", COMMANDS)
def test_command(benchmark: Any, project: Project, name: str) -> None:
    file = project.root / "signals" / f"trade_signals_{DAY}_golden.json"
    words = [word.format(file=file) for word in COMMANDS[name]]
    ledger, output, config = (project.flags[place : place + 2] for place in (2, 4, 6))
    places = config + ledger + (output if name in {"review", "approve"} else [])
    moment = ["--as-of", f"{DAY}T15:50"] if name in {"review", "approve"} else []
    flags = [] if name == "help" else places + moment
    floors: list[tuple[float, float]] = []
    costs: list[tuple[float, float]] = []

    def prepare() -> None:
        floors.append(timed(*FLOOR))

    run = ("-m", "live.cli", *words, *flags)
    benchmark.pedantic(
        lambda: costs.append(timed(*run, environment=project.environment)),
        setup=prepare,
        rounds=ROUNDS,
    )
    for what, index in (("wall", 0), ("cpu", 1)):
        seconds, floor = (median(pair[index] for pair in pairs) for pairs in (costs, floors))
        benchmark.extra_info[f"{what}_to_import_pandas"] = round(seconds / floor, 2)

"""The process engine: every chunk once, a process that dies or hangs is replaced, all engines one table."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from backtest.core.bars import FloatArray
from backtest.core.errors import JutsuError
from backtest.research.database import open_database
from backtest.research.engine import ATTEMPTS, Chunk, Done, Failed
from backtest.research.processes import Processes
from backtest.research.results import top_csv
from backtest.research.rule_sets import STATISTICS, Task, Trial, solved
from backtest.research.running import Limits, run_study
from backtest.research.session import OpenStudy, results_of_row
from backtest.research.space import Columns
from tests.backtest.research.conftest import Searched, silent

CHUNKS = [Chunk(first, 5) for first in range(0, 40, 5)]


@dataclass(frozen=True)
class Numbered:
    """A trial whose statistics are the numbers of its sets; some sets do not come to an end."""

    refused: int = -1
    deadly: int = -1
    endless: int = -1
    marker: str = ""

    def statistics(self, columns: Columns, count: int) -> FloatArray:
        numbers = columns["number"].astype(float)
        if self.refused in numbers:
            raise JutsuError(f"set {self.refused}")
        if self.deadly in numbers and self._due():
            os._exit(9)
        if self.endless in numbers and self._due():
            time.sleep(60)
        found: FloatArray = np.repeat(numbers[:, None], STATISTICS, axis=1)
        return found

    def _due(self) -> bool:
        """Tell whether this happens: always, or the first time where `marker` names a file."""
        if not self.marker:
            return True
        path = Path(self.marker)
        if path.exists():
            return False
        path.touch()
        return True


@dataclass(frozen=True)
class NumberedWork:
    trial: Trial

    def task(self, chunk: Chunk) -> Task:
        rows = np.arange(chunk.count)
        return chunk.count, rows, {"number": chunk.first + rows}

    def __call__(self, chunk: Chunk) -> FloatArray:
        return solved(self.trial, self.task(chunk))


def work(**faults: object) -> NumberedWork:
    return NumberedWork(Numbered(**faults))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def engine() -> Iterator[Processes]:
    with closing(Processes(2)) as found:
        yield found


def numbers(outcomes: list[Done | Failed]) -> list[int]:
    return sorted(int(v) for o in outcomes if isinstance(o, Done) for v in o.statistics[:, 0])


def test_every_set_is_computed_once_and_processes_stay(engine: Processes) -> None:
    assert numbers(list(engine.run(work(), CHUNKS, None))) == list(range(40))
    before = [member.process.pid for member in engine._members]
    assert numbers(list(engine.run(work(), CHUNKS, 30.0))) == list(range(40))
    assert [member.process.pid for member in engine._members] == before


def test_a_set_that_fails_is_found_alone(engine: Processes) -> None:
    outcomes = list(engine.run(work(refused=7), CHUNKS, None))
    failed = [o for o in outcomes if isinstance(o, Failed)]
    assert failed == [Failed(Chunk(7, 1), ATTEMPTS, "JutsuError: set 7")]
    assert numbers(outcomes) == [n for n in range(40) if n != 7]


def test_a_process_that_dies_is_replaced_and_its_chunk_tried_again(engine: Processes, tmp_path: Path) -> None:
    outcomes = list(engine.run(work(deadly=12, marker=str(tmp_path / "died")), CHUNKS, None))
    assert (tmp_path / "died").exists()
    assert numbers(outcomes) == list(range(40))


def test_a_chunk_that_hangs_is_ended_and_tried_again(engine: Processes, tmp_path: Path) -> None:
    begin = time.monotonic()
    outcomes = list(engine.run(work(endless=3, marker=str(tmp_path / "hung")), CHUNKS, 0.5))
    assert (tmp_path / "hung").exists()
    assert numbers(outcomes) == list(range(40))
    assert time.monotonic() - begin < 50


def test_closing_the_outcomes_ends_what_is_at_work(engine: Processes) -> None:
    outcomes = engine.run(work(endless=39), CHUNKS, None)
    for _ in range(len(CHUNKS) - 1):
        next(outcomes)
    outcomes.close()
    assert all(member.chunk is None for member in engine._members)
    assert numbers(list(engine.run(work(), CHUNKS, None))) == list(range(40))


def test_all_engines_give_one_table(searched: Searched, opened: OpenStudy, tmp_path: Path) -> None:
    expected = results_of_row(searched.opened.study, searched.row, searched.database)
    with open_database(tmp_path / "p.db") as database, closing(Processes(2)) as engine:
        row = opened.begin(database)
        run_study(opened.study, row, opened.trial, database, engine, silent, Limits())
        found = results_of_row(opened.study, row, database)
    assert top_csv(opened.study, found.kept) == top_csv(opened.study, expected.kept)

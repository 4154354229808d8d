"""One small study for the tests of this room: its prices are written and its sets computed once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backtest.research.database import Database, StudyRow, open_database
from backtest.research.engine import Threads
from backtest.research.running import Limits, run_study
from backtest.research.session import OpenStudy, open_file
from tests.support.study_world import write_prices, write_study


def silent(_: object) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Searched:
    """A study whose sets are all stored."""

    opened: OpenStudy
    database: Database
    row: StudyRow


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prices(tmp_path_factory.mktemp("research") / "prices")


@pytest.fixture(scope="session")
def opened(prices: Path) -> OpenStudy:
    """The small study with its bars."""
    return open_file(write_study(prices.parent / "small.yaml", prices), {}, silent)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A new study database."""
    with open_database(tmp_path / "research.db") as found:
        yield found


@pytest.fixture
def searched(opened: OpenStudy, database: Database) -> Searched:
    """The small study, computed anew (120 sets)."""
    row = opened.begin(database)
    run_study(opened.study, row, opened.trial, database, Threads(2), silent, Limits())
    return Searched(opened, database, row)

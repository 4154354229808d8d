"""Every module that decides something has a test module of its own name, and the other way round.

`tests/<package>/<room>/test_<module>.py`: who changes a module finds its tests by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECT

DECLARES = "names, types or columns; nothing is computed"
STARTS = "hands the command line to a module that has its tests"
GENERATED = "written by a program that tests hold against its source"
TABLE = "a table of data, held by the tests of what reads it"

#: modules that need no test module of their own
DECIDES_NOTHING = {
    "backtest/__main__.py": STARTS,
    "backtest/calendar/table.py": TABLE,
    "backtest/core/candidate.py": DECLARES,
    "backtest/core/execution_rules.py": DECLARES,
    "backtest/research/study.py": DECLARES,
    "backtest/simulator/session_values.py": DECLARES,
    "backtest/strategies/base.py": DECLARES,
    "live/actions/errors.py": DECLARES,
    "live/alerts/context.py": DECLARES,
    "live/alerts/message.py": DECLARES,
    "live/brokers/ibkr/port.py": DECLARES,
    "live/cli/__main__.py": STARTS,
    "live/cli/commands.py": TABLE,
    "live/ledger/migrations/env.py": STARTS,
    "live/ledger/record_tables.py": DECLARES,
    "live/ledger/sqlite_schema.py": GENERATED,
    "live/ledger/tables.py": DECLARES,
    "live/runtime/options.py": DECLARES,
    "live/settings/releases.py": TABLE,
}

READER = "a step of one reader, tested through it by the suites of its room"
#: modules that decide and are tested only through others (owed); the list only shrinks
OWED = {
    "backtest/calendar/make_table.py": "writes the table of sessions",
    "backtest/candidates/html/blocks.py": READER,
    "backtest/candidates/html/counters.py": READER,
    "backtest/candidates/html/dom.py": READER,
    "backtest/candidates/html/fields.py": READER,
    "backtest/candidates/html/tables.py": READER,
    "backtest/candidates/model.py": READER,
    "backtest/cli/portfolio.py": "tested through simulator/positions/test_reference",
    "backtest/cli/run.py": "tested through test_app",
    "backtest/data/sources/csv_dialect/columns.py": READER,
    "backtest/data/sources/csv_dialect/model.py": READER,
    "backtest/data/sources/csv_dialect/read.py": READER,
    "backtest/data/store_split.py": "tested through live/cli/test_data_prices",
    "backtest/research/hierarchical_adaptive/compiled.py": "tested through test_study",
    "backtest/strategies/earnings_swing/parameters.py": "tested through earnings_swing/test_strategy",
    "backtest/strategies/hierarchical_adaptive/kernels.py": "tested through indicators/test_kernels",
    "backtest/strategies/hierarchical_adaptive/series.py": "tested through test_strategy and test_naive",
    "live/cli/ready.py": "tested through the command's own suite in tests/e2e",
    "live/shadow/closes.py": "tested through e2e/test_closes",
}

CONTRACT = "runs the contract suite of a protocol for what is in its room"
REFERENCE = "holds a whole room against reference results or a second implementation"
#: test modules that are about more than one module of their room
ABOUT_A_ROOM = {
    "tests/backtest/data/sources/csv_dialect/test_damaged_files.py": REFERENCE,
    "tests/backtest/data/sources/csv_dialect/test_dialects.py": REFERENCE,
    "tests/backtest/data/sources/csv_dialect/test_vendor_files.py": REFERENCE,
    "tests/backtest/data/test_quality.py": "the package `quality` as its callers see it",
    "tests/backtest/simulator/allocation/test_simulate_shared.py": REFERENCE,
    "tests/backtest/simulator/positions/test_reference.py": REFERENCE,
    "tests/backtest/strategies/hierarchical_adaptive/test_naive.py": REFERENCE,
    "tests/backtest/strategies/hierarchical_adaptive/test_reference.py": REFERENCE,
    "tests/live/brokers/alpaca/test_contract.py": CONTRACT,
    "tests/live/brokers/alpaca/test_submission.py": "the order protocol over this broker's real client",
    "tests/live/brokers/ibkr/test_submission.py": "the order protocol over this broker's real client",
    "tests/live/brokers/schwab/test_contract.py": CONTRACT,
    "tests/live/brokers/test_payloads.py": "rows of every broker, each through its own adapter",
    "tests/live/execution/test_earnings.py": REFERENCE,
    "tests/live/feeds/test_contract.py": CONTRACT,
    "tests/live/ledger/test_crash.py": "several processes with one ledger, killed at any instant",
    "tests/live/operations/test_schedule_year.py": "a year of every way to start the programs",
    "tests/live/views/test_snapshots.py": "every view against its reviewed file",
}


def modules() -> Iterator[str]:
    for package in ("backtest", "live"):
        for path in sorted((PROJECT / package).rglob("*.py")):
            if path.name != "__init__.py":
                yield path.relative_to(PROJECT).as_posix()


def modules_of_tests() -> Iterator[str]:
    for package in ("backtest", "live"):
        for path in sorted((PROJECT / "tests" / package).rglob("test_*.py")):
            yield path.relative_to(PROJECT).as_posix()


def mirror_of(module: str) -> str:
    """Return where the tests of a module are."""
    path = Path("tests", module)
    return path.with_name(f"test_{path.name}").as_posix()


MODULES, TESTS = frozenset(modules()), frozenset(modules_of_tests())
#: steps of the ledger's history: test_migrate and the e2e test of the previous release run all of them
STEPS = {module for module in MODULES if module.startswith("live/ledger/migrations/versions/")}


@pytest.mark.parametrize("module", sorted(MODULES - STEPS - DECIDES_NOTHING.keys() - OWED.keys()))
def test_a_module_that_decides_has_tests_of_its_own_name(module: str) -> None:
    assert mirror_of(module) in TESTS, f"write {mirror_of(module)}, or say why {module} decides nothing"


def test_every_test_module_has_its_module() -> None:
    named = {mirror_of(module) for module in MODULES}
    lost = TESTS - named - ABOUT_A_ROOM.keys()
    assert lost == set(), "name it after the module it tests, or say which room it is about"


@pytest.mark.parametrize("listed", [DECIDES_NOTHING, OWED], ids=["decides nothing", "owed"])
def test_the_lists_name_modules_that_are_there_and_have_no_tests(listed: dict[str, str]) -> None:
    assert listed.keys() - MODULES == set()
    assert {module for module in listed if mirror_of(module) in TESTS} == set()


def test_what_is_about_a_room_is_there_and_about_no_single_module() -> None:
    assert ABOUT_A_ROOM.keys() - TESTS == set()
    assert ABOUT_A_ROOM.keys() & {mirror_of(module) for module in MODULES} == set()

"""Every module that decides something has a test module of its own name, and the other way round.

`tests/<package>/<room>/test_<module>.py`: who changes a module finds its tests by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECT

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
    "tests/live/feeds/sources/test_contract.py": CONTRACT,
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


def decides(module: str) -> bool:
    """Tell whether any function of a module does something: what only declares needs no tests of its own."""
    functions = (n for n in ast.walk(ast.parse((PROJECT / module).read_text())) if isinstance(n, FUNCTIONS))
    return any(not all(says_nothing(line) for line in function.body) for function in functions)


def says_nothing(line: ast.stmt) -> bool:
    """Tell whether a line of a body is a docstring or ``...``, as in a protocol."""
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def mirror_of(module: str) -> str:
    """Return where the tests of a module are."""
    path = Path("tests", module)
    return path.with_name(f"test_{path.name}").as_posix()


FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
MODULES, TESTS = frozenset(modules()), frozenset(modules_of_tests())
#: steps of the ledger's history: test_migrate and the e2e test of the previous release run all of them
STEPS = {module for module in MODULES if module.startswith("live/ledger/migrations/versions/")}


@pytest.mark.parametrize("module", sorted(MODULES - STEPS))
def test_a_module_that_decides_has_tests_of_its_own_name(module: str) -> None:
    assert mirror_of(module) in TESTS or not decides(module), f"write {mirror_of(module)}"


def test_a_protocol_decides_nothing_and_a_rule_does() -> None:
    assert not decides("live/brokers/ibkr/port.py")
    assert decides("backtest/core/candidate.py")


def test_every_test_module_has_its_module() -> None:
    named = {mirror_of(module) for module in MODULES}
    lost = TESTS - named - ABOUT_A_ROOM.keys()
    assert lost == set(), "name it after the module it tests, or say which room it is about"


def test_what_is_about_a_room_is_there_and_about_no_single_module() -> None:
    assert ABOUT_A_ROOM.keys() - TESTS == set()
    assert ABOUT_A_ROOM.keys() & {mirror_of(module) for module in MODULES} == set()

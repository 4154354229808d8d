"""Prints what the benchmarks found besides times: ratios to floors measured in the same run."""

import sqlite3
import time
from statistics import median

import pytest

_FIGURES = []


@pytest.fixture(autouse=True)
def figures(request):
    yield
    benchmark = request.node.funcargs.get("benchmark")
    if benchmark is not None and benchmark.extra_info:
        _FIGURES.append((request.node.name, dict(benchmark.extra_info)))


@pytest.fixture
def bare_commits(tmp_path):
    """Seconds of n bare commits of one row each (median): SQLite, write-ahead log, synchronous FULL."""

    def measure(count):
        raw = sqlite3.connect(tmp_path / "floor.db", isolation_level=None)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE steps (id INTEGER PRIMARY KEY, text TEXT)")
        times = []
        for _ in range(200):
            begin = time.perf_counter()
            for _ in range(count):
                raw.execute("BEGIN IMMEDIATE")
                raw.execute("INSERT INTO steps (text) VALUES (?)", ("x" * 200,))
                raw.execute("COMMIT")
            times.append(time.perf_counter() - begin)
        raw.close()
        return median(times)

    return measure


def pytest_terminal_summary(terminalreporter):
    if not _FIGURES:
        return
    terminalreporter.section("ratios and sizes")
    for name, values in _FIGURES:
        told = ", ".join(f"{key} {value}" for key, value in values.items())
        terminalreporter.write_line(f"{name}: {told}")

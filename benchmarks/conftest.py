"""Prints what the benchmarks found besides times: ratios to floors measured in the same run."""

from collections.abc import Iterator
from typing import Any

import pytest

_FIGURES: list[Any] = []


@pytest.fixture(autouse=True)
def figures(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    benchmark = request.node.funcargs.get("benchmark")
    if benchmark is not None and benchmark.extra_info:
        _FIGURES.append((request.node.name, dict(benchmark.extra_info)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _FIGURES:
        return
    terminalreporter.section("ratios and sizes")
    for name, values in _FIGURES:
        text = ", ".join(f"{key} {value}" for key, value in values.items())
        terminalreporter.write_line(f"{name}: {text}")

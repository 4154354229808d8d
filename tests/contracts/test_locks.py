"""The locks: hashed to the last line, and one version of everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LOCKS = Path(__file__).parents[2] / "requirements"
NAMES = ("build", "runtime", "full", "dev", "release")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;]+)")
#: what a machine that trades does without
HEAVY = {"numba", "llvmlite", "pyarrow", "pandas", "plotly", "schwab-py", "alpaca-py", "ib-async", "pytest"}


def pins(name: str) -> dict[str, str]:
    """Return distribution -> version of one lock."""
    lines = (LOCKS / f"{name}.lock").read_text().splitlines()
    return {found[1].lower(): found[2] for line in lines if (found := PIN.match(line))}


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_has_hashes(name: str) -> None:
    text = (LOCKS / f"{name}.lock").read_text()
    assert pins(name)
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        assert PIN.match(block), block
        assert "--hash=sha256:" in block, block


@pytest.mark.parametrize("name", NAMES)
def test_one_version_everywhere(name: str) -> None:
    reference, other = pins("dev"), pins(name)
    assert {key: value for key, value in other.items() if reference.get(key, value) != value} == {}


def test_each_lock_holds_the_smaller_one() -> None:
    assert pins("runtime").keys() <= pins("full").keys() <= pins("dev").keys()


def test_a_trading_machine_installs_nothing_heavy() -> None:
    assert HEAVY & pins("runtime").keys() == set()
    assert {"schwab-py", "alpaca-py", "ib-async", "numba", "pyarrow"} <= pins("full").keys()

"""The short version of the kill table; `make faults` runs the long one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.paths import PROJECT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill harness forks")
@pytest.mark.parametrize(
    ("only", "every", "random"),
    [("turn/B/none", 120, 1), pytest.param("", 60, 12, marks=pytest.mark.long)],
    ids=["slice", "more"],
)
def test_killed_anywhere_every_intent_has_exactly_one_order(only: str, every: int, random: int) -> None:
    """The slice: a sell, a reduced position, an entry with its stop; the broker knows no client order ids."""
    points = ["--only", only, "--every", str(every), "--random", str(random)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.paper_kills", *points],
        capture_output=True,
        text=True,
        timeout=220,
        cwd=PROJECT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert " 0 wrong" in summary
    assert int(summary.partition(" points, ")[2].partition(" kills")[0]) >= 2

"""The short version of the kill table over HTTP; `make faults` runs the long one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.paths import PROJECT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill harness forks")
@pytest.mark.parametrize(
    ("every", "random", "least"),
    [(130, 0, 2), pytest.param(12, 10, 20, marks=pytest.mark.long)],
    ids=["slice", "more"],
)
@pytest.mark.parametrize("broker", ["schwab", "alpaca"])
def test_killed_anywhere_every_intent_has_exactly_one_order(
    broker: str, every: int, random: int, least: int
) -> None:
    """Schwab has no client order ids (protocol B), Alpaca has (protocol A)."""
    points = ["--every", str(every), "--random", str(random), "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.http_kills", "--only", f"{broker}/turn/none", *points],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=220,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert " 0 wrong" in summary
    assert int(summary.partition(" points, ")[2].partition(" kills")[0]) >= least

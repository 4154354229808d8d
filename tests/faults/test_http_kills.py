"""The short version of the kill table over HTTP; `make faults` runs the long one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.paths import PROJECT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill harness forks")
@pytest.mark.parametrize("broker", ["schwab", "alpaca"])
def test_killed_anywhere_every_intent_has_exactly_one_order(broker: str) -> None:
    """Schwab has no client order ids (protocol B), Alpaca has (protocol A)."""
    only = ["--only", f"{broker}/turn/none", "--every", "23", "--random", "5", "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.http_kills", *only],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=220,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert " 0 wrong" in summary
    assert int(summary.partition(" points, ")[2].partition(" kills")[0]) >= 10

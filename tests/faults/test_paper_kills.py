"""The short version of the kill table; `make faults` runs the long one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.paths import PROJECT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill harness forks")
@pytest.mark.parametrize(
    ("every", "random"), [(170, 3), pytest.param(60, 12, marks=pytest.mark.long)], ids=["slice", "more"]
)
def test_killed_anywhere_every_intent_has_exactly_one_order(every: int, random: int) -> None:
    points = ["--every", str(every), "--random", str(random)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.paper_kills", *points],
        capture_output=True,
        text=True,
        timeout=220,
        cwd=PROJECT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 wrong" in done.stdout.splitlines()[-1]

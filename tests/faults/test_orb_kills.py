"""A slice of the kill table of sessions of breakouts; `python -m tests.support.orb_kills` runs all of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.orb_kills import table


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill harness forks")
@pytest.mark.parametrize(
    ("every", "first", "until"),
    [(150, 20, "10:20"), pytest.param(3, 0, "12:20", marks=pytest.mark.long)],
    ids=["slice", "third"],
)
def test_killed_anywhere_every_event_has_its_order_once(
    tmp_path: Path, every: int, first: int, until: str
) -> None:
    count, kills, wrong = table(tmp_path, every, first, until)
    assert wrong == []
    assert kills == count >= 2

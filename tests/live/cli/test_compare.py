"""`jutsu compare` as a screen and as a document."""

import json
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from live.cli import compare
from tests.support.review_world import NOW, invoke, runtime

START = date(2024, 1, 2)


DAYS = [START + timedelta(days=30 * step) for step in range(4)]  # 0, 30, 60, 90


@pytest.fixture
def world(tmp_path: Path) -> SimpleNamespace:
    world = runtime(tmp_path)
    curves = {"golden": [100.0, 101.0, 102.0, 103.0, 1.0], "titan": [100.0, 103.0, 105.0, 106.0]}
    for variant, equity in curves.items():
        for step, value in enumerate(equity):
            day = START + timedelta(days=30 * step)
            world.ledger.snapshots.add(variant, day, at=NOW, mode="offline_mock", equity=value, cash=0.0)
    return world


def test_the_screen_and_the_document(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    text = invoke(monkeypatch, world, compare, "compare").output
    assert "no  profit" not in text
    assert "yes profit: +3.00 points of the starting equity; needs +3%" in text
    assert "→ stay with the primary" in text
    document = json.loads(invoke(monkeypatch, world, compare, "compare", "--json").output)
    assert [c["met"] for c in document["comparisons"][0]["criteria"]] == [True, None, True, True]


def test_without_shadows_or_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = runtime(tmp_path, books=[{"primary": "golden"}])
    assert "no shadow is in use" in invoke(monkeypatch, alone, compare, "compare").output
    empty = runtime(tmp_path)
    assert "at least 2 are needed" in invoke(monkeypatch, empty, compare, "compare").output

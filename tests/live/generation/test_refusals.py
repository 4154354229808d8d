"""What the generator never overwrites: a person's edits, and a file whose orders left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import SignalFileError
from live.generation.refusals import refuse_after_orders, refuse_to_overwrite
from live.handoff.canonical import render
from tests.support.exec_world import DAY, ENTRY, NEXT_DAY, World, enter, signal, world
from tests.support.handoff_samples import sample

NEW = render(sample())
OTHER = render(sample(warnings=("another",)))


def edited() -> bytes:
    data = json.loads(OTHER)
    data["orders"][1]["quantity"] = 600
    return json.dumps(data, indent=2).encode()


@pytest.mark.parametrize(
    ("content", "refused"),
    [(None, False), (NEW, False), (OTHER, False), (edited(), True), (b"{", True), (b"[]", True), (b"", True)],
)
def test_only_an_untouched_file_of_ours_is_replaced(
    tmp_path: Path, content: bytes | None, *, refused: bool
) -> None:
    path = tmp_path / "signal.json"
    if content is not None:
        path.write_bytes(content)
    if refused:
        with pytest.raises(SignalFileError, match="person's edits") as raised:
            refuse_to_overwrite(path, NEW, force=False)
        assert (raised.value.exit_code, raised.value.where) == (2, str(path))
    else:
        refuse_to_overwrite(path, NEW, force=False)
    refuse_to_overwrite(path, NEW, force=True)


@pytest.fixture
def made(tmp_path: Path) -> World:
    return world(tmp_path)


def ask(made: World, day: Any = DAY, variant: str = "golden") -> None:
    refuse_after_orders(made.open().ledger, day, variant)


def test_a_file_whose_orders_left_stays(made: World) -> None:
    made.write(signal([ENTRY]))
    ask(made)
    enter(made, ENTRY)
    with pytest.raises(SignalFileError, match=r"2 order\(s\) of 2025-03-05 were already sent"):
        ask(made)
    ask(made, NEXT_DAY)
    ask(made, variant="titan")

"""A newer report makes a file again until orders were sent or a person edited it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backtest.core.candidate import Candidate
from live.books.variants import BookVariant
from live.generation.candidates import NO_REPORT, CandidateInput
from live.generation.late_reports import newer_report
from live.handoff.canonical import bytes_sha256
from live.ledger.ledger import GeneratedSignal
from live.ledger.orders import OrderPlan
from live.model.order_state import JournalState
from live.runtime.runtime import Runtime
from tests.support.exec_world import AT, DAY, StubStrategy, world

STUB: Any = StubStrategy()
GOLDEN = BookVariant(STUB, "primary", "golden")
TITAN = BookVariant(StubStrategy(variant="titan"), "shadow", "golden")
DUE: Any = SimpleNamespace(session=SimpleNamespace(day=DAY))


def report(sha256: str | None) -> CandidateInput:
    found = (Candidate("AAA", DAY, "A", 90.0, 100.0),)
    return CandidateInput(found, {"sha256": sha256, "accepted": True})


def generated(runtime: Runtime, variant: str, sha256: str | None, *, accepted: bool = True) -> Path:
    """Record a file made from a report, and write it."""
    facts = None if sha256 is None else {"sha256": sha256, "accepted": accepted}
    content = json.dumps({"inputs": {"candidates": facts}})
    path = runtime.signals / f"{variant}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    runtime.ledger.signals.record(
        GeneratedSignal(
            session=DAY, variant=variant, role="primary", path=str(path), content=content, seal="0" * 64,
            bytes_sha256=bytes_sha256(content.encode()), generated_at=AT, memory={},
        )
    )  # fmt: skip
    return path


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return world(tmp_path).open()


def answer(runtime: Runtime, path: Path, new: CandidateInput, variant: BookVariant = GOLDEN) -> str:
    row = runtime.ledger.signals.get(DAY, variant.name)
    assert row is not None
    return newer_report(runtime.ledger, variant, DUE, row, path, new)


def test_the_same_report_or_one_that_may_not_be_traded_changes_nothing(runtime: Runtime) -> None:
    path = generated(runtime, "golden", "a" * 64)
    assert answer(runtime, path, report("a" * 64)) == "same"
    assert answer(runtime, path, NO_REPORT) == "same"
    assert answer(runtime, path, replace(report("b" * 64), candidates=None)) == "same"


@pytest.mark.parametrize(("made_from", "accepted"), [("a" * 64, True), (None, True), ("b" * 64, False)])
def test_a_newer_one_is_taken(runtime: Runtime, made_from: str | None, *, accepted: bool) -> None:
    path = generated(runtime, "golden", made_from, accepted=accepted)
    assert answer(runtime, path, report("b" * 64)) == "take"
    path.unlink()
    assert answer(runtime, path, report("b" * 64)) == "take"


def test_after_orders_or_an_edit_it_comes_too_late(runtime: Runtime) -> None:
    path = generated(runtime, "golden", "a" * 64)
    path.write_text(path.read_text() + "\n")
    assert answer(runtime, path, report("b" * 64)) == "edited"
    name = f"{DAY:%Y%m%d}_AAA_entry_buy"
    runtime.ledger.orders.plan(
        OrderPlan(name, "golden", DAY, "offline_mock", "AAA", "buy", "entry", 1), at=AT
    )
    assert answer(runtime, path, report("b" * 64)) == "edited"  # planned is not sent
    runtime.ledger.orders.transition(name, JournalState.SENDING, at=AT)
    assert answer(runtime, path, report("b" * 64)) == "sent"


def test_a_shadow_follows_its_primary(runtime: Runtime) -> None:
    path = generated(runtime, "titan", "a" * 64)
    assert answer(runtime, path, report("b" * 64), TITAN) == "same"  # its primary has made no file
    generated(runtime, "golden", "a" * 64)
    assert answer(runtime, path, report("b" * 64), TITAN) == "same"
    generated(runtime, "golden", "b" * 64)
    assert answer(runtime, path, report("b" * 64), TITAN) == "take"

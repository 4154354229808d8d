"""What the ledger keeps of generated files: memory, approval, answer."""

from datetime import date, timedelta
from typing import Any

from live.ledger.ledger import GeneratedSignal
from tests.support.ledger_samples import DAY, NOW

AFTER = date(2030, 1, 2)


def signal(day: Any, variant: str = "golden", memory: Any = None) -> GeneratedSignal:
    return GeneratedSignal(day, variant, "primary", "p.json", "{}", "a" * 64, "b" * 64, NOW, memory or {})


def test_only_completed_files_move_the_memory_on(ledger: Any) -> None:
    days = [DAY + timedelta(days=n) for n in range(5)]
    outcomes = ["completed", "skipped", "failed", "partial", "gated"]
    assert ledger.signals.last_memory("golden", before=AFTER) == {}
    for number, (day, outcome) in enumerate(zip(days, outcomes, strict=True)):
        ledger.signals.record(signal(day, memory={"h": number}))
        ledger.signals.finish(day, "golden", outcome)

    assert ledger.signals.last_memory("golden", before=AFTER) == {"h": 0}
    assert ledger.signals.last_memory("golden", before=DAY) == {}  # its own session is not an earlier one
    assert ledger.signals.last_memory("titan", before=AFTER) == {}
    assert ledger.for_account("live").signals.last_memory("golden", before=AFTER) == {}
    assert ledger.signals.previous(days[3], "golden").session == days[2]


def test_a_regenerated_file_loses_its_approval(ledger: Any) -> None:
    ledger.signals.record(signal(DAY))
    approved = ledger.signals.approve(DAY, "golden", sha256="c" * 64, by="ann", at=NOW, expires_at=NOW)
    assert (approved.approved_sha256, approved.answer) == ("c" * 64, "approve")

    again = ledger.signals.record(signal(DAY))

    assert (again.approved_sha256, again.answer, again.outcome) == (None, None, "pending")
    assert len(ledger.signals.recent()) == 1


def test_saying_skip_takes_the_approval_back(ledger: Any) -> None:
    ledger.signals.record(signal(DAY))
    ledger.signals.approve(DAY, "golden", sha256="c" * 64, by="ann", at=NOW, expires_at=NOW)

    assert ledger.signals.answer(DAY, "golden", "skip").approved_sha256 is None

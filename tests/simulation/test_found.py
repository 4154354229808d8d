"""What the simulation found in the product, shrunk: each stays here as it was found, and passes now."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.faults import Fault
from tests.simulation.session import simulate

FOUND: tuple[tuple[int, int, tuple[Fault, ...]], ...] = (
    # the stop that the broker doubled in a split sold twice the shares: `jutsu reconcile` could not be run
    (30, 10, (Fault(8, "split", n=3),)),
    # the restated history stopped stage 1, and the message named no command
    (35, 10, (Fault(8, "split", n=3),)),
    # an order of unknown fate ended the turns of all books: what another book left unprotected was not named
    (
        10396,
        2,
        (
            Fault(1, "crash", run=1, n=21),
            Fault(1, "crash", run=2, n=78),
            Fault(1, "crash", run=3, n=170),
            Fault(1, "no_answer", n=1),
            Fault(1, "slow", n=1),
        ),
    ),
    # a buy that the line delivered twice: its second stop held half of the shares, and no message named it
    (34, 12, (Fault(10, "doubled_request", run=1, n=1),)),
    (32, 12, (Fault(3, "doubled_request", run=1, n=1),)),
    # a disk that was full for one moment while stage 1 wrote its file: an unexpected error
    (41, 13, (Fault(12, "disk_full", n=32, size=1),)),
    (51, 13, (Fault(12, "disk_full", n=87, size=1),)),
    # a restored ledger counted as the newest although bought shares had become nobody's
    (221, 4, (Fault(3, "restored_backup", n=2),)),
    (277, 9, (Fault(2, "clock_jump", run=1, n=5, size=45), Fault(8, "restored_backup", n=1))),
    # the disk filled up while a stop was taken off: nobody was told whose stop it was
    (15, 8, (Fault(3, "crash", run=1, n=127), Fault(3, "disk_full", run=2, n=104, size=5))),
    (146, 10, (Fault(8, "reject", n=1), Fault(9, "disk_full", run=1, n=169, size=1000))),
)


#: those that take half a second or little more run in every test run
SHORT = (35, 10396, 221)


def _cases() -> list[Any]:
    """Return the cases, those that take longer marked so."""
    return [
        pytest.param(*case, marks=() if case[0] in SHORT else pytest.mark.long, id=str(case[0]))
        for case in FOUND
    ]


@pytest.mark.parametrize(("seed", "sessions", "faults"), _cases())
def test_what_was_found_does_not_come_back(seed: int, sessions: int, faults: tuple[Fault, ...]) -> None:
    outcome = simulate(seed, sessions, faults)

    assert outcome.violations == (), "\n".join(outcome.diary[-6:])

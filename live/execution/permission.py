"""Whether an order may leave now: window, kill switch, approval and deadline in one answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from live.execution.window import inside

if TYPE_CHECKING:
    from live.execution.job import Job, Phase
    from live.ledger.ledger import Ledger
    from live.orders.intended import Intended
    from live.system.clock import Clock

#: seconds the two clocks of the machine may drift apart in one run; more is a suspend or a clock that was set
SUSPENDED: Final = 5.0


@dataclass(frozen=True, slots=True)
class Permission:
    """Answers for one run, asked before every order.

    Attributes:
        began, began_monotonic: both clocks at the start of the run.
        deadline: monotonic time after which no buy leaves.
        keeps_window: False with --skip-time-check.
        watches_answers: whether a person may answer the file while the run works.
    """

    ledger: Ledger
    clock: Clock
    job: Job
    phase: Phase
    began: datetime
    began_monotonic: float
    deadline: float
    keeps_window: bool
    watches_answers: bool

    def __call__(self, order: Intended | None) -> bool:
        """Whether this order (None: any) may leave now."""
        return not self.refusal(order)

    def refusal(self, order: Intended | None) -> str:
        """Return why not, empty when it may.

        A protective stop asks for the kill switch only. A sell is not kept by the deadline, nor by a suspend
        that ended inside the window.
        """
        buys = order is not None and order.side == "buy"
        level = self.ledger.state.kill_level()
        if level == "all" or (buys and level != "none"):
            return f"the kill switch is on ({level})"
        if order is not None and order.intent == "stop":
            return ""
        if self.keeps_window and not self._inside():
            return "the execution window is over"
        if order is not None and self._withdrawn():
            return "the file was skipped or generated again since the run began"
        if buys and self._gap() > SUSPENDED:
            return "the machine slept or its clock was set since the run began"
        if buys and self.clock.monotonic() >= self.deadline:
            return "run_deadline_seconds is over"
        return ""

    def _elapsed(self) -> float:
        return self.clock.monotonic() - self.began_monotonic

    def _gap(self) -> float:
        """Return by how many seconds the two clocks disagree about the time since the start."""
        return abs((self.clock.now() - self.began).total_seconds() - self._elapsed())

    def _inside(self) -> bool:
        """Ask the window by both clocks: either may have stood still or been set."""
        by_monotonic = self.began + timedelta(seconds=self._elapsed())
        return all(inside(self.job, now, self.phase) for now in (self.clock.now(), by_monotonic))

    def _withdrawn(self) -> bool:
        known = self.job.known
        if known is None or not self.watches_answers:
            return False
        row = self.ledger.signals.get(self.job.day, self.job.variant)
        if row is None or row.bytes_sha256 != known.bytes_sha256:
            return True
        approval_gone = known.approved_sha256 is not None and row.approved_sha256 != known.approved_sha256
        return approval_gone or row.answer == "skip"

"""Is this machine ready: the checks of `jutsu doctor` as one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.operations.health import HealthCheck


@dataclass(frozen=True, slots=True)
class HealthView:
    """Every check in the order it ran; `healthy` when none failed (warnings do not count)."""

    healthy: bool
    checks: tuple[HealthCheck, ...]

    @property
    def failed(self) -> tuple[HealthCheck, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.verdict == "failed")


def health_of(checks: Iterable[HealthCheck]) -> HealthView:
    """Return the answer to a list of checks."""
    found = tuple(checks)
    return HealthView(all(check.verdict != "failed" for check in found), found)

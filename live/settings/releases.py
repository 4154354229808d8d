"""What became of settings between releases: defaults that changed, names that moved or went.

A line here is what `jutsu upgrade --check` tells and `jutsu config check --migrate` does in a settings file.
A default that changed matters to a file that spells the old one out: the shipped file lists every setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class ChangedDefault:
    """A setting whose default was another one in an earlier release, and why it changed."""

    name: str
    was: Any
    why: str


CHANGED_DEFAULTS: Final = (
    ChangedDefault(
        "execution.limits.max_order_value",
        1_000_000_000,
        "an order is limited by its share of equity (max_order_value_pct) instead",
    ),
    ChangedDefault(
        "execution.limits.max_orders_per_minute",
        60,
        "entries wait inside the window, exits and stops never do",
    ),
)

#: old name -> new name in the same section, None: it is gone
MOVED: Final[Mapping[str, str | None]] = {}


def moved_to(name: str) -> str:
    """Return what became of a name of an earlier release, in words."""
    new = MOVED[name]
    return "is gone" if new is None else f"is called {new} now"

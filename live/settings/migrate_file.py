"""An older settings file brought up to date in its own lines: comments, order and everything else stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from live.settings.model import Settings
from live.settings.names import flat
from live.settings.releases import CHANGED_DEFAULTS, MOVED, ChangedDefault
from live.settings.yaml_lines import commented_out, renamed, with_value


@dataclass(frozen=True, slots=True)
class Migrated:
    """A settings file of today.

    Attributes:
        text: the whole file. changes: a line for each thing that was changed.
        by_hand: what does not stand on a line of its own, for a person.
    """

    text: str
    changes: tuple[str, ...]
    by_hand: tuple[str, ...]


def migrate(
    text: str,
    changed: Iterable[ChangedDefault] = CHANGED_DEFAULTS,
    moved: Mapping[str, str | None] = MOVED,
) -> Migrated:
    """Return the file with moved names under their new ones, gone ones as comments, old defaults as today's.

    Args:
        text: a settings file that is YAML; ValueError when it is none.
        changed: defaults that changed.
        moved: names that moved or went.
    """
    changes: list[str] = []
    by_hand: list[str] = []

    def keep(new: str | None, done: str) -> None:
        nonlocal text
        (by_hand if new is None else changes).append(done)
        text = text if new is None else new

    for old, new in moved.items():
        if old in written(text):
            if new is None:
                keep(commented_out(text, old), f"{old} is gone: its line is a comment now")
            else:
                keep(renamed(text, old, new.rpartition(".")[2]), f"{old} is called {new} now")
    for default in stale_defaults(text, changed):
        today = default_of(default.name)
        keep(
            with_value(text, default.name, today),
            f"{default.name}: the default was {default.was:g}, it is {today} now: {default.why}",
        )
    return Migrated(text, tuple(changes), tuple(by_hand))


def stale_defaults(
    text: str, changed: Iterable[ChangedDefault] = CHANGED_DEFAULTS
) -> tuple[ChangedDefault, ...]:
    """Return the earlier defaults that a settings file spells out. ValueError: it is no YAML."""
    values = written(text)
    return tuple(one for one in changed if one.name in values and values[one.name] == one.was)


def written(text: str) -> Mapping[str, Any]:
    """Return dotted name -> value as a settings file writes them. ValueError: it is no YAML mapping."""
    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from error
    if not isinstance(document, dict):
        raise ValueError("it holds no settings")  # noqa: TRY004 - a text that is wrong, not a type
    return _dotted(document, "")


def default_of(name: str) -> Any:
    """Return the default of a setting by its dotted name."""
    return flat(Settings().model_dump(mode="json"))[name]


def _dotted(document: Mapping[Any, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in document.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        found[name] = value
        if isinstance(value, Mapping):
            found |= _dotted(value, name)
    return found

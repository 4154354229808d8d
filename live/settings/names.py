"""Names of the settings: dotted paths, the nearest known name for a misspelt one, what must never be one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from backtest.core.errors import Finding
from live.settings.model import Settings
from live.settings.releases import MOVED, moved_to

STRATEGY: Final = "strategy"
"""First part of `strategy.<variant>.<parameter>`: a parameter of a strategy, changed from outside."""

_SECRET: Final = re.compile(
    r"(^|_)(key|keys|apikey|token|secret|password|passwd|credential|credentials)(_|$)", re.IGNORECASE
)


@cache
def sections() -> Mapping[str, tuple[str, ...]]:
    """Return section -> names directly inside it; the top level is the empty name."""
    found: dict[str, tuple[str, ...]] = {}
    _collect(Settings, "", found)
    return found


@cache
def leaves() -> tuple[str, ...]:
    """Return the dotted name of every value, in the order of the model."""
    return tuple(_walk(""))


@cache
def paths() -> frozenset[str]:
    """Return the names of the values that are places on this machine."""
    return frozenset(_path_names(Settings, "")) | {name for name in leaves() if name.startswith("paths.")}


def is_section(name: str) -> bool:
    """Return whether `name` groups other names."""
    return name in sections()


def is_parameter(name: str) -> bool:
    """Return whether `name` is `strategy.<variant>.<parameter>`."""
    parts = name.split(".")
    return parts[0] == STRATEGY and len(parts) == 3 and all(parts)


def flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return dotted name -> value of nested settings."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping) and is_section(name):
            found |= flat(value, name)
        else:
            found[name] = value
    return found


def suggest(name: str) -> str:
    """Return a remedy for an unknown dotted name: the nearest sibling, else the nearest name anywhere."""
    section, last = _first_unknown(name)
    siblings = sections().get(section, ())
    near = difflib.get_close_matches(last.lower(), siblings, n=1, cutoff=0.6)
    if near:
        return f"did you mean {section + '.' if section else ''}{near[0]}?"
    # The right name in the wrong section is the other common slip.
    same = [leaf for leaf in leaves() if leaf.rpartition(".")[2] == last.lower()]
    near = same or difflib.get_close_matches(name.lower(), leaves(), n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    known = ", ".join(siblings or sections()[""])
    return f"known {'in ' + section if siblings and section else 'sections'}: {known}"


def _first_unknown(name: str) -> tuple[str, str]:
    """Return the longest known section and the part after it that is not known."""
    section = ""
    for part in name.split("."):
        inner = f"{section}.{part}" if section else part
        if not is_section(inner):
            return section, part
        section = inner
    return section.rpartition(".")[0], section.rpartition(".")[2]


def looks_secret(name: str) -> bool:
    """Return whether an (unknown) name is one a person would give to a secret."""
    return bool(_SECRET.search(name.rpartition(".")[2].replace("-", "_")))


def unknown(name: str, source: str) -> Finding:
    """Return what is said of a name that is no setting: a secret, one of an earlier release, or a slip."""
    if looks_secret(name):
        return Finding(
            name,
            f"secrets never belong into settings ({source})",
            "remove it, and keep it in an environment variable or a file only you can read; docs/brokers.md",
        )
    if name in MOVED:
        return Finding(name, f"{moved_to(name)} ({source})", "`jutsu config check --migrate`")
    return Finding(name, f"unknown setting ({source})", suggest(name))


def _walk(section: str) -> Iterator[str]:
    for name in sections()[section]:
        dotted = f"{section}.{name}" if section else name
        if is_section(dotted):
            yield from _walk(dotted)
        else:
            yield dotted


def _collect(model: type[BaseModel], prefix: str, found: dict[str, tuple[str, ...]]) -> None:
    fields = {name: info for name, info in model.model_fields.items() if not info.exclude}
    found[prefix] = tuple(fields)
    for name, info in fields.items():
        dotted = f"{prefix}.{name}" if prefix else name
        kind: Any = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            _collect(kind, dotted, found)
        elif get_origin(kind) is dict:
            # A table with fixed words as keys is a section too, so that one entry can be changed alone.
            found[dotted] = tuple(get_args(get_args(kind)[0]))


def _path_names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        dotted = f"{prefix}.{name}" if prefix else name
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _path_names(kind, dotted)
        elif Path in {kind, *get_args(kind)}:
            yield dotted

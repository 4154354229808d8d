"""JSON paths for people: `$.orders[2].quantity`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def at(path: str, key: str | int) -> str:
    """Return the path of one member or element below `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"

    return f"{path}.{key}" if _NAME.match(key) else f"{path}[{json.dumps(key)}]"


def of(keys: Iterable[str | int]) -> str:
    """Return the path of a chain of members and elements below the root."""
    path = "$"
    for key in keys:
        path = at(path, key)

    return path

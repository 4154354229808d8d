"""Values as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """Return `value` as JSON-ready data.

    Dates become ISO text, Decimals numbers, fractions ratios (``10:1``), paths text; mappings and rows are
    copied. A dataclass becomes an object of its fields, in their order; a field named after a keyword
    (`from_`) loses its underscore; a model of pydantic becomes one as well.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Fraction):
        return f"{value.numerator}:{value.denominator}"
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name.rstrip("_"): plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    return value


def in_every_text(data: Any, change: Callable[[str], str]) -> Any:
    """Return JSON-ready data with every text in it (no key) changed."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {key: in_every_text(item, change) for key, item in data.items()}
    return [in_every_text(item, change) for item in data] if isinstance(data, list) else data


def value_text(value: Any) -> str:
    """Return a JSON value as one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

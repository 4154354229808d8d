"""Settings in short: a digest of what can change a decision, and all of them as one text for the history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from live.settings import names
from live.settings.model import Settings

#: settings that came later, at the value that changes nothing: files of before keep their digest
_ADDED: Final[tuple[tuple[str, Any], ...]] = (
    ("data.second_source", None),
    ("data.sources", []),
    ("execution.limits.max_order_value_pct", 100.0),
    ("tax.identical", []),
    ("tax.retirement", False),
    ("dashboard.url", None),
    ("orb.stamp", "open"),
    ("orb.contract", ""),
    ("orb.flat_by", None),
    ("orb.max_bar_age_minutes", 5.0),
    ("dashboard.locale", "en-US"),
)


def settings_sha256(settings: Settings) -> str:
    """Return a digest of everything that can change a decision or an execution; places are left out."""
    values = {
        name: value
        for name, value in _dumped(settings).items()
        if name not in names.paths() and (name, value) not in _ADDED
    }
    values["books"] = [{k: v for k, v in book.items() if k != "reports"} for book in values["books"]]
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def snapshot(settings: Settings) -> str:
    """Return the settings as JSON for the settings history."""
    return json.dumps(dict(_dumped(settings)), sort_keys=True)


#: the newest settings written out: a replay asks for the same ones ten thousand times
_NEWEST: Final[list[tuple[Settings, Mapping[str, Any]]]] = []


def _dumped(settings: Settings) -> Mapping[str, Any]:
    """Return dotted name -> JSON value, kept by identity: equal settings (1, 1.0) may differ as text."""
    if not _NEWEST or _NEWEST[0][0] is not settings:
        _NEWEST[:] = [(settings, MappingProxyType(names.flat(settings.model_dump(mode="json"))))]
    return _NEWEST[0][1]

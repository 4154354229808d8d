"""Settings of environment variables: `JUTSU_SAFETY__MAX_DRIFT_PCT` is `safety.max_drift_pct`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backtest.core.errors import Finding
from live.settings import names

ENVIRONMENT: Final = "JUTSU_"


def of_environment(environ: Mapping[str, str], findings: list[Finding]) -> Iterator[tuple[str, Any, str]]:
    """Yield dotted name, value and variable of each setting; what is probably a slip becomes a finding."""
    for variable in sorted(environ):
        text = environ[variable]
        if not variable.startswith(ENVIRONMENT) or not text:
            continue
        parts = variable.removeprefix(ENVIRONMENT).split("__")
        name = ".".join(part.lower() for part in parts)
        if parts[0].lower() == names.STRATEGY and len(parts) == 3:
            # Parameter names may hold capitals; all-capitals is the habit for variables, not a name.
            key = parts[2] if any(c.islower() for c in parts[2]) else parts[2].lower()
            name = f"{names.STRATEGY}.{parts[1].lower()}.{key}"
            yield name, parse_text(text), variable
        elif len(parts) > 1 or name in names.leaves():
            yield name, _environment_value(text), variable
        elif difflib.get_close_matches(name, [leaf for leaf in names.leaves() if "." not in leaf]):
            # Other variables with our prefix hold secrets and are named by the settings: only slips count.
            findings.append(names.unknown(name, variable))


def _environment_value(text: str) -> Any:
    """Return JSON lists, mappings and null as values; the model turns other texts into what it needs."""
    if text[:1] in "[{" or text == "null":
        return parse_text(text)
    return text


def parse_text(text: str) -> Any:
    """Return `text` as JSON when it is, else as it stands (`5` is a number, `close` a word)."""
    try:
        return json.loads(text)
    except ValueError:
        return text

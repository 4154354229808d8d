"""The JSON Schema (Draft 2020-12) of the signal file, generated from the model so that both always agree.

Generating it takes longer than all else a daily run does with its file, so the text is kept beside this
module (a test proves that it is what the model says); `python -m live.handoff.schema --refresh` renews it.
Editors read the copy in `signals/schema/` while a person edits.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live.handoff.model import SignalFile

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


KEPT = Path(__file__).with_name("trade_signals.schema.json")


@cache
def schema() -> dict[str, Any]:
    """Return the schema as JSON values; treat it as read-only."""
    kept: dict[str, Any] = json.loads(schema_bytes())

    return kept


@cache
def schema_bytes() -> bytes:
    """Return the bytes of the schema file."""
    return KEPT.read_bytes()


def generated() -> bytes:
    """Return the schema as the model says it now, for a comparison with the text kept."""
    return document_of(SignalFile, "Signal file of jutsu")


def document_of(model: type[BaseModel], title: str) -> bytes:
    """Return the schema of a model as the bytes of a file."""
    named: dict[str, Any] = _without_titles(model.model_json_schema(by_alias=True))
    whole = {"$schema": DIALECT, "title": title} | named

    return json.dumps(whole, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


@cache
def validator() -> Validator:
    """Return the compiled validator; jsonschema is imported on first use because that costs 70 ms."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def _without_titles(value: Any) -> Any:
    """Drop the titles pydantic invents from field names: noise in an editor."""
    if isinstance(value, list):
        return [_without_titles(item) for item in value]
    if not isinstance(value, dict):
        return value

    return {k: _without_titles(v) for k, v in value.items() if k != "title" or not isinstance(v, str)}


def main(arguments: list[str]) -> int:
    """Write the schema to the file named, or to standard output; `--refresh`: from the model."""
    if arguments[:1] == ["--refresh"]:
        KEPT.write_bytes(generated())
        schema_bytes.cache_clear()
        arguments = arguments[1:] or [str(KEPT)]
    if arguments:
        Path(arguments[0]).write_bytes(schema_bytes())
    else:
        sys.stdout.buffer.write(schema_bytes())

    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""JSON Schema of dataclasses, as `plain` writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import jsonschema
import pytest

from live.system.json_text import plain
from live.views.status import StatusView
from live.web.routes.common import Page
from live.web.schema import Components


@dataclass(frozen=True)
class Inner:
    """A part.

    More of it.
    """

    from_: date
    price: Decimal | None


@dataclass(frozen=True)
class Outer:
    parts: tuple[Inner, ...]
    named: Mapping[str, float]
    kind: Literal["b", "a"]
    anything: Any
    also: int = 3


def test_a_dataclass_becomes_a_reference() -> None:
    components = Components()
    assert components.of(Outer) == {"$ref": "#/components/schemas/Outer"}
    inner = components.schemas["Inner"]
    assert inner["description"] == "A part."
    assert inner["properties"]["from"] == {"type": "string", "format": "date"}
    assert inner["properties"]["price"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}
    outer = components.schemas["Outer"]
    assert outer["required"] == ["parts", "named", "kind", "anything"]
    assert outer["properties"]["kind"] == {"enum": ["a", "b"]}


def test_what_plain_writes_fits() -> None:
    components = Components()
    schema = components.of(Outer) | {"components": {"schemas": components.schemas}}
    value = Outer((Inner(date(2024, 1, 2), None),), {"x": 1.5}, "a", [1, None])
    jsonschema.validate(plain(value), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain(value) | {"kind": "c"}, schema)


def test_a_page_of_rows_is_described_in_place() -> None:
    found = Components().of(Page[Inner])
    assert found["properties"]["items"] == {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}}


def test_names_imported_for_the_type_checker_are_found() -> None:
    components = Components()
    components.of(StatusView)
    assert components.schemas["StatusView"]["properties"]["kill_switch"] == {"anyOf": [
        {"enum": ["none"]}, {"enum": ["all", "entries"]}]} or components.schemas["StatusView"]["properties"][
        "kill_switch"] == {"enum": ["all", "entries", "none"]}  # fmt: skip


def test_what_no_view_has_is_refused() -> None:
    with pytest.raises(TypeError, match="no schema"):
        Components().of(complex)

"""JSON Schema of views: of dataclasses as `live.system.json_text.plain` writes them."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, Union

_SIMPLE: Final[Mapping[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    Path: {"type": "string"},
    Fraction: {"type": "string"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}


class Components:
    """The schemas of every dataclass met, by name: what `#/components/schemas` holds."""

    def __init__(self) -> None:
        self.schemas: dict[str, dict[str, Any]] = {}
        self._views: dict[str, type] = {}

    def of(self, hint: Any) -> dict[str, Any]:
        """Return the schema of a type; dataclasses become references.

        Raises:
            TypeError: a type that no view has, or two dataclasses of one name.
        """
        if hint in _SIMPLE:
            return dict(_SIMPLE[hint])
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if isinstance(origin, type) and is_dataclass(origin):
            return self._generic(origin, arguments)
        if origin is Literal:
            return {"enum": sorted(arguments, key=str)}
        if origin in {Union, types.UnionType}:
            return _any_of([self.of(one) for one in arguments])
        if origin is not None and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if origin is not None and issubclass(origin, (Sequence, set, frozenset)):
            return {"type": "array", "items": self.of(arguments[0])}
        if is_dataclass(hint) and isinstance(hint, type):
            return self._reference(hint)
        raise TypeError(f"no schema for {hint!r}")

    def _generic(self, view: type, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """Return the schema of a parametrised dataclass, such as a page of rows, in place."""
        given = dict(zip(view.__parameters__, arguments, strict=True))  # type: ignore[attr-defined]
        hints = {name: _filled(hint, given) for name, hint in _hints(view).items()}
        properties = {field.name: self.of(hints[field.name]) for field in fields(view)}
        return {"type": "object", "properties": properties, "required": list(properties)}

    def _reference(self, view: type) -> dict[str, Any]:
        name = view.__name__
        if self._views.setdefault(name, view) is not view:
            raise TypeError(f"two views are called {name}")
        if name not in self.schemas:
            self.schemas[name] = {}  # a view may hold itself
            hints = _hints(view)
            properties = {f.name.rstrip("_"): self.of(hints[f.name]) for f in fields(view)}
            required = [
                f.name.rstrip("_")
                for f in fields(view)
                if f.default is MISSING and f.default_factory is MISSING
            ]
            text = inspect.getdoc(view) or ""
            self.schemas[name] = {
                "type": "object",
                "title": name,
                "description": text.partition("\n\n")[0],
                "properties": properties,
                "required": required or list(properties),
            }
        return {"$ref": f"#/components/schemas/{name}"}


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    """Return a type with its type variables replaced."""
    if hint in given:
        return given[hint]
    names = getattr(hint, "__parameters__", ())
    return hint[tuple(given[name] for name in names)] if names else hint


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    flat = [one for schema in schemas for one in schema.get("anyOf", [schema])]
    unique = [one for place, one in enumerate(flat) if one not in flat[:place]]
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


def _hints(view: type) -> dict[str, Any]:
    """Return field -> type, names imported for the type checker only included."""
    found: dict[str, Any] = {}
    for owner in reversed(view.__mro__):
        if is_dataclass(owner):
            names = _checked_imports(owner.__module__)
            found |= typing.get_type_hints(owner, localns=names)
    return found


def _checked_imports(module: str) -> dict[str, Any]:
    """Return the names a module imports below `if TYPE_CHECKING`, which its annotations use."""
    source = inspect.getsource(sys.modules[module])
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"):
            continue
        for inner in node.body:
            if isinstance(inner, ast.ImportFrom) and inner.module:
                origin = importlib.import_module(inner.module)
                found |= {alias.asname or alias.name: getattr(origin, alias.name) for alias in inner.names}
    return found

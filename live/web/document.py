"""The API's description: OpenAPI 3.1, with the schemas of our views and the scope of every route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from live.web.schema import Components

if TYPE_CHECKING:
    from fastapi import FastAPI

_TITLE: Final = "jutsu"
_VERSION: Final = "v1"
_VIEWS: dict[str, Any] = {}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457, with the exit code the same refusal has on the command line.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "remedy": {"type": "string"},
        "run": {"type": "string"},
        "exit_code": {"type": "integer"},
        "findings": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "accounts": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["type", "title", "status", "detail", "remedy", "findings"],
}


def answered(view: Any, *, bare: bool = False, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return the description of a route that answers with a view, in its envelope unless `bare`."""
    name = f"{'bare ' if bare else ''}{view!r}"
    _VIEWS[name] = view
    described = {"description": "The view.", "content": {"application/json": {"schema": {"x-view": name}}}}
    return {status: described}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application. TypeError: two things in it have one name."""
    components = Components()
    found = get_openapi(title=_TITLE, version=_VERSION, routes=app.routes, openapi_version="3.1.0")
    scopes = _scopes(app)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            _finish(operation, components, scopes.get((path, method.upper())))
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    twice = schemas.keys() & components.schemas.keys()
    if twice:
        raise TypeError(f"body and view of one name: {', '.join(sorted(twice))}")
    schemas |= components.schemas | {"Problem": _PROBLEM}
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return found


def _finish(operation: dict[str, Any], components: Components, scope: str | None) -> None:
    if scope is not None:
        operation["x-scope"] = scope
    responses = operation["responses"]
    responses.pop("422", None)
    for described in responses.values():
        for content in described.get("content", {}).values():
            name = content.get("schema", {}).get("x-view")
            if name is not None:
                schema = components.of(_VIEWS[name])
                content["schema"] = schema if name.startswith("bare ") else _enveloped(schema)
    responses["default"] = {
        "description": "Refused.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _enveloped(schema: dict[str, Any]) -> dict[str, Any]:
    names = ("as_of", "account", "mode", "data_source", "data")
    text = {"type": "string"}
    properties = {name: dict(text) for name in names[:-1]} | {"data": schema}
    return {"type": "object", "properties": properties, "required": list(names)}


def _scopes(app: FastAPI) -> dict[tuple[str, str], str]:
    """Return path and method -> the scope the route needs."""
    found: dict[tuple[str, str], str] = {}
    for route in iter_route_contexts(app.routes):
        for dependency in getattr(getattr(route, "dependant", None), "dependencies", ()):
            scope = getattr(dependency.call, "__jutsu_scope__", None)
            if scope is not None:
                found |= {(str(route.path_format), method): str(scope) for method in route.methods or ()}
    return found

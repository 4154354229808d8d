"""The bytes of a signal file (`render`) and the digest of its content (`seal`).

`render` fixes the bytes people see: the model's key order, two-space indent, shortest float form, UTF-8,
final newline. `seal` hashes the canonical form of RFC 8785 (JSON Canonicalization Scheme) of everything but
the seal itself, so it survives re-indenting and detects any change of a value.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from numbers import Integral, Real
from typing import Any

import rfc8785
from pydantic import BaseModel, ValidationError

from backtest.core.errors import Finding, JutsuError
from live.handoff.jsonpath import of
from live.handoff.model import MAX_EXACT_INTEGER, Seal, SignalFile

UNSEALED = Seal(algorithm="sha256-rfc8785", digest="0" * 64)
"""Placeholder of a draft; `sealed` replaces it."""

_LONE = re.compile("[\ud800-\udfff]")


def as_data(signal: BaseModel) -> dict[str, Any]:
    """Return the model as plain JSON values: keys in model order, free-form objects sorted by key.

    Raises:
        JutsuError: a value is not JSON (NaN, infinity, an integer over 2^53, another type), with its path.
    """
    try:
        data: dict[str, Any] = _plain(signal)
    except _NotJson as problem:
        raise JutsuError(str(problem), where=of(reversed(problem.way))) from problem

    return data


def seal(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) over the RFC 8785 form of `data` without its key ``seal``.

    Args:
        data: a signal file as plain JSON values, from `as_data` or parsed from a file.

    Raises:
        JutsuError: the data have no canonical form (NaN, integers over 2^53, lone surrogates).
    """
    rest = {key: value for key, value in data.items() if key != "seal"}
    try:
        canonical = rfc8785.dumps(rest)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise JutsuError(f"a signal file without a canonical form: {error}") from error

    return hashlib.sha256(canonical).hexdigest()


def sealed(draft: SignalFile | Mapping[str, Any]) -> SignalFile:
    """Return the draft with the seal of its content; whatever seal it carried is replaced.

    Args:
        draft: a model, or its fields by their names in the file (``$schema``), parts may be models.

    Raises:
        JutsuError: a field does not fit the model (a broken promise of the caller), with its path.
    """
    if not isinstance(draft, SignalFile):
        draft = _model({**draft, "seal": UNSEALED})
    digest = seal(as_data(draft))

    return draft.model_copy(update={"seal": Seal(algorithm="sha256-rfc8785", digest=digest)})


def is_sealed(data: Mapping[str, Any]) -> bool:
    """Tell whether the seal inside `data` is the digest of the rest; False: edited after writing."""
    carried = data.get("seal")

    return isinstance(carried, dict) and carried.get("digest") == seal(data)


def render(signal: SignalFile) -> bytes:
    """Return the bytes of the file: the same for the same model on any machine, locale or hash seed."""
    text = json.dumps(as_data(signal), indent=2, ensure_ascii=False, allow_nan=False)

    return text.encode("utf-8") + b"\n"


def bytes_sha256(content: bytes) -> str:
    """Return the SHA-256 (hex) of exact bytes: what an approval binds."""
    return hashlib.sha256(content).hexdigest()


def _model(fields: Mapping[str, Any]) -> SignalFile:
    try:
        return SignalFile.model_validate(fields)
    except ValidationError as error:
        findings = [Finding(of(part["loc"]), part["msg"]) for part in error.errors()]
        raise JutsuError("the generated file does not fit its own model", findings=findings) from error


class _NotJson(Exception):  # noqa: N818 - becomes a JutsuError once its place is known
    """A value that cannot be written; the way to it is collected while the walk unwinds, inmost first."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.way: list[str | int] = []


@cache
def _keys(model: type[BaseModel]) -> tuple[tuple[str, str, Callable[[Any], bool] | None], ...]:
    """Return attribute, key in the file, and when it is left out, of every field in model order."""
    return tuple((name, field.alias or name, field.exclude_if) for name, field in model.model_fields.items())


def _parts(model: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield key and value of every field that is written; one that only some files have may be left out."""
    for name, key, left_out in _keys(type(model)):
        value = getattr(model, name)
        if left_out is None or not left_out(value):
            yield key, value


def _plain(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case float():
            return _number(float(value))
        case int():
            return _integer(int(value))
        case BaseModel():
            return _members(_parts(value))
        case Mapping():
            return _members((key, value[key]) for key in sorted(value))
        case list() | tuple():
            return list(_members(enumerate(value)).values())
        case Integral():
            return _integer(int(value))
        case Real():
            return _number(float(value))
        case _:
            raise _NotJson(f"{type(value).__name__} is not a JSON value")


def _members(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    key: Any = None
    try:
        for key, item in pairs:
            found[key] = _plain(item)
    except _NotJson as problem:
        problem.way.append(key)
        raise

    return found


def lone_surrogate(text: str) -> bool:
    """Tell whether a text holds half of a surrogate pair, which UTF-8 cannot say."""
    return not text.isascii() and _LONE.search(text) is not None


def _text(value: str) -> str:
    if lone_surrogate(value):
        raise _NotJson("text with a lone surrogate cannot be written as UTF-8")

    return str(value)


def _integer(value: int) -> int:
    if abs(value) > MAX_EXACT_INTEGER:
        raise _NotJson(f"integer {value} cannot be exact in JSON")

    return value


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise _NotJson(f"{value} is not a JSON number: write null for a missing value")

    return value + 0.0  # -0.0 becomes 0.0: equal numbers, equal bytes

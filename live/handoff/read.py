"""Layer 0 of judging a signal file: well-formed UTF-8 JSON without duplicate keys or non-finite numbers.

Everything wrong is reported together with its JSON path, so the parser accepts what it can (NaN, duplicated
keys, huge integers) and a walk over the result names it.
"""

from __future__ import annotations

import json
import math
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backtest.core.errors import Finding, SignalFileError
from backtest.core.files import read_regular
from live.handoff.canonical import lone_surrogate
from live.handoff.jsonpath import at
from live.handoff.model import MAX_EXACT_INTEGER

MAX_BYTES = 1_000_000
MAX_FINDINGS = 100
MAX_ITEMS = 5_000
MAX_DEPTH = 32
_MAX_DIGITS = 400

_TOO_LONG = f"holds more than {MAX_ITEMS:,} items: this is no signal file"

#: how to get to a value: the way to what holds it, and its key or index there; None is the root
_Way = tuple[Any, str | int] | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What parsing gave: data (None when nothing could be read) and every finding."""

    data: Any = None
    findings: tuple[Finding, ...] = ()
    readable: bool = field(default=True)


class _Object(dict[str, Any]):
    """A JSON object that remembers keys written twice."""

    duplicated: tuple[str, ...] = ()


def read(path: Path) -> tuple[bytes, Any]:
    """Return the exact bytes of a signal file and its parsed data.

    Raises:
        SignalFileError: the file is missing, unreadable, too large or not well-formed.
    """
    content = read_bytes(path)
    parsed = parse(content)
    if parsed.findings:
        raise SignalFileError(
            "the signal file is not well-formed",
            where=str(path),
            remedy="nothing was executed; generate it again with --force",
            findings=parsed.findings,
        )

    return content, parsed.data


def read_bytes(path: Path) -> bytes:
    """Return the exact bytes of a signal file.

    Raises:
        SignalFileError: missing, not a regular file, larger than a megabyte, or unreadable.
    """
    try:
        return read_regular(path, MAX_BYTES)
    except FileNotFoundError as error:
        raise SignalFileError(
            "no such signal file", where=str(path), remedy="run python -m live.signal_generator first"
        ) from error
    except OSError as error:
        raise SignalFileError(
            f"cannot read the signal file: {error.strerror}",
            where=str(path),
            remedy="remove it, generate again",
        ) from error


def account_in(path: Path) -> str | None:
    """Return the account that a signal file names; None where it names none or cannot be read."""
    try:
        found = parse(read_bytes(path)).data
    except SignalFileError:
        return None
    for key in ("inputs", "account", "reference"):
        found = found.get(key) if isinstance(found, dict) else None
    return found.partition("/")[0] if isinstance(found, str) and "/" in found else None


def parse(content: bytes) -> Parsed:
    """Return the data in `content` with every finding; never raises for any bytes."""
    if content.startswith(BOM_UTF8):
        return _unreadable("begins with a byte order mark: save it as UTF-8 without one (BOM)")
    if len(content) > MAX_BYTES:
        return _unreadable(f"larger than {MAX_BYTES:,} bytes: this is no signal file")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _unreadable(f"not UTF-8 at byte {error.start}")
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as error:
        return _unreadable(_syntax(error, text))
    except RecursionError:
        return _unreadable(f"nested deeper than {MAX_DEPTH} levels")
    findings: list[Finding] = []
    _walk(data, None, 0, findings)
    if any(finding.problem == _TOO_LONG for finding in findings):
        return Parsed(None, capped(findings), readable=False)

    return Parsed(data, capped(findings))


def capped(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the first hundred findings and, when there are more, one that counts the rest."""
    rest = len(findings) - MAX_FINDINGS
    more = (Finding("$", f"and {rest:,} more problems"),) if rest > 0 else ()
    return (*findings[:MAX_FINDINGS], *more)


def _unreadable(problem: str) -> Parsed:
    return Parsed(None, (Finding("$", problem),), readable=False)


def _syntax(error: json.JSONDecodeError, text: str) -> str:
    """Return what is wrong with the syntax and where; an error at the end of the text is a truncated file."""
    if not text.strip():
        return "the file is empty"
    cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    kind = "truncated JSON" if cut else "malformed JSON"

    return f"{kind} at line {error.lineno}, column {error.colno}: {error.msg}"


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        result.duplicated = tuple(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]

    return result


def _integer(digits: str) -> int | float:
    """Return the integer; one with absurdly many digits becomes infinity, which the walk reports."""
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _walk(value: Any, way: _Way, depth: int, findings: list[Finding]) -> None:
    """Append what is wrong with `value` and everything in it."""
    if depth > MAX_DEPTH:
        findings.append(Finding(_path(way), f"nested deeper than {MAX_DEPTH} levels"))
        return
    match value:
        case dict():
            twice = value.duplicated if isinstance(value, _Object) else ()
            findings.extend(
                Finding(at(_path(way), key), "this key is written twice", "keep one") for key in twice
            )
            for key, item in value.items():
                if lone_surrogate(key):
                    findings.append(Finding(_path(way), "a key with a lone surrogate"))
                _walk(item, (way, key), depth + 1, findings)
        case list() if len(value) > MAX_ITEMS:
            findings.append(Finding(_path(way), _TOO_LONG))
        case list():
            for index, item in enumerate(value):
                _walk(item, (way, index), depth + 1, findings)
        case str() if lone_surrogate(value):
            findings.append(Finding(_path(way), "text with a lone surrogate"))
        case float() if not math.isfinite(value):
            findings.append(
                Finding(_path(way), "not a finite number", "NaN and infinity are no prices or counts")
            )
        case int() if abs(value) > MAX_EXACT_INTEGER:
            findings.append(Finding(_path(way), "an integer too large to be exact"))
        case _:
            pass


def _path(way: _Way) -> str:
    """Return the JSON path of a value: made only for what is reported, there are a thousand values a file."""
    return "$" if way is None else at(_path(way[0]), way[1])

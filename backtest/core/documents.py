"""Reading a strategy file strictly: YAML or JSON, no key twice, floats written like 1e-3 understood."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from backtest.core.errors import UsageError
from backtest.core.files import read_regular

SUFFIXES = (".yaml", ".yml", ".json")
#: every level of nesting takes one of these; over libyaml too many would overflow the stack of the process
_NESTING = "[{-?:"
_MOST_NESTING = 2_000


class _Strict(yaml.constructor.SafeConstructor):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that appears twice: plain YAML silently keeps the last one."""
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} appears twice", key_node.start_mark
                )
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep)


class _StrictLoader(_Strict, yaml.SafeLoader):
    """YAML 1.1 with two of its traps closed."""


# libyaml reads the same language eight times as fast; the wheels of PyYAML have it.
class _FastLoader(_Strict, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same loader over libyaml."""


# YAML 1.1 wants a dot in the mantissa, so 1e-3 would be read as text.
for _loader in (_StrictLoader, _FastLoader):
    _loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$"),
        list("-+.0123456789"),
    )


def read_document(path: Path, *, form: str = "strategy: {name, variant, parameters}") -> dict[str, Any]:
    """Return the mapping a strategy file holds.

    Args:
        path: of the file.
        form: what such a file looks like, named when this one holds no mapping.

    Raises:
        UsageError: the file is missing, not text, not YAML or JSON, has a key twice, or holds no mapping.
    """
    text = _text(path)
    is_json = path.suffix.lower() == ".json" or text.lstrip().startswith("{")
    try:
        document = copy.deepcopy(_parsed(text, is_json=is_json))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"not readable as YAML or JSON: {reason}", where=str(path)) from error
    if not isinstance(document, dict):
        raise UsageError("holds no mapping", where=str(path), remedy=f"write {form}")
    return document


@lru_cache(maxsize=64)  # by the text itself: a stage asks a file several questions, a replay in each session
def _parsed(text: str, *, is_json: bool) -> Any:
    if is_json:
        return json.loads(text, object_pairs_hook=_unique_keys)
    if sum(map(text.count, _NESTING)) < _MOST_NESTING:
        with contextlib.suppress(yaml.YAMLError, ValueError, RecursionError):
            return yaml.load(text, Loader=_FastLoader)  # noqa: S506 - a SafeLoader
    # Also for a file libyaml refuses: only this one shows the line, in the words people know.
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader


def _text(path: Path) -> str:
    try:
        raw = read_regular(path)
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="give a YAML or JSON file"
        ) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(path)) from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {double!r} appears twice")
    return document

"""A value of a commented YAML file changed in its own line: comments, order and everything else stay.

For block style as the shipped `config/live.yaml` has it: one `key: value` a line, sections indented. What is
written some other way is not found, and nothing is guessed: the caller compares what the new text says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

_ENTRY: Final = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z_][\w-]*):(?P<rest>.*)$")
_PLAIN: Final = re.compile(r"^[A-Za-z_][\w./-]*$")
_RESERVED: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def scalar(value: Any) -> str:
    """Return a plain value as YAML: text is quoted when it could be read as something else."""
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _RESERVED:
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def with_value(text: str, name: str, value: Any) -> str | None:
    """Return the text with `section.key` set, None when it has no such line.

    Args:
        text: the file.
        name: dotted name of one value, not of a section.
        value: text, number, truth or None.
    """
    lines = text.splitlines(keepends=True)
    at = _find(lines, name.split("."))
    if at is None:
        return None
    entry = _ENTRY.match(lines[at].rstrip("\n"))
    if entry is None:
        return None
    old, comment = _split_comment(entry["rest"])
    written = f"{entry['indent']}{entry['key']}: {scalar(value)}"
    if comment:
        column = len(f"{entry['indent']}{entry['key']}:{old}")
        written = f"{written:<{column}}" if len(written) < column else f"{written} "
        written += comment
    lines[at] = f"{written}\n"
    return "".join(lines)


def with_section(text: str, name: str, body: Sequence[str]) -> str | None:
    """Return the text with the lines of a top-level section replaced, None when it has no such section.

    Args:
        text: the file.
        name: the section.
        body: its new lines, indented, without ends of line.
    """
    lines = text.splitlines(keepends=True)
    at = _find(lines, [name])
    if at is None:
        return None
    end = at + 1
    while end < len(lines) and (lines[end].startswith((" ", "-")) or lines[end].lstrip().startswith("#")):
        end += 1
    return "".join((*lines[: at + 1], *(f"{line}\n" for line in body), *lines[end:]))


def renamed(text: str, name: str, key: str) -> str | None:
    """Return the text with the last part of a dotted name called `key`, None when it has no such line."""
    lines = text.splitlines(keepends=True)
    at = _find(lines, name.split("."))
    if at is None:
        return None
    lines[at] = re.sub(r"^( *)[A-Za-z_][\w-]*:", rf"\g<1>{key}:", lines[at], count=1)
    return "".join(lines)


def commented_out(text: str, name: str) -> str | None:
    """Return the text with an entry, and what is indented below it, as comments; None without such a line."""
    lines = text.splitlines(keepends=True)
    at = _find(lines, name.split("."))
    if at is None:
        return None
    indent = len(lines[at]) - len(lines[at].lstrip(" "))
    end = at + 1
    while end < len(lines) and lines[end].startswith(" " * (indent + 1)):
        end += 1
    below = [f"{line[:indent]}# {line[indent:]}" for line in lines[at:end]]
    return "".join((*lines[:at], *below, *lines[end:]))


def _find(lines: Sequence[str], keys: Sequence[str]) -> int | None:
    """Return the line of a key below its parents, None when there is none."""
    path: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        entry = _ENTRY.match(line.rstrip("\n"))
        if entry is None:
            continue
        indent = len(entry["indent"])
        while path and path[-1][0] >= indent:
            path.pop()
        path.append((indent, entry["key"]))
        if [key for _, key in path] == list(keys):
            return number
    return None


def _split_comment(rest: str) -> tuple[str, str]:
    """Return value and comment of what follows the colon; the value keeps the blanks before the comment."""
    quote = ""
    for position, letter in enumerate(rest):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#" and (position == 0 or rest[position - 1] == " "):
            return rest[:position], rest[position:]
    return rest, ""

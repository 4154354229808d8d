"""From text to rows of cells: delimiter and quoting."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backtest.core.errors import DataError

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HINT: Final = re.compile(r"sep=(.)[ \t]*\r?\n?", re.IGNORECASE)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: its number (counted from 1) and its cells without spaces around them."""

    line: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """Tell whether the line holds nothing."""
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a file, without the blank ones at its end, and how it was written."""

    rows: tuple[Row, ...]
    delimiter: str
    quote: str | None


def tables(text: str) -> Iterator[Table]:
    """Yield the table of a text for every delimiter that it uses, most frequent in its first lines first.

    Raises:
        DataError: the file is empty, or its quotes do not close with any delimiter it uses.
    """
    lines, skipped = _lines(text)
    if not lines:
        raise DataError("the file is empty", where=":1", remedy="get the rows from your data source")
    quote = _quote(lines)
    head = "".join(lines[:30])
    used = sorted((d for d in DELIMITERS if d in head), key=lambda d: -head.count(d)) or [","]
    failed: DataError | None = None
    found = False
    for delimiter in used:
        try:
            table = Table(_without_blank_end(_rows(lines, skipped, delimiter, quote)), delimiter, quote)
        except DataError as error:
            failed = failed or error
        else:
            found = True
            yield table
    if failed is not None and not found:
        raise failed


def _lines(text: str) -> tuple[list[str], int]:
    """Return the lines with their ends, without blank ones at the end, and how many of hints stand above."""
    lines = list(io.StringIO(_LINE_END.sub("\n", text)))
    while lines and not lines[-1].strip():
        lines.pop()
    hint = len(lines) > 1 and _HINT.fullmatch(lines[0]) is not None
    return (lines[1:], 1) if hint else (lines, 0)


def _quote(lines: list[str]) -> str | None:
    head = "".join(lines[:30])
    if '"' in head or any('"' in line for line in lines):
        return '"'
    return "'" if re.search(r"(^|[,;\t|])'[^']*'([,;\t|]|$)", head, re.MULTILINE) else None


def _rows(lines: list[str], skipped: int, delimiter: str, quote: str | None) -> tuple[Row, ...]:
    if quote is None:
        numbered = enumerate(lines, skipped + 1)
        return tuple(Row(n, tuple(c.strip() for c in line.split(delimiter))) for n, line in numbered)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True, skipinitialspace=True)
    try:
        return tuple(
            Row(reader.line_num + skipped, tuple(c.strip() for c in cells) or ("",)) for cells in reader
        )
    except csv.Error as error:
        raise DataError(
            f"line {reader.line_num + skipped}: {error}", remedy="correct the quotes of this line"
        ) from error


def _without_blank_end(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Take off the rows of nothing but delimiters that spreadsheets write at the end."""
    end = len(rows)
    while end > 1 and rows[end - 1].blank:
        end -= 1
    return rows[:end]

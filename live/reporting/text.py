"""A document as plain text of at most 100 columns, long lines excepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from live.reporting.document import Document, Section, Table


def text_of(document: Document) -> str:
    """Return the whole report, ending in a new line."""
    parts = [document.subject, document.headline]
    for section in document.shown:
        parts += ["", section.title.upper(), *(f"  {line}" for line in _lines(section))]
    return "\n".join(_one_line(part) for part in parts) + "\n"


def _lines(section: Section) -> Iterator[str]:
    width = max((len(fact.name) for fact in section.facts), default=0)
    yield from (f"{fact.name:<{width}}  {fact.value}" for fact in section.facts)
    if section.table is not None and section.table.rows:
        yield from _grid(section.table)
    yield from (f"- {line}" for line in section.lines)


def _grid(table: Table) -> Iterator[str]:
    rows = (table.columns, *table.rows)
    widths = [max(len(row[at]) for row in rows) for at in range(len(table.columns))]
    for row in rows:
        yield _row(row, widths, table)


def _row(cells: Sequence[str], widths: Sequence[int], table: Table) -> str:
    placed = [
        cell.rjust(width) if name in table.numbers else cell.ljust(width)
        for cell, width, name in zip(cells, widths, table.columns, strict=True)
    ]
    return "  ".join(placed).rstrip()


def _one_line(text: str) -> str:
    """Return text that cannot make a line of its own: notes and reasons come from files and brokers."""
    return "".join(sign if sign.isprintable() else " " for sign in text).rstrip()

"""SQLAlchemy's tables of the ledger: for other databases, for migrations, and for the DDL SQLite is given.

    python -m live.ledger.schema

writes `sqlite_schema.py` again after a change of `tables` (a test says when that was forgotten).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from live.ledger import record_tables  # noqa: F401 - its tables are subclasses of Base too
from live.ledger.records import Column, LedgerRow, Unique
from live.ledger.tables import Base

GENERATED: Final = Path(__file__).with_name("sqlite_schema.py")
_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "int": sa.Integer(),
    "float": sa.Double(),
    "bool": sa.Boolean(),
    "date": sa.Date(),
    "datetime": sa.DateTime(),
    "Decimal": sa.Numeric(18, 6),
    "dict[str, Any]": sa.JSON(),
    "list[str]": sa.JSON(),
}


@cache
def metadata() -> sa.MetaData:
    """Return the tables of the ledger."""
    made = sa.MetaData()
    for model in Base.__subclasses__():
        columns = [_column(column) for column in model.__columns__.values()]
        sa.Table(model.__tablename__, made, *columns, *_arguments(model))
    return made


def version_table() -> sa.Table:
    """Return the table that holds the ledger's revision."""
    number = sa.Column("version_num", sa.String(32), primary_key=True)
    return sa.Table("alembic_version", sa.MetaData(), number)


def _column(column: Column) -> sa.Column[Any]:
    kind = _text(column) if column.kind == "str" else _TYPES[column.kind]
    references = [sa.ForeignKey(column.references)] if column.references else []
    return sa.Column(
        column.name,
        kind,
        *references,
        nullable=column.nullable,
        primary_key=column.primary_key,
        unique=column.unique or None,
        index=column.index or None,
    )


def _text(column: Column) -> TypeEngine[Any]:
    return sa.Text() if column.length is None else sa.String(column.length)


def _arguments(model: type[LedgerRow]) -> list[sa.UniqueConstraint | sa.Index]:
    return [
        sa.UniqueConstraint(*given.columns)
        if isinstance(given, Unique)
        else sa.Index(given.name, *given.columns)
        for given in model.__table_args__
    ]


def sqlite_statements() -> tuple[str, ...]:
    """Return what creates every table and index in a SQLite file."""
    dialect = sqlite.dialect()
    tables = [*metadata().sorted_tables, version_table()]
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    indexes = sorted(
        (index for table in tables for index in table.indexes), key=lambda index: str(index.name)
    )
    made += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    return tuple(text.strip() for text in made)


def module_text() -> str:
    """Return the generated module."""
    inside = "".join(f"    (\n{_literals(text)}    ),\n" for text in sqlite_statements())
    return (
        '"""What creates the ledger in a SQLite file; written by `python -m live.ledger.schema`."""\n\n'
        "from __future__ import annotations\n\n"
        f"from typing import Final\n\n# fmt: off\nSTATEMENTS: Final = (\n{inside})\n"
    )


def _literals(text: str) -> str:
    """Return a text as one Python literal a line: SQLAlchemy ends lines with spaces, which stay."""
    return "".join(f"        {_literal(line)}\n" for line in text.splitlines(keepends=True))


def _literal(line: str) -> str:
    quote = "'" if '"' in line else '"'
    return quote + line.replace("\n", "\\n").replace("\t", "\\t") + quote


if __name__ == "__main__":
    GENERATED.write_text(module_text(), encoding="utf-8")

"""Tables written as classes with typed columns; reading and writing their rows loads nothing of SQLAlchemy.

`schema` builds SQLAlchemy's tables of them, for other databases, migrations and the file `sqlite_schema`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

_OPTIONAL = " | None"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        kind: its annotation without `| None`; `column_types.KINDS` says what is stored.
        nullable: whether the annotation ends in `| None`.
        length: most characters of a text; None: no limit.
        default: value, or function that makes one, of a row that names none; None: there is no default.
        references: `table.column` of a foreign key.
    """

    name: str
    kind: str
    nullable: bool
    length: int | None = None
    default: Any = None
    primary_key: bool = False
    unique: bool = False
    index: bool = False
    references: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unique:
    """Columns that together are different in every row."""

    columns: tuple[str, ...]


def column(length: int | None = None, **options: Any) -> Any:
    """Declare a column: the attributes of `Column` without name, kind and nullable."""
    return {"length": length, **options}


class LedgerRow:
    """Base of the row classes: a subclass with `__tablename__` declares a table, an instance is one row."""

    __tablename__: ClassVar[str]
    __table_args__: ClassVar[tuple[Index | Unique, ...]] = ()
    #: name -> column, in the order they are declared
    __columns__: ClassVar[Mapping[str, Column]]

    def __init_subclass__(cls) -> None:
        """Read the columns of a class that names a table."""
        if "__tablename__" in cls.__dict__:
            written = inspect.get_annotations(cls).items()
            cls.__columns__ = {name: cls._column(name, text) for name, text in written}

    @classmethod
    def _column(cls, name: str, annotation: str) -> Column:
        options = cls.__dict__.get(name, {})
        if name in cls.__dict__:
            delattr(cls, name)  # a column nobody read must not look like a value
        return Column(name, annotation.removesuffix(_OPTIONAL), annotation.endswith(_OPTIONAL), **options)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return a row with these values; changing it changes nothing in the ledger."""
        made = cls.__new__(cls)
        made.__dict__.update(values)
        return made

    def __repr__(self) -> str:
        """Return the table and the values, for error messages and tests."""
        inside = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({inside})"

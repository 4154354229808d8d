"""Tables written as classes with typed columns, without loading SQLAlchemy's object mapper.

Rows are only ever read as detached values, so nothing of the mapper's sessions and instrumentation would be
used, yet importing it costs a daily run 70 ms and every row read ten times what it costs here.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from sqlalchemy import Column, Constraint, Index, MetaData, Table
from sqlalchemy.types import TypeEngine

_OPTIONAL = " | None"


class _Declared:
    """What a column says beyond its annotation."""

    def __init__(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.arguments = arguments
        self.options = options


def column(*arguments: Any, **options: Any) -> Any:
    """Declare a column: the arguments and options of `sqlalchemy.Column`, without name and type.

    The type follows from the annotation (see `Record.types`) unless one is given; a column may be NULL when
    its annotation ends in ``| None``.
    """
    return _Declared(arguments, options)


class Record:
    """Base of the row classes: a subclass with `__tablename__` declares a table, an instance is one row."""

    metadata: ClassVar[MetaData]
    #: column type of each annotation, as written in the source
    types: ClassVar[Mapping[str, TypeEngine[Any]]]
    __tablename__: ClassVar[str]
    __table__: ClassVar[Table]
    __table_args__: ClassVar[tuple[Constraint | Index, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Build the table of a class that names one."""
        if "__tablename__" in cls.__dict__:
            columns = [cls._column(name, text) for name, text in inspect.get_annotations(cls).items()]
            cls.__table__ = Table(cls.__tablename__, cls.metadata, *columns, *cls.__table_args__)

    @classmethod
    def _column(cls, name: str, annotation: str) -> Column[Any]:
        declared = cls.__dict__.get(name, _Declared((), {}))
        if name in cls.__dict__:
            delattr(cls, name)  # a column nobody read must not look like a value
        arguments = list(declared.arguments)
        if not (arguments and _is_type(arguments[0])):
            arguments.insert(0, cls.types[annotation.removesuffix(_OPTIONAL)])
        return Column(name, *arguments, **{"nullable": annotation.endswith(_OPTIONAL), **declared.options})

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


def _is_type(argument: Any) -> bool:
    return isinstance(argument, TypeEngine) or (
        isinstance(argument, type) and issubclass(argument, TypeEngine)
    )

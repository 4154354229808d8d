"""The text of the ledger's statements, the same for SQLite and other databases.

Building a statement with SQLAlchemy costs more than running it, and loading it half the time of a stage.
Tests hold every text against the tables SQLAlchemy makes of `tables`. Parameters are called like the columns
they are compared with (`:variant`); `new_` leads those of the values an update sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Generic, TypeVar

from live.ledger.tables import Base

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Query(Generic[Row]):
    """A select and the columns of `model` its rows hold, in order."""

    model: type[Row]
    columns: tuple[str, ...]
    text: str


def select(
    model: type[Row],
    where: str,
    *,
    order: str = "",
    limit: int | None = None,
    columns: tuple[str, ...] = (),
    join: str = "",
    apply: str = "",
    distinct: bool = False,
) -> Query[Row]:
    """Return the select of whole rows (or of `columns`) of a table.

    Args:
        model: its class.
        where: condition, for example `matching("account", "variant")`.
        order: columns to sort by.
        limit: most rows to return.
        columns: what to read instead of whole rows.
        join: a whole join clause; columns are qualified by their table.
        apply: SQL function around the one column asked for, for example `max`.
        distinct: each result once.
    """
    table = model.__tablename__
    names = columns or tuple(model.__columns__)
    wanted = [f"{table}.{name}" for name in names]
    parts = [
        "SELECT DISTINCT" if distinct else "SELECT",
        f"{apply}({wanted[0]})" if apply else ", ".join(wanted),
        "FROM",
        table,
    ]
    parts += [join] if join else []
    parts += ["WHERE", where]
    parts += [f"ORDER BY {order}"] if order else []
    parts += [] if limit is None else [f"LIMIT {limit:d}"]
    return Query(model, names, " ".join(parts))


def matching(*names: str, of: str = "") -> str:
    """Return the condition that columns equal the parameters of their names."""
    prefix = f"{of}." if of else ""
    return " AND ".join(f"{prefix}{name} = :{name}" for name in names)


def within(where: str, since: date | None, until: date | None) -> str:
    """Return a condition narrowed to the sessions `:since` to `:until`, as far as they are given."""
    parts = [where]
    parts += [] if since is None else ["session >= :since"]
    parts += [] if until is None else ["session <= :until"]
    return " AND ".join(parts)


@cache
def inserting(table: str, names: tuple[str, ...]) -> str:
    """Return the insert of one row."""
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})"  # noqa: S608 - our own names


@cache
def updating(table: str, keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return the update of the rows that have `keys`."""
    changes = ", ".join(f"{name} = :new_{name}" for name in values)
    return f"UPDATE {table} SET {changes} WHERE {matching(*keys)}"  # noqa: S608 - our own names

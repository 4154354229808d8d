"""The texts SQLite runs, held against the tables SQLAlchemy makes of the row classes."""

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from sqlalchemy import URL, create_engine, inspect
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateTable

import live.ledger
from live.ledger import schema
from live.ledger.statements import Query, inserting, matching, select, updating, within
from live.ledger.tables import Base

POSTGRESQL = URL.create("postgresql").get_dialect()()
MODELS = Base.__subclasses__()


def queries() -> Iterator[ParameterSet]:
    """Every select that is written down, by module and name."""
    for found in pkgutil.iter_modules(live.ledger.__path__, "live.ledger."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, Query):
                yield pytest.param(value.text, id=f"{found.name.rpartition('.')[2]}.{name}")
            elif isinstance(value, str) and value.startswith(("UPDATE ", "DELETE ")):
                yield pytest.param(value, id=f"{found.name.rpartition('.')[2]}.{name}")


@pytest.fixture(scope="module")
def raw() -> Iterator[sqlite3.Connection]:
    """A SQLite connection whose tables SQLAlchemy made."""
    with closing(sqlite3.connect(":memory:")) as connection:
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        schema.metadata().create_all(engine)
        yield connection


def explained(raw: sqlite3.Connection, text: str) -> list[Any]:
    names = re.findall(r":(\w+)", text)
    return raw.execute(f"EXPLAIN {text}", dict.fromkeys(names)).fetchall()


def test_the_generated_statements_are_those_of_the_tables() -> None:
    assert schema.GENERATED.read_text(encoding="utf-8") == schema.module_text(), (
        "run: python -m live.ledger.schema"
    )


def test_a_ledger_made_by_the_texts_has_what_sqlalchemy_would_make(raw: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:")) as made:
        for statement in schema.sqlite_statements():
            made.execute(statement)
        engines = [
            create_engine("sqlite://", creator=lambda c=c: c, poolclass=StaticPool) for c in (raw, made)
        ]
        ours, theirs = (inspect(engine) for engine in engines)
        assert {*theirs.get_table_names()} == {*ours.get_table_names(), "alembic_version"}
        for table in ours.get_table_names():
            for kind in ("columns", "foreign_keys", "unique_constraints", "indexes", "pk_constraint"):
                left, right = (getattr(each, f"get_{kind}")(table) for each in (ours, theirs))
                assert sorted(map(str, left)) == sorted(map(str, right)), (table, kind)


@pytest.mark.parametrize("text", [*queries()])
def test_every_statement_runs_on_the_tables_sqlalchemy_makes(raw: sqlite3.Connection, text: str) -> None:
    assert explained(raw, text)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
def test_rows_are_written_and_read_by_the_columns_sqlalchemy_knows(
    raw: sqlite3.Connection, model: type[Base]
) -> None:
    columns = tuple(schema.metadata().tables[model.__tablename__].columns.keys())
    assert tuple(model.__columns__) == columns
    where = within(matching("account"), None, None)
    for text in (
        select(model, where, order="id DESC", limit=3).text,
        inserting(model.__tablename__, columns),
        updating(model.__tablename__, ("account", "id"), columns),
    ):
        assert explained(raw, text)


def test_a_wrong_column_is_noticed(raw: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        explained(raw, select(MODELS[0], matching("account", "acount")).text)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
def test_the_names_need_no_quotes_in_postgresql(model: type[Base]) -> None:
    made = str(CreateTable(schema.metadata().tables[model.__tablename__]).compile(dialect=POSTGRESQL))
    assert '"' not in made

"""Row classes: their columns are what is written down, and a row is only what it was given."""

from __future__ import annotations

from typing import Any

import pytest

from live.ledger.records import Column, LedgerRow, column


class Note(LedgerRow):
    """A table of these tests."""

    __tablename__ = "notes"

    id: int = column(primary_key=True)
    text: str = column(64, unique=True)
    order_id: int | None = column(references="orders.id")
    details: dict[str, Any] = column(default=dict)


def test_the_columns_are_those_of_the_annotations_in_their_order() -> None:
    assert list(Note.__columns__.values()) == [
        Column("id", "int", nullable=False, primary_key=True),
        Column("text", "str", nullable=False, length=64, unique=True),
        Column("order_id", "int", nullable=True, references="orders.id"),
        Column("details", "dict[str, Any]", nullable=False, default=dict),
    ]


def test_a_column_nobody_read_is_no_value() -> None:
    row = Note.of({"id": 1})
    assert row.id == 1
    with pytest.raises(AttributeError):
        assert row.text


def test_a_row_is_a_copy_of_what_it_was_given() -> None:
    values = {"id": 1, "text": "a"}
    row = Note.of(values)
    row.text = "b"
    assert values["text"] == "a"
    assert repr(row) == "Note(id=1, text='b')"


def test_only_a_class_that_names_a_table_has_columns() -> None:
    class Named(Note):
        """Inherits the table, declares none."""

    assert Named.__columns__ is Note.__columns__


def test_an_option_that_no_column_has_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        type(
            "Wrong",
            (LedgerRow,),
            {"__tablename__": "w", "__annotations__": {"id": "int"}, "id": column(colour=1)},
        )

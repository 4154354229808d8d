"""The chain of the audit log: whatever is changed in it afterwards is found."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.ledger.audit import FIRST, Action, broken
from live.ledger.ledger import Ledger

AT = datetime(2025, 6, 20, 19, 40, 1, 250_000, tzinfo=UTC)
COLUMNS = ("account", "actor", "via", "address", "action", "subject", "before", "after", "outcome")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Return a ledger with five actions."""
    with Ledger.open(tmp_path / "ledger.db", account="paper", now=AT) as made:
        for number in range(5):
            made.audit.append(Action("approve", "me", f"file {number}"), at=AT + timedelta(minutes=number))
        yield made


def run(ledger: Ledger, text: str) -> None:
    """Write into the ledger by hand, as somebody who hides something would."""
    raw = ledger._db.raw
    assert raw is not None
    raw.execute(text)


def test_an_untouched_chain_holds(ledger: Ledger) -> None:
    rows = ledger.audit.all()
    assert broken(rows) is None
    assert rows[0].previous_hash == FIRST
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert [row.id for row in ledger.audit.newest(2)] == [5, 4]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("row", [1, 3, 5])
def test_a_changed_word_is_found(ledger: Ledger, column: str, row: int) -> None:
    run(ledger, f"UPDATE audit_log SET {column} = 'x' WHERE id = {row}")
    found = broken(ledger.audit.all())
    assert found is not None
    assert (found[0].id, found[1]) == (row, "its words are not those that were sealed")


def test_a_changed_time_is_found(ledger: Ledger) -> None:
    run(ledger, "UPDATE audit_log SET at = '2025-06-20 19:41:01.250001' WHERE id = 2")
    found = broken(ledger.audit.all())
    assert found is not None
    assert found[0].id == 2


@pytest.mark.parametrize("row", [1, 2, 4])
def test_a_row_taken_out_is_found(ledger: Ledger, row: int) -> None:
    run(ledger, f"DELETE FROM audit_log WHERE id = {row}")
    found = broken(ledger.audit.all())
    assert found is not None
    assert (found[0].id, found[1]) == (row + 1, f"row {row} is missing before it")


def test_a_row_taken_out_with_the_others_moved_up_is_found(ledger: Ledger) -> None:
    run(ledger, "DELETE FROM audit_log WHERE id = 2")
    run(ledger, "UPDATE audit_log SET id = id - 1 WHERE id > 2")
    found = broken(ledger.audit.all())
    assert found is not None
    assert (found[0].id, found[1]) == (2, "it does not follow the row before it")


def test_a_chain_of_all_accounts(ledger: Ledger) -> None:
    ledger.for_account("other").audit.append(Action("kill", "you", "all"), at=AT)
    assert broken(ledger.audit.all()) is None
    assert ledger.audit.newest(1)[0].account == "other"


def test_a_row_is_lost_with_its_action(ledger: Ledger) -> None:
    with contextlib.suppress(ZeroDivisionError), ledger.transaction():
        ledger.audit.append(Action("kill", "me", "all"), at=AT)
        raise ZeroDivisionError
    assert len(ledger.audit.all()) == 5
    ledger.audit.append(Action("kill", "me", "all"), at=AT)
    assert broken(ledger.audit.all()) is None


@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=64), min_size=6, max_size=6
    ),
    at=st.datetimes(
        datetime(2000, 1, 1),
        datetime(2100, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=10))]),
    ),
)
def test_whatever_is_written_is_sealed_as_it_is_read(words: list[str], at: datetime) -> None:
    actor, subject, address, before, after, outcome = words
    with Ledger.open("sqlite://", account="paper", now=AT) as ledger:
        ledger.audit.append(Action("edit", actor, subject, "web", address, before, after, outcome), at=at)
        assert broken(ledger.audit.all()) is None


def test_a_word_of_another_type_is_found(ledger: Ledger) -> None:
    run(ledger, "UPDATE audit_log SET after = x'ff' WHERE id = 3")
    found = broken(ledger.audit.all())
    assert found is not None
    assert found[0].id == 3

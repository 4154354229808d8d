"""Verification: what is stored is what is computed, and a changed byte is found."""

import hashlib

from backtest.research.verify import Verification, verify
from tests.backtest.research.conftest import Searched


def verified(searched: Searched) -> Verification:
    return verify(
        searched.opened.study, searched.row, searched.opened.trial, searched.database, lambda *_: None
    )


def test_a_study_is_whole(searched: Searched) -> None:
    found = verified(searched)
    assert (found.sets, found.damaged, found.different) == (120, (), ())
    blob = searched.database.statistics(searched.row.id, 120).tobytes()
    assert found.sha256 == hashlib.sha256(blob).hexdigest()


def test_changed_bytes_are_named_by_their_first_set(searched: Searched) -> None:
    searched.database.connection.execute("UPDATE chunk SET stats = zeroblob(length(stats)) WHERE first = 64")
    assert verified(searched).damaged == (64,)
    sha = hashlib.sha256(bytes(56 * 56)).hexdigest()
    searched.database.connection.execute("UPDATE chunk SET sha256 = ? WHERE first = 64", (sha,))
    found = verified(searched)
    assert (found.damaged, found.different) == ((), (64,))

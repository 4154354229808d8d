"""The study database: chunks stored once, identities, resume, what is counted, and files that are none."""

import sqlite3
from collections import UserDict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtest.core.errors import JutsuError, UsageError
from backtest.research.database import DEFAULT, VARIABLE, Database, database_path, open_database
from backtest.research.identity import Identity

DAYS = (date(2020, 1, 2), date(2021, 1, 4))
ONE, OTHER = Identity("aaaa1", "d", "c", "v"), Identity("bbbb2", "d", "c", "v")


def begin(database: Database, identity: Identity = ONE, **changes: object) -> str:
    document = {"name": "n", "strategy": "S", "sessions": 250, "file": {}}
    settings = {"symbols": ("QQQ",), "days": DAYS, "total": 100, **changes}
    return database.begin(identity, document, **settings).id  # type: ignore[arg-type]


def figures(count: int, value: float = 1.0) -> np.ndarray:
    return np.full((count, 7), value)


def test_a_chunk_is_stored_once(database: Database) -> None:
    study = begin(database)
    assert database.store(study, 0, figures(10))
    assert not database.store(study, 0, figures(10))
    assert database.progress(study).stored == 10


def test_other_figures_for_the_same_sets_are_an_error(database: Database) -> None:
    study = begin(database)
    database.store(study, 0, figures(10))
    with pytest.raises(JutsuError, match="computed twice"):
        database.store(study, 0, figures(10, 2.0))
    assert database.statistics(study, 10).tolist() == figures(10).tolist()


def test_a_chunk_cut_shorter_by_another_budget_is_the_same_sets(database: Database) -> None:
    study = begin(database)
    database.store(study, 0, figures(5))
    assert not database.store(study, 0, figures(10))
    assert list(database.missing(study, 10)) == [(5, 5)]


def test_missing_ranges_lie_between_what_is_stored(database: Database) -> None:
    study = begin(database)
    for first, count in ((20, 10), (0, 5), (60, 40)):
        database.store(study, first, figures(count))
    assert list(database.missing(study, 100)) == [(5, 15), (30, 30)]
    assert list(database.missing(study, 25)) == [(5, 15)]
    assert list(database.missing(study, 130)) == [(5, 15), (30, 30), (100, 30)]


def test_nan_is_a_broken_set_and_not_counted_as_tried(database: Database) -> None:
    study = begin(database)
    part = figures(4)
    part[1] = np.nan
    database.store(study, 0, part)
    progress = database.progress(study)
    assert (progress.stored, progress.tried) == (4, 3)
    assert np.isnan(database.statistics(study, 6)[:, 0]).tolist() == [False, True, False, False, True, True]


def test_failures_are_kept_until_the_sets_are_computed(database: Database) -> None:
    study = begin(database)
    database.fail(study, 8, 4, 3, "ValueError: no")
    database.fail(study, 8, 4, 3, "ValueError: again")
    assert database.failures(study) == ((8, 4, 6, "ValueError: again"),)
    assert database.progress(study).failed == 4
    database.store(study, 0, figures(20))
    assert database.failures(study) == ()


def test_a_study_is_found_by_id_or_by_its_newest_name(database: Database) -> None:
    first, second = begin(database), begin(database, OTHER)
    assert database.study(first[:6]).id == first
    assert database.study("n").id == second
    for text in ("zzzz", "", first[:2]):
        with pytest.raises(UsageError, match="no such study"):
            database.study(text)


def test_the_same_identity_goes_on_and_fresh_begins_anew(database: Database) -> None:
    study = begin(database)
    database.store(study, 0, figures(10))
    assert begin(database, total=500) == study
    assert database.study(study).total == 500
    assert database.progress(study).stored == 10
    begin(database, fresh=True)
    assert database.progress(study).stored == 0


def test_what_is_stored_outlives_the_process(tmp_path: Path) -> None:
    with open_database(tmp_path / "r.db") as database:
        study = begin(database)
        database.store(study, 3, figures(2, 0.1))
        database.look(study, 3, DAYS, {"sharpe": 0.5})
        database.look(study, 3, DAYS, {"sharpe": 9.9})
        database.store_folds(study, "plan", [{"a": 1}, {"b": 2}])
    with open_database(tmp_path / "r.db", create=False) as database:
        assert database.statistics(study, 5)[3:].tolist() == figures(2, 0.1).tolist()
        assert database.looks() == ((study, 3, *DAYS, {"sharpe": 0.5}),)
        assert database.folds(study) == (("plan", {"a": 1}), ("plan", {"b": 2}))


def test_damaged_bytes_are_found(database: Database) -> None:
    study = begin(database)
    database.store(study, 0, figures(3))
    database.connection.execute("UPDATE chunk SET stats = zeroblob(168)")
    assert [whole for _, _, whole in database.chunks(study)] == [False]
    database.connection.execute("UPDATE chunk SET stats = zeroblob(9)")
    with pytest.raises(UsageError, match="damaged"):
        database.statistics(study, 3)


def test_what_is_no_study_database_is_refused(tmp_path: Path) -> None:
    text, other, folder = tmp_path / "text.db", tmp_path / "other.db", tmp_path / "folder"
    text.write_text("not a database, but long enough to be looked at " * 30)
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE orders (id)")
    connection.close()
    folder.mkdir()
    for path in (text, other, folder):
        with pytest.raises(UsageError) as error, open_database(path):
            pass
        assert str(path) in error.value.line()
    with (
        pytest.raises(UsageError, match="no study database"),
        open_database(tmp_path / "none.db", create=False),
    ):
        pass
    assert not (tmp_path / "none.db").exists()


def test_the_environment_names_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert database_path() == DEFAULT
    monkeypatch.setenv(VARIABLE, "elsewhere/r.db")
    assert database_path() == Path("elsewhere/r.db")


def store_on_a_full_disk(path: Path, study: str) -> None:
    with open_database(path) as database:
        pages = database.connection.execute("PRAGMA page_count").fetchone()[0]
        database.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        database.store(study, 0, figures(4000))


def test_a_full_disk_is_said_and_stores_nothing(tmp_path: Path) -> None:
    with open_database(tmp_path / "r.db") as database:
        study = begin(database)
    with pytest.raises(UsageError, match="database or disk is full"):
        store_on_a_full_disk(tmp_path / "r.db", study)
    with open_database(tmp_path / "r.db") as database:
        assert database.progress(study).stored == 0


def test_an_interrupt_inside_a_transaction_stores_nothing(database: Database) -> None:
    study = begin(database)

    class Interrupted(UserDict[str, float]):
        def __iter__(self) -> Iterator[str]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.look(study, 0, DAYS, Interrupted())
    database.look(study, 0, DAYS, {"sharpe": 1.0})
    assert len(database.looks()) == 1

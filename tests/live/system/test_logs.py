"""Log files: one a stage and day, old ones dropped, secrets masked, and a run never fails for its log."""

from __future__ import annotations

import errno
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from live.system import run_facts
from live.system.logs import LOUD_LIBRARIES, log_path, start_logging, stop_logging
from live.system.redaction import MASK, register_secret

NOW = datetime(2025, 3, 5, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    stop_logging()
    logging.getLogger().setLevel(level)


def start(folder: Path, level: str = "INFO", keep_days: int = 30) -> Path | None:
    """Start the log of a stage on a Wednesday."""
    return start_logging(folder, "executor", now=NOW, level=level, keep_days=keep_days)


def test_everything_goes_to_the_file_of_the_stage_and_day(tmp_path: Path) -> None:
    path = start(tmp_path / "logs")
    logging.getLogger("jutsu").info("a run began")
    logging.getLogger("jutsu").debug("too small")
    assert (
        path == log_path(tmp_path / "logs", "executor", NOW) == tmp_path / "logs" / "executor_2025-03-05.log"
    )
    assert path.read_text().endswith("INFO jutsu a run began\n")


def test_a_second_start_closes_the_first_file(tmp_path: Path) -> None:
    first = start(tmp_path / "one")
    start(tmp_path / "two")
    logging.getLogger("jutsu").info("where does it go")
    assert first is not None
    assert "where does it go" not in first.read_text()


def test_the_run_is_named_first_and_every_line_of_json_names_it(tmp_path: Path) -> None:
    start(tmp_path / "text")
    named = run_facts.current().run
    path = start_logging(tmp_path / "json", "executor", now=NOW, level="INFO", keep_days=30, lines="json")
    run_facts.describe(account="paper", session=NOW.date())
    logging.getLogger("jutsu").info("20250305_AAA_entry_buy is sent")
    assert path is not None
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first["event"] == f"run {first['run']}" == f"run {named}"
    assert second | {"at": ""} == {
        "at": "",
        "level": "INFO",
        "stage": "executor",
        "run": named,
        "account": "paper",
        "session": "2025-03-05",
        "order": "20250305_AAA_entry_buy",
        "logger": "jutsu",
        "event": "20250305_AAA_entry_buy is sent",
    }
    stop_logging()
    assert run_facts.current() == run_facts.NOTHING


def test_secrets_are_masked_in_text_and_arguments(tmp_path: Path) -> None:
    register_secret("s3cr3t-of-the-log-test")
    path = start(tmp_path)
    logging.getLogger("jutsu").info("token %s", "s3cr3t-of-the-log-test")
    assert path is not None
    assert "s3cr3t" not in path.read_text()
    assert MASK in path.read_text()


def test_libraries_that_print_bodies_never_log_at_debug(tmp_path: Path) -> None:
    start(tmp_path, level="DEBUG")
    assert {logging.getLogger(name).level for name in LOUD_LIBRARIES} == {logging.INFO}


def test_files_older_than_asked_are_dropped_and_nothing_else(tmp_path: Path) -> None:
    old = ("executor_2025-02-02.log", "executor_2025-02-02_ira.log")
    names = ("executor_2025-02-03.log", "executor_2025-02-03_ira.log", "notes_9999-99-99.log", "kept.log")
    for name in (*old, *names):
        (tmp_path / name).write_text("")
    start(tmp_path, keep_days=30)
    assert {path.name for path in tmp_path.iterdir()} == {*names, "executor_2025-03-05.log"}


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert start(tmp_path / "file") is None
    logging.getLogger("jutsu").info("nobody reads this")


class FullDisk(io.StringIO):
    """A file on a disk without space."""

    def write(self, text: str, /) -> int:
        """Fail as the operating system does."""
        raise OSError(errno.ENOSPC, f"No space left for {len(text)} characters")


def test_a_full_disk_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start(tmp_path)
    (handler,) = (h for h in logging.getLogger().handlers if getattr(h, "jutsu_stage", None))
    assert isinstance(handler, logging.FileHandler)
    older = handler.setStream(FullDisk())  # type: ignore[arg-type] # any text stream will do
    if older is not None:
        older.close()
    for _ in range(3):
        logging.getLogger("jutsu").warning("lost")
    assert capsys.readouterr().err.count("the log cannot be written: [Errno 28] No space left") == 1


def test_a_program_that_runs_for_days_has_a_file_for_each(tmp_path: Path) -> None:
    first = start_logging(tmp_path, "dashboard", now=NOW, level="INFO", keep_days=30, daily=True)
    log = logging.getLogger("jutsu")
    for at, text in ((NOW, "one"), (NOW + timedelta(days=1), "two"), (NOW + timedelta(days=1), "three")):
        record = log.makeRecord("jutsu", logging.INFO, "", 0, text, (), None)
        record.created = at.timestamp()
        log.handle(record)
    second = log_path(tmp_path, "dashboard", NOW + timedelta(days=1))
    assert first is not None
    assert first.read_text().splitlines()[-1].endswith("one")
    assert [line.rpartition(" ")[2] for line in second.read_text().splitlines()] == ["two", "three"]

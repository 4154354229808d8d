"""Fixtures shared by every test."""

import gc
import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.paths import PROJECT

settings.register_profile("default", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("default")

# A suite in the background of a script ignores Ctrl-C, and so would every program that its tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


MEMORY = Path("/dev/shm")

# Thousands of ledgers wait for the disk at every commit: where there is room, their folders are in memory.
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """Keep the thousands of collected tests out of every later garbage collection."""
    gc.collect()
    gc.freeze()


SHARED = PROJECT.parent / "shared" / "data"


class _Unlisted(logging.Handler):
    """Keeps what is said about alerts of causes that are not in the list."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@pytest.fixture(autouse=True)
def only_listed_alerts() -> Iterator[None]:
    """Fail a test in which a program sent an alert whose cause is not in `live.alerts.causes`."""
    handler, log = _Unlisted(), logging.getLogger("jutsu.alerts.causes")
    log.addHandler(handler)
    yield
    log.removeHandler(handler)
    assert handler.found == [], "list the cause in live/alerts/causes.py"


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real market data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared market data (../shared/data) is not beside this checkout")
    return SHARED

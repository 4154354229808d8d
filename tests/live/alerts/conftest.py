"""Tests of the outbox itself send under any key."""

from collections.abc import Iterator

import pytest

from live.system import run_facts


@pytest.fixture(autouse=True)
def only_listed_alerts() -> None:
    """Let unlisted keys pass: the list has tests of its own."""


@pytest.fixture(autouse=True)
def _no_run() -> Iterator[None]:
    """Forget the run of another test of this process."""
    run_facts.end()
    yield
    run_facts.end()

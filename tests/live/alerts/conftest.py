"""Tests of the outbox itself send under any key."""

import pytest


@pytest.fixture(autouse=True)
def only_listed_alerts() -> None:
    """Let unlisted keys pass: the list has tests of its own."""

"""A ledger in memory."""

from collections.abc import Iterator
from typing import Any

import pytest

from live.ledger.ledger import Ledger
from tests.support.ledger_samples import NOW


@pytest.fixture
def ledger() -> Iterator[Any]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as opened:
        yield opened
